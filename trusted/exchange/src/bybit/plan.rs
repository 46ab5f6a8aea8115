//! Bybit's unified account, and the funding wallet beside it, as the reader sees them (EXCHANGES.md section 3).
//!
//! Executions say what was traded. Each of the two wallets has a log that books every change of every balance; what neither a
//! list of fills, of funding, of deposits nor of withdrawals tells is told from there, see [`digest`](super::digest).
//! What moves between the two wallets stands in both logs, and cancels.

use super::{Bybit, CAPABILITY, digest::Desk};
use crate::{
    Dialect, Need, Question, Reply, VenueError,
    dialect::Cell,
    prices::{Candles, Depth},
    reader::{Digest, Each, List, Markets, Paging, Plan, Rows},
};
use ledger::{Interval, Timestamp};
use protocol::Credentials;

/// The account that fills and lines belong to, for the ledger's books.
pub(crate) const ACCOUNT: &str = "bybit/unified";

/// Bybit opened in 2018.
const GENESIS_MS: i64 = 1_519_862_400_000;
const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;
const WEEK_MS: i64 = 7 * DAY_MS;
/// Bounds of deposits and withdrawals are less than thirty days apart, and count in seconds.
const MONTH_MS: i64 = 30 * DAY_MS - 1000;
/// Two years, without a day for what is asked last.
const KEPT_MS: i64 = 729 * DAY_MS;

const fn list(name: &'static str, need: Need, market: &'static str, rows: usize, window_ms: i64) -> List {
    List {
        name,
        need,
        market,
        with: &[],
        each: Each::All,
        since_ms: GENESIS_MS,
        kept_ms: Some(KEPT_MS),
        window_ms: Some(window_ms),
        overlap_ms: HOUR_MS,
        paging: Paging::Cursor { rows },
        may_be_denied: false,
    }
}

/// Of the wallet, which a key may be denied that reads balances; withdrawals are told to keys of main accounts only. What is
/// under way takes its time.
const fn wallet(name: &'static str, need: Need, market: &'static str, rows: usize, window_ms: i64) -> List {
    List { may_be_denied: true, overlap_ms: 3 * DAY_MS, ..list(name, need, market, rows, window_ms) }
}

pub(super) const SPOT_FILLS: &str = "spot fills";
pub(super) const LINEAR_FILLS: &str = "linear fills";
pub(super) const INVERSE_FILLS: &str = "inverse fills";
pub(super) const LOG: &str = "transaction log";
pub(super) const FUNDING: &str = "funding of contracts";
pub(super) const FUNDING_WALLET: &str = "funding wallet";
pub(super) const DEPOSITS: &str = "deposits";
pub(super) const INTERNAL_DEPOSITS: &str = "deposits of other users";
pub(super) const WITHDRAWALS: &str = "withdrawals";

static LISTS: [List; 9] = [
    list(SPOT_FILLS, Need::Fills, "spot", 100, WEEK_MS),
    list(LINEAR_FILLS, Need::Fills, "linear", 100, WEEK_MS),
    list(INVERSE_FILLS, Need::Fills, "inverse", 100, WEEK_MS),
    list(LOG, Need::Ledger, "unified", 50, WEEK_MS),
    list(FUNDING, Need::Funding, "unified", 50, WEEK_MS),
    wallet(FUNDING_WALLET, Need::Ledger, "funding", 100, WEEK_MS),
    wallet(DEPOSITS, Need::Deposits, "wallet", 50, MONTH_MS),
    wallet(INTERNAL_DEPOSITS, Need::Deposits, "internal", 50, MONTH_MS),
    // Without this it tells what went on chain only.
    List { with: &[("withdrawType", "2")], ..wallet(WITHDRAWALS, Need::Withdrawals, "wallet", 50, MONTH_MS) },
];

/// The unified account.
pub(crate) struct Unified;

impl Plan for Unified {
    fn account(&self) -> &'static str {
        ACCOUNT
    }

    fn dialect(&self) -> &'static dyn Dialect {
        &Bybit
    }

    fn saved_head(&self) -> &'static [u8] {
        b"bybit/1\n"
    }

    fn time(&self) -> Question<'static> {
        Question::of(Need::Time, "spot")
    }

    fn rights(&self) -> Question<'static> {
        Question::of(Need::Permission, "unified")
    }

    fn account_id(&self, rights: &Reply, _: &Credentials) -> Result<String, VenueError> {
        Cell::whole("/v5/user/query-api", &rights.body)?.row()?.row("result")?.string("userID")
    }

    fn account_types(&self) -> &'static [&'static str] {
        CAPABILITY.account_types
    }

    fn inventory(&self) -> Option<Question<'static>> {
        Some(Question::of(Need::SubAccounts, "unified"))
    }

    fn listings(&self) -> Vec<Question<'static>> {
        let of = |market| Question { limit: Some(1000), ..Question::of(Need::Listings, market) };
        ["spot", "linear", "inverse"].map(of).into()
    }

    fn balances(&self) -> Vec<Question<'static>> {
        ["unified", "funding"].map(|wallet| Question::of(Need::Balances, wallet)).into()
    }

    /// Linear contracts are asked for by what they settle in.
    fn positions(&self) -> Vec<Question<'static>> {
        let of = |market, settle: Option<&str>| {
            let with = settle.into_iter().map(|coin| ("settleCoin", coin.to_owned())).collect();
            Question { limit: Some(200), with, ..Question::of(Need::Positions, market) }
        };
        vec![of("linear", Some("USDT")), of("linear", Some("USDC")), of("inverse", None)]
    }

    fn lists(&self) -> &'static [List] {
        &LISTS
    }

    /// Within thirty days with what is read again, so that deposits take one window and executions four.
    fn slice_ms(&self) -> Option<i64> {
        Some(27 * DAY_MS)
    }

    /// The newest of a window are told: it ends where the last one that is wanted begins.
    fn candles(&self, asked: &Candles) -> Question<'static> {
        let length = match asked.interval {
            Interval::Minute => "1",
            Interval::Hour => "60",
            Interval::Day => "D",
        };
        Question {
            from_ms: Some(asked.first_ms),
            to_ms: Some(asked.last_ms),
            limit: u32::try_from(asked.limit).ok(),
            with: vec![("symbol", asked.symbol.to_string()), ("interval", length.to_owned())],
            ..Question::of(Need::Klines, "spot")
        }
    }

    fn depth(&self) -> Depth {
        Depth { a_request: 1000, kept: None }
    }

    fn digest(&self, rows: Rows, markets: &Markets, now: Timestamp) -> Digest {
        Desk::new(ACCOUNT, rows, markets, now).digest()
    }
}
