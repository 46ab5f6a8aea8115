//! What happened, put in the order of its time and booked line by line.

use super::{About, Bill, Book, Execution};
use crate::{
    amount::Amount,
    faults::Faults,
    okx::names::{self, SPOT, SWAP},
    world::{
        World,
        account::{Convert, Dividend, Dust, Fill},
        contracts::{ContractFill, ContractMarket, FundingPayment},
        market::{Market, UNLISTED},
    },
};
use std::collections::BTreeMap;

/// Ids of bookings have room for so many in one millisecond.
const IDS_OF_MILLISECOND: i64 = 1_000_000;
/// Of the two accounts, in bookings of transfers.
const FUNDING: &str = "6";
const TRADING: &str = "18";

/// Writes a book.
pub(super) struct Writer<'a> {
    world: &'a World,
    faults: Option<&'a Faults>,
    now_ms: i64,
    last: (i64, i64),
    executions: Vec<Execution>,
    trading: Ledger,
    funding: Ledger,
    savings: BTreeMap<&'static str, Amount>,
}

/// The bookings of one account.
#[derive(Default)]
struct Ledger {
    balances: BTreeMap<&'static str, Amount>,
    bills: Vec<Bill>,
}

/// Anything that changes a balance.
#[derive(Clone, Copy)]
enum Event<'a> {
    /// From outside into the funding account, and on: what kind of booking it is, and what came.
    Came(&'static str, &'static str, Amount),
    /// From the trading account to the funding account, and out.
    Left(&'static str, Amount),
    Convert(&'a Convert),
    Dust(&'a Dust),
    Fill(&'a Market, &'a Fill),
    ContractFill(&'a ContractMarket, &'a ContractFill),
    Payment(&'a ContractMarket, &'a FundingPayment),
}

/// What bookings have in common.
#[derive(Clone, Copy)]
struct Head<'a> {
    time_ms: i64,
    found_ms: i64,
    kind: &'static str,
    subtype: &'static str,
    about: Option<&'a About>,
}

impl Head<'_> {
    const fn new(kind: &'static str, subtype: &'static str, time_ms: i64) -> Self {
        Self { time_ms, found_ms: time_ms, kind, subtype, about: None }
    }
}

impl<'a> Writer<'a> {
    pub(super) fn new(world: &'a World, faults: Option<&'a Faults>, now_ms: i64) -> Self {
        Self {
            world,
            faults,
            now_ms,
            last: (0, 0),
            executions: Vec::new(),
            trading: Ledger::default(),
            funding: Ledger::default(),
            savings: BTreeMap::new(),
        }
    }

    pub(super) fn written(mut self) -> Book {
        for (time_ms, event) in events(self.world, self.now_ms) {
            match event {
                Event::Came(kind, asset, amount) => self.came(kind, asset, amount, time_ms),
                Event::Left(asset, amount) => {
                    self.transferred((TRADING, FUNDING), asset, amount, time_ms);
                    self.book_funding("2", asset, amount.negative(), time_ms);
                }
                Event::Convert(convert) => {
                    let out = Head::new("27", "319", time_ms);
                    self.book(&out, convert.from, convert.from_amount.negative());
                    self.book(&Head { subtype: "318", ..out }, convert.to, convert.to_amount);
                }
                Event::Dust(dust) => self.dust(dust),
                Event::Fill(market, fill) => self.fill(market, fill),
                Event::ContractFill(market, fill) => self.contract_fill(market, fill),
                Event::Payment(market, payment) => self.payment(market, payment),
            }
        }
        Book {
            written: Book::events(self.world, self.now_ms),
            executions: self.executions,
            trading: self.trading.bills,
            funding: self.funding.bills,
            savings: self.savings.into_iter().collect(),
        }
    }

