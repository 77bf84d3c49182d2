// The smallest process that answers.

process.send(Number(process.argv[2]));
