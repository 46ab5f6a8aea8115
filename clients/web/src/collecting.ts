//! History arrives: how far it is, what came, how long it takes, and whether the service is in reach.

import type { HolderKey, SecureClient, SessionEvent, SessionOpened } from '@perf-aggregator/secure-client';
import { openDashboard } from './dashboard.js';
import { byId, make } from './dom.js';
import { endsSession } from './errors.js';
import { ended } from './ended.js';
import { clearProblem, showProblem } from './problem.js';
import { onReach, type Reach } from './reach.js';
import { sourceOf } from './source.js';
import { say, show } from './views.js';
import { count, duration, instant, timeOfDay } from './words.js';

const ARRIVALS_MAX = 8;

/** A session that was opened here. */
export interface Open {
  readonly client: SecureClient;
  readonly opened: SessionOpened;
  readonly origin: string;
  /** Whose record the account joined. */
  readonly holder: HolderKey | undefined;
}

/** Follows the collection until the history is there, then shows the figures. */
export async function collect(session: Open): Promise<void> {
  const { client, opened } = session;
  begin(opened);
  const watching = new AbortController();
  const started = performance.now();
  const clock = setInterval(() => {
    byId('elapsed').textContent = `after ${duration((performance.now() - started) / 1000)}`;
  }, 1000);
  const unreach = onReach((reach) => drawReach(byId('collecting-reach'), reach));
  try {
    for await (const event of sourceOf(client).watch({ signal: watching.signal })) {
      if (event.event === 'expiry' && event.data.state !== 'soon') {
        ended(event.data.state === 'revoked' ? 'It was revoked.' : 'Its time was over.');
        return;
      }
      await arrive(client, event);
      if (event.event === 'sync' && event.data.state === 'live') {
        openDashboard(session);
        return;
      }
    }
  } catch (failure) {
    if (endsSession(failure)) ended('The enclave no longer has it.');
    else showProblem(byId('collecting-problem'), failure, { retry: () => void collect(session) });
  } finally {
    clearInterval(clock);
    unreach();
    byId('collecting-reach').hidden = true;
    watching.abort();
  }
}

function begin(opened: SessionOpened): void {
  const { venue, types } = opened.account;
  clearProblem(byId('collecting-problem'));
  byId('arrivals').replaceChildren();
  byId('elapsed').textContent = '';
  const rights = opened.key_rights.verdict === 'read_only' ? 'The key can only read.' : 'The key can do more than read, as you accepted.';
  byId('collecting-what').textContent =
    `The enclave has your key and reads ${venue.charAt(0).toUpperCase()}${venue.slice(1)} (${types.join(', ')}): balances, fills, deposits, withdrawals, conversions and prices, as far back as the exchange shows them. ${rights}`;
  draw(opened.sync.state, opened.sync.progress);
  show('collecting');
  note(`Session opened. It ends ${instant(opened.expires_at)}.`);
}

async function arrive(client: SecureClient, event: SessionEvent): Promise<void> {
  if (event.event === 'sync') {
    draw(event.data.state, event.data.progress);
    return;
  }
  if (event.event !== 'metrics') return;
  // A glance at what came; the stream goes on without it.
  const { trades, coverage } = await client.getSummary().catch(() => ({ trades: undefined, coverage: undefined }));
  const first = coverage?.['first_fill'];
  if (typeof trades?.fills !== 'number') return;
  const since = typeof first === 'string' ? ` since ${instant(first)}` : '';
  note(`${count(trades.fills)} fills read${since}.`);
}

const STATES: ReadonlyMap<string, string> = new Map([
  ['collecting', 'Reading.'],
  ['live', 'Complete; new fills come as they happen.'],
  ['waiting', 'The exchange does not answer now. The enclave tries again by itself.'],
  ['stopped', 'The exchange no longer takes the key. What was read stays until the session ends.'],
]);

function draw(state: string, progress: number): void {
  const percent = Math.round(Math.min(1, Math.max(0, progress)) * 100);
  byId<HTMLProgressElement>('progress').value = percent;
  byId('progress-text').textContent = `${percent}%`;
  byId('collecting-state').textContent = STATES.get(state) ?? '';
  say(`History read: ${percent}%`);
}

/** Adds a line with its time; the oldest go. */
function note(text: string): void {
  const list = byId('arrivals');
  if (list.lastElementChild?.querySelector('span')?.textContent === text) return;
  list.append(make('li', {}, make('time', {}, timeOfDay(new Date())), ' ', make('span', {}, text)));
  while (list.children.length > ARRIVALS_MAX) list.firstElementChild?.remove();
}

/** Says when the service was seen last, while it does not answer. */
export function drawReach(place: HTMLElement, { seen, isAnswering }: Reach): void {
  const when = seen === undefined ? 'Not seen yet' : `Last seen ${timeOfDay(seen)}`;
  if (place.hidden !== isAnswering) {
    say(isAnswering ? 'The service answers again.' : 'The service does not answer. Trying again.');
  }
  place.textContent = isAnswering ? '' : `The service does not answer. ${when}, trying again.`;
  place.hidden = isAnswering;
}
