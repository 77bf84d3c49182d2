// Hashes a password, while this thread stays free.
import open, { argon2_error_text, hash_password } from './password.js';

const [text = 'correct horse battery staple', lanes = '4'] = process.argv.slice(2);
const rt = await open();
const password = rt.share(new TextEncoder().encode(text));
const salt = rt.share(new TextEncoder().encode('a salt of 16 byt'));
const tag = rt.array(Uint8Array, 32);
const failure = await hash_password(password, password.length, salt, salt.length, 65536, Number(lanes), tag, tag.length);
if (failure !== 0) {
  console.error(rt.string(await argon2_error_text(failure)));
  process.exitCode = 1;
} else {
  console.log(Buffer.from(tag).toString('hex'));
}
await rt.close();
