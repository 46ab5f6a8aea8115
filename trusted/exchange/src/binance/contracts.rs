//! The wallets of contracts as the reader sees them (EXCHANGES.md section 2): USD-M and COIN-M. Income tells everything that
//! changed a wallet, and which contracts were traded; fills are asked for by contract, in windows of seven days.
//!
//! The ledger books profit from fills, at the average entry. Venues round each of them, so that a wallet may differ from that in
//! its last digits while a position is open.

use super::{BinanceDialect, moves};
use crate::{
    Board, Booking, Dialect, MovementKind, Need, Question, Reply, VenueError,
    prices::{Candles, Depth},
    reader::{Digest, Each, List, Markets, Paging, Plan, Rows, Telling, Told},
};
use ledger::Timestamp;
use protocol::Credentials;
use std::collections::BTreeSet;

pub(crate) const USDM_ACCOUNT: &str = "binance/usdm";
pub(crate) const COINM_ACCOUNT: &str = "binance/coinm";

const DAY_MS: i64 = 86_400_000;
const HOUR_MS: i64 = 3_600_000;
/// Contracts began in September 2019.
const GENESIS_MS: i64 = 1_567_296_000_000;

const fn income(name: &'static str, market: &'static str, kept_days: i64) -> List {
    List {
        name,
        need: Need::Ledger,
        market,
        with: &[],
        each: Each::All,
        since_ms: GENESIS_MS,
        kept_ms: Some(kept_days * DAY_MS),
        window_ms: Some(30 * DAY_MS),
        overlap_ms: HOUR_MS,
        paging: Paging::Forward { rows: 1000, newest: None },
        may_be_denied: false,
    }
}

const fn fills(name: &'static str, market: &'static str) -> List {
    List {
        name,
        need: Need::Fills,
        market,
        with: &[],
        each: Each::Symbol,
        since_ms: GENESIS_MS,
        // Six months, by the venue's word.
        kept_ms: Some(180 * DAY_MS),
        window_ms: Some(7 * DAY_MS),
        overlap_ms: HOUR_MS,
        paging: Paging::Forward { rows: 1000, newest: None },
        may_be_denied: false,
    }
}

/// One of the two.
pub(crate) struct Contracts {
    account: &'static str,
    saved_head: &'static [u8],
    /// The dialect's names: of the account, of its list of balances, and of the wallet in a move.
    market: &'static str,
    balances: &'static str,
    wallet: &'static str,
    lists: &'static [List; 4],
}

/// Contracts that settle in dollars. Income is told for three months.
pub(crate) static USDM: Contracts = Contracts {
    account: USDM_ACCOUNT,
    saved_head: b"binance-usdm/1\n",
    market: "usdm",
    balances: "usdm-balance",
    wallet: "linear",
    lists: &USDM_LISTS,
};

/// Contracts that settle in their coin.
pub(crate) static COINM: Contracts = Contracts {
    account: COINM_ACCOUNT,
    saved_head: b"binance-coinm/1\n",
    market: "coinm",
    balances: "coinm-balance",
    wallet: "inverse",
    lists: &COINM_LISTS,
};

/// Income stands before fills: it tells of which contracts there are some.
static USDM_LISTS: [List; 4] = [
    income("USD-M income", "usdm", 89),
    fills("USD-M fills", "usdm"),
    moves::list("moves from spot to USD-M", &[("type", "MAIN_UMFUTURE")]),
    moves::list("moves from USD-M to spot", &[("type", "UMFUTURE_MAIN")]),
];
static COINM_LISTS: [List; 4] = [
    income("COIN-M income", "coinm", 180),
    fills("COIN-M fills", "coinm"),
    moves::list("moves from spot to COIN-M", &[("type", "MAIN_CMFUTURE")]),
    moves::list("moves from COIN-M to spot", &[("type", "CMFUTURE_MAIN")]),
];

