//! What happens to a session, as it happens: a sealed stream, opened chunk by chunk (docs/protocol.md, Events). Each chunk
//! opens under the next counter or not at all, so whoever is on the way can cut the stream, and nothing else.

import type { SessionEvent } from './api.js';
import type { Pieces } from './connection.js';
import { AnswerError, UnreachableError } from './failure.js';
import type { SealedCall, StreamOpener } from './seal.js';
import { concat, isCount, isObject, object, text, wipe, type Bytes } from './wire.js';

/** A frame of a stream as it is accepted. */
const FRAME_BYTES_MAX = 64 * 1024;
const [LINE_FEED, CARRIAGE_RETURN] = [0x0a, 0x0d];

/** A frame as it was read. */
export interface Frame {
  readonly event: string;
  readonly data: string;
}

/** Reads frames of server-sent events (the HTML standard, section 9.2) from bytes, in whatever pieces they come. */
export class FrameReader {
  #line: Bytes[] = [];
  #lineBytes = 0;
  #event = '';
  #data: string[] = [];
  #dataBytes = 0;
  #afterReturn = false;

  /** The frames that are whole with these bytes. */
  read(bytes: Bytes): Frame[] {
    const frames: Frame[] = [];
    let from = 0;
    bytes.forEach((byte, at) => {
      const ends = byte === LINE_FEED || byte === CARRIAGE_RETURN;
      if (ends) {
        // A return and a line feed are one end.
        const again = byte === LINE_FEED && this.#afterReturn && at === from;
        if (!again) {
          this.#hold(bytes.subarray(from, at));
          frames.push(...this.#endOfLine());
        }
        from = at + 1;
      }
      this.#afterReturn = byte === CARRIAGE_RETURN;
    });
    this.#hold(bytes.subarray(from));
    return frames;
  }

  #hold(part: Bytes): void {
    this.#lineBytes += part.length;
    if (this.#lineBytes + this.#dataBytes > 2 * FRAME_BYTES_MAX || this.#lineBytes > FRAME_BYTES_MAX) {
      throw new AnswerError('ANSWER_NOT_SEALED');
    }
    if (part.length > 0) this.#line.push(part.slice());
  }

  #endOfLine(): Frame[] {
    const line = new TextDecoder().decode(concat(...this.#line));
    this.#line = [];
    this.#lineBytes = 0;
    if (line === '') {
      const frame = { event: this.#event, data: this.#data.join('\n') };
      const isOne = this.#data.length > 0;
      this.#event = '';
      this.#data = [];
      this.#dataBytes = 0;
      return isOne ? [frame] : [];
    }
    const colon = line.indexOf(':');
    const field = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'event') this.#event = value;
    if (field === 'data') {
      this.#data.push(value);
      // An empty line of data costs something too.
      this.#dataBytes += value.length + 1;
    }
    return [];
  }
}

/** A stream of events that is open. */
export class Events {
  readonly #call: SealedCall;
  readonly #pieces: Pieces;
  readonly #reader = new FrameReader();
  readonly #frames: Frame[] = [];
  #opener: StreamOpener | undefined;

  constructor(call: SealedCall, pieces: Pieces) {
    this.#call = call;
    this.#pieces = pieces;
  }

  /** The next event; undefined after the last one of the stream. Nothing comes after a failure. */
  async next(): Promise<SessionEvent | undefined> {
    while (this.#opener?.isComplete !== true) {
      const frame = this.#frames.shift();
      if (frame === undefined) {
        const bytes = await this.#pieces.next();
        // A stream that ends without its last chunk was cut.
        if (bytes === undefined) throw new UnreachableError('CONNECTION_BROKEN');
        this.#frames.push(...this.#reader.read(bytes));
        continue;
      }
      const event = await this.#event(frame);
      if (event !== undefined) return event;
    }
    return undefined;
  }

  close(): void {
    this.#pieces.close();
    this.#call.forget();
  }

  /** The event of a frame, if it has one that this version knows. */
  async #event(frame: Frame): Promise<SessionEvent | undefined> {
    if (this.#opener === undefined) {
      if (frame.event !== 'opened') throw new AnswerError('ANSWER_NOT_SEALED');
      this.#opener = await this.#call.stream(frame.data);
      return undefined;
    }
    // Whoever is on the way may say what they like beside it.
    if (frame.event !== 'sealed' && frame.event !== 'final') return undefined;
    const opened = await this.#opener.open(frame.data, frame.event === 'final');
    const said = object(text(opened));
    wipe(opened);
    if (said === undefined || !isCount(said['id'])) throw new AnswerError('ANSWER_UNKNOWN_FORM');
    return known(said);
  }
}

/** What each kind of event says. */
const DATA: ReadonlyMap<unknown, Readonly<Record<string, 'string' | 'number'>>> = new Map(
  Object.entries({
    sync: { state: 'string', progress: 'number' },
    metrics: { as_of: 'string', revision: 'number' },
    expiry: { state: 'string', session_expires: 'string' },
    reset: {},
    closing: { why: 'string' },
  } as const),
);

/** An event of a kind that this version knows; another one is left alone. */
function known(said: Record<string, unknown>): SessionEvent | undefined {
  const { id, event, data } = said;
  const wanted = DATA.get(event);
  if (wanted === undefined) return undefined;
  const is = isObject(data) && Object.entries(wanted).every(([member, kind]) => typeof data[member] === kind);
  if (!is) throw new AnswerError('ANSWER_UNKNOWN_FORM');
  return { id, event, data } as SessionEvent;
}
