//! What the rows of a round come to: each change of a balance once.
//!
//! ```text
//! executions ──► fills: what a spot fill cost, and what it traded once it is listed no more, is the log's word
//! log        ──► all but what executions and funding tell: conversions are paired, the rest has Bybit's word for a kind
//! funding wallet ──► all but what deposits and withdrawals tell
//! ```

use super::{
    plan::{
        DEPOSITS, FUNDING, FUNDING_WALLET, INTERNAL_DEPOSITS, INVERSE_FILLS, LINEAR_FILLS, LOG, SPOT_FILLS,
        WITHDRAWALS,
    },
    words::{self, Word},
};
use crate::{
    Board, Booking, Conversion, Crossing, Execution, Listing, Movement, MovementKind, Status,
    reader::{Digest, Markets, Rows, Telling, empty, instrument},
};
use ledger::{Asset, Decimal, Side, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

const HOUR_MS: i64 = 3_600_000;
/// What one list tells and the other does not by then will not come any more.
const LATE_MS: i64 = HOUR_MS;
/// For so long it is looked again what became of a withdrawal.
const PENDING_MS: i64 = 14 * 24 * HOUR_MS;
/// Both sides of an exchange are booked within this time.
const APART_MS: u64 = 2_000;
/// A wallet books a deposit or a withdrawal so close to when the list says it was.
const NEAR_MS: u64 = 2 * 3_600_000;

/// Where rows are put together.
pub(super) struct Desk<'a> {
    rows: Rows,
    markets: &'a Markets,
    now: Timestamp,
    telling: Telling<'a>,
}

impl<'a> Desk<'a> {
    pub(super) fn new(account: &str, rows: Rows, markets: &'a Markets, now: Timestamp) -> Self {
        Self { rows, markets, now, telling: Telling::new(account, markets) }
    }

    pub(super) fn digest(mut self) -> Digest {
        let since = self.rows.since(&[LOG, FUNDING_WALLET]);
        let log = distinct(self.rows.take(LOG).bookings);
        let (trades, others): (Vec<Booking>, Vec<Booking>) =
            log.into_iter().partition(|booking| words::of_log(own(booking)) == Word::Trade);
        self.spot(&trades);
        self.contracts();
        for payment in self.rows.take(FUNDING).funding {
            self.telling.funding(payment);
        }
        if trades.iter().any(is_of_option) {
            self.telling.unread("options", "what they were is not told");
        }
        self.log(others);
        let crossings: Vec<Crossing> = [DEPOSITS, INTERNAL_DEPOSITS, WITHDRAWALS]
            .into_iter()
            .flat_map(|list| self.rows.take(list).crossings)
            .collect();
        self.funding_wallet(&crossings);
        for crossing in crossings {
            let status =
                if came_to_nothing(&crossing.status) { Status::Failed } else { crossing.status.clone() };
            let age_ms = self.now.millis().saturating_sub(crossing.time.millis());
            if status == Status::Pending && age_ms <= PENDING_MS {
                // Lists go by when it was asked for: what becomes of it is told there.
                self.telling.hold(crossing.time);
            }
            self.telling.crossing(Crossing { status, ..crossing });
        }
        self.telling.end_as_one(since, self.now)
    }

    fn is_young(&self, at: Timestamp) -> bool {
        self.now.millis().saturating_sub(at.millis()) <= LATE_MS
    }

    fn spot(&mut self, trades: &[Booking]) {
        let mut legs: BTreeMap<&str, Vec<&Booking>> = BTreeMap::new();
        for booking in trades {
            if let Some(reference) = &booking.reference {
                legs.entry(reference).or_default().push(booking);
            }
        }
        for mut execution in self.rows.take(SPOT_FILLS).fills {
            let Some(legs) = legs.get(execution.id.as_str()) else {
                // The log is behind: it will say what the fill cost.
                match self.is_young(execution.time) {
                    true => self.telling.hold(execution.time),
                    false => self.telling.fill(execution),
                }
                continue;
            };
            if let Some(fees) = fees(legs) {
                execution.fees = fees;
            }
            match self.markets.listings().find(&execution.symbol, Board::Spot) {
                Some(_) => self.telling.fill(execution),
                None => match traded(&execution, legs).as_ref().and_then(instrument) {
                    Some(instrument) => self.telling.fill_of(execution, instrument),
                    None => self.telling.fill(execution),
                },
            }
        }
    }

