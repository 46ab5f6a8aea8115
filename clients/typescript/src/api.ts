//! The bodies of answers (docs/protocol.md; what each number means stands in docs/metrics.md). Money is a decimal text,
//! time RFC 3339 in UTC. A number that does not exist is `null`, and its reason stands in `why` of the same object.
//! What is unknown in an answer is left alone, so that clients outlive additions.

import type { Checkpoint } from './checkpoints.js';

/** How far the collection is. */
export interface Sync {
  /** `collecting`, `live`, `waiting` (the venue does not answer now) or `stopped` (the key is no longer used). */
  readonly state: string;
  /** From 0 to 1. */
  readonly progress: number;
  /** Seconds since the last complete collection. */
  readonly age_seconds?: number;
}

/** The answer to a registration. */
export interface SessionOpened {
  /** The right to read: whoever has it reads. Not enumerable, so that no log and no JSON has it by accident. */
  readonly session_id: string;
  readonly expires_at: string;
  /** `live`, `sandbox` or `development`. */
  readonly environment: string;
  readonly account: Account;
  /** What the key may do; `null` where the venue does not tell. */
  readonly key_rights: {
    readonly read: boolean;
    readonly trade: boolean | null;
    readonly withdraw: boolean | null;
    readonly transfer: boolean | null;
    readonly ip_restricted: boolean | null;
    /** `read_only`, `trading_accepted` or `undecided`. */
    readonly verdict: string;
  };
  /** Until when the key is kept. */
  readonly lease_until: string;
  readonly sync: Sync;
  /** The record that the account is in, where a holder's key was given. */
  readonly record?: HeldRecord;
  readonly checkpoint?: Checkpoint | null;
}

/** An account, without telling its id at the venue. */
export interface Account {
  readonly venue: string;
  /** Keyed hash of the venue's own id: the same account has the same one in all sessions of a deployment. */
  readonly fingerprint: string;
  readonly types: readonly string[];
}

/** A record as its holder sees it. */
export interface HeldRecord {
  /** When its first account was registered. */
  readonly began: string;
  /** When it began anew after an erasure, if it did. */
  readonly record_restarted_at: string | null;
  readonly accounts: readonly {
    readonly account: Account;
    /** From when on it counts in the record. */
    readonly registered: string;
  }[];
}

/** A holder's sessions and record. */
export interface HeldSessions {
  /** The newest first. */
  readonly sessions: readonly {
    /** A name for it with which nobody can read. */
    readonly session: string;
    readonly account: Account;
    readonly label: string | null;
    readonly created: string;
    /** The beginning of the quarter of an hour in which it was read last; `null` if it never was. */
    readonly last_used: string | null;
    readonly expires: string;
    /** Until when the key may be used; `null`: it is no longer. */
    readonly lease_until: string | null;
    /** `open`, `expired` or `revoked`. */
    readonly state: string;
  }[];
  /** None before the first registration and after its erasure. */
  readonly record: HeldRecord | null;
}

/** The receipt of an erasure. */
export interface Erased {
  readonly erased: true;
  readonly at: string;
  /** How many accounts left the record, and how many sessions ended. */
  readonly accounts: number;
  readonly sessions: number;
  /** What is also true. */
  readonly note: string;
}

