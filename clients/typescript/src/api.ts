//! The bodies of answers (docs/protocol.md; what each number means stands in docs/metrics.md). Money is a decimal text,
//! time RFC 3339 in UTC. A number that does not exist is `null`, and its reason stands in `why` of the same object.
//! What is unknown in an answer is left alone, so that clients outlive additions.

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
  readonly account: {
    readonly venue: string;
    /** Keyed hash of the venue's own id: the same account has the same one as long as this enclave runs. */
    readonly fingerprint: string;
    readonly types: readonly string[];
  };
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
    readonly unread: readonly { readonly what: string; readonly why: string }[];
    readonly key_rights: string;
    readonly [member: string]: unknown;
  };
  readonly sync: Sync;
  /** Reasons for each `null`, under its path: `trades.win_rate`. */
  readonly why: Readonly<Record<string, string>>;
}

/** Everything: `total`, `accounts`, `symbols`, `months` and more, as `GET /openapi.json` says. */
export interface Metrics {
  readonly environment: string;
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
