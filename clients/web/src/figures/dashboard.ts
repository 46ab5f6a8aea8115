//! The dashboard: figures that follow the events of a session. When something fails, the last figures stay, with
//! their age.

import { SecureClientError, type Metrics, type SessionEvent, type Summary } from '@perf-aggregator/secure-client';
import { ago, moment } from './format.js';
import { count, figures, text, type Figures } from './read.js';
import { h, type Tree } from './tree.js';
import { View } from './view.js';

/** Where figures come from: a `SecureClient` is one. */
export interface Source {
  getSummary(): Promise<Summary>;
  getMetrics(): Promise<Metrics>;
  watch(options?: { signal?: AbortSignal }): AsyncIterable<SessionEvent>;
}

export interface State {
  readonly kind: 'live' | 'waiting' | 'ended' | 'error';
  readonly text: string;
  readonly error?: unknown;
}

export interface Options {
  onState(state: State): void;
}

export interface Mounted {
  close(): void;
}

/** How long to wait before the next try, seconds: longer each time. */
const PAUSES = [2, 5, 15, 30, 60] as const;
const AGE_EVERY_MS = 30_000;

export function mountDashboard(root: HTMLElement, source: Source, options: Options): Mounted {
  const dashboard = new Dashboard(root, source, options);
  return { close: () => dashboard.close() };
}

class Dashboard {
  readonly #view: View;
  readonly #source: Source;
  readonly #options: Options;
  readonly #ends = new AbortController();
  readonly #clock: ReturnType<typeof setInterval>;
  #figures: Figures | null = null;
  #state: State = { kind: 'waiting', text: 'Reading the figures.' };
  /** A read is under way, and whether another has to follow. */
  #reading = false;
  #again = false;
  /** A read that failed waits for its next try. */
  #trying = false;
  #over = false;

  constructor(root: HTMLElement, source: Source, options: Options) {
    this.#view = new View(root);
    this.#source = source;
    this.#options = options;
    this.#clock = setInterval(() => this.#age(), AGE_EVERY_MS);
    this.#tell(this.#state);
    void this.#follow();
  }

