/** The shared words and the job slot of wasm/ABI.md. A test holds them equal to the C side. */

export const MAGIC_VALUE = 0x74666577; // "weft"
export const ABI_VERSION = 1;

/** Index of each 32-bit word from the address that weft_js_layout returns. */
export const Word = Object.freeze({
  MAGIC: 0,
  VERSION: 1,
  SLOTS: 2,
  SLOT_COUNT: 3,
  SLOT_BYTES: 4,
  NAMES: 5,
  NAMES_BYTES: 6,
  WORKERS: 7,
  FINISHED: 16,
  LISTENING: 17,
});

/** Values of the word LISTENING. */
export const Listening = Object.freeze({ AWAKE: 0, WAIT_ASYNC: 1, SIGNAL: 2 });

/** Byte offset of each field in a job slot. */
export const Slot = Object.freeze({
  STATUS: 16,
  FUNCTION: 24,
  WORKER: 28,
  ERROR: 32,
  ERROR_BYTES: 36,
  RESULT: 40,
  ARGUMENTS: 48,
});

export const SLOT_COUNT = 1024;
export const SLOT_BYTES = 192;
export const ARGUMENTS_MAX = 16;
export const CELL_BYTES = 8;
