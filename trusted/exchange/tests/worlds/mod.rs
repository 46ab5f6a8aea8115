//! Accounts that live by seed, at the desk: trades in old and new symbols, movements of each kind, and bad days.

use crate::desk::{
    self, Asked, CONVERTS, DAY_MS, DEPOSITS, DIVIDENDS, DUST, Desk, KLINES, MY_TRADES, NOW_MS, WITHDRAWALS,
    trader::MARKETS,
};
use exchange::{Finding, MovementStatus, PriceWanted};
use ledger::Decimal;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

const MINUTE_MS: i64 = 60_000;
const PATHS: [&str; 8] = [DEPOSITS, WITHDRAWALS, CONVERTS, DIVIDENDS, DUST, MY_TRADES, desk::ACCOUNT, KLINES];

/// Knuth's linear congruential generator.
pub(crate) fn seeded(seed: u64) -> impl FnMut(usize) -> usize {
    let mut state = seed;
    move |limit| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap() % limit.max(1)
    }
}

/// What happened in worlds, so that no test of them is empty.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    pub(crate) fills: usize,
    pub(crate) pending: usize,
    pub(crate) unread: usize,
    pub(crate) gaps: usize,
    pub(crate) failed: usize,
    pub(crate) owed: usize,
    pub(crate) listed: usize,
    pub(crate) delisted: usize,
}

impl Seen {
    pub(crate) fn add(&mut self, other: Self) {
        let Self { fills, pending, unread, gaps, failed, owed, listed, delisted } = other;
        self.fills += fills;
        self.pending += pending;
        self.unread += unread;
        self.gaps += gaps;
        self.failed += failed;
        self.owed += owed;
        self.listed += listed;
        self.delisted += delisted;
    }

    pub(crate) fn told(&mut self, found: &[Finding]) {
        for finding in found {
            match finding {
                Finding::Fills(fills) => self.fills += fills.len(),
                Finding::Movement(movement) => {
                    self.pending += usize::from(movement.status == MovementStatus::Pending);
                }
                Finding::Unread { .. } => self.unread += 1,
                Finding::Reach(reach) => self.gaps += reach.gaps.len(),
                _ => {}
            }
        }
    }

    pub(crate) fn everything_happened(&self) -> bool {
        let Self { fills, pending, unread, gaps, failed, owed, listed, delisted } = self;
        [fills, pending, unread, gaps, failed, owed, listed, delisted].into_iter().all(|count| *count > 10)
    }
}

/// What the fills that were told need to be valued: the same for each connector that tells the same.
pub(crate) fn prices_wanted(found: &[Finding], now_ms: i64) -> Vec<PriceWanted> {
    let mut wanted = BTreeSet::new();
    for finding in found {
        let Finding::Fills(fills) = finding else { continue };
        for fill in fills.iter().filter(|fill| fill.time.millis() > now_ms - DAY_MS) {
            let at_ms = fill.time.millis() / MINUTE_MS * MINUTE_MS;
            wanted.insert(desk::wanted("BNB", "USDT", at_ms));
            wanted.insert(desk::wanted("BTC", "USDT", at_ms));
        }
    }
    wanted.into_iter().collect()
}

pub(crate) struct World {
    pub(crate) desk: Desk,
    random: Box<dyn FnMut(usize) -> usize>,
    held: BTreeMap<String, Decimal>,
    next_id: u64,
    /// Withdrawals that are under way: where in their list they stand.
    pending: Vec<usize>,
}

