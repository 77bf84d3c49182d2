// The other side of a forked process: does one piece per message.

import { doPiece } from '../work/messages.js';

process.on('message', ({ id, workload, piece, pieces }) => {
  try {
    const answer = pieces
      ? pieces.map((one) => doPiece[workload](one, false))
      : doPiece[workload](piece, false);
    process.send({ id, answer });
  } catch (error) {
    process.send({ id, error: String(error.stack ?? error) });
  }
});
process.on('disconnect', () => process.exit());