    fn contracts(&mut self) {
        for (list, inverse) in [(LINEAR_FILLS, false), (INVERSE_FILLS, true)] {
            for execution in self.rows.take(list).fills {
                let listed = self.markets.listings().find(&execution.symbol, Board::Contract).is_some();
                let named = || words::contract(&execution.symbol, inverse).as_ref().and_then(instrument);
                match if listed { None } else { named() } {
                    Some(instrument) => self.telling.fill_of(execution, instrument),
                    None => self.telling.fill(execution),
                }
            }
        }
    }

    fn log(&mut self, bookings: Vec<Booking>) {
        let mut legs = Vec::new();
        for booking in bookings {
            match words::of_log(own(&booking)) {
                Word::Leg => legs.push(booking),
                Word::Trade => {}
                Word::Kind(kind) => self.change(kind, booking),
                Word::Unknown => self.unknown(booking),
            }
        }
        self.exchanges(legs);
    }

    /// What was given and what came for it: first what shares a reference, then what stands alone so near. The rest is told as
    /// what it is.
    fn exchanges(&mut self, legs: Vec<Booking>) {
        let mut by_reference: BTreeMap<(Option<Timestamp>, String), Vec<Booking>> = BTreeMap::new();
        for leg in legs {
            let reference = leg.reference.clone().unwrap_or_default();
            by_reference.entry((leg.time, reference)).or_default().push(leg);
        }
        let mut alone: Option<Booking> = None;
        for legs in by_reference.into_values() {
            if let [one, other] = legs.as_slice()
                && are_sides(one, other)
            {
                self.exchange(one, other);
                continue;
            }
            for leg in legs {
                alone = match alone {
                    Some(one) if are_sides(&one, &leg) => {
                        self.exchange(&one, &leg);
                        None
                    }
                    Some(one) => {
                        self.unknown(one);
                        Some(leg)
                    }
                    None => Some(leg),
                };
            }
        }
        alone.into_iter().for_each(|leg| self.unknown(leg));
    }

    fn exchange(&mut self, one: &Booking, other: &Booking) {
        let (out, came) = if one.change.is_negative() { (one, other) } else { (other, one) };
        let Some(time) = came.time else { return };
        let from = (out.asset.clone(), out.change.negated());
        let to = (came.asset.clone(), came.change);
        self.telling.conversion(Conversion { id: out.id.clone(), from, to, time });
    }

    /// A deposit or withdrawal of a list is booked here as well; one that no list tells is told from here.
    fn funding_wallet(&mut self, crossings: &[Crossing]) {
        let mut told: BTreeSet<usize> = BTreeSet::new();
        let mut legs = Vec::new();
        for booking in distinct(self.rows.take(FUNDING_WALLET).bookings) {
            let Some(time) = booking.time else { continue };
            match words::of_funding_wallet(own(&booking)) {
                Word::Kind(kind @ (MovementKind::Deposit | MovementKind::Withdrawal)) => {
                    let is_it = |(at, crossing): &(usize, &Crossing)| {
                        !told.contains(at) && is_booked_by(crossing, &booking, time)
                    };
                    match crossings.iter().enumerate().find(is_it) {
                        Some((at, _)) => drop(told.insert(at)),
                        None if self.is_young(time) => self.telling.hold(time),
                        None => self.change(kind, booking),
                    }
                }
                Word::Leg => legs.push(booking),
                Word::Kind(kind) => self.change(kind, booking),
                Word::Trade | Word::Unknown => self.unknown(booking),
            }
        }
        self.exchanges(legs);
    }

    fn change(&mut self, kind: MovementKind, booking: Booking) {
        let Booking { id, asset, change, time: Some(time), fee, .. } = booking else { return };
        let fee = fee.filter(|(_, fee)| !fee.is_zero());
        let (received, spent) = match change.is_negative() {
            _ if change.is_zero() => return,
            true => (None, Some((asset, change.negated()))),
            false => (Some((asset, change)), None),
        };
        self.telling.movement(Movement { received, spent, fee, ..empty(kind, id, time) });
    }

    /// What came is a gift and what went is a cost: nobody gains by a word that is not known.
    fn unknown(&mut self, booking: Booking) {
        let came = !booking.change.is_negative();
        self.change(if came { MovementKind::Distribution } else { MovementKind::Interest }, booking);
    }
}

/// Bybit's own word.
fn own(booking: &Booking) -> &str {
    booking.own.as_deref().unwrap_or(&booking.kind)
}

