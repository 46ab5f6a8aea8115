//! The bodies of calls and answers (DESIGN.md section 4, Calls and Shapes). What is unknown in a request is
//! refused; what is unknown in an answer is left alone, so that clients outlive additions.
//!
//! Money is a decimal text, time RFC 3339 in UTC. A number that does not exist is `null`, and its reason stands
//! in `why` of the same object under the field's name.

mod held;
mod restatements;
mod snapshots;

pub use held::{Erased, HeldAccount, HeldRecord, HeldSession, HeldSessions, HolderCall};
pub use restatements::{Restatement, Restatements};
pub use snapshots::{SnapshotMissed, SnapshotTaken, Snapshots};

use crate::{credentials::Secret, limits, wire};
use alloc::{collections::BTreeMap, string::String, vec::Vec};
use serde::{Deserialize, Serialize};

/// Reasons for what is missing, by field.
pub type Why = BTreeMap<String, String>;

/// What is inside a registration.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Registration {
    /// A label of the trader's choice. Never an authority.
    pub user_id: String,
    /// Which venue: `binance`.
    pub exchange: String,
    /// API key, key name or address.
    pub api_key: Secret,
    /// Secret, private key or signature.
    pub secret: Secret,
    /// Where the venue has one.
    pub passphrase: Option<Secret>,
    /// Which account types to read; all that the key can read if absent.
    pub account_types: Option<Vec<String>>,
    /// The venue's testnet.
    #[serde(default)]
    pub sandbox: bool,
    /// What the trader calls the account.
    pub label: Option<String>,
    /// Life of the session.
    pub ttl_seconds: Option<u64>,
    /// How long the key may be used, beyond the session and beyond a restart; as long as the session if absent.
    pub lease_seconds: Option<u64>,
    /// The key of the record that the account joins: 32 bytes in base64url. The call is then signed (`holder.rs`).
    pub holder_key: Option<String>,
    /// Reporting currency.
    pub quote_currency: Option<String>,
    /// Accept a key that can trade. Every figure then says so.
    #[serde(default)]
    pub accept_trading_key: bool,
    /// Allow plain reads by session id: whoever ends TLS sees them.
    #[serde(default)]
    pub bearer: bool,
}

impl Registration {
    /// What is wrong with the fields that need no venue to be judged, as advice.
    pub fn defect(&self) -> Option<&'static str> {
        let text_fits = |text: &str| {
            text.chars().count() <= limits::LABEL_CHARS_MAX && !text.chars().any(char::is_control)
        };
        if self.user_id.is_empty() || !text_fits(&self.user_id) {
            return Some("userId must have 1 to 128 characters and no control characters.");
        }
        if self.label.as_deref().is_some_and(|label| !text_fits(label)) {
            return Some("label must have at most 128 characters and no control characters.");
        }
        let ttl_fits = |ttl| (limits::SESSION_TTL_S_MIN..=limits::SESSION_TTL_S_MAX).contains(&ttl);
        if self.ttl_seconds.is_some_and(|ttl| !ttl_fits(ttl)) {
            return Some("ttlSeconds must be between 300 (5 minutes) and 604800 (7 days).");
        }
        let lease_fits = |lease| (limits::LEASE_S_MIN..=limits::LEASE_S_MAX).contains(&lease);
        if self.lease_seconds.is_some_and(|lease| !lease_fits(lease)) {
            return Some("leaseSeconds must be between 300 (5 minutes) and 7776000 (90 days).");
        }
        if self.lease_seconds.zip(self.ttl_seconds).is_some_and(|(lease, ttl)| lease < ttl) {
            return Some(
                "leaseSeconds must not be shorter than ttlSeconds: a session reads what the key brings.",
            );
        }
        if self.holder_key.as_deref().is_some_and(|key| wire::decode_array::<32>(key).is_none()) {
            return Some("holderKey takes an Ed25519 public key: 32 bytes in base64url without padding.");
        }
        if self.holder_key.is_some() && self.bearer {
            return Some(
                "bearer and holderKey exclude each other: with a holder key only calls that it signed are answered, and plain \
                 reads are not signed.",
            );
        }
        None
    }
}

/// What reads and revocations carry.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SessionCall {
    /// The session.
    pub session_id: Secret,
    /// Asks for a signed answer that can be kept, over this nonce; up to 128 visible characters.
    pub sign: Option<String>,
    /// The last checkpoint that the caller saw of this account or record. A store that is behind it is refused:
    /// `STATE_ROLLED_BACK`.
    pub checkpoint: Option<Checkpoint>,
}