    /// What no market trades has no place in the trading account: the first stays, more of it is saved.
    fn came(&mut self, kind: &'static str, asset: &'static str, amount: Amount, time_ms: i64) {
        let is_more = self.funding.balances.contains_key(asset);
        self.book_funding(kind, asset, amount, time_ms);
        match asset == UNLISTED {
            false => self.transferred((FUNDING, TRADING), asset, amount, time_ms),
            true if is_more => {
                self.book_funding("75", asset, amount.negative(), time_ms);
                let saved = self.savings.entry(asset).or_default();
                *saved = saved.plus(amount);
            }
            true => {}
        }
    }

    /// Both sides of a transfer between the two accounts.
    fn transferred(
        &mut self,
        between: (&'static str, &'static str),
        asset: &'static str,
        amount: Amount,
        time_ms: i64,
    ) {
        let into = between.1 == TRADING;
        let (kind, subtype) = if into { ("131", "11") } else { ("130", "12") };
        let (left, right) = if into { (amount.negative(), amount) } else { (amount, amount.negative()) };
        if into {
            self.book_funding(kind, asset, left, time_ms);
        }
        self.book(&Head::new("1", subtype, time_ms), asset, right);
        if let Some(bill) = self.trading.bills.last_mut() {
            bill.between = Some(between);
        }
        if !into {
            self.book_funding(kind, asset, left, time_ms);
        }
    }

    /// Each coin is an exchange of its own.
    fn dust(&mut self, dust: &Dust) {
        for swept in &dust.swept {
            let out = Head::new("28", "237", dust.time_ms);
            self.book(&out, swept.asset, swept.amount.negative());
            self.book(&Head { subtype: "236", ..out }, "BNB", swept.received);
        }
    }

    /// What was given first, then what came for it, then a fee that is neither. The execution has the first one's id.
    fn fill(&mut self, market: &Market, fill: &Fill) {
        let found_ms = self.faults.map_or(fill.time_ms, |faults| faults.indexed_ms(fill));
        let about = About {
            instrument: names::instrument(market),
            kind: SPOT,
            order_id: fill.order_id.to_string(),
            trade_id: fill.id.to_string(),
            price: fill.price,
            size: fill.quantity,
            maker: Some(fill.maker),
        };
        let subtype = if fill.buyer { "1" } else { "2" };
        let head = Head { found_ms, about: Some(&about), ..Head::new("2", subtype, fill.time_ms) };
        let (base, quote) = ((market.base.name, fill.quantity), (market.quote.name, fill.quote));
        let (given, got) = if fill.buyer { (quote, base) } else { (base, quote) };
        let fee_in = |coin: &str| if coin == fill.fee_asset { fill.fee } else { Amount::ZERO };
        let bill_id = self.charge(&head, given.0, given.1.negative(), fee_in(given.0));
        self.charge(&head, got.0, got.1, fee_in(got.0));
        if fill.fee_asset != base.0 && fill.fee_asset != quote.0 {
            self.charge(&head, fill.fee_asset, Amount::ZERO, fill.fee);
        }
        self.executions.push(Execution {
            bill_id,
            time_ms: fill.time_ms,
            found_ms,
            instrument: about.instrument,
            kind: SPOT,
            trade_id: about.trade_id,
            order_id: about.order_id,
            buyer: fill.buyer,
            maker: Some(fill.maker),
            subtype,
            price: fill.price,
            size: fill.quantity,
            fee: fill.fee,
            fee_asset: fill.fee_asset,
            profit: Amount::ZERO,
        });
    }

