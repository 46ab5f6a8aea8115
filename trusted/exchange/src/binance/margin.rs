//! The cross margin wallet as the reader sees it (EXCHANGES.md section 2): fills by symbol, interest, moves. What was borrowed
//! is owed: balances are told without it, so that borrowing and giving back change nothing.

use super::{BinanceDialect, moves};
use crate::{
    Board, Dialect, MovementKind, Need, Question, Reply, VenueError,
    prices::{Candles, Depth},
    reader::{Digest, Each, List, Markets, Paging, Plan, Rows, Telling, Told},
};
use ledger::{Asset, Timestamp};
use protocol::Credentials;
use std::collections::BTreeSet;

pub(crate) const ACCOUNT: &str = "binance/margin";

const DAY_MS: i64 = 86_400_000;
const HOUR_MS: i64 = 3_600_000;
/// The venue's name of the wallet in a move.
const WALLET: &str = "margin";

/// Fills stand last: the others tell which coins there were.
static LISTS: [List; 10] = [
    List {
        name: "margin interest",
        need: Need::Ledger,
        market: "margin",
        with: &[],
        each: Each::All,
        since_ms: super::flows::GENESIS_MS,
        kept_ms: Some(180 * DAY_MS),
        window_ms: Some(30 * DAY_MS),
        overlap_ms: 3 * HOUR_MS,
        paging: Paging::Numbered { parameter: "current", rows: 100 },
        may_be_denied: false,
    },
    moves::list("moves from spot to margin", &[("type", "MAIN_MARGIN")]),
    moves::list("moves from margin to spot", &[("type", "MARGIN_MAIN")]),
    moves::list("moves from USD-M to margin", &[("type", "UMFUTURE_MARGIN")]),
    moves::list("moves from margin to USD-M", &[("type", "MARGIN_UMFUTURE")]),
    moves::list("moves from COIN-M to margin", &[("type", "CMFUTURE_MARGIN")]),
    moves::list("moves from margin to COIN-M", &[("type", "MARGIN_CMFUTURE")]),
    moves::list("moves from funding to margin", &[("type", "FUNDING_MARGIN")]),
    moves::list("moves from margin to funding", &[("type", "MARGIN_FUNDING")]),
    List {
        name: "margin fills",
        need: Need::Fills,
        market: "margin",
        with: &[("isIsolated", "FALSE")],
        each: Each::Symbol,
        since_ms: super::flows::GENESIS_MS,
        kept_ms: None,
        window_ms: None,
        overlap_ms: HOUR_MS,
        paging: Paging::Cursor { rows: 1000 },
        may_be_denied: false,
    },
];

/// Cross margin.
pub(crate) struct Margin;

impl Plan for Margin {
    fn account(&self) -> &'static str {
        ACCOUNT
    }

    fn dialect(&self) -> &'static dyn Dialect {
        &BinanceDialect
    }

    fn saved_head(&self) -> &'static [u8] {
        b"binance-margin/1\n"
    }

    fn time(&self) -> Question<'static> {
        Question::of(Need::Time, "spot")
    }

    fn rights(&self) -> Question<'static> {
        Question::of(Need::Permission, "wallet")
    }

    fn account_id(&self, _: &Reply, key: &Credentials) -> Result<String, VenueError> {
        Ok(super::key_as_account(key))
    }

    fn account_types(&self) -> &'static [&'static str] {
        &["margin"]
    }

    fn listings(&self) -> Vec<Question<'static>> {
        super::all_listings()
    }

    fn balances(&self) -> Vec<Question<'static>> {
        vec![Question::of(Need::Balances, "margin")]
    }

    fn is_beside(&self) -> bool {
        true
    }

    fn lists(&self) -> &'static [List] {
        &LISTS
    }

    /// All pairs of coins that were ever seen there.
    fn subjects(&self, _: &List, told: &Told<'_>) -> BTreeSet<String> {
        let is_some = |held: &&crate::Holding| {
            [held.free, held.used, held.debt].into_iter().flatten().any(|amount| !amount.is_zero())
        };
        let mut seen: BTreeSet<&Asset> =
            told.holdings.iter().filter(is_some).map(|held| &held.asset).collect();
        for list in &LISTS {
            let Some(listed) = told.rows.of(list.name) else { continue };
            seen.extend(listed.bookings.iter().map(|booking| &booking.asset));
            seen.extend(listed.shifts.iter().map(|moved| &moved.asset));
        }
        let pairs = told.markets.listings().on(Board::Spot);
        let pairs = pairs.filter(|pair| seen.contains(&pair.base) && seen.contains(&pair.quote));
        pairs.map(|pair| pair.id.clone()).collect()
    }

    fn candles(&self, asked: &Candles) -> Question<'static> {
        super::spot_candles(asked)
    }

    fn depth(&self) -> Depth {
        super::candles::DEPTH
    }

    fn digest(&self, mut rows: Rows, markets: &Markets, _: Timestamp) -> Digest {
        let mut telling = Telling::new(ACCOUNT, markets);
        for list in &LISTS {
            let listed = rows.take(list.name);
            for execution in listed.fills {
                telling.fill(execution);
            }
            for booking in listed.bookings {
                let Some(time) = booking.time else { continue };
                telling.change(MovementKind::Interest, booking.id, (booking.asset, booking.change), time);
            }
            moves::tell(&mut telling, WALLET, listed.shifts, moves::Sides::Both);
        }
        telling.end()
    }
}