impl World {
    pub(crate) fn new(seed: u64) -> Self {
        let mut desk = Desk::new(&MARKETS);
        desk.mangle = Box::new(disorder);
        let mut random = seeded(seed ^ 0x5eed);
        for number in 0..random(400) {
            let name = format!("C{number:03}");
            desk.markets.push([format!("{name}BTC"), name, "BTC".to_owned()]);
        }
        let mut world =
            Self { desk, random: Box::new(random), held: BTreeMap::new(), next_id: 1, pending: Vec::new() };
        for coin in ["USDT", "BTC", "BNB"] {
            world.deposit(coin, 400 * DAY_MS);
        }
        for _ in 0..world.below(300) {
            let ago_ms = i64::try_from(world.below(300)).unwrap() * DAY_MS;
            world.interest(ago_ms + MINUTE_MS);
        }
        world
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.random)(limit)
    }

    fn change(&mut self, asset: &str, amount: &str) {
        let sum = self.held.entry(asset.to_owned()).or_default();
        *sum = sum.checked_add(amount.parse().unwrap()).unwrap();
    }

    fn id(&mut self) -> u64 {
        self.next_id += 1 + u64::try_from(self.below(3)).unwrap();
        self.next_id
    }

    /// Time passes and things happen; then the venue may have a bad minute.
    pub(crate) fn step(&mut self) -> Seen {
        let mut seen = Seen::default();
        self.desk.fixed.clear();
        let minutes = match self.below(12) {
            0 => 45,
            1 => 3 * 60,
            2 => 8 * 24 * 60,
            3 if self.below(4) == 0 => 100 * 24 * 60,
            // What is listed is read once a day: it changes before a longer pause, so that all connectors know it.
            4 => {
                match self.below(3) {
                    0 => seen.delisted += usize::from(self.delist()),
                    _ => seen.listed += usize::from(self.list()),
                }
                25 * 60
            }
            _ => 1,
        };
        self.desk.now_ms += minutes * MINUTE_MS;
        for _ in 0..self.below(5) {
            self.happening();
        }
        self.candles();
        self.desk.balances = self
            .held
            .iter()
            .map(|(asset, amount)| [asset.clone(), amount.to_string(), "0".to_owned()])
            .collect();
        match self.below(12) {
            0 => self.bad_minute((400, r#"{"code":-2015,"msg":"no"}"#)),
            1 => self.bad_minute((400, r#"{"code":-9000,"msg":"no"}"#)),
            2 => self.bad_minute((429, "{}")),
            // Something comes between the first look at the balances and the last.
            3 => {
                let mut later = self.desk.balances.clone();
                later.push(["BTC".to_owned(), "1".to_owned(), "0".to_owned()]);
                self.desk.changing = Some(later);
            }
            _ => {}
        }
        seen
    }

    fn bad_minute(&mut self, (status, body): (u16, &str)) {
        let path = PATHS[self.below(PATHS.len())];
        self.desk.fixed.insert(path, (status, body.to_owned()));
    }

    fn happening(&mut self) {
        match self.below(12) {
            0 => self.deposit("USDT", 0),
            // Listed late.
            1 => self.deposit("ETH", 20 * 60 * MINUTE_MS),
            2 => self.withdrawal(),
            3 => self.settle(),
            4 => self.interest(0),
            5 => self.convert(),
            6 => self.dust(),
            // A gift that no list tells of.
            7 if self.below(3) == 0 => self.change("USDT", "7.25"),
            8 if self.below(3) == 0 => self.change("LDETH", "1"),
            _ => self.trade(),
        }
    }

    fn trade(&mut self) {
        let market = self.below(self.desk.markets.len());
        let market = if self.below(3) > 0 { market % 3 } else { market };
        let [symbol, base, quote] = self.desk.markets[market].clone();
        let ago_ms = i64::try_from(self.below(90_000)).unwrap();
        let mut row = desk::fill(&symbol, self.id(), self.desk.now_ms - ago_ms, "1", "2");
        if self.below(6) == 0 {
            row["indexed"] = (self.desk.now_ms + 90_000).into();
        }
        let sold = self.below(3) == 0;
        row["isBuyer"] = (!sold).into();
        (row["commission"], row["commissionAsset"]) = ("0.01".into(), "BNB".into());
        self.desk.fills.push(row);
        let [came, went] = if sold { ["-1", "2"] } else { ["1", "-2"] };
        self.change(&base, came);
        self.change(&quote, went);
        self.change("BNB", "-0.01");
    }

    fn put(&mut self, path: &'static str, at_ms: i64, row: Value) -> usize {
        let rows = self.desk.lists.entry(path).or_default();
        rows.push((at_ms, row));
        rows.len() - 1
    }

    fn deposit(&mut self, coin: &str, ago_ms: i64) {
        let (id, at_ms) = (self.id(), self.desk.now_ms - ago_ms);
        let (at_ms, row) = desk::trader::deposit(&format!("d{id}"), at_ms, coin, "1000");
        self.put(DEPOSITS, at_ms, row);
        self.change(coin, "1000");
    }

    fn withdrawal(&mut self) {
        let (id, at_ms) = (self.id(), self.desk.now_ms);
        let row = json!({ "id": format!("w{id}"), "amount": "3", "transactionFee": "0.5", "coin": "USDT", "status": 4, "applyTime": at_ms });
        let at = self.put(WITHDRAWALS, at_ms, row);
        self.pending.push(at);
        self.change("USDT", "-3.5");
    }

    /// What is under way arrives, or comes back.
    fn settle(&mut self) {
        if self.pending.is_empty() {
            return;
        }
        let which = self.below(self.pending.len());
        let at = self.pending.swap_remove(which);
        let arrives = self.below(3) > 0;
        let status = if arrives { 6 } else { 5 };
        self.desk.lists.get_mut(WITHDRAWALS).unwrap()[at].1["status"] = status.into();
        if !arrives {
            self.change("USDT", "3.5");
        }
    }

    fn interest(&mut self, ago_ms: i64) {
        let (id, at_ms) = (self.id(), self.desk.now_ms - ago_ms);
        let row =
            json!({ "id": id, "amount": "0.125", "asset": "BNB", "divTime": at_ms, "enInfo": "Flexible" });
        self.put(DIVIDENDS, at_ms, row);
        self.change("BNB", "0.125");
    }

    fn convert(&mut self) {
        let (id, at_ms) = (self.id(), self.desk.now_ms);
        let row = json!({ "orderId": id, "orderStatus": "SUCCESS", "fromAsset": "USDT", "fromAmount": "20", "toAsset": "LDO", "toAmount": "4", "createTime": at_ms });
        self.put(CONVERTS, at_ms, row);
        self.change("USDT", "-20");
        self.change("LDO", "4");
    }

    fn dust(&mut self) {
        // So many at once that the older ones are not listed any more.
        for _ in 0..1 + self.below(2) * 60 {
            let (id, at_ms) = (self.id(), self.desk.now_ms);
            let detail = json!({ "transId": id, "serviceChargeAmount": "0", "amount": "0.5", "operateTime": at_ms, "transferedAmount": "0.25", "fromAsset": "ETH" });
            let row = json!({ "operateTime": at_ms, "transId": id, "userAssetDribbletDetails": [detail] });
            self.put(DUST, at_ms, row);
            self.change("ETH", "-0.5");
            self.change("BNB", "0.25");
        }
    }

    fn list(&mut self) -> bool {
        let name = format!("N{}", self.id());
        self.desk.markets.push([format!("{name}USDT"), name, "USDT".to_owned()]);
        // Who trades what is new trades it first.
        let newest = self.desk.markets.len() - 1;
        self.desk.markets.swap(2, newest);
        true
    }

    fn delist(&mut self) -> bool {
        let which = self.below(self.desk.markets.len());
        // Prices stay.
        let stays = ["BTCUSDT", "BNBUSDT"].contains(&self.desk.markets[which][0].as_str());
        if !stays {
            self.desk.markets.remove(which);
        }
        !stays
    }

    /// Of the last minute there is a candle or not; hours and days have theirs as they end.
    fn candles(&mut self) {
        for symbol in ["BNBUSDT", "BTCUSDT"] {
            for (interval, length_ms) in [("1m", MINUTE_MS), ("1h", 60 * MINUTE_MS), ("1d", DAY_MS)] {
                let there = interval == "1d" || self.below(2) == 0;
                let now_ms = self.desk.now_ms;
                let candles = self.desk.candles.entry((symbol.to_owned(), interval.to_owned())).or_default();
                for back in 0..3 {
                    let open_ms = (now_ms / length_ms - back) * length_ms;
                    if there && open_ms >= NOW_MS - DAY_MS {
                        candles.entry(open_ms).or_insert_with(|| "600".to_owned());
                    }
                }
            }
        }
    }
}

/// Rows in another order, and some twice: the same for the same request.
fn disorder(asked: &Asked, rows: &mut Vec<Value>) {
    let own = ["timestamp", "signature"];
    let params = asked.params.iter().filter(|(name, _)| !own.contains(&name.as_str()));
    let text = format!("{}{:?}", asked.path, params.collect::<Vec<_>>());
    let seed = text.bytes().fold(7_u64, |hash, byte| hash.wrapping_mul(31).wrapping_add(u64::from(byte)));
    let mut below = seeded(seed);
    for at in (1..rows.len()).rev() {
        rows.swap(at, below(at + 1));
    }
    if let Some(row) = rows.get(below(rows.len())).filter(|_| rows.len() < 90).cloned() {
        rows.push(row);
    }
}
