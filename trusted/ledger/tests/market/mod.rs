//! A market and accounts for tests of the record: what happens is written down twice, once as the record reads it and
//! once in a diary of plain amounts, from which the slow and obvious expectation is summed.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "test code; each test file uses its part of it"
)]

use ledger::{
    Asset, Day, Decimal, Fill, Instrument, InstrumentKind, Interval, Line, LineKind, Liquidity, Price,
    PriceSource, Quantity, Side, Timestamp, Wanted, minute,
    record::{Account, EquityDay, EquityFigures, Observation, Record, RecordFigures},
};
use std::collections::{BTreeMap, BTreeSet};

pub(crate) const MINUTE: i64 = 60_000;
pub(crate) const HOUR: i64 = 60 * MINUTE;
pub(crate) const DAY: i64 = 24 * HOUR;
/// 2025-01-01.
pub(crate) const BEGIN: i64 = 1_735_689_600_000;

pub(crate) fn d(text: &str) -> Decimal {
    text.parse().unwrap()
}

pub(crate) fn plus(a: Decimal, b: Decimal) -> Decimal {
    a.checked_add(b).unwrap()
}

pub(crate) fn minus(a: Decimal, b: Decimal) -> Decimal {
    a.checked_sub(b).unwrap()
}

pub(crate) fn times(a: Decimal, b: Decimal) -> Decimal {
    a.checked_mul(b).unwrap()
}

/// So many days and milliseconds after the beginning.
pub(crate) fn at(day: i64, ms: i64) -> Timestamp {
    Timestamp::from_millis(BEGIN + day * DAY + ms)
}

/// The day so many days after the first.
pub(crate) fn day(number: i64) -> Day {
    Day::of(at(number, 0))
}

/// A price in USDT while a minute lasts; `None`: the venue has none.
pub(crate) type Market = fn(&str, Timestamp) -> Option<Decimal>;

/// One change of a balance, as it truly happened.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) account: String,
    pub(crate) time: Timestamp,
    pub(crate) asset: String,
    pub(crate) amount: Decimal,
}

#[derive(Clone)]
pub(crate) struct World {
    pub(crate) record: Record,
    pub(crate) market: Market,
    pub(crate) diary: Vec<Entry>,
    pub(crate) asked: usize,
    next: u64,
}

impl World {
    pub(crate) fn new(market: Market) -> Self {
        let mut record = Record::new("USDT".into(), "BTC".into());
        for (symbol, kind, base, quote, multiplier) in [
            ("BTCUSDT", InstrumentKind::Spot, "BTC", "USDT", "1"),
            ("ETHUSDT", InstrumentKind::Spot, "ETH", "USDT", "1"),
            ("ETHBTC", InstrumentKind::Spot, "ETH", "BTC", "1"),
            ("BNBUSDT", InstrumentKind::Spot, "BNB", "USDT", "1"),
            ("XYZUSDT", InstrumentKind::Spot, "XYZ", "USDT", "1"),
            ("BTCPERP", InstrumentKind::Linear, "BTC", "USDT", "0.01"),
            ("BTCUSD", InstrumentKind::Inverse, "BTC", "USDT", "100"),
        ] {
            let instrument = Instrument {
                symbol: symbol.into(),
                kind,
                base: base.into(),
                quote: quote.into(),
                multiplier: d(multiplier),
            };
            record.aggregator.add_instrument(instrument).unwrap();
        }
        Self { record, market, diary: Vec::new(), asked: 0, next: 1 }
    }

    /// An account that is complete from an instant, and was registered then.
    pub(crate) fn account(&mut self, name: &str, from: Timestamp, since_opening: bool) {
        let account = Account {
            registered: from,
            complete_from: from,
            since_opening,
            gaps: Vec::new(),
            observations: Vec::new(),
        };
        self.record.accounts.insert(name.into(), account);
    }

    fn id(&mut self) -> String {
        self.next += 1;
        self.next.to_string()
    }

    /// What truly happened, and no source tells.
    pub(crate) fn unread(&mut self, account: &str, time: Timestamp, asset: &str, amount: &str) {
        let amount = d(amount);
        self.diary.push(Entry { account: account.into(), time, asset: asset.into(), amount });
    }

    pub(crate) fn line(&mut self, account: &str, time: Timestamp, kind: LineKind, asset: &str, amount: &str) {
        let id = self.id();
        self.line_of(account, time, kind, asset, amount, &id, None);
    }