    /// What it realized less its fee; nothing else moves. Where the venue closed a position its word and its number of the
    /// trade say so.
    fn contract_fill(&mut self, market: &ContractMarket, fill: &ContractFill) {
        let found_ms = self.faults.map_or(fill.time_ms, |faults| faults.found_ms(fill.id, fill.time_ms));
        let sign = if fill.liquidation { "-" } else { "" };
        let about = About {
            instrument: names::contract(market),
            kind: SWAP,
            order_id: fill.order_id.to_string(),
            trade_id: format!("{sign}{}", fill.id),
            price: fill.price,
            size: names::contract_count(market, fill.quantity),
            maker: Some(fill.maker).filter(|_| !fill.liquidation),
        };
        let (kind, subtype) = match (fill.liquidation, fill.buyer) {
            (false, true) => ("2", "1"),
            (false, false) => ("2", "2"),
            (true, true) => ("5", "106"),
            (true, false) => ("5", "107"),
        };
        let head = Head { found_ms, about: Some(&about), ..Head::new(kind, subtype, fill.time_ms) };
        let bill_id = self.charge(&head, market.settle, fill.realized, fill.fee);
        if let Some(bill) = self.trading.bills.last_mut() {
            bill.profit = fill.realized;
        }
        self.executions.push(Execution {
            bill_id,
            time_ms: fill.time_ms,
            found_ms,
            instrument: about.instrument,
            kind: SWAP,
            trade_id: about.trade_id,
            order_id: about.order_id,
            buyer: fill.buyer,
            maker: about.maker,
            subtype,
            price: fill.price,
            size: about.size,
            fee: fill.fee,
            fee_asset: market.settle,
            profit: fill.realized,
        });
    }

    /// What a position paid or received.
    fn payment(&mut self, market: &ContractMarket, payment: &FundingPayment) {
        let held = payment.quantity.max(payment.quantity.negative());
        let about = About {
            instrument: names::contract(market),
            kind: SWAP,
            order_id: String::new(),
            trade_id: String::new(),
            price: payment.mark,
            size: names::contract_count(market, held),
            maker: None,
        };
        let subtype = if payment.amount < Amount::ZERO { "173" } else { "174" };
        let head = Head { about: Some(&about), ..Head::new("8", subtype, payment.time_ms) };
        self.book(&head, market.settle, payment.amount);
        if let Some(bill) = self.trading.bills.last_mut() {
            bill.profit = payment.amount;
        }
    }

    fn charge(&mut self, head: &Head<'_>, asset: &'static str, change: Amount, fee: Amount) -> i64 {
        let id = self.book(head, asset, change.minus(fee));
        if let Some(bill) = self.trading.bills.last_mut() {
            bill.fee = fee;
        }
        id
    }

    fn book(&mut self, head: &Head<'_>, asset: &'static str, change: Amount) -> i64 {
        let id = self.next_id(head.time_ms);
        self.trading.add(id, head, asset, change);
        id
    }

    fn book_funding(&mut self, kind: &'static str, asset: &'static str, change: Amount, time_ms: i64) {
        let id = self.next_id(time_ms);
        self.funding.add(id, &Head::new(kind, "", time_ms), asset, change);
    }

    /// Ids rise with time, over both accounts.
    const fn next_id(&mut self, time_ms: i64) -> i64 {
        let (last_ms, count) = self.last;
        self.last = (time_ms, if time_ms == last_ms { count + 1 } else { 0 });
        time_ms * IDS_OF_MILLISECOND + self.last.1
    }
}

impl Ledger {
    fn add(&mut self, id: i64, head: &Head<'_>, asset: &'static str, change: Amount) {
        let balance = self.balances.entry(asset).or_default();
        *balance = balance.plus(change);
        self.bills.push(Bill {
            id,
            time_ms: head.time_ms,
            found_ms: head.found_ms,
            asset,
            kind: head.kind,
            subtype: head.subtype,
            change,
            balance: *balance,
            fee: Amount::ZERO,
            profit: Amount::ZERO,
            between: None,
            about: head.about.cloned(),
        });
    }
}

/// What kind of booking a gift is.
fn kind_of(dividend: &Dividend) -> &'static str {
    match dividend.reason {
        "Flexible" => "89",
        "ETH 2.0 Staking" => "139",
        "HODLer Airdrops" => "229",
        _ => "77",
    }
}

