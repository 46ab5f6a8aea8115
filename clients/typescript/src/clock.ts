//! Time as the client takes it: handed in, so that tests need not wait.

/** One look at the clock. */
export interface Moment {
  /** Wall time, Unix seconds: judges evidence by hardware. */
  readonly unixS: number;
  /** Time that only goes forward: measures how old something is. */
  readonly elapsedMs: number;
}

/** A source of time. */
export interface Clock {
  now(): Moment;
  /** Calls back once after so long, unless it is cancelled by what it returns. */
  after(ms: number, callback: () => void): () => void;
}

/** The machine's. */
export const systemClock: Clock = {
  now: () => ({ unixS: Math.floor(Date.now() / 1000), elapsedMs: performance.now() }),
  after(ms, callback) {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
};

/** How long it is since then, whole seconds. A machine that slept may have stopped one of its clocks: the longer counts. */
export function ageS(since: Moment, now: Moment): number {
  return Math.max(0, Math.floor((now.elapsedMs - since.elapsedMs) / 1000), now.unixS - since.unixS);
}