    #[allow(clippy::too_many_arguments, reason = "one call, one line")]
    pub(crate) fn line_of(
        &mut self,
        account: &str,
        time: Timestamp,
        kind: LineKind,
        asset: &str,
        amount: &str,
        id: &str,
        transaction: Option<&str>,
    ) {
        let line = Line {
            account: account.into(),
            id: id.into(),
            kind,
            time,
            asset: asset.into(),
            amount: d(amount),
            transaction: transaction.map(Into::into),
        };
        assert_eq!(self.record.lines.apply(vec![line]).unwrap(), 1);
        self.unread(account, time, asset, amount);
    }

    /// `buy 2 BTCUSDT @ 100 fee 0.1 BNB`.
    #[allow(clippy::too_many_arguments, reason = "one call, one fill")]
    pub(crate) fn fill(
        &mut self,
        account: &str,
        time: Timestamp,
        symbol: &str,
        side: &str,
        quantity: &str,
        price: &str,
        fee: &str,
        fee_asset: &str,
    ) {
        let instrument = self.record.aggregator.instrument(&symbol.into()).unwrap().clone();
        let market = self.market;
        let rate_of = |asset: &str| market(asset, time).map(Price);
        let quote = instrument.quote.as_str();
        let third = fee_asset != quote && fee_asset != instrument.base.as_str();
        let rate = rate_of(quote);
        let fee_rate = (third && d(fee) != Decimal::ZERO).then(|| {
            let worth = rate_of(fee_asset).unwrap().0;
            Price(if quote == "USDT" { worth } else { worth.checked_div(rate.unwrap().0).unwrap() })
        });
        let settles = instrument.settlement().as_str();
        let fill = Fill {
            account: account.into(),
            symbol: symbol.into(),
            id: self.id().into(),
            order_id: None,
            time,
            sequence: None,
            side: if side == "buy" { Side::Buy } else { Side::Sell },
            quantity: Quantity(d(quantity)),
            price: Price(d(price)),
            fee: d(fee),
            fee_asset: fee_asset.into(),
            liquidity: Liquidity::Taker,
            fee_rate,
            reporting_rate: (settles != "USDT").then(|| rate_of(settles).unwrap()),
        };
        apply(&mut self.record, vec![fill]);
        if instrument.kind == InstrumentKind::Spot {
            let (q, value) = (d(quantity), times(d(quantity), d(price)));
            let bought = side == "buy";
            let signed = |amount: Decimal| if bought { amount } else { amount.negated() };
            for (asset, amount) in [
                (instrument.base.as_str(), signed(q)),
                (quote, signed(value).negated()),
                (fee_asset, d(fee).negated()),
            ] {
                self.diary.push(Entry { account: account.into(), time, asset: asset.into(), amount });
            }
        }
    }

    /// Balances of an account, summed from the diary.
    pub(crate) fn truth(&self, account: &str, until: Timestamp) -> BTreeMap<String, Decimal> {
        let mut balances: BTreeMap<String, Decimal> = BTreeMap::new();
        for entry in self.diary.iter().filter(|entry| entry.account == account && entry.time <= until) {
            let balance = balances.entry(entry.asset.clone()).or_default();
            *balance = plus(*balance, entry.amount);
        }
        balances.retain(|_, amount| !amount.is_zero());
        balances
    }

    /// Reads the true balances.
    pub(crate) fn observe(&mut self, account: &str, time: Timestamp) {
        let balances = self.truth(account, time);
        let balances = balances.into_iter().map(|(asset, amount)| (Asset::from(asset), amount)).collect();
        let account = self.record.accounts.get_mut(account).unwrap();
        account.observations.push(Observation { at: time, balances });
    }

    /// The close of the day that ends with the minute before its midnight.
    pub(crate) fn close(&self, asset: &str, day: Day) -> Option<Decimal> {
        if asset == "USDT" {
            return Some(Decimal::ONE);
        }
        (self.market)(asset, Timestamp::from_millis(day.end().millis() - MINUTE))
    }

    /// What balances are worth at the end of a day; what has no price is worth nothing.
    pub(crate) fn worth(&self, balances: &BTreeMap<String, Decimal>, day: Day) -> Decimal {
        balances.iter().fold(Decimal::ZERO, |sum, (asset, amount)| {
            plus(sum, times(*amount, self.close(asset, day).unwrap_or_default()))
        })
    }

    /// Answers every wish for a price, until there is none.
    pub(crate) fn learn(&mut self, as_of: Timestamp) {
        for _ in 0..8 {
            let wanted = self.record.wanted(as_of);
            if wanted.is_empty() {
                return;
            }
            let mut told = BTreeSet::new();
            for wish in wanted {
                assert!(told.insert(format!("{wish:?}")), "wanted twice: {wish:?}");
                self.asked += 1;
                self.answer(wish, as_of);
            }
        }
        panic!("wishes without end: {:?}", self.record.wanted(as_of));
    }