/// All that changed a balance, in its order.
fn events(world: &World, now_ms: i64) -> Vec<(i64, Event<'_>)> {
    let account = &world.account;
    let mut all: Vec<(i64, usize, Event<'_>)> = Vec::new();
    let arrived = account.deposits.iter().filter(|deposit| deposit.status != 0);
    all.extend(
        arrived.map(|deposit| (deposit.time_ms, 0, Event::Came("1", deposit.asset.name, deposit.amount))),
    );
    all.extend(account.dividends.iter().map(|dividend| {
        (dividend.time_ms, 0, Event::Came(kind_of(dividend), dividend.asset, dividend.amount))
    }));
    let left = account.withdrawals.iter().filter(|withdrawal| withdrawal.status == 6);
    all.extend(left.map(|withdrawal| {
        let whole = withdrawal.amount.plus(withdrawal.fee);
        (withdrawal.time_ms, 0, Event::Left(withdrawal.asset.name, whole))
    }));
    let made = account.converts.iter().filter(|convert| convert.success);
    all.extend(made.map(|convert| (convert.time_ms, 0, Event::Convert(convert))));
    all.extend(account.dust.iter().map(|dust| (dust.time_ms, 0, Event::Dust(dust))));
    for (market, fills) in world.markets.iter().zip(&account.fills) {
        all.extend(fills.iter().map(|fill| (fill.time_ms, fill.sequence, Event::Fill(market, fill))));
    }
    if let Some(contracts) = &world.contracts {
        for (market, fills) in contracts.traded() {
            all.extend(
                fills.iter().map(|fill| (fill.time_ms, fill.sequence, Event::ContractFill(market, fill))),
            );
        }
        all.extend(contracts.funding_until(now_ms).iter().filter_map(|payment| {
            let market = contracts.markets.get(payment.market)?;
            Some((payment.time_ms, 0, Event::Payment(market, payment)))
        }));
    }
    all.sort_by_key(|(time_ms, sequence, _)| (*time_ms, *sequence));
    all.into_iter().map(|(time_ms, _, event)| (time_ms, event)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::{FILLS, market::ASSETS};

    const NOW_MS: i64 = 1_795_305_600_000;

    fn check(world: &World) {
        let book = Writer::new(world, None, NOW_MS).written();
        for bills in [&book.trading, &book.funding] {
            assert!(bills.is_sorted_by_key(|bill| bill.id) && bills.is_sorted_by_key(|bill| bill.time_ms));
            assert!(bills.iter().all(|bill| bill.balance >= Amount::ZERO));
        }
        for asset in &ASSETS {
            let saved = book.savings.iter().find(|(name, _)| *name == asset.name);
            let told = [
                Book::held(&book.trading, asset.name).unwrap_or_default(),
                Book::held(&book.funding, asset.name).unwrap_or_default(),
                saved.map_or(Amount::ZERO, |(_, amount)| *amount),
            ];
            let spot = world.account.free(asset.name).plus(world.account.locked(asset.name));
            let wallet = world.contracts.as_ref().map(|contracts| contracts.wallet(asset.name, NOW_MS));
            let there = spot.plus(wallet.unwrap_or_default());
            assert_eq!(told.into_iter().fold(Amount::ZERO, Amount::plus), there, "{}", asset.name);
            assert_eq!(told[1].is_positive() && told[2].is_positive(), asset.name == UNLISTED);
        }
        let contracts = world.contracts.as_ref().map_or(0, |contracts| contracts.fill_count());
        assert_eq!(book.executions.len(), world.account.fill_count() + contracts);
        assert!(book.executions.is_sorted_by(|one, other| one.bill_id < other.bill_id));
    }

    #[test]
    fn no_account_goes_below_zero_and_together_they_hold_what_the_world_holds() {
        for seed in 1..4 {
            let mut world = World::new(seed, NOW_MS, FILLS);
            world.more_fills(NOW_MS, 50);
            check(&world);
            check(&world.with_contracts(NOW_MS));
        }
    }
}