/// Each booking once: a page may tell again what another told. Ids alone have been seen twice in examples.
fn distinct(bookings: Vec<Booking>) -> Vec<Booking> {
    let mut told = BTreeSet::new();
    let key = |row: &Booking| (row.id.clone(), row.own.clone(), row.asset.clone(), row.reference.clone());
    bookings.into_iter().filter(|row| told.insert(key(row))).collect()
}

/// Whether one came for the other.
fn are_sides(one: &Booking, other: &Booking) -> bool {
    let apart_ms = one.time.zip(other.time).map(|(one, other)| one.millis().abs_diff(other.millis()));
    one.change.is_negative() != other.change.is_negative()
        && one.asset != other.asset
        && apart_ms.is_some_and(|apart_ms| apart_ms <= APART_MS)
}

/// Words of Bybit's for what failed, beside those that all venues have.
fn came_to_nothing(status: &Status) -> bool {
    match status {
        Status::Failed | Status::Canceled => true,
        Status::Other(word) => word == "rejected" || word == "fail",
        Status::Ok | Status::Pending => false,
    }
}

/// `BTC-26DEC25-90000-C`
fn is_of_option(booking: &Booking) -> bool {
    let symbol = booking.symbol.as_ref().map_or("", |(symbol, _)| symbol);
    symbol.split('-').any(|part| part == "C" || part == "P")
}

/// What a fill cost, by coin. `None`: no number.
fn fees(legs: &[&Booking]) -> Option<Vec<(Asset, Decimal)>> {
    let mut fees: BTreeMap<Asset, Decimal> = BTreeMap::new();
    for (asset, fee) in legs.iter().filter_map(|leg| leg.fee.as_ref()) {
        let sum = fees.entry(asset.clone()).or_default();
        *sum = sum.checked_add(*fee).ok()?;
    }
    Some(fees.into_iter().filter(|(_, fee)| !fee.is_zero()).collect())
}

/// What was exchanged, where nothing else says so: one coin came, another went, and a third moves by its fee alone.
fn traded(execution: &Execution, legs: &[&Booking]) -> Option<Listing> {
    let flow = |leg: &Booking| {
        let fee = leg.fee.as_ref().map_or(Decimal::ZERO, |(_, fee)| *fee);
        leg.change.checked_add(fee).ok().filter(|flow| !flow.is_zero())
    };
    let moved = |came: bool| {
        let is_it = |leg: &&&Booking| flow(leg).is_some_and(|flow| flow.is_negative() != came);
        legs.iter().find(is_it).map(|leg| leg.asset.clone())
    };
    let buys = execution.side == Side::Buy;
    Some(Listing {
        id: execution.symbol.clone(),
        board: Board::Spot,
        base: moved(buys)?,
        quote: moved(!buys)?,
        settle: None,
        contract_size: Decimal::ONE,
        inverse: false,
        expires: None,
    })
}

/// Whether this is what a deposit or withdrawal did to the wallet, with or without its fee.
fn is_booked_by(crossing: &Crossing, booking: &Booking, time: Timestamp) -> bool {
    let Crossing { incoming, asset, amount, fee, status, .. } = crossing;
    let fee = fee.as_ref().filter(|(of, _)| of == asset).map_or(Decimal::ZERO, |(_, fee)| *fee);
    let changed = booking.change.abs();
    let with_fee = if *incoming { amount.checked_sub(fee) } else { amount.checked_add(fee) };
    !came_to_nothing(status)
        && *asset == booking.asset
        && *incoming != booking.change.is_negative()
        && (changed == *amount || with_fee.is_ok_and(|amount| amount == changed))
        && time.millis().abs_diff(crossing.time.millis()) <= NEAR_MS
}

#[cfg(test)]
mod tests {
    use super::*;
    use ledger::Liquidity;