/// How far a store has come with an account, or with the record that it is in (DESIGN.md section 6). It grows with each change
/// that a restart must not undo; whoever remembers the last one that they saw will notice an older store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Checkpoint {
    /// How many changes.
    pub seq: u64,
    /// A hash over all of them: 32 bytes in base64url.
    pub root: String,
    /// Whether somebody outside vouches that there is no later one.
    #[serde(default)]
    pub anchored: bool,
}

/// What asks for a page of the ledger.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LedgerCall {
    /// The session.
    pub session_id: Secret,
    /// `next` of the page before; the first page if absent.
    pub after: Option<String>,
    /// `revision` of the page before: the answer is `LEDGER_CHANGED` when it is no longer that.
    pub revision: Option<u64>,
    /// As in [`SessionCall`].
    pub checkpoint: Option<Checkpoint>,
}

/// A page of the ledger: the texts of all pages, one after the other, are the file.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LedgerPage {
    /// The state that the page is of. It grows with each change.
    pub revision: u64,
    /// Whole lines.
    pub lines: String,
    /// Where the next page begins; `null` after the last.
    pub next: Option<String>,
}

/// What asks for events.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventsCall {
    /// The session.
    pub session_id: Secret,
    /// The last event that was received; what came after it is told first.
    pub after: Option<u64>,
}

/// Something that happened, as it stands in a sealed stream. In a plain one `id` and `event` are fields of the frame, and
/// the rest is its data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// It grows from event to event. To go on after this one, give it as `after` or `Last-Event-ID`.
    pub id: u64,
    /// What happened.
    #[serde(flatten)]
    pub what: EventKind,
}

/// What may happen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", content = "data", rename_all = "snake_case")]
pub enum EventKind {
    /// The collection went on.
    Sync {
        /// As in [`Sync`].
        state: String,
        /// From 0 to 1.
        progress: f64,
    },
    /// There are new figures.
    Metrics {
        /// When they hold.
        as_of: String,
        /// The state of the ledger that they are of.
        revision: u64,
    },
    /// The session ends, in ten minutes or now.
    Expiry {
        /// `soon`, `expired` or `revoked`; after the last two the stream ends.
        state: String,
        /// When it ends.
        session_expires: String,
    },
    /// What was asked for is no longer kept: read again what you need. What holds now follows.
    Reset {},
    /// This stream ends and the session goes on: come again, and give the last id.
    Closing {
        /// `stopping` (the enclave) or `time` (a stream has a longest life).
        why: String,
    },
}

impl EventKind {
    /// Its name in frames.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Sync { .. } => "sync",
            Self::Metrics { .. } => "metrics",
            Self::Expiry { .. } => "expiry",
            Self::Reset {} => "reset",
            Self::Closing { .. } => "closing",
        }
    }

    /// After it nothing more comes on this stream.
    pub fn is_last(&self) -> bool {
        match self {
            Self::Closing { .. } => true,
            Self::Expiry { state, .. } => state != "soon",
            Self::Sync { .. } | Self::Metrics { .. } | Self::Reset {} => false,
        }
    }
}

/// The answer to a registration.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SessionOpened {
    /// The right to read. Whoever has it reads.
    pub session_id: String,
    /// When it ends.
    pub expires_at: String,
    /// `live`, `sandbox` or `development`.
    pub environment: String,
    /// Whose fills these are.
    pub account: Account,
    /// What the venue says the key may do.
    pub key_rights: KeyRights,
    /// Until when the key is kept.
    pub lease_until: String,
    /// How far the collection is.
    pub sync: Sync,
    /// The record that the account is in, where a holder key was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<HeldRecord>,
    /// How far the store has come with the account or the record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checkpoint: Option<Checkpoint>,
}

/// An account, without telling its id at the venue.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Which venue.
    pub venue: String,
    /// Keyed hash of the venue's own id: the same account has the same one in all sessions of a deployment.
    pub fingerprint: String,
    /// Account types that are read.
    pub types: Vec<String>,
}

/// What a key may do; `null` where the venue does not tell.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct KeyRights {
    /// May read.
    pub read: bool,
    /// May trade.
    pub trade: Option<bool>,
    /// May withdraw.
    pub withdraw: Option<bool>,
    /// May transfer.
    pub transfer: Option<bool>,
    /// Bound to addresses.
    pub ip_restricted: Option<bool>,
    /// `read_only`, `trading_accepted` or `undecided`.
    pub verdict: String,
}

