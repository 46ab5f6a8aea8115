//! Records with everything that a ledger file may hold, from a seed.
#![allow(dead_code, reason = "each test file uses its part")]

use ledger::{
    Asset, Day, Decimal, Fill, Instrument, InstrumentKind, Interval, Line, LineKind, Liquidity, Price,
    PriceSource, Quantity, Side, Symbol, Timestamp,
    record::{Account, Gap, Observation, Record},
};
use protocol::{
    api,
    ledger_file::{Export, LedgerFile},
    statement::Frame,
};
use std::{collections::BTreeMap, sync::Arc};

/// 2026-11-24T12:00:00Z
pub(crate) const AS_OF: i64 = 1_795_521_600_000;

/// Knuth's linear congruential generator.
pub(crate) struct Seeded(pub(crate) u64);

impl Seeded {
    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit.max(1)
    }

    fn pick<T: Clone>(&mut self, of: &[T]) -> T {
        of[usize::try_from(self.below(of.len() as u64)).unwrap()].clone()
    }

    fn number(&mut self) -> Decimal {
        let text = match self.below(8) {
            0 => "0.00000001".to_owned(),
            1 => format!("{}", 1 + self.below(1_000_000_000)),
            2 => format!("{}.{:018}", self.below(1000), 1 + self.below(1 << 31)),
            _ => format!("{}.{:04}", self.below(100), 1 + self.below(9999)),
        };
        text.parse().unwrap()
    }

    fn time(&mut self) -> Timestamp {
        Timestamp::from_millis(AS_OF - 1 - i64::try_from(self.below(1 << 31)).unwrap() * 30)
    }
}

const NAMES: [&str; 3] = ["acc\"ount\\", "alice", "ünïcode 帳"];

/// A record and its frame: `fills` of them, and a tenth of everything else.
pub(crate) fn record(seed: u64, fills: u64) -> LedgerFile {
    let mut random = Seeded(seed);
    let mut record = Record::new(Asset::from("USDT"), Asset::from("BTC"));
    record.parameters.risk_free_annual = 0.1 + 0.2;
    let mut frame = Frame {
        environment: "development".to_owned(),
        history_limit: "account opened".to_owned(),
        key_rights: "read-only, checked 4 times".to_owned(),
        ..Frame::default()
    };
    frame.cannot_see.push("cards \"and\" P2P".to_owned());
    frame.unread.push(api::Unread { what: "fills of \"OLD\"".to_owned(), why: "delisted".to_owned() });
    frame.prices.push(api::PriceUse {
        asset: "BNB".to_owned(),
        quote: "USDT".to_owned(),
        path: vec!["BNBUSDT".to_owned()],
        interval: "1m".to_owned(),
        fills: 7,
    });
    let accounts: Vec<Arc<str>> = NAMES.iter().map(|name| Arc::from(*name)).collect();
    for name in &accounts {
        let whose = api::Account {
            venue: "binance".to_owned(),
            fingerprint: format!("print of {name}"),
            types: vec!["spot".to_owned()],
        };
        frame.accounts.insert(name.to_string(), whose);
        let account = account(&mut random, fills / 10);
        record.accounts.insert(Arc::clone(name), account);
    }
    let instruments = instruments();
    for instrument in &instruments {
        record.aggregator.add_instrument(instrument.clone()).unwrap();
    }
    for n in 0..fills {
        // Few numbers are so long that the ledger refuses their products; those fills are not in the record.
        let _ = record
            .aggregator
            .apply(vec![fill(&mut random, n, &accounts, &instruments)], Timestamp::from_millis(AS_OF));
    }
    assert!(record.aggregator.len() as u64 >= fills / 2);
    record.lines.apply((0..fills / 10).map(|n| line(&mut random, n, &accounts)).collect()).unwrap();
    prices(&mut random, &mut record, fills / 10);
    LedgerFile { frame, record, as_of: Timestamp::from_millis(AS_OF) }
}

fn account(random: &mut Seeded, observations: u64) -> Account {
    let from = random.time();
    let mut times: Vec<Timestamp> = (0..observations).map(|_| random.time()).collect();
    times.sort();
    times.dedup();
    let since_opening = random.below(2) > 0;
    let observed = |at| {
        let held = ["BTC", "USDT", "Ω\u{1}"].into_iter().filter(|_| random.below(3) > 0);
        let held: Vec<Asset> = held.map(Asset::from).collect();
        Observation { at, balances: held.into_iter().map(|asset| (asset, random.number())).collect() }
    };
    Account {
        registered: from,
        complete_from: Timestamp::from_millis(0),
        since_opening,
        gaps: vec![Gap { from, to: Timestamp::from_millis(AS_OF) }],
        observations: times.into_iter().map(observed).collect(),
    }
}