    fn number(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    fn booking(own: &str, asset: &str, change: &str, fee: &str) -> Booking {
        let asset = Asset::from(asset);
        Booking {
            id: "1".to_owned(),
            kind: "trade".to_owned(),
            own: Some(own.to_owned()),
            change: number(change),
            time: Some(Timestamp::from_millis(0)),
            symbol: None,
            reference: Some("t".to_owned()),
            fee: Some((asset.clone(), number(fee))),
            asset,
        }
    }

    #[test]
    fn a_pair_that_is_listed_no_more_is_what_came_and_what_went() {
        let execution = |side| Execution {
            sequence: None,
            id: "t".to_owned(),
            order_id: None,
            symbol: "DOTBTC".to_owned(),
            board: Board::Spot,
            side,
            price: number("0.0001"),
            quantity: number("10"),
            cost: None,
            fees: Vec::new(),
            liquidity: Liquidity::Taker,
            time: Timestamp::from_millis(0),
        };
        let [came, went] = [booking("TRADE", "DOT", "9.99", "0.01"), booking("TRADE", "BTC", "-0.001", "0")];
        let third = booking("TRADE", "MNT", "-0.5", "0.5");
        let legs = [&third, &came, &went];
        let pair = |side| traded(&execution(side), &legs).map(|listing| (listing.base, listing.quote));
        assert_eq!(pair(Side::Buy), Some((Asset::from("DOT"), Asset::from("BTC"))));
        assert_eq!(pair(Side::Sell), Some((Asset::from("BTC"), Asset::from("DOT"))));
        assert_eq!(traded(&execution(Side::Buy), &legs[..2]), None, "one side alone says nothing");
        let expected = [(Asset::from("DOT"), number("0.01")), (Asset::from("MNT"), number("0.5"))];
        assert_eq!(fees(&legs).unwrap(), expected);
    }

    #[test]
    fn a_wallet_books_a_withdrawal_with_its_fee_and_near_its_time() {
        let crossing = Crossing {
            id: None,
            transaction: None,
            incoming: false,
            asset: Asset::from("USDT"),
            amount: number("77"),
            status: Status::Ok,
            time: Timestamp::from_millis(10_000_000),
            address: None,
            tag: None,
            network: None,
            internal: None,
            fee: Some((Asset::from("USDT"), number("10"))),
        };
        let is = |asset: &str, change: &str, at_ms: i64| {
            is_booked_by(&crossing, &booking("Withdraw/", asset, change, "0"), Timestamp::from_millis(at_ms))
        };
        assert!(is("USDT", "-87", 10_001_000) && is("USDT", "-77", 9_000_000));
        assert!(!is("USDT", "87", 10_001_000), "it went");
        assert!(!is("USDC", "-87", 10_001_000) && !is("USDT", "-88", 10_001_000));
        assert!(!is("USDT", "-87", 10_000_001 + i64::try_from(NEAR_MS).unwrap()));
    }

    #[test]
    fn a_booking_that_comes_twice_is_one_and_one_id_may_stand_for_two() {
        let rows = vec![
            booking("TRADE", "BTC", "1", "0"),
            booking("TRADE", "BTC", "1", "0"),
            booking("SETTLEMENT", "BTC", "1", "0"),
            booking("TRADE", "ETH", "1", "0"),
        ];
        assert_eq!(distinct(rows).len(), 3);
    }

    #[test]
    fn what_came_for_something_came_with_it() {
        let leg = |asset: &str, change: &str, at_ms: i64| {
            let time = Some(Timestamp::from_millis(at_ms));
            Booking { time, ..booking("CURRENCY_BUY", asset, change, "0") }
        };
        let out = leg("BTC", "-1", 5_000);
        assert!(are_sides(&out, &leg("ETH", "2", 7_000)) && are_sides(&leg("ETH", "2", 3_000), &out));
        for other in [leg("ETH", "2", 7_001), leg("ETH", "-2", 5_000), leg("BTC", "2", 5_000)] {
            assert!(!are_sides(&out, &other), "{other:?}");
        }
    }

    #[test]
    fn what_came_to_nothing_is_booked_by_nothing() {
        let word = |word: &str| Status::Other(word.to_owned());
        assert!(
            [Status::Failed, Status::Canceled, word("rejected"), word("fail")].iter().all(came_to_nothing)
        );
        assert!(![Status::Ok, Status::Pending, word("processing")].iter().any(came_to_nothing));
    }

    #[test]
    fn an_option_is_known_by_its_name() {
        let of = |symbol: &str| {
            let symbol = Some((symbol.to_owned(), Board::Contract));
            is_of_option(&Booking { symbol, ..booking("TRADE", "USDC", "1", "0") })
        };
        assert!(of("BTC-26DEC25-90000-C") && of("BTC-26DEC25-90000-P-USDT"));
        assert!(!of("BTC-26DEC25") && !of("BTCUSDT") && !of("CUSDT"));
    }
}