/// How far the collection is.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Sync {
    /// `collecting`, `live`, `waiting` (the venue does not answer now) or `stopped` (the key is no longer used).
    pub state: String,
    /// From 0 to 1.
    pub progress: f64,
    /// Seconds since the last complete collection.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub age_seconds: Option<u64>,
}

/// The headline.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Summary {
    /// `live`, `sandbox` or `development`.
    pub environment: String,
    /// What money is in.
    pub quote_currency: String,
    /// When this was true.
    pub as_of: String,
    /// When the session ends.
    pub session_expires: String,
    /// What the account is worth.
    pub equity: Option<String>,
    /// What came from outside, less what went there.
    pub net_flow: Option<String>,
    /// What is neither: equity at the end, less equity at the beginning, less `net_flow`.
    pub gain: Option<String>,
    /// The equity-based return.
    #[serde(rename = "return")]
    pub returns: ReturnHeadline,
    /// What the fills say.
    pub trades: TradesHeadline,
    /// What is known and what is not.
    pub coverage: Coverage,
    /// How far the collection is.
    pub sync: Sync,
    /// How far the store has come: remember it, and give it with the next call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checkpoint: Option<Checkpoint>,
    /// Snapshots that the enclave took by itself, and those that it missed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snapshots: Option<Snapshots>,
    /// How often days that were over were told anew, and why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restatements: Option<Restatements>,
    /// When the record began anew after its erasure, if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record_restarted_at: Option<String>,
    /// Reasons for each `null`, under its path: `trades.win_rate`.
    pub why: Why,
}

/// Return and risk of the equity (METRICS.md sections 3 and 4): fractions, 0.05 is five percent.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct ReturnHeadline {
    /// Time-weighted, since the beginning.
    pub twr: Option<f64>,
    /// The same for a year; not under one.
    pub twr_annualized: Option<f64>,
    /// The deepest fall below a peak, zero or less.
    pub max_drawdown: Option<f64>,
    /// Of daily returns, for a year.
    pub sharpe: Option<f64>,
}

/// Realised profit and what it rests on (METRICS.md sections 2 and 5).
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct TradesHeadline {
    /// How many fills count.
    pub fills: Option<u64>,
    /// Quote notional of both sides.
    pub volume: Option<String>,
    /// Fees, valued.
    pub fees_valued: Option<String>,
    /// Realised profit after fees.
    pub realized_net: Option<String>,
    /// Which share of what was sold has a known cost.
    pub matched_share: Option<String>,
    /// Winning trades among closed trades.
    pub win_rate: Option<String>,
}

/// How complete the figures are (DESIGN.md section 5).
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Coverage {
    /// The oldest fill.
    pub first_fill: Option<String>,
    /// The newest fill.
    pub last_fill: Option<String>,
    /// From when on every source is complete.
    pub history_from: Option<String>,
    /// Why not further back.
    pub history_limit: String,
    /// What such accounts may hold or do unseen: the exchange does not tell it, or they were not registered for it.
    #[serde(default)]
    pub cannot_see: Vec<String>,
    /// Days whose balances were read close to the midnight that ends them.
    pub days_observed: Option<u32>,
    /// Days computed backwards from later balances.
    pub days_reconstructed: Option<u32>,
    /// Days that could not be priced: their interval goes on to the next that could.
    pub days_bridged: Option<u32>,
    /// Days of which a source could not be read.
    pub days_partial: Option<u32>,
    /// Days of which nothing is known.
    pub days_missing: Option<u32>,
    /// What nothing explains, in the quote currency.
    pub residual: Option<String>,
    /// The same without signs, in ten-thousandths of the mean equity.
    pub residual_bps: Option<String>,
    /// What could not be read, and why.
    pub unread: Vec<Unread>,
    /// What the key may do, in words.
    pub key_rights: String,
}

/// Something that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Unread {
    /// What: `fills of XYZUSDT`.
    pub what: String,
    /// Why.
    pub why: String,
}

/// A source of prices that values fees and totals (METRICS.md section 2.7).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PriceUse {
    /// Of what.
    pub asset: String,
    /// In what.
    pub quote: String,
    /// The pairs used, in order; one written `1/X` was inverted.
    pub path: Vec<String>,
    /// The candle.
    pub interval: String,
    /// How many fills it values.
    pub fills: u64,
}

/// The receipt of a revocation.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Revoked {
    /// Always true.
    pub revoked: bool,
    /// When.
    pub at: String,
    /// What is also true.
    pub note: String,
}
