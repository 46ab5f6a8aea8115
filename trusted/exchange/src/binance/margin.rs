//! The margin wallets as the reader sees them (EXCHANGES.md section 2): cross margin, which is one wallet, and isolated margin, which
//! is one a pair and is told as their sum. Fills by symbol, interest, moves. What was borrowed is owed: balances are told without
//! it, so that borrowing and giving back change nothing.

use super::{BinanceDialect, moves};
use crate::{
    Board, Dialect, MovementKind, Need, Question, Reply, VenueError,
    prices::{Candles, Depth},
    reader::{Digest, Each, List, Markets, Paging, Plan, Rows, Telling, Told},
};
use ledger::{Asset, Timestamp};
use protocol::Credentials;
use std::collections::BTreeSet;

const DAY_MS: i64 = 86_400_000;
const HOUR_MS: i64 = 3_600_000;

/// One kind of margin.
pub(crate) struct Margin {
    account: &'static str,
    saved_head: &'static [u8],
    /// The venue's name of the wallet in a move, and the dialect's of its balances.
    wallet: &'static str,
    account_types: &'static [&'static str],
    /// Fills stand last: the others tell which coins there were.
    lists: &'static [List],
    /// Which things they are asked for.
    subjects: fn(&'static [List], &Told<'_>) -> BTreeSet<String>,
}

/// Cross margin.
pub(crate) static CROSS: Margin = Margin {
    account: "binance/margin",
    saved_head: b"binance-margin/1\n",
    wallet: "margin",
    account_types: &["margin"],
    lists: &CROSS_LISTS,
    subjects: pairs_of_coins,
};

/// Isolated margin. What moves between pairs changes nothing of their sum, and is not asked for.
pub(crate) static ISOLATED: Margin = Margin {
    account: "binance/isolated",
    saved_head: b"binance-isolated/1\n",
    wallet: "isolated",
    account_types: &["isolated"],
    lists: &ISOLATED_LISTS,
    subjects: |_, told| told.wallets.clone(),
};

static CROSS_LISTS: [List; 10] = [
    interest("margin interest", "margin", Each::All),
    moves::list("moves from spot to margin", &[("type", "MAIN_MARGIN")]),
    moves::list("moves from margin to spot", &[("type", "MARGIN_MAIN")]),
    moves::list("moves from USD-M to margin", &[("type", "UMFUTURE_MARGIN")]),
    moves::list("moves from margin to USD-M", &[("type", "MARGIN_UMFUTURE")]),
    moves::list("moves from COIN-M to margin", &[("type", "CMFUTURE_MARGIN")]),
    moves::list("moves from margin to COIN-M", &[("type", "MARGIN_CMFUTURE")]),
    moves::list("moves from funding to margin", &[("type", "FUNDING_MARGIN")]),
    moves::list("moves from margin to funding", &[("type", "MARGIN_FUNDING")]),
    fills("margin fills", "margin", &[("isIsolated", "FALSE")]),
];

static ISOLATED_LISTS: [List; 6] = [
    moves::list("moves from spot to isolated margin", &[("type", "MAIN_ISOLATED_MARGIN")]),
    moves::list("moves from isolated margin to spot", &[("type", "ISOLATED_MARGIN_MAIN")]),
    List {
        market: "to-isolated",
        each: Each::Symbol,
        ..moves::list("moves from cross to isolated margin", &[("type", "MARGIN_ISOLATEDMARGIN")])
    },
    List {
        market: "from-isolated",
        each: Each::Symbol,
        ..moves::list("moves from isolated to cross margin", &[("type", "ISOLATEDMARGIN_MARGIN")])
    },
    interest("isolated margin interest", "isolated", Each::Symbol),
    fills("isolated margin fills", "isolated", &[]),
];

const fn interest(name: &'static str, market: &'static str, each: Each) -> List {
    List {
        name,
        need: Need::Ledger,
        market,
        with: &[],
        each,
        since_ms: super::flows::GENESIS_MS,
        kept_ms: Some(180 * DAY_MS),
        window_ms: Some(30 * DAY_MS),
        overlap_ms: 3 * HOUR_MS,
        paging: Paging::Numbered { parameter: "current", rows: 100 },
        may_be_denied: false,
    }
}

const fn fills(
    name: &'static str,
    market: &'static str,
    with: &'static [(&'static str, &'static str)],
) -> List {
    List {
        name,
        need: Need::Fills,
        market,
        with,
        each: Each::Symbol,
        since_ms: super::flows::GENESIS_MS,
        kept_ms: None,
        window_ms: None,
        overlap_ms: HOUR_MS,
        paging: Paging::Cursor { rows: 1000 },
        may_be_denied: false,
    }
}

/// All pairs of coins that were ever seen there.
fn pairs_of_coins(lists: &'static [List], told: &Told<'_>) -> BTreeSet<String> {
    let is_some = |held: &&crate::Holding| {
        [held.free, held.used, held.debt].into_iter().flatten().any(|amount| !amount.is_zero())
    };
    let held = told.holdings.iter().filter(is_some).map(|held| &held.asset);
    let mut seen: BTreeSet<&Asset> = held.chain(told.came).collect();
    for list in lists {
        let Some(listed) = told.rows.of(list.name) else { continue };
        seen.extend(listed.bookings.iter().map(|booking| &booking.asset));
        seen.extend(listed.shifts.iter().map(|moved| &moved.asset));
    }
    let pairs = told.markets.listings().on(Board::Spot);
    let pairs = pairs.filter(|pair| seen.contains(&pair.base) && seen.contains(&pair.quote));
    pairs.map(|pair| pair.id.clone()).collect()
}

impl Plan for Margin {
    fn account(&self) -> &'static str {
        self.account
    }

    fn dialect(&self) -> &'static dyn Dialect {
        &BinanceDialect
    }

    fn saved_head(&self) -> &'static [u8] {
        self.saved_head
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
        self.account_types
    }

    fn listings(&self) -> Vec<Question<'static>> {
        super::all_listings()
    }

    fn balances(&self) -> Vec<Question<'static>> {
        vec![Question::of(Need::Balances, self.wallet)]
    }

    fn is_beside(&self) -> bool {
        true
    }

    fn lists(&self) -> &'static [List] {
        self.lists
    }

    fn subjects(&self, _: &List, told: &Told<'_>) -> BTreeSet<String> {
        (self.subjects)(self.lists, told)
    }

    fn candles(&self, asked: &Candles) -> Question<'static> {
        super::spot_candles(asked)
    }

    fn depth(&self) -> Depth {
        super::candles::DEPTH
    }

    fn digest(&self, mut rows: Rows, markets: &Markets, _: Timestamp) -> Digest {
        let mut telling = Telling::new(self.account, markets);
        for list in self.lists {
            let listed = rows.take(list.name);
            for execution in listed.fills {
                telling.fill(execution);
            }
            for booking in listed.bookings {
                let Some(time) = booking.time else { continue };
                // The venue may count each pair's anew.
                let id = match booking.symbol {
                    Some((pair, _)) => format!("{pair}/{}", booking.id),
                    None => booking.id,
                };
                telling.change(MovementKind::Interest, id, (booking.asset, booking.change), time);
            }
            moves::tell(&mut telling, self.wallet, listed.shifts, moves::Sides::Both);
        }
        telling.end()
    }
}