  close(): void {
    this.#over = true;
    clearInterval(this.#clock);
    this.#ends.abort();
    this.#view.close();
  }

  /** Reads, then follows events; after a failure that may pass, again. */
  async #follow(): Promise<void> {
    for (let failures = 0; !this.#over; failures += 1) {
      let pause = PAUSES[0] as number;
      try {
        await this.#read();
        for await (const event of this.#source.watch({ signal: this.#ends.signal })) {
          failures = 0;
          if (this.#over) return;
          this.#happened(event);
        }
        if (this.#over) return;
        if (this.#state.kind === 'ended') return;
      } catch (error) {
        if (this.#over || !this.#failed(error)) return;
        pause = pauseFor(failures, error);
      }
      await this.#pause(pause);
    }
  }

  #happened({ event, data }: SessionEvent): void {
    switch (event) {
      case 'metrics':
      case 'reset':
        void this.#readSafely();
        return;
      case 'sync':
        this.#synced(data.state, data.progress);
        return;
      case 'expiry':
        if (data.state === 'soon')
          this.#tell({ kind: 'live', text: `The session ends at ${moment(data.session_expires)}.` });
        else this.#end(data.state === 'revoked' ? 'The session was revoked.' : 'The session is over.');
        return;
      case 'closing':
        return;
    }
  }

  #synced(state: string, progress: number): void {
    if (this.#figures !== null) {
      this.#figures = { ...this.#figures, sync: { ...this.#figures.sync, state, progress } };
      if (state === 'live') this.#figures = { ...this.#figures, sync: { ...this.#figures.sync, age_seconds: 0 } };
    }
    this.#tell(synced(state, progress));
  }

  /** Reads for an event. The stream may be silent for long after it, so a failure that may pass is tried again here. */
  async #readSafely(): Promise<void> {
    for (let failures = 0; !this.#over; failures += 1) {
      try {
        await this.#read();
        return;
      } catch (error) {
        if (this.#over || !this.#failed(error) || this.#trying) return;
        this.#trying = true;
        await this.#pause(pauseFor(failures, error));
        this.#trying = false;
      }
    }
  }

  /** Reads the figures; a call while one is under way makes one more follow it, not many. */
  async #read(): Promise<void> {
    if (this.#reading) {
      this.#again = true;
      return;
    }
    this.#reading = true;
    try {
      do {
        this.#again = false;
        const answer = await this.#source.getMetrics();
        if (this.#over) return;
        this.#figures = figures(answer);
        if (this.#state.kind !== 'ended')
          this.#tell(synced(text(this.#figures.sync['state']), count(this.#figures.sync['progress'])));
      } while (this.#again);
    } finally {
      this.#reading = false;
    }
  }

  /** Tells a failure; whether it may pass. */
  #failed(error: unknown): boolean {
    const known = error instanceof SecureClientError ? error : null;
    if (this.#state.kind === 'ended') return false;
    if (known !== null && 'endsSession' in known && known.endsSession === true) {
      this.#end(known.message);
      return false;
    }
    const said = known === null ? 'The figures could not be read.' : `${known.message} ${known.hint}`;
    const passes = known === null || known.isTransient;
    this.#tell({ kind: passes ? 'waiting' : 'error', text: passes ? `${said} Trying again.` : said, error });
    return passes;
  }

  #end(said: string): void {
    this.#tell({ kind: 'ended', text: `${said} These are the last figures.` });
  }

  #tell(state: State): void {
    this.#state = state;
    this.#draw();
    this.#options.onState(state);
  }

  #draw(): void {
    if (this.#figures === null || this.#over) return;
    this.#view.show(this.#figures, status(this.#state, this.#figures));
  }

  /** Only the line that says how old the figures are. */
  #age(): void {
    if (this.#figures !== null) this.#view.status(status(this.#state, this.#figures));
  }

  async #pause(seconds: number): Promise<void> {
    const { signal } = this.#ends;
    await new Promise<void>((done) => {
      const timer = setTimeout(done, seconds * 1000);
      signal.addEventListener('abort', () => (clearTimeout(timer), done()), { once: true });
    });
  }
}

/** How long to wait after so many failures in a row: at least as long as the answer advised. */
function pauseFor(failures: number, error: unknown): number {
  const advised = error instanceof SecureClientError ? (error.retryAfterSeconds ?? 0) : 0;
  return Math.max(advised, PAUSES[Math.min(failures, PAUSES.length - 1)] ?? 60);
}

function synced(state: string, progress: number): State {
  switch (state) {
    case 'live':
      return { kind: 'live', text: 'Live: new figures come as they happen.' };
    case 'collecting':
      return { kind: 'waiting', text: `The history is being read: ${Math.floor(progress * 100)}%.` };
    case 'waiting':
      return { kind: 'waiting', text: 'The exchange does not answer. These are the last figures.' };
    case 'stopped':
      return { kind: 'error', text: 'The key is no longer used. These are the last figures.' };
    default:
      return { kind: 'live', text: 'Figures were read.' };
  }
}

/** What holds now, and how old the figures are. The age is not announced: it changes by itself. */
function status({ kind, text: said }: State, { asOf, sync }: Figures): Tree {
  const then = Date.parse(asOf);
  const age = Number.isNaN(then) ? '' : `, ${ago(Math.max(0, Date.now() - then))}`;
  const done = Math.min(1, Math.max(0, count(sync['progress'])));
  return h(
    'div',
    { class: `pf-status pf-status-${kind}`, key: 'status' },
    h('p', { role: 'status', class: 'pf-state' }, said),
    h('p', { class: 'pf-note' }, `Figures of ${moment(asOf)}${age}`),
    sync['state'] === 'collecting' &&
      h('progress', { max: '1', value: String(done), 'aria-label': 'How much of the history was read' }),
  );
}
