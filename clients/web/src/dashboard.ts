//! The dashboard: the figures, drawn by `figures/`, and beside them what one does with a session: when it ends, ending it,
//! a signed answer to keep, a tear sheet to send or print.

import type { Metrics } from '@perf-aggregator/secure-client';
import { drawReach, type Open } from './collecting.js';
import { byId, make } from './dom.js';
import { download, print } from './download.js';
import { ended } from './ended.js';
import { endsSession } from './errors.js';
import { isTicked } from './form.js';
import { mountDashboard, tearSheet, type Proof } from './figures/index.js';
import { clearProblem, showProblem } from './problem.js';
import { onReach } from './reach.js';
import { drawRecord } from './record.js';
import { sourceOf } from './source.js';
import { verdictOf } from './verdict.js';
import { say, show } from './views.js';
import { duration, hexOf, instant } from './words.js';

const EXPIRY_EVERY_MS = 20_000;

/** Shows the figures of a session until it ends. */
export function openDashboard(session: Open): void {
  new Dashboard(session).open();
}

class Dashboard {
  readonly #session: Open;
  readonly #closing = new AbortController();
  #isRevoking = false;
  #mounted: { close(): void } | undefined;

  constructor(session: Open) {
    this.#session = session;
  }

  open(): void {
    const { client, opened } = this.#session;
    const root = make('div');
    byId('dashboard').replaceChildren(root);
    clearProblem(byId('dashboard-problem'));
    this.#on('revoke', () => byId<HTMLDialogElement>('revoke-dialog').showModal());
    this.#on('revoke-no', () => byId<HTMLDialogElement>('revoke-dialog').close());
    this.#on('revoke-yes', () => void this.#revoke());
    this.#openRecord();
    this.#on('sheet', () => this.#act(async () => this.#download(await client.getMetrics())));
    this.#on('print', () => this.#act(async () => print(tearSheet(await client.getMetrics(), this.#proof()))));
    this.#on('save', () => this.#act(async () => this.#save()));
    this.#tellExpiry();
    const timer = setInterval(() => this.#tellExpiry(), EXPIRY_EVERY_MS);
    const unreach = onReach((reach) => drawReach(byId('dashboard-reach'), reach));
    this.#closing.signal.addEventListener('abort', () => {
      clearInterval(timer);
      unreach();
    });
    show('dashboard');
    say(`History read. Performance at ${opened.account.venue}.`);
    this.#mounted = mountDashboard(root, sourceOf(client), {
      onState: ({ kind, error }) => this.#state(kind, error),
    });
  }

  /** What only a holder can see and do. */
  #openRecord(): void {
    const { client, holder } = this.#session;
    const [record, erase] = [byId<HTMLDialogElement>('record-dialog'), byId<HTMLDialogElement>('erase-dialog')];
    byId('record').hidden = holder === undefined;
    if (holder === undefined) return;
    this.#on('record', () =>
      this.#act(async () => {
        drawRecord(byId('record-content'), holder, await client.listSessions());
        record.showModal();
      }),
    );
    this.#on('record-close', () => record.close());
    this.#on('erase', () => {
      record.close();
      byId<HTMLInputElement>('erase-tick').checked = false;
      byId('erase-error').hidden = true;
      erase.showModal();
    });
    this.#on('erase-no', () => erase.close());
    this.#on('erase-yes', () => {
      byId('erase-error').hidden = isTicked('erase-tick');
      if (isTicked('erase-tick')) void this.#erase();
      else byId('erase-tick').focus();
    });
  }

  async #erase(): Promise<void> {
    byId<HTMLDialogElement>('erase-dialog').close();
    // The stream may tell the end before the receipt is here.
    this.#isRevoking = true;
    await this.#act(async () => {
      const { receipt, file } = await this.#session.client.eraseRecord();
      download('perf-aggregator-erasure.json', 'application/json', file);
      this.#end('You erased your record. Its receipt was saved as a file.', receipt.note);
    });
    this.#isRevoking = false;
  }

  #on(id: string, does: () => void): void {
    byId(id).addEventListener('click', does, { signal: this.#closing.signal });
  }

  /** How things are stands in the figures themselves; here is what follows from it. */
  #state(kind: 'live' | 'waiting' | 'ended' | 'error', error: unknown): void {
    if (this.#closing.signal.aborted || (kind === 'ended' && this.#isRevoking)) return;
    const isOver = Date.now() >= Date.parse(this.#session.opened.expires_at);
    if (endsSession(error)) this.#end('The enclave no longer has it.');
    else if (kind === 'ended') this.#end(isOver ? 'Its time was over.' : 'It was revoked, or its time was over.');
    else if (kind === 'error' && error !== undefined) showProblem(byId('dashboard-problem'), error);
  }

  #tellExpiry(): void {
    const { expires_at } = this.#session.opened;
    const leftS = (Date.parse(expires_at) - Date.now()) / 1000;
    const left = leftS > 0 ? `, in ${duration(leftS)}` : '';
    byId('expires').textContent = `Session ends ${instant(expires_at)}${left}`;
  }

  async #revoke(): Promise<void> {
    byId<HTMLDialogElement>('revoke-dialog').close();
    // The stream may tell the end before the receipt is here.
    this.#isRevoking = true;
    await this.#act(async () => {
      const { note } = await this.#session.client.revoke();
      this.#end('You revoked it.', note);
    });
    this.#isRevoking = false;
  }

  async #save(): Promise<void> {
    const { file } = await this.#session.client.saveMetrics();
    download('perf-aggregator-answer.json', 'application/json', file);
    say('A signed answer was saved.');
  }

  #download(metrics: Metrics): void {
    download('perf-aggregator-tear-sheet.html', 'text/html', tearSheet(metrics, this.#proof()));
    say('The tear sheet was saved.');
  }

  /** Does what was asked; a failure is shown, and ends the session if that is what it says. */
  async #act(does: () => Promise<void>): Promise<void> {
    clearProblem(byId('dashboard-problem'));
    try {
      await does();
    } catch (failure) {
      if (endsSession(failure)) this.#end('The enclave no longer has it.');
      else showProblem(byId('dashboard-problem'), failure);
    }
  }

  #proof(): Proof {
    const { client, opened, origin } = this.#session;
    const { enclave } = client;
    if (enclave === undefined) throw new Error('nothing was verified');
    const { measurement, release, hardware, development } = verdictOf(enclave);
    const { environment } = opened;
    return { measurement, release, hardware, development, environment, resultKey: hexOf(enclave.result_key), serviceUrl: origin };
  }

  #end(why: string, note?: string): void {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort();
    this.#mounted?.close();
    byId('dashboard-reach').hidden = true;
    for (const name of ['revoke', 'record', 'erase']) byId<HTMLDialogElement>(`${name}-dialog`).close();
    byId('record').hidden = true;
    byId('record-content').replaceChildren();
    ended(why, note);
  }
}
