//! The one place that calls out: `fetch` to one service. No redirect, no cookie, no cache; every answer has a bound
//! and a time. What comes back is nobody's word yet.

import type { Clock } from './clock.js';
import { UnreachableError, type OwnCode } from './failure.js';
import { seconds } from './seal.js';
import type { ServiceUrl } from './service_url.js';
import { concat, type Bytes } from './wire.js';

/** A stream says something every 15 seconds; one that says nothing for so long is dead. */
const SILENCE_MS = 45_000;

/** A request of ours. */
export interface Ask {
  readonly path: string;
  /** Sent as JSON; a request without one reads. */
  readonly body?: string;
  /** The answer's bound. */
  readonly bytesMax: number;
  /** The answer's time. */
  readonly withinMs: number;
  /** The caller's own end. */
  readonly signal?: AbortSignal | undefined;
}

/** An answer as it came. */
export interface Reply {
  readonly status: number;
  readonly retryAfterS: number | undefined;
  readonly body: Bytes;
}

/** An answer that comes piece by piece. */
export interface Pieces {
  /** The next bytes; undefined after the last. */
  next(): Promise<Bytes | undefined>;
  close(): void;
}

export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** Connections to one service: `fetch` keeps them. */
export class Connection {
  readonly #url: ServiceUrl;
  readonly #fetch: Fetch;
  readonly #clock: Clock;
  #answered = false;

  constructor(url: ServiceUrl, fetch: Fetch, clock: Clock) {
    this.#url = url;
    this.#fetch = fetch;
    this.#clock = clock;
  }

  /** Sends a request and reads its answer. A connection that was closed while nobody looked costs a second try, with what
   *  `make` makes for it. */
  async ask(make: () => Ask | Promise<Ask>): Promise<Reply> {
    try {
      return await this.#once(await make());
    } catch (failure) {
      const stale = this.#answered && failure instanceof UnreachableError && failure.code === 'CONNECTION_BROKEN';
      if (!stale) throw failure;
      this.#answered = false;
      return this.#once(await make());
    }
  }

  async #once(ask: Ask): Promise<Reply> {
    const watch = new Watch(this.#clock, ask.signal);
    watch.expect(ask.withinMs);
    try {
      const response = await watch.over(this.#send(ask, watch.signal));
      const body = await collected(new Body(response, watch), ask.bytesMax);
      this.#answered = true;
      return { status: response.status, retryAfterS: seconds(response.headers.get('retry-after')), body };
    } finally {
      watch.end();
    }
  }

  /** Sends a request whose answer may come piece by piece: its beginning, in time. */
  async listen(ask: Ask): Promise<Reply | Pieces> {
    const watch = new Watch(this.#clock, ask.signal);
    watch.expect(ask.withinMs);
    try {
      const response = await watch.over(this.#send(ask, watch.signal));
      const body = new Body(response, watch);
      const streams = response.headers.get('content-type')?.startsWith('text/event-stream') === true;
      if (response.status === 200 && streams) return body;
      const bytes = await collected(body, ask.bytesMax);
      watch.end();
      return { status: response.status, retryAfterS: seconds(response.headers.get('retry-after')), body: bytes };
    } catch (failure) {
      watch.end();
      throw failure;
    }
  }

  async #send(ask: Ask, signal: AbortSignal): Promise<Response> {
    const { body } = ask;
    return this.#fetch(this.#url.origin + ask.path, {
      method: body === undefined ? 'GET' : 'POST',
      headers:
        body === undefined
          ? { accept: 'application/json' }
          : { accept: 'application/json', 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body }),
      redirect: 'error',
      credentials: 'omit',
      cache: 'no-store',
      referrerPolicy: 'no-referrer',
      signal,
    });
  }
}

/** Ends a request when its time is over, or when its caller says so. */
class Watch {
  readonly #clock: Clock;
  readonly #controller = new AbortController();
  readonly #caller: AbortSignal | undefined;
  readonly #onAbort = (): void => this.#controller.abort();
  #cancel: () => void = () => undefined;
  #late = false;

  constructor(clock: Clock, caller: AbortSignal | undefined) {
    this.#clock = clock;
    this.#caller = caller;
    caller?.throwIfAborted();
    caller?.addEventListener('abort', this.#onAbort, { once: true });
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** So long from now. */
  expect(ms: number): void {
    this.#cancel();
    this.#cancel = this.#clock.after(ms, () => {
      this.#late = true;
      this.#controller.abort();
    });
  }

  end(): void {
    this.#cancel();
    this.#caller?.removeEventListener('abort', this.#onAbort);
    this.#controller.abort();
  }

  /** The outcome, or the end if that comes first; a failure in our words. */
  async over<T>(outcome: Promise<T>): Promise<T> {
    const { signal } = this.#controller;
    let stop = (): void => undefined;
    const ended = new Promise<never>((_, reject) => {
      stop = () => reject(new Error());
      signal.addEventListener('abort', stop, { once: true });
      if (signal.aborted) stop();
    });
    try {
      return await Promise.race([outcome, ended]);
    } catch (failure) {
      this.#caller?.throwIfAborted();
      throw new UnreachableError(this.#late ? 'TIMEOUT' : reason(failure));
    } finally {
      signal.removeEventListener('abort', stop);
      // Whoever lost the race may still fail; nobody waits for it.
      void outcome.catch(() => undefined);
    }
  }
}

/** A body as it comes. */
class Body implements Pieces {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  readonly #watch: Watch;

  constructor(response: Response, watch: Watch) {
    this.#reader = response.body?.getReader();
    this.#watch = watch;
  }

  /** The next bytes, before the end of all. */
  async piece(): Promise<Bytes | undefined> {
    if (this.#reader === undefined) return undefined;
    const { done, value } = await this.#watch.over(this.#reader.read());
    return done ? undefined : new Uint8Array(value);
  }

  /** The next bytes, unless there is silence. */
  next(): Promise<Bytes | undefined> {
    this.#watch.expect(SILENCE_MS);
    return this.piece();
  }

  close(): void {
    this.#watch.end();
    void this.#reader?.cancel().catch(() => undefined);
  }
}

async function collected(body: Body, bytesMax: number): Promise<Bytes> {
  const pieces: Bytes[] = [];
  let length = 0;
  for (let piece = await body.piece(); piece !== undefined; piece = await body.piece()) {
    length += piece.length;
    if (length > bytesMax) {
      body.close();
      throw new UnreachableError('ANSWER_TOO_LARGE');
    }
    pieces.push(piece);
  }
  return concat(...pieces);
}

/** Node says why a fetch failed; browsers keep it to themselves. Nothing of a stranger's text is repeated. */
function reason(failure: unknown): OwnCode {
  const cause: unknown = failure instanceof Error ? (failure.cause ?? failure) : undefined;
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  if (['ENOTFOUND', 'EAI_AGAIN'].includes(code)) return 'HOST_UNKNOWN';
  if (['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH'].includes(code)) return 'CONNECTION_REFUSED';
  if (/CERT|TLS|SSL|UNABLE_TO_/.test(code)) return 'TLS_FAILED';
  if (/^UND_ERR_.*TIMEOUT$|^ETIMEDOUT$/.test(code)) return 'TIMEOUT';
  return /^UND_ERR_SOCKET$|^ECONNRESET$|^EPIPE$|^HPE_/.test(code) ? 'CONNECTION_BROKEN' : 'CONNECTION_FAILED';
}
