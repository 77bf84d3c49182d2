/** The shared words and the job slot of wasm/ABI.md. A test holds them equal to the C side. */

export const MAGIC_VALUE = 0x74666577; // "weft"
export const ABI_VERSION = 2;

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
  MODULES: 8,
  LISTS: 9,
  LISTS_USED: 10,
  SUBMIT: 11,
  FINISHED: 16,
  LISTENING: 17,
});

/** Values of the word LISTENING. */
export const Listening = Object.freeze({ AWAKE: 0, WAIT_ASYNC: 1, SIGNAL: 2 });

/** Byte offset of each field in a job slot. */
export const Slot = Object.freeze({
  STATUS: 16,
  NEXT: 20,
  DONE: 24,
  TOTAL: 32,
  FUNCTION: 40,
  WORKER: 44,
  ERROR: 48,
  ERROR_BYTES: 52,
  RESULT: 56,
  ARGUMENTS: 64,
});

export const SLOT_COUNT = 4096;
export const SLOT_BYTES = 256;
export const LIST_BYTES = 64;
export const SUBMIT_MAX = 64;
export const ARGUMENTS_MAX = 16;
export const CELL_BYTES = 8;

/** FUNCTION of a slot that runs a task, and its argument cells. */
export const Task = Object.freeze({
  TASK: 0x80000000,
  LOOP: 0x40000000,
  MODULE: 0x10000,
  ROOM: 128,
  LOOP_HEAD: 16,
  ARGUMENTS_MAX: 254,
  ELSEWHERE: 255, // in place of the number of arguments, or of a result's tag
});

/** Index of each 32-bit word of a shared object, from the address weft_js_shared_create returns. */
export const Shared = Object.freeze({ OBJECT: 0, HELD: 1, TURNS: 2 });

/** The same in a turn: what the host waits for. */
export const Turn = Object.freeze({ WORD: 0, ASLEEP: 1, ITEM: 2 });

export const TURN_WORDS = 11;

/** The same in a channel of C, for console.log. */
export const ChannelWord = Object.freeze({ CLOSED: 2, CAPACITY: 7, COUNT: 8 });

/** And in the first word of the others. */
export const Bits = Object.freeze({ MUTEX_HELD: 1, SEMAPHORE_COUNT: 0x7fffffff, EVENT_SET: 1 });
