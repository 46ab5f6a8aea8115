//! Every bound of the service, with its reason (DESIGN.md section 4). Units stand last in each name.

/// A sealed call as sent. A plaintext of 16 KiB grows by a third in base64url; the rest is the header.
pub const ENVELOPE_BYTES_MAX: usize = 32 * 1024;
/// What is inside an envelope, padding included. The longest credential of any venue is a PEM key of 2 KiB.
pub const PLAINTEXT_BYTES_MAX: usize = 16 * 1024;
/// Plaintexts grow to a multiple of this, so that a length tells little.
pub const PADDING_STEP_BYTES: usize = 1024;
/// An envelope lives at most so long: what the enclave must remember to refuse it a second time.
pub const ENVELOPE_LIFE_S_MAX: u64 = 600;
/// Envelope ids remembered at once. Beyond it new envelopes are refused: forgetting one would allow a replay.
pub const ENVELOPES_REMEMBERED_MAX: usize = 200_000;
/// A sealed answer as a client accepts it.
pub const ANSWER_BYTES_MAX: usize = 32 * 1024 * 1024;

/// A page of the ledger, before it is sealed: a few seconds on a slow line.
pub const LEDGER_PAGE_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Events remembered per session, for those who come again: some hours of new figures.
pub const EVENTS_KEPT_MAX: usize = 256;
/// A session is told to be ending so long before its end.
pub const EXPIRY_WARNING_S: u64 = 600;
/// Streams of events open at once, of one session.
pub const EVENT_STREAMS_PER_SESSION_MAX: usize = 4;
/// Streams of events open at once: half of all connections, so that calls find room.
pub const EVENT_STREAMS_MAX: usize = 512;
/// A comment is sent when nothing happens for so long, so that nobody on the way takes the stream for dead.
pub const EVENT_HEARTBEAT_S: u64 = 15;
/// A reader that takes nothing for so long is dropped.
pub const EVENT_READER_PATIENCE_S: u64 = 30;
/// A stream ends after an hour; its reader comes again where it was.
pub const EVENT_STREAM_S_MAX: u64 = 3600;
/// Pieces of a stream that wait for its reader.
pub const EVENT_QUEUE_MAX: usize = 16;
/// A frame of a stream as a client accepts it.
pub const EVENT_FRAME_BYTES_MAX: usize = 64 * 1024;

/// The longest credential part, in bytes.
pub const CREDENTIAL_BYTES_MAX: usize = 4096;
/// The longest label of a user or an account, in characters.
pub const LABEL_CHARS_MAX: usize = 128;
/// Characters of a nonce that a signature covers: any that somebody would make fits.
pub const NONCE_CHARS_MAX: usize = 128;

/// A shorter session would end before its history is collected.
pub const SESSION_TTL_S_MIN: u64 = 300;
/// Unless the trader or the operator says otherwise.
pub const SESSION_TTL_S_DEFAULT: u64 = 86_400;
/// A week: a session cannot be renewed, only replaced.
pub const SESSION_TTL_S_MAX: u64 = 604_800;
/// A shorter lease would end before the history is collected.
pub const LEASE_S_MIN: u64 = 300;
/// How long a key may be used at most: 90 days, then the trader decides again.
pub const LEASE_S_MAX: u64 = 90 * 86_400;
/// Accounts in memory to be polled; with more of them they take turns, and are read from their rows for each round. An
/// account of a year has some ten megabytes.
pub const ACCOUNTS_IN_MEMORY_MAX: usize = 512;
/// Accounts of one record.
pub const ACCOUNTS_PER_RECORD_MAX: usize = 64;
/// Sessions of one holder that are kept at once.
pub const SESSIONS_PER_HOLDER_MAX: usize = 256;
/// What expired or was revoked is purged at this interval.
pub const SWEEP_INTERVAL_S: u64 = 3600;
/// Fills of one account: about 2 GiB of memory, the most that one of them may take.
pub const FILLS_PER_ACCOUNT_MAX: usize = 2_000_000;

/// Keys of an epoch are replaced after a day.
pub const EPOCH_LIFE_S: u64 = 86_400;
/// The previous epoch's key opens late envelopes for one hour more.
pub const EPOCH_GRACE_S: u64 = 3600;

/// Where enclaves share keys, the next epoch is made so long before it begins, for the others to fetch it.
pub const EPOCH_LEAD_S: u64 = 60;

