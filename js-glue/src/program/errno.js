/** Error numbers of WASI preview 1, and what Node's error codes are among them. */
export const Errno = Object.freeze({
  OK: 0, E2BIG: 1, EACCES: 2, EAGAIN: 6, EBADF: 8, EBUSY: 10, EDQUOT: 19, EEXIST: 20, EFAULT: 21,
  EFBIG: 22, EILSEQ: 25, EINTR: 27, EINVAL: 28, EIO: 29, EISDIR: 31, ELOOP: 32, EMFILE: 33,
  EMLINK: 34, ENAMETOOLONG: 37, ENFILE: 41, ENODEV: 43, ENOENT: 44, ENOMEM: 48, ENOSPC: 51,
  ENOSYS: 52, ENOTDIR: 54, ENOTEMPTY: 55, ENOTSOCK: 57, ENOTSUP: 58, ENOTTY: 59, ENXIO: 60,
  EOVERFLOW: 61, EPERM: 63, EPIPE: 64, EROFS: 69, ESPIPE: 70, ETXTBSY: 74, EXDEV: 75, ENOTCAPABLE: 76,
});

/** Ends a call with an error number. */
export class WasiError extends Error {
  /** @param {keyof typeof Errno} code */
  constructor(code) {
    super(code);
    this.code = code;
  }
}

/**
 * The error number for what a call has thrown; what is no error of the system is thrown on.
 *
 * @param {unknown} error
 * @returns {number}
 */
export function errnoOf(error) {
  const code = /** @type {NodeJS.ErrnoException} */ (error)?.code;
  if (error instanceof RangeError && !code) return Errno.EFAULT; // a view past the end of the memory
  if (typeof code !== 'string') throw error;
  if (code === 'EOPNOTSUPP') return Errno.ENOTSUP;
  if (Object.hasOwn(Errno, code)) return Errno[/** @type {keyof typeof Errno} */ (code)];
  if (code.startsWith('ERR_OUT_OF_RANGE')) return Errno.EINVAL;
  if (/^E[A-Z0-9]+$/.test(code)) return Errno.EIO;
  throw error;
}