    fn answer(&mut self, wish: Wanted, as_of: Timestamp) {
        let found =
            |price: Decimal, interval| Some((Price(price), PriceSource { path: vec!["X".into()], interval }));
        match wish {
            Wanted::Days { asset, from, to } => {
                let mut day = from;
                while day <= to {
                    assert!(day.end() <= as_of, "the close of a day that is not over");
                    let close = self.close(asset.as_str(), day);
                    let close = close.and_then(|price| found(price, Interval::Day));
                    self.record.prices.learn_day(asset.clone(), day, close);
                    day = day.next();
                }
            }
            Wanted::At { asset, at } => {
                assert_eq!(minute(at), at, "a whole minute");
                assert!(at.millis() + MINUTE <= as_of.millis(), "the close of a minute that is not over");
                let close =
                    (self.market)(asset.as_str(), at).and_then(|price| found(price, Interval::Minute));
                self.record.prices.learn_at(asset, at, close);
            }
        }
    }

    /// The figures, once every price is known.
    pub(crate) fn figures(&mut self, as_of: Timestamp) -> RecordFigures {
        self.learn(as_of);
        let figures = self.record.figures(as_of);
        for figures in figures.accounts.iter().map(|(_, _, figures)| figures).chain([&figures.total.1]) {
            adds_up(figures);
        }
        figures
    }

    /// Those of everything.
    pub(crate) fn total(&mut self, as_of: Timestamp) -> EquityFigures {
        self.figures(as_of).total.1
    }
}

/// Applies fills.
pub(crate) fn apply(record: &mut Record, fills: Vec<Fill>) {
    record.aggregator.apply(fills, at(4000, 0)).unwrap();
}

/// What explains the change adds up to it, and agrees with the returns.
pub(crate) fn adds_up(figures: &EquityFigures) {
    let explained = &figures.explained;
    let (Ok(opening), Ok(closing), Ok(fees), Ok(trading)) =
        (explained.opening, explained.closing, explained.fees, explained.trading)
    else {
        return;
    };
    let flows = [explained.unexplained_in, explained.joined, explained.newly_priced];
    let parts = flows.into_iter().chain([explained.unexplained_out]).chain(explained.lines.values().copied());
    let sum = parts.fold(plus(plus(opening, fees), trading), |sum, part| plus(sum, part.unwrap()));
    assert_eq!(sum, closing, "{explained:?}");
    assert_eq!(figures.equity, Ok(closing));
    let lines = explained.lines.iter().filter(|(kind, _)| kind.class() == ledger::LineClass::Flow);
    let net_flow = flows.into_iter().chain(lines.map(|(_, sum)| *sum));
    let net_flow = net_flow.fold(Decimal::ZERO, |sum, part| plus(sum, part.unwrap()));
    assert_eq!(figures.cashflows.net_flow, Ok(net_flow));
    assert_eq!(figures.cashflows.gain, Ok(minus(minus(closing, opening), net_flow)));
    let of_days = figures.days.iter().filter_map(|day| day.net_flow.ok());
    let of_days = of_days.fold(Decimal::ZERO, plus);
    if figures.days.last().is_some_and(|day| day.equity == figures.equity) {
        assert_eq!(of_days, net_flow, "flows of days");
    }
}

/// The day so many days after the first.
pub(crate) fn of_day(figures: &EquityFigures, number: i64) -> &EquityDay {
    figures.days.iter().find(|found| found.day == day(number)).unwrap()
}

pub(crate) fn near(a: f64, b: f64) {
    assert!((a - b).abs() <= 1e-12 * (1.0 + b.abs()), "{a} is not {b}");
}

/// BTC rises by 10 USDT a day; everything else stands still.
pub(crate) fn rising(asset: &str, time: Timestamp) -> Option<Decimal> {
    match asset {
        "USDT" => Some(Decimal::ONE),
        "BTC" => Some(d(&(1000 + 10 * ((time.millis() - BEGIN).div_euclid(DAY))).to_string())),
        "ETH" => Some(d("100")),
        "BNB" => Some(d("10")),
        _ => None,
    }
}

/// 10000 USDT on the first day, 2 BTC of it, for ten days; with whatever `more` adds.
pub(crate) fn plain(market: Market, more: impl Fn(&mut World)) -> World {
    let mut world = World::new(market);
    world.account("a", at(0, 0), true);
    world.line("a", at(0, HOUR), LineKind::Deposit, "USDT", "10000");
    world.fill("a", at(0, 2 * HOUR), "BTCUSDT", "buy", "2", "1000", "1", "USDT");
    more(&mut world);
    world
}