fn instruments() -> Vec<Instrument> {
    let instrument = |symbol: &str, kind, base: &str, quote: &str, multiplier: u64| Instrument {
        symbol: Symbol::from(symbol),
        kind,
        base: base.into(),
        quote: quote.into(),
        multiplier: Decimal::from(multiplier),
    };
    vec![
        instrument("BTCUSDT", InstrumentKind::Spot, "BTC", "USDT", 1),
        instrument("BTCUSD_PERP", InstrumentKind::Inverse, "BTC", "USD", 100),
        instrument("ETHUSDT-PERP", InstrumentKind::Linear, "ETH", "USDT", 10),
        instrument("weird \"pair\"", InstrumentKind::Spot, "A", "B", 1),
    ]
}

fn fill(random: &mut Seeded, n: u64, accounts: &[Arc<str>], instruments: &[Instrument]) -> Fill {
    let instrument = random.pick(instruments);
    let third = random.below(5) == 0;
    let fee_asset = if third { Asset::from("BNB") } else { instrument.quote.clone() };
    let id = match random.below(20) {
        0 => format!("id \"{n}\""),
        1 => format!("{n}00000000000000000000000"),
        _ => format!("{n}"),
    };
    Fill {
        account: random.pick(accounts),
        symbol: instrument.symbol,
        id: id.into(),
        order_id: (random.below(4) > 0).then(|| format!("o{}", n / 3).into()),
        time: random.time(),
        sequence: (random.below(4) == 0).then(|| random.below(5)),
        side: random.pick(&[Side::Buy, Side::Sell]),
        quantity: Quantity(random.number()),
        price: Price(random.number()),
        fee: random.pick(&[Decimal::ZERO, "0.001".parse().unwrap(), "-0.000002".parse().unwrap()]),
        fee_asset,
        liquidity: random.pick(&[Liquidity::Maker, Liquidity::Taker, Liquidity::Unknown]),
        fee_rate: (third && random.below(2) > 0).then(|| Price(random.number())),
        reporting_rate: (random.below(3) == 0).then(|| Price(random.number())),
    }
}

fn line(random: &mut Seeded, n: u64, accounts: &[Arc<str>]) -> Line {
    let amount = random.number();
    Line {
        account: random.pick(accounts),
        id: format!("line {n}").into(),
        kind: random.pick(&LineKind::ALL),
        time: random.time(),
        asset: random.pick(&["BTC", "USDT", "BNB"]).into(),
        amount: if random.below(2) > 0 { amount } else { amount.negated() },
        transaction: (random.below(3) == 0).then(|| format!("0x{n:064x}").into()),
    }
}

fn prices(random: &mut Seeded, record: &mut Record, count: u64) {
    let intervals = [Interval::Minute, Interval::Hour, Interval::Day];
    for _ in 0..count {
        let asset: Asset = random.pick(&["BTC", "BNB", "ETH"]).into();
        let source = PriceSource {
            path: random.pick(&[vec![format!("{asset}USDT")], vec!["1/X".to_owned(), "X".to_owned()]]),
            interval: random.pick(&intervals),
        };
        let found = (random.below(5) > 0).then(|| (Price(random.number()), source));
        if random.below(2) > 0 {
            record.prices.learn_day(asset, Day::of(random.time()), found);
        } else {
            record.prices.learn_at(asset, random.time(), found);
        }
    }
}

/// The whole text of it.
pub(crate) fn text(of: &LedgerFile) -> String {
    Export::new(&of.record, &of.frame, of.as_of).unwrap().pages(1 << 16).collect()
}

/// Everything that a record holds, to be compared.
pub(crate) fn contents(of: &LedgerFile) -> String {
    let LedgerFile { frame, record, as_of } = of;
    let fills: Vec<Fill> = record.aggregator.fills().collect();
    let lines: Vec<&Line> = record.lines.iter().collect();
    let instruments: Vec<&Instrument> = record.aggregator.instruments().collect();
    let accounts: BTreeMap<_, _> = record.accounts.iter().collect();
    let days: Vec<_> = record.prices.days().collect();
    let minutes: Vec<_> = record.prices.minutes().collect();
    format!(
        "{frame:?} {as_of:?} {fills:?} {lines:?} {instruments:?} {accounts:?} {days:?} {minutes:?} {:?} {:?} {:?}",
        record.parameters,
        record.benchmark,
        record.prices.quote(),
    )
}