/// How often a venue is asked for news of an account on which something happens, or that somebody reads.
pub const POLL_INTERVAL_S: u64 = 60;
/// And at most so long apart where nothing does for a day, and nobody does: snapshots and checks of keys are in time anyway.
pub const POLL_IDLE_INTERVAL_S_MAX: u64 = 3600;
/// Known prices may show that more are wanted: so often a round asks. What is still wanted then waits for the next one.
pub const PRICE_ROUNDS_MAX: usize = 8;
/// What could not be written is tried again after this long.
pub const STORE_RETRY_S: u64 = 10;
/// How often what changed in a store is anchored with its witness, where there is one.
pub const ANCHOR_INTERVAL_S: u64 = 60;
/// A store that does not change is anchored so often: its witness sees that it lives.
pub const ANCHOR_IDLE_S: u64 = 3600;
/// Accounts whose last anchoring is remembered: some 20 MB. Those beyond are told as not anchored.
pub const ANCHORED_ACCOUNTS_MAX: usize = 100_000;
/// What a witness answers: 16 signatures of the longest kind there is.
pub const WITNESS_ANSWER_BYTES_MAX: usize = 128 * 1024;
/// How often the rights of a key are read again.
pub const KEY_CHECK_INTERVAL_S: u64 = 86_400;
/// A key that worked before and is refused now is tried again after this long before it is dropped: venues
/// answer the same to a temporary ban (EXCHANGES.md section 2).
pub const KEY_REFUSED_RETRY_S: u64 = 900;

/// Our time may differ from the venues' by this much before nothing more is said.
pub const CLOCK_SKEW_MS_MAX: i64 = 30_000;
/// Without the venues' time for this long nothing more is said.
pub const CLOCK_AGE_S_MAX: u64 = 3600;

/// How often something may be asked in a minute: by one source, and by all together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// By one source address.
    pub per_source: u32,
    /// By everybody.
    pub total: u32,
}

/// Evidence costs a signature of the platform each.
pub const QUOTES_PER_MINUTE: Rate = Rate { per_source: 240, total: 2400 };
/// Opening an envelope costs a key agreement each.
pub const ENVELOPES_PER_MINUTE: Rate = Rate { per_source: 1200, total: 12_000 };
/// A registration costs requests at a venue, from a budget that all tenants share.
pub const REGISTRATIONS_PER_MINUTE: Rate = Rate { per_source: 30, total: 300 };
/// Plain reads cost a signature each.
pub const PLAIN_READS_PER_MINUTE: Rate = Rate { per_source: 600, total: 6000 };
/// A countersignature costs a signature and needs no session. A log asks once an hour, and again after a minute when it
/// got none; the total is far above what one source may ask, so that a stranger does not starve it.
pub const COUNTERSIGNS_PER_MINUTE: Rate = Rate { per_source: 60, total: 6000 };
/// What asks for one: 32 bytes in base64url, their name, and some white space.
pub const COUNTERSIGN_CALL_BYTES_MAX: usize = 256;
/// A countersignature is of one of so many lines before it in its log.
pub const COUNTERSIGNED_WITHIN_LINES: usize = 65_536;
/// How often the head of a log is to be countersigned.
pub const COUNTERSIGN_INTERVAL_S: u64 = 3600;
/// Sources told apart at once; beyond it all newcomers share one.
pub const SOURCES_MAX: usize = 20_000;

const _: () = {
    assert!(PLAINTEXT_BYTES_MAX.is_multiple_of(PADDING_STEP_BYTES));
    assert!(
        PLAINTEXT_BYTES_MAX * 4 / 3 + 1024 < ENVELOPE_BYTES_MAX,
        "the largest plaintext must fit when sealed"
    );
    assert!(SESSION_TTL_S_MIN <= SESSION_TTL_S_DEFAULT && SESSION_TTL_S_DEFAULT <= SESSION_TTL_S_MAX);
    assert!(ENVELOPE_LIFE_S_MAX <= EPOCH_GRACE_S, "an envelope must not outlive the key that opens it");
    assert!(3 * CREDENTIAL_BYTES_MAX < PLAINTEXT_BYTES_MAX);
    assert!(POLL_INTERVAL_S <= POLL_IDLE_INTERVAL_S_MAX);
    assert!(
        POLL_IDLE_INTERVAL_S_MAX < KEY_CHECK_INTERVAL_S,
        "a key is checked in time though its account is quiet"
    );
    assert!(
        LEDGER_PAGE_BYTES_MAX * 2 * 4 / 3 < ANSWER_BYTES_MAX,
        "a page fits when every character is escaped and sealed"
    );
    assert!(EXPIRY_WARNING_S > SESSION_TTL_S_MIN, "the shortest session is told at once");
};
