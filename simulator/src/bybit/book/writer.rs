//! What happened, put in the order of its time and written down change by change.

use super::{Book, Entry, Execution, Funded, Told, Transfer};
use crate::{
    amount::Amount,
    bybit::ids,
    faults::Faults,
    random::{hash, name},
    world::{
        World,
        account::{Convert, Deposit, Dividend, Dust, Fill, Withdrawal},
        contracts::{ContractFill, ContractMarket, FundingPayment},
        market::{Market, UNLISTED},
    },
};
use std::collections::BTreeMap;

/// Writes a book.
pub(super) struct Writer<'a> {
    pub(super) world: &'a World,
    pub(super) faults: Option<&'a Faults>,
    unified: BTreeMap<&'static str, Amount>,
    funding: BTreeMap<&'static str, Amount>,
    /// Of each contract, above zero long.
    pub(super) positions: BTreeMap<&'static str, Amount>,
    pub(super) book: Book,
}

/// Anything that changes a balance.
#[derive(Clone, Copy)]
enum Event<'a> {
    Deposit(&'a Deposit),
    Withdrawal(&'a Withdrawal),
    Convert(&'a Convert),
    Dust(&'a Dust),
    Dividend(&'a Dividend),
    Fill(&'a Market, &'a Fill),
    Contract(&'a ContractMarket, &'a ContractFill),
    Funding(&'a ContractMarket, &'a FundingPayment),
}

/// Nothing trades it: it is not moved on.
pub(in crate::bybit) fn stays_in_funding(coin: &str) -> bool {
    coin == UNLISTED
}

pub(super) fn written(world: &World, faults: Option<&Faults>) -> Book {
    let (unified, funding) = (BTreeMap::new(), BTreeMap::new());
    let (positions, book) = (BTreeMap::new(), Book::default());
    let mut writer = Writer { world, faults, unified, funding, positions, book };
    for event in events(world) {
        match event {
            Event::Deposit(deposit) => {
                let (at_ms, coin) = (deposit.time_ms, deposit.asset.name);
                writer.fund(at_ms, coin, deposit.amount, ("Deposit", "Deposit"));
                writer.move_on(at_ms, coin, deposit.amount);
            }
            Event::Withdrawal(withdrawal) => {
                let (at_ms, coin) = (withdrawal.time_ms, withdrawal.asset.name);
                let whole = withdrawal.amount.plus(withdrawal.fee);
                writer.move_back(at_ms, coin, whole);
                writer.fund(at_ms, coin, whole.negative(), ("Withdraw", "Withdraw"));
            }
            Event::Convert(convert) => {
                let head = Head { order_id: convert.order_id.to_string(), ..Head::at(convert.time_ms) };
                writer.log(
                    &head,
                    "CURRENCY_SELL",
                    convert.from,
                    convert.from_amount.negative(),
                    Amount::ZERO,
                );
                writer.log(&head, "CURRENCY_BUY", convert.to, convert.to_amount, Amount::ZERO);
            }
            Event::Dust(dust) => writer.dust(dust),
            Event::Dividend(dividend) => writer.dividend(dividend),
            Event::Fill(market, fill) => writer.fill(market, fill),
            Event::Contract(market, fill) => writer.contract(market, fill),
            Event::Funding(market, payment) => writer.funding_payment(market, payment),
        }
    }
    writer.book
}

/// What entries of one event have in common.
#[derive(Default)]
pub(super) struct Head {
    pub(super) told: Told,
    pub(super) category: &'static str,
    pub(super) symbol: String,
    pub(super) side: &'static str,
    pub(super) price: Amount,
    pub(super) trade_id: String,
    pub(super) order_id: String,
}

impl Head {
    fn at(time_ms: i64) -> Self {
        Self { told: Told::at(time_ms, 0), side: "None", ..Self::default() }
    }
}

impl Writer<'_> {
    /// A change of the unified wallet, its fee apart.
    pub(super) fn log(
        &mut self,
        head: &Head,
        kind: &'static str,
        coin: &'static str,
        cash_flow: Amount,
        fee: Amount,
    ) {
        let number = self.book.log.len();
        let balance = self.unified.entry(coin).or_default();
        let change = cash_flow.minus(fee);
        *balance = balance.plus(change);
        let Head { told, category, symbol, side, price, trade_id, order_id } = head;
        let tie = hash(&[self.world.seed, name("log"), u64::try_from(number).unwrap_or(0)]);
        self.book.log.push(Entry {
            told: Told { tie, ..*told },
            id: format!("{}_{}_{}", self.world.account.uid, coin, ids::number(&[self.world.seed, tie])),
            kind,
            category,
            symbol: symbol.clone(),
            side,
            coin,
            quantity: cash_flow,
            size: Amount::ZERO,
            price: *price,
            cash_flow,
            funding: None,
            fee,
            change,
            balance: *balance,
            trade_id: trade_id.clone(),
            order_id: order_id.clone(),
        });
    }

    /// A change of the funding wallet.
    fn fund(
        &mut self,
        time_ms: i64,
        coin: &'static str,
        change: Amount,
        (kind, words): (&'static str, &'static str),
    ) {
        let number = u64::try_from(self.book.funding.len()).unwrap_or(0);
        let balance = self.funding.entry(coin).or_default();
        *balance = balance.plus(change);
        self.book.funding.push(Funded {
            // What happened in one second stays in its order here: a balance follows from it.
            told: Told { found_ms: time_ms, ..Told::at(time_ms.div_euclid(1000) * 1000, number) },
            id: ids::number(&[self.world.seed, name("funded"), number]),
            coin,
            change,
            balance: *balance,
            kind,
            words,
        });
    }

    fn transfer(&mut self, time_ms: i64, coin: &'static str, amount: Amount, to_unified: bool) {
        let number = u64::try_from(self.book.transfers.len()).unwrap_or(0);
        let id = format!("selfTransfer_{}", ids::uuid(&[self.world.seed, name("transfer"), number]));
        self.book.transfers.push(Transfer { told: Told::at(time_ms, number), id, coin, amount, to_unified });
    }

    /// From the funding wallet to the unified one.
    fn move_on(&mut self, time_ms: i64, coin: &'static str, amount: Amount) {
        self.fund(time_ms, coin, amount.negative(), ("Transfer", "Transfer to Unified Trading Account"));
        self.transfer(time_ms, coin, amount, true);
        self.log(&Head::at(time_ms), "TRANSFER_IN", coin, amount, Amount::ZERO);
    }

    /// And back.
    fn move_back(&mut self, time_ms: i64, coin: &'static str, amount: Amount) {
        self.log(&Head::at(time_ms), "TRANSFER_OUT", coin, amount.negative(), Amount::ZERO);
        self.transfer(time_ms, coin, amount, false);
        self.fund(time_ms, coin, amount, ("Transfer", "Transfer from Unified Trading Account"));
    }

    /// Each coin is a conversion of its own; the charge is a fee in what came for it.
    fn dust(&mut self, dust: &Dust) {
        for swept in &dust.swept {
            let head = Head { order_id: swept.id.to_string(), ..Head::at(dust.time_ms) };
            self.log(&head, "CURRENCY_SELL", swept.asset, swept.amount.negative(), Amount::ZERO);
            self.log(&head, "CURRENCY_BUY", "BNB", swept.received.plus(swept.charge), swept.charge);
        }
    }

    fn dividend(&mut self, dividend: &Dividend) {
        let Dividend { asset, amount, time_ms, reason, .. } = dividend;
        let words = match *reason {
            "Flexible" => ("Earn", "Easy Earn | Flexible Interest Distribution"),
            "ETH 2.0 Staking" => ("Earn", "On-Chain Earn | Interest Distribution"),
            _ if stays_in_funding(asset) => ("Rewards", "Airdrop"),
            _ => return self.log(&Head::at(*time_ms), "AIRDROP", asset, *amount, Amount::ZERO),
        };
        self.fund(*time_ms, asset, *amount, words);
        if !stays_in_funding(asset) {
            self.move_on(*time_ms, asset, *amount);
        }
    }

    /// What was given, what came for it, and a fee that is neither.
    fn fill(&mut self, market: &Market, fill: &Fill) {
        let of_market = name(&market.symbol);
        let of = [self.world.seed, of_market, fill.id];
        let found_ms = self.faults.map_or(fill.time_ms, |faults| faults.indexed_ms(fill));
        let told = Told { found_ms, ..Told::at(fill.time_ms, hash(&of)) };
        let head = Head {
            told,
            category: "spot",
            symbol: market.symbol.clone(),
            side: if fill.buyer { "Buy" } else { "Sell" },
            price: fill.price,
            trade_id: ids::uuid(&of),
            order_id: ids::number(&[self.world.seed, of_market, fill.order_id, 1]),
        };
        let (base, quote) = (market.base.name, market.quote.name);
        let signed = |amount: Amount, comes: bool| if comes { amount } else { amount.negative() };
        let fee_in = |coin: &str| if coin == fill.fee_asset { fill.fee } else { Amount::ZERO };
        self.log(&head, "TRADE", base, signed(fill.quantity, fill.buyer), fee_in(base));
        self.log(&head, "TRADE", quote, signed(fill.quote, !fill.buyer), fee_in(quote));
        if fill.fee_asset != base && fill.fee_asset != quote {
            self.log(&head, "TRADE", fill.fee_asset, Amount::ZERO, fill.fee);
        }
        self.book.executions.push(Execution {
            told,
            category: "spot",
            symbol: head.symbol,
            id: head.trade_id,
            order_id: head.order_id,
            sequence: fill.sequence,
            kind: "Trade",
            buyer: fill.buyer,
            maker: fill.maker,
            price: fill.price,
            quantity: fill.quantity,
            value: fill.quote,
            fee: fill.fee,
            fee_coin: fill.fee_asset,
        });
    }
}

/// All that changed a balance, in its order.
fn events(world: &World) -> Vec<Event<'_>> {
    let account = &world.account;
    let mut all: Vec<(i64, usize, Event<'_>)> = Vec::new();
    let arrived = account.deposits.iter().filter(|deposit| deposit.status != 0);
    all.extend(arrived.map(|deposit| (deposit.time_ms, 0, Event::Deposit(deposit))));
    all.extend(account.dividends.iter().map(|dividend| (dividend.time_ms, 0, Event::Dividend(dividend))));
    let left = account.withdrawals.iter().filter(|withdrawal| withdrawal.status == 6);
    all.extend(left.map(|withdrawal| (withdrawal.time_ms, 0, Event::Withdrawal(withdrawal))));
    let made = account.converts.iter().filter(|convert| convert.success);
    all.extend(made.map(|convert| (convert.time_ms, 0, Event::Convert(convert))));
    all.extend(account.dust.iter().map(|dust| (dust.time_ms, 0, Event::Dust(dust))));
    for (market, fills) in world.markets.iter().zip(&account.fills) {
        all.extend(fills.iter().map(|fill| (fill.time_ms, fill.sequence, Event::Fill(market, fill))));
    }
    if let Some(contracts) = &world.contracts {
        for (market, fills) in contracts.traded() {
            let each = fills.iter().map(|fill| (fill.time_ms, fill.sequence, Event::Contract(market, fill)));
            all.extend(each);
        }
        // Those to come as well: they are told when their time has come.
        all.extend(contracts.funding_until(i64::MAX).iter().filter_map(|payment| {
            Some((payment.time_ms, 0, Event::Funding(contracts.markets.get(payment.market)?, payment)))
        }));
    }
    all.sort_by_key(|(time_ms, sequence, _)| (*time_ms, *sequence));
    all.into_iter().map(|(.., event)| event).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::market::ASSETS;
    use std::collections::BTreeSet;

    #[test]
    fn profit_fees_and_funding_of_contracts_are_in_the_unified_wallet() {
        let now_ms = 1_795_305_600_000;
        let world = World::new(2, now_ms, crate::world::FILLS).with_contracts(now_ms);
        let contracts = world.contracts.as_ref().unwrap();
        let book = written(&world, None);
        for asset in &ASSETS {
            let told =
                book.log.iter().filter(|entry| entry.told.time_ms <= now_ms && entry.coin == asset.name);
            let sum = told.fold(Amount::ZERO, |sum, entry| sum.plus(entry.change));
            let coins = world.account.free(asset.name).plus(world.account.locked(asset.name));
            let both = coins.plus(contracts.wallet(asset.name, now_ms));
            assert_eq!(sum, if asset.name == UNLISTED { Amount::ZERO } else { both }, "{}", asset.name);
        }
        let liquidated =
            contracts.traded().flat_map(|(_, fills)| fills).filter(|fill| fill.liquidation).count();
        let told = book.executions.iter().filter(|one| one.kind == "BustTrade").count();
        assert_eq!((told, liquidated > 0), (liquidated, true));
        let paid = book.executions.iter().filter(|one| one.kind == "Funding").count();
        assert_eq!(paid, contracts.funding_until(i64::MAX).len());
    }

    #[test]
    fn no_wallet_goes_below_zero_and_both_end_at_the_balances() {
        for seed in 1..4 {
            let mut world = World::new(seed, 1_795_305_600_000, crate::world::FILLS);
            world.more_fills(1_795_305_600_000, 50);
            let book = written(&world, None);
            assert!(book.log.iter().all(|entry| entry.balance >= Amount::ZERO), "seed {seed}");
            assert!(book.funding.iter().all(|entry| entry.balance >= Amount::ZERO), "seed {seed}");
            for asset in &ASSETS {
                let told = book.log.iter().rfind(|entry| entry.coin == asset.name);
                let funded = book.funding.iter().rfind(|entry| entry.coin == asset.name);
                let (told, funded) = (
                    told.map(|entry| entry.balance).unwrap_or_default(),
                    funded.map(|entry| entry.balance).unwrap_or_default(),
                );
                let there = world.account.free(asset.name).plus(world.account.locked(asset.name));
                let expected =
                    if asset.name == UNLISTED { (Amount::ZERO, there) } else { (there, Amount::ZERO) };
                assert_eq!((told, funded), expected, "{}", asset.name);
            }
            let ids: BTreeSet<&str> = book.log.iter().map(|entry| entry.id.as_str()).collect();
            assert_eq!(ids.len(), book.log.len(), "seed {seed}");
            let ids: BTreeSet<&str> = book.executions.iter().map(|one| one.id.as_str()).collect();
            assert_eq!(ids.len(), world.account.fill_count(), "seed {seed}");
        }
    }
}
