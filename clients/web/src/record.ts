//! A holder's record as its holder sees it: its accounts, and its sessions on any machine.

import type { HeldSessions, HolderKey } from '@perf-aggregator/secure-client';
import { facts, make, type Child } from './dom.js';
import { instant } from './words.js';

/** Shows a record in this place. */
export function drawRecord(place: HTMLElement, holder: HolderKey, { sessions, record }: HeldSessions): void {
  const anew = record?.record_restarted_at ?? undefined;
  const accounts = record?.accounts ?? [];
  const rows: (readonly [name: string, value: Child])[] = [
    ['Holder’s key', make('code', {}, holder.fingerprint)],
    ['Begun', record === null ? 'not yet' : instant(record.began)],
    ...(anew === undefined ? [] : ([['Begun anew', `${instant(anew)}, after it was erased`]] as const)),
    ...accounts.map(({ account, registered }) => {
      const what = `${account.venue} (${account.types.join(', ')})`;
      return ['Account', `${what}, since ${instant(registered)}`] as const;
    }),
  ];
  const list = make('ul', { class: 'held' }, ...sessions.map((session) => make('li', {}, ...told(session))));
  place.replaceChildren(facts(rows), make('h3', {}, `Sessions (${sessions.length})`), list);
}

const STATES: ReadonlyMap<string, string> = new Map([
  ['open', 'open'],
  ['expired', 'its time was over'],
  ['revoked', 'revoked'],
]);

/** A session: what it is of, how it is, and what is known of its use. */
function told(session: HeldSessions['sessions'][number]): Child[] {
  const { account, label, created, last_used, expires, lease_until, state } = session;
  const name = label === null ? account.venue : `${label}, ${account.venue}`;
  const until = lease_until === null ? 'its key is no longer used' : `its key is used until ${instant(lease_until)}`;
  const end = state === 'open' ? `ends ${instant(expires)}` : (STATES.get(state) ?? state);
  return [
    make('b', {}, name),
    `, ${state === 'open' ? 'open' : 'over'}: `,
    `opened ${instant(created)}, ${last_used === null ? 'never read' : `last read ${instant(last_used)} or within 15 minutes after`}, ${end}; ${until}`,
  ];
}
