import { WeftError } from './errors.js';
import { showAs } from './inspect.js';
import { ChannelWord } from './layout.js';
import { STATUS } from './status.js';
import { Event, Kind, Mutex, Semaphore, SharedObject } from './shared.js';

/** @typedef {import('./shared.js').WaitOptions} WaitOptions */

/**
 * A bounded queue. A raw one carries numbers from 0 to 2^32-1, C's pointers among them;
 * any other carries copies of values, which C can only pass on.
 */
export class Channel extends SharedObject {
  static name = 'Channel'; // as in errors.js

  static {
    showAs(this.prototype, 'Channel', (channel) => channel.seen((word) => ({
      capacity: word(ChannelWord.CAPACITY), values: word(ChannelWord.COUNT), closed: (word(ChannelWord.CLOSED) & 255) !== 0,
    })));
  }

  #raw() {
    return this.kind === Kind.RAW_CHANNEL;
  }

  /** @param {unknown} value */
  #encode(value) {
    this.link.check();
    this.address; // throws when it was freed
    return this.#raw() ? this.link.toItem(value) : this.link.put(value);
  }

  /** The value of an item that was received. @param {number} item  @param {string} method */
  #decode(item, method) {
    this.got(item, method);
    return this.#raw() ? item : this.link.take(item);
  }

  /** An item that was not sent is the sender's. @param {number} status  @param {number} item */
  #sent(status, item) {
    if (status !== STATUS.WEFT_OK && !this.#raw()) this.link.drop(item);
    return status;
  }

  /**
   * Sends without waiting.
   *
   * @param {unknown} value
   * @returns {boolean}  false: there is no room
   * @throws {WeftError} `WEFT_ERR_CLOSED`
   */
  trySend(value) {
    const item = this.#encode(value);
    const status = this.#sent(this.act('channel_send', item, 0), item);
    if (status === STATUS.WEFT_ERR_TIMEOUT) return false;
    this.must(status, 'trySend');
    return true;
  }

  /** Resolves once there was room for it. @param {unknown} value  @param {WaitOptions} [options] */
  async send(value, options) {
    const item = this.#encode(value);
    let outcome = -STATUS.WEFT_ERR_STATE;
    try {
      outcome = await this.turn('send', () => -this.act('channel_send', item, 0), options, 1, item);
    } finally {
      this.#sent(-Math.min(outcome, 0), item);
    }
    this.got(outcome, 'send');
  }

  /** Blocks until there is room. In a task only. @param {unknown} value  @param {number} [timeoutMs] */
  sendSync(value, timeoutMs) {
    const limit = this.limit('sendSync', timeoutMs);
    const item = this.#encode(value);
    this.must(this.#sent(this.act('channel_send', item, limit), item), 'sendSync');
  }

  /**
   * Receives without waiting.
   *
   * @returns {any}  undefined when it is empty (as for a value that is undefined)
   * @throws {WeftError} `WEFT_ERR_CLOSED` when it is closed and empty
   */
  tryRecv() {
    const item = this.act('channel_recv', 0);
    return item === -STATUS.WEFT_ERR_TIMEOUT ? undefined : this.#decode(item, 'tryRecv');
  }

  /**
   * Resolves with the oldest value.
   *
   * @param {WaitOptions} [options]
   * @returns {Promise<any>}
   * @throws {WeftError} `WEFT_ERR_CLOSED` when it is closed and empty, `WEFT_ERR_TIMEOUT`
   */
  async recv(options) {
    return this.#decode(await this.#recv(options), 'recv');
  }

  /** @param {WaitOptions} [options] */
  #recv(options) {
    return this.turn('recv', () => this.act('channel_recv', 0), options);
  }

  /** Blocks until there is a value. In a task only. @param {number} [timeoutMs] */
  recvSync(timeoutMs) {
    return this.#decode(this.act('channel_recv', this.limit('recvSync', timeoutMs)), 'recvSync');
  }

  /** No more values get in; those inside can still be received. */
  close() {
    this.act('channel_close');
  }

  /** Every value until it is closed and empty. @returns {AsyncGenerator<any, void, undefined>} */
  async* [Symbol.asyncIterator]() {
    for (;;) {
      const item = await this.#recv();
      if (item === -STATUS.WEFT_ERR_CLOSED) return;
      yield this.#decode(item, 'recv');
    }
  }

  /** The same in a task, which blocks. @returns {Generator<any, void, undefined>} */
  * [Symbol.iterator]() {
    for (;;) {
      const item = this.act('channel_recv', this.limit('recvSync'));
      if (item === -STATUS.WEFT_ERR_CLOSED) return;
      yield this.#decode(item, 'recvSync');
    }
  }
}

/**
 * The object that a handle stands for, on the thread of `link`.
 *
 * @param {import('./shared.js').SharedLink} link  @param {{ kind: number, address: number }} handle
 * @param {import('./shared.js').HostSide} [host]
 */
export function openShared(link, { kind, address }, host) {
  const Class = [undefined, Mutex, Semaphore, Event, Channel, Channel][kind];
  if (!Class) throw new WeftError('WEFT_ERR_INVALID', `${kind} is no kind of shared object`);
  return new Class(link, kind, address, host);
}