/** The headline. */
export interface Summary {
  readonly environment: string;
  readonly quote_currency: string;
  /** When this was true. */
  readonly as_of: string;
  readonly session_expires: string;
  /** What the account is worth. */
  readonly equity: string | null;
  /** What came from outside, less what went there. */
  readonly net_flow: string | null;
  /** What is neither. */
  readonly gain: string | null;
  /** Return and risk of the equity: fractions, 0.05 is five percent. */
  readonly return: {
    readonly twr: number | null;
    readonly twr_annualized: number | null;
    readonly max_drawdown: number | null;
    readonly sharpe: number | null;
  };
  /** Realised profit and what it rests on. */
  readonly trades: {
    readonly fills: number | null;
    readonly volume: string | null;
    readonly fees_valued: string | null;
    readonly realized_net: string | null;
    readonly matched_share: string | null;
    readonly win_rate: string | null;
  };
  /** How complete the figures are. */
  readonly coverage: {
    readonly history_limit: string;
    /** What such accounts may hold or do unseen. */
    readonly cannot_see: readonly string[];
    readonly unread: readonly { readonly what: string; readonly why: string }[];
    readonly key_rights: string;
    readonly [member: string]: unknown;
  };
  readonly sync: Sync;
  /** How far the service's store is; this client remembers it. */
  readonly checkpoint?: Checkpoint | null;
  readonly snapshots?: Snapshots;
  readonly restatements?: Restatements;
  /** When the record began anew after its erasure, if it did. */
  readonly record_restarted_at?: string | null;
  /** Reasons for each `null`, under its path: `trades.win_rate`. */
  readonly why: Readonly<Record<string, string>>;
}

/** Snapshots of the equity that the enclave takes by itself, at the end of each UTC day and at an hour of each that nobody can
 *  foresee. Nobody can ask for one, skip one or write one anew. */
export interface Snapshots {
  readonly taken: number;
  readonly missed: number;
  /** The last one that was taken. */
  readonly last: {
    readonly due: string;
    readonly taken: string;
    /** `null` where the equity had no value then. */
    readonly equity: string | null;
  } | null;
  /** The latest that were missed, the earliest first; `missed` counts all. */
  readonly misses: readonly {
    readonly due: string;
    /** `enclave_down`, `venue_not_answering`, `store_unavailable` or `sync_in_progress`. */
    readonly cause: string;
  }[];
}

/** Changes of the equity or the flows of days that were over and had been told. An answer that was kept from before `at` is not
 *  wrong: it is older. */
export interface Restatements {
  /** The sum of the accounts' last numbers. */
  readonly count: number;
  /** The latest of each account, in the order of their times. */
  readonly list: readonly {
    /** The fingerprint of the account. */
    readonly account: string;
    /** The account's own, from 1 on without a gap. */
    readonly number: number;
    readonly at: string;
    /** The first day that changed. */
    readonly from: string;
    /** How many days changed. */
    readonly days: number;
    /** `movement_read_later`, `fills_read_later`, `history_reach` or `price_read_later`. */
    readonly cause: string;
  }[];
}

/** Everything: `total`, `accounts`, `symbols`, `months` and more, as `GET /openapi.json` says. */
export interface Metrics {
  readonly environment: string;
  /** How far the service's store is; this client remembers it. */
  readonly checkpoint?: Checkpoint | null;
  readonly snapshots?: Snapshots;
  readonly restatements?: Restatements;
  /** When the record began anew after its erasure, if it did. */
  readonly record_restarted_at?: string | null;
  readonly [member: string]: unknown;
}

/** The receipt of a revocation. */
export interface Revoked {
  readonly revoked: true;
  readonly at: string;
  /** What is also true: only deleting the key at the venue is final. */
  readonly note: string;
}

/** Something that happened, with an id that grows. */
export type SessionEvent = { readonly id: number } & (
  | { readonly event: 'sync'; readonly data: { readonly state: string; readonly progress: number } }
  /** There are new figures: read them. */
  | { readonly event: 'metrics'; readonly data: { readonly as_of: string; readonly revision: number } }
  /** `soon`; or `expired`, `revoked`: the session is over. */
  | { readonly event: 'expiry'; readonly data: { readonly state: string; readonly session_expires: string } }
  /** What was asked for is no longer kept: read again what you need. What holds now follows. */
  | { readonly event: 'reset'; readonly data: Readonly<Record<string, never>> }
  /** This stream ends and the session goes on; `watch` opens another. */
  | { readonly event: 'closing'; readonly data: { readonly why: string } }
);