impl Plan for Contracts {
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
        Question::of(Need::Time, self.market)
    }

    fn rights(&self) -> Question<'static> {
        Question::of(Need::Permission, "wallet")
    }

    fn account_id(&self, _: &Reply, key: &Credentials) -> Result<String, VenueError> {
        Ok(super::key_as_account(key))
    }

    fn account_types(&self) -> &'static [&'static str] {
        if self.market == "usdm" { &["usdm"] } else { &["coinm"] }
    }

    fn listings(&self) -> Vec<Question<'static>> {
        super::all_listings()
    }

    /// What lies there, without profit that was not realized: positions stand beside it.
    fn balances(&self) -> Vec<Question<'static>> {
        vec![Question::of(Need::Balances, self.balances)]
    }

    fn positions(&self) -> Vec<Question<'static>> {
        vec![Question::of(Need::Positions, self.market)]
    }

    /// What a contract came to that is listed no more is booked as income: see [`book`].
    fn is_told_otherwise(&self, subject: &str, markets: &Markets) -> bool {
        markets.listings().find(subject, Board::Contract).is_none()
    }

    /// With what is read again, one window of income and four of fills.
    fn slice_ms(&self) -> Option<i64> {
        Some(28 * DAY_MS - HOUR_MS)
    }

    fn is_beside(&self) -> bool {
        true
    }

    fn lists(&self) -> &'static [List] {
        self.lists
    }

    fn subjects(&self, _: &List, told: &Told<'_>) -> BTreeSet<String> {
        let [income, ..] = self.lists;
        let bookings = told.rows.of(income.name).into_iter().flat_map(|listed| &listed.bookings);
        bookings
            .filter_map(|booking| Some(booking.symbol.as_ref()?.0.clone()))
            .filter(|name| !name.is_empty())
            .collect()
    }

    fn candles(&self, asked: &Candles) -> Question<'static> {
        super::spot_candles(asked)
    }

    fn depth(&self) -> Depth {
        super::candles::DEPTH
    }

    fn digest(&self, mut rows: Rows, markets: &Markets, _: Timestamp) -> Digest {
        let mut telling = Telling::new(self.account, markets);
        let [income, fills, inward, outward] = self.lists;
        for execution in rows.take(fills.name).fills {
            telling.fill(execution);
        }
        for booking in rows.take(income.name).bookings {
            book(&mut telling, booking, markets);
        }
        for list in [inward, outward] {
            moves::tell(&mut telling, self.wallet, rows.take(list.name).shifts, moves::Sides::Spot);
        }
        telling.end()
    }
}

/// Tells a booking that is of no fill. What came without a word that is known is a gift, what went is a cost: nobody gains by it.
fn book(telling: &mut Telling<'_>, booking: Booking, markets: &Markets) {
    let Booking { id, own, asset, change, time: Some(time), symbol, .. } = booking else { return };
    let word = own.as_deref().unwrap_or_default();
    let is_listed = |(name, board): &(String, Board)| markets.listings().find(name, *board).is_some();
    let kind = match word {
        // The fill tells them, unless nobody knows any more what it was of: then only what it came to is told.
        "REALIZED_PNL" | "COMMISSION" if symbol.as_ref().is_some_and(is_listed) => return,
        "TRANSFER" | "INTERNAL_TRANSFER" | "CROSS_COLLATERAL_TRANSFER" => {
            return telling.change(MovementKind::Transfer, id, (asset, change), time);
        }
        // To and from trading bots.
        "STRATEGY_UMFUTURES_TRANSFER" => MovementKind::Transfer,
        "FUNDING_FEE" => MovementKind::Funding,
        "COMMISSION_REBATE" | "API_REBATE" | "REFERRAL_KICKBACK" | "FEE_RETURN" => MovementKind::Rebate,
        "COIN_SWAP_DEPOSIT" | "COIN_SWAP_WITHDRAW" | "AUTO_EXCHANGE" => MovementKind::Convert,
        "REALIZED_PNL" | "COMMISSION" | "INSURANCE_CLEAR" | "DELIVERED_SETTELMENT" => MovementKind::Interest,
        _ if change.is_negative() => MovementKind::Interest,
        _ => MovementKind::Distribution,
    };
    telling.change(kind, format!("{word}/{id}"), (asset, change), time);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Finding;

    #[test]
    fn what_goes_to_a_bot_is_no_loss_and_a_fee_that_comes_back_is_a_rebate() {
        let markets = Markets::new(Vec::new(), false, Timestamp::from_millis(0));
        let kinds = |word: &str, change: &str| -> Vec<MovementKind> {
            let mut telling = Telling::new(USDM_ACCOUNT, &markets);
            let booking = Booking {
                id: "9689322392".to_owned(),
                kind: word.to_owned(),
                own: Some(word.to_owned()),
                asset: "USDT".into(),
                change: change.parse().unwrap(),
                time: Some(Timestamp::from_millis(1_570_608_000_000)),
                symbol: None,
                reference: None,
                fee: None,
            };
            book(&mut telling, booking, &markets);
            let told = telling.end().findings;
            let kind = |finding: &Finding| match finding {
                Finding::Movement(movement) => Some(movement.kind),
                _ => None,
            };
            told.iter().filter_map(kind).collect()
        };
        assert_eq!(kinds("STRATEGY_UMFUTURES_TRANSFER", "-100"), [MovementKind::Transfer]);
        assert_eq!(kinds("TRANSFER", "-0.375"), [MovementKind::Transfer]);
        assert_eq!(kinds("FEE_RETURN", "0.01"), [MovementKind::Rebate]);
        assert_eq!(kinds("INSURANCE_CLEAR", "-1"), [MovementKind::Interest]);
        assert_eq!(kinds("BFUSD_REWARD", "1"), [MovementKind::Distribution]);
        assert_eq!(kinds("a new word", "-1"), [MovementKind::Interest]);
    }
}
