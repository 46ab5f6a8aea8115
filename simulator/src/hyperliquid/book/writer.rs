//! What happened, put in the order of its time and written down.

use super::{Book, FillRow, Told};
use crate::{
    amount::Amount,
    faults::Faults,
    hyperliquid::{
        ADDRESS, ids,
        names::{MONEY, coin, number, pair, perpetuals, system_address},
    },
    random::name,
    world::{
        World,
        account::{Convert, Deposit, Dividend, Dust, Fill, Withdrawal},
        asset,
        contracts::{ContractFill, ContractMarket, Contracts, WalletTransfer},
        market::Market,
        price::MINUTE_MS,
    },
};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The transaction of what is none.
const NONE: &str = "0x0000000000000000000000000000000000000000000000000000000000000000";

/// The first order had some before it; those of contracts have numbers of their own.
const ORDERS_FROM: u64 = 59_000_000_000;
const CONTRACT_ORDERS_FROM: u64 = 60_000_000_000;

/// Writes a book.
pub(super) struct Writer<'a> {
    world: &'a World,
    faults: Option<&'a Faults>,
    /// Of coins, by the world's names.
    balances: BTreeMap<&'static str, Amount>,
    /// Of orders, by market and the world's number.
    orders: BTreeMap<(u64, u64), u64>,
    book: Book,
}

/// Anything that changes what spot holds.
#[derive(Clone, Copy)]
enum Event<'a> {
    Deposit(&'a Deposit),
    Withdrawal(&'a Withdrawal),
    Convert(&'a Convert),
    Dust(&'a Dust),
    Dividend(&'a Dividend),
    Moved(&'a WalletTransfer),
    Fill(usize, &'a Market, &'a Fill),
}

/// The other side of a transfer.
#[derive(Clone, Copy)]
enum Way<'a> {
    From(&'a str),
    To(&'a str),
}

impl<'a> Writer<'a> {
    pub(super) fn new(world: &'a World, faults: Option<&'a Faults>) -> Self {
        let fills_of_world = world.account.fill_count();
        let book = Book { fills_of_world, fills: Vec::new(), funding: Vec::new(), ledger: Vec::new() };
        Self { world, faults, balances: BTreeMap::new(), orders: BTreeMap::new(), book }
    }

    pub(super) fn written(mut self) -> Book {
        for event in events(self.world) {
            match event {
                Event::Deposit(deposit) => self.deposit(deposit),
                Event::Withdrawal(withdrawal) => self.withdrawal(withdrawal),
                Event::Convert(convert) => self.convert(convert),
                Event::Dust(dust) => self.dust(dust),
                Event::Dividend(dividend) => self.dividend(dividend),
                Event::Moved(moved) => self.moved(moved),
                Event::Fill(index, market, fill) => self.fill(index, market, fill),
            }
        }
        if let Some(contracts) = &self.world.contracts {
            self.contracts(contracts);
        }
        let Book { fills, funding, ledger, .. } = &mut self.book;
        // Both boards in one list, each in its own order.
        fills.sort_by_key(|fill| fill.time_ms);
        funding.sort_by_key(|row| row.time_ms);
        ledger.sort_by_key(|row| row.time_ms);
        self.book
    }

    fn deposit(&mut self, deposit: &Deposit) {
        let (name_, amount, at_ms) = (deposit.asset.name, deposit.amount, deposit.time_ms);
        if coin(name_) == MONEY {
            let delta = json!({ "type": "deposit", "usdc": number(amount) });
            self.tell(at_ms, format!("0x{}", deposit.transaction), delta);
            self.between_wallets(&[name("deposit"), deposit.id], at_ms, amount, false);
        } else {
            let from = system_address(name_);
            let hash = format!("0x{}", deposit.transaction);
            self.transfer(hash, at_ms, Way::From(&from), (name_, amount), Amount::ZERO);
        }
        self.change(name_, amount);
    }

    fn withdrawal(&mut self, withdrawal: &Withdrawal) {
        let (name_, amount, fee) = (withdrawal.asset.name, withdrawal.amount, withdrawal.fee);
        let (at_ms, whole) = (withdrawal.time_ms, amount.plus(fee));
        if coin(name_) == MONEY {
            self.between_wallets(&[name("withdrawal"), name(&withdrawal.id)], at_ms, whole, true);
            let delta =
                json!({ "type": "withdraw", "usdc": number(amount), "nonce": at_ms, "fee": number(fee) });
            self.tell(at_ms, format!("0x{}", withdrawal.transaction), delta);
        } else {
            let to = system_address(name_);
            let hash = format!("0x{}", withdrawal.transaction);
            self.transfer(hash, at_ms, Way::To(&to), (name_, amount), fee);
        }
        self.change(name_, whole.negative());
    }

    fn convert(&mut self, convert: &Convert) {
        let desk = ids::address(&[self.world.seed, name("convert")]);
        let of = [self.world.seed, name("convert"), convert.order_id];
        let (given, got) = ((convert.from, convert.from_amount), (convert.to, convert.to_amount));
        self.swap(&of, convert.time_ms, &desk, given, got);
    }

    fn dust(&mut self, dust: &Dust) {
        let desk = ids::address(&[self.world.seed, name("dust")]);
        for swept in &dust.swept {
            let of = [self.world.seed, name("dust"), swept.id];
            self.swap(&of, dust.time_ms, &desk, (swept.asset, swept.amount), ("BNB", swept.received));
        }
    }

    /// One thing for another, with an address that deals in them.
    fn swap(
        &mut self,
        of: &[u64; 3],
        at_ms: i64,
        desk: &str,
        given: (&'static str, Amount),
        got: (&'static str, Amount),
    ) {
        for (step, way, (name_, amount)) in [(0, Way::To(desk), given), (1, Way::From(desk), got)] {
            let [seed, kind, id] = *of;
            let hash = ids::transaction(&[seed, kind, id, step]);
            self.transfer(hash, at_ms, way, (name_, amount), Amount::ZERO);
            self.change(name_, if matches!(way, Way::To(_)) { amount.negative() } else { amount });
        }
    }

    fn dividend(&mut self, dividend: &Dividend) {
        let is_interest = matches!(dividend.reason, "Flexible" | "ETH 2.0 Staking");
        let kind = if is_interest { "rewardsClaim" } else { "spotGenesis" };
        let delta = json!({ "type": kind, "token": coin(dividend.asset), "amount": number(dividend.amount) });
        let of = [self.world.seed, name("dividend"), dividend.id, dividend.time_ms.unsigned_abs()];
        self.tell(dividend.time_ms, ids::transaction(&of), delta);
        self.change(dividend.asset, dividend.amount);
    }

    fn moved(&mut self, moved: &WalletTransfer) {
        let WalletTransfer { id, time_ms, asset, amount, inward } = *moved;
        if coin(asset) == MONEY {
            self.between_wallets(&[name("wallet"), id], time_ms, amount, inward);
        } else {
            let elsewhere = ids::address(&[self.world.seed, name("wallet")]);
            let way = if inward { Way::To(&elsewhere) } else { Way::From(&elsewhere) };
            let hash = ids::transaction(&[self.world.seed, name("wallet"), id]);
            self.transfer(hash, time_ms, way, (asset, amount), Amount::ZERO);
        }
        self.change(asset, if inward { amount.negative() } else { amount });
    }

    fn fill(&mut self, index: usize, market: &Market, fill: &Fill) {
        let (base, quote) = (market.base.name, market.quote.name);
        let of_market = name(&market.symbol);
        let oid = self.order(ORDERS_FROM, (of_market, fill.order_id), fill.sequence);
        self.book.fills.push(FillRow {
            coin: pair(index, market),
            tid: ids::fill(&[self.world.seed, of_market, fill.id]),
            oid,
            time_ms: fill.time_ms,
            found_ms: self.faults.map_or(fill.time_ms, |faults| faults.indexed_ms(fill)),
            buyer: fill.buyer,
            maker: fill.maker,
            price: fill.price,
            quantity: fill.quantity,
            start: self.balances.get(base).copied().unwrap_or_default(),
            direction: if fill.buyer { "Buy" } else { "Sell" },
            realized: Amount::ZERO,
            fee: fill.fee,
            fee_token: coin(fill.fee_asset),
            liquidated: false,
        });
        let signed = |amount: Amount, comes: bool| if comes { amount } else { amount.negative() };
        self.change(base, signed(fill.quantity, fill.buyer));
        self.change(quote, signed(fill.quote, !fill.buyer));
        self.change(fill.fee_asset, fill.fee.negative());
    }

    fn contracts(&mut self, contracts: &Contracts) {
        for (index, market) in perpetuals(self.world) {
            let mut held = Amount::ZERO;
            for fill in contracts.fills.get(index).into_iter().flatten() {
                let signed = if fill.buyer { fill.quantity } else { fill.quantity.negative() };
                self.contract_fill(market, fill, held);
                held = held.plus(signed);
            }
        }
        // Some days ahead: the list tells what was by then.
        let payments = contracts.funding_until(i64::MAX).iter();
        for (payment, (_, market)) in payments.filter_map(|payment| {
            perpetuals(self.world).find(|(index, _)| *index == payment.market).map(|market| (payment, market))
        }) {
            let delta = json!({
                "type": "funding",
                "coin": market.base,
                "usdc": number(payment.amount),
                "szi": number(payment.quantity),
                "fundingRate": number(payment.rate),
                "nSamples": null,
            });
            self.book.funding.push(Told { time_ms: payment.time_ms, hash: NONE.to_owned(), delta });
        }
    }

    fn contract_fill(&mut self, market: &ContractMarket, fill: &ContractFill, held: Amount) {
        let of_market = name(market.symbol) ^ name("contract");
        let id = fill.id;
        let oid = self.order(CONTRACT_ORDERS_FROM, (of_market, fill.order_id), fill.sequence);
        self.book.fills.push(FillRow {
            coin: market.base.to_owned(),
            tid: ids::fill(&[self.world.seed, of_market, id]),
            oid,
            time_ms: fill.time_ms,
            found_ms: self.faults.map_or(fill.time_ms, |faults| faults.found_ms(id, fill.time_ms)),
            buyer: fill.buyer,
            maker: fill.maker,
            price: fill.price,
            quantity: fill.quantity,
            start: held,
            direction: direction(held, fill),
            realized: fill.realized,
            fee: fill.fee,
            fee_token: MONEY,
            liquidated: fill.liquidation,
        });
    }

    /// The number of an order: that of its first fill, among those of all orders.
    fn order(&mut self, from: u64, of: (u64, u64), sequence: usize) -> u64 {
        let next = from.saturating_add(u64::try_from(sequence).unwrap_or(0));
        *self.orders.entry(of).or_insert(next)
    }

    fn change(&mut self, name: &'static str, change: Amount) {
        let balance = self.balances.entry(name).or_default();
        *balance = balance.plus(change);
    }

    /// Money from spot to the perpetuals, or back.
    fn between_wallets(&mut self, of: &[u64; 2], at_ms: i64, amount: Amount, to_perpetuals: bool) {
        let [kind, id] = *of;
        let delta =
            json!({ "type": "accountClassTransfer", "usdc": number(amount), "toPerp": to_perpetuals });
        self.tell(at_ms, ids::transaction(&[self.world.seed, name("between"), kind, id]), delta);
    }

    fn transfer(
        &mut self,
        hash: String,
        at_ms: i64,
        way: Way<'_>,
        (name_, amount): (&'static str, Amount),
        fee: Amount,
    ) {
        let minute = at_ms.div_euclid(MINUTE_MS);
        let rate = asset(name_).zip(asset("USDT")).map(|(of, usdt)| self.world.prices.rate(of, usdt, minute));
        let (user, destination) = match way {
            Way::From(other) => (other, ADDRESS),
            Way::To(other) => (ADDRESS, other),
        };
        let delta = json!({
            "type": "spotTransfer",
            "token": coin(name_),
            "amount": number(amount),
            "usdcValue": number(amount.times(rate.unwrap_or_default())),
            "user": user,
            "destination": destination,
            "fee": number(fee),
            "nativeTokenFee": "0.0",
            "nonce": null,
            "feeToken": if fee == Amount::ZERO { "" } else { coin(name_) },
        });
        self.tell(at_ms, hash, delta);
    }

    fn tell(&mut self, time_ms: i64, hash: String, delta: Value) {
        self.book.ledger.push(Told { time_ms, hash, delta });
    }
}

/// What the venue calls a change of a position.
fn direction(held: Amount, fill: &ContractFill) -> &'static str {
    let is_long = held.is_positive();
    let size = held.max(held.negative());
    match (held == Amount::ZERO, is_long == fill.buyer, fill.quantity > size) {
        (true, ..) | (false, true, _) => {
            if fill.buyer {
                "Open Long"
            } else {
                "Open Short"
            }
        }
        (false, false, true) => {
            if fill.buyer {
                "Short > Long"
            } else {
                "Long > Short"
            }
        }
        (false, false, false) => {
            if fill.buyer {
                "Close Short"
            } else {
                "Close Long"
            }
        }
    }
}

/// All that changed what spot holds, in its order.
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
    let moved = world.contracts.iter().flat_map(|contracts| &contracts.transfers);
    all.extend(moved.map(|moved| (moved.time_ms, 0, Event::Moved(moved))));
    for (index, (market, fills)) in world.markets.iter().zip(&account.fills).enumerate() {
        let of_market =
            fills.iter().map(|fill| (fill.time_ms, fill.sequence, Event::Fill(index, market, fill)));
        all.extend(of_market);
    }
    all.sort_by_key(|(time_ms, sequence, _)| (*time_ms, *sequence));
    all.into_iter().map(|(.., event)| event).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::market::ASSETS;
    use std::collections::BTreeSet;

    const NOW_MS: i64 = 1_795_305_600_000;

    #[test]
    fn what_is_told_ends_at_what_is_held_and_every_name_is_one_fills() {
        for seed in 1..4 {
            let mut world = World::new(seed, NOW_MS, crate::world::FILLS).with_contracts(NOW_MS);
            world.more_fills(NOW_MS, 50);
            let mut writer = Writer::new(&world, None);
            for event in events(&world) {
                match event {
                    Event::Deposit(deposit) => writer.deposit(deposit),
                    Event::Withdrawal(withdrawal) => writer.withdrawal(withdrawal),
                    Event::Convert(convert) => writer.convert(convert),
                    Event::Dust(dust) => writer.dust(dust),
                    Event::Dividend(dividend) => writer.dividend(dividend),
                    Event::Moved(moved) => writer.moved(moved),
                    Event::Fill(index, market, fill) => writer.fill(index, market, fill),
                }
            }
            for asset in &ASSETS {
                let there = world.account.free(asset.name).plus(world.account.locked(asset.name));
                let told = writer.balances.get(asset.name).copied().unwrap_or_default();
                assert_eq!(told, there, "seed {seed}: {}", asset.name);
            }
            let book = Book::new(&world, None);
            assert!(book.fills.is_sorted_by_key(|fill| fill.time_ms));
            let tids: BTreeSet<u64> = book.fills.iter().map(|fill| fill.tid).collect();
            assert_eq!(tids.len(), book.fills.len());
            let hashes: BTreeSet<&str> = book.ledger.iter().map(|row| row.hash.as_str()).collect();
            assert_eq!(hashes.len(), book.ledger.len());
        }
    }

    #[test]
    fn a_change_of_a_position_has_its_word() {
        let fill = |buyer, quantity| ContractFill {
            id: 1,
            sequence: 0,
            order_id: 1,
            time_ms: 0,
            buyer,
            maker: false,
            price: Amount::of(1, 0),
            quantity: Amount::of(quantity, 0),
            realized: Amount::ZERO,
            fee: Amount::ZERO,
            liquidation: false,
        };
        for (held, buyer, quantity, expected) in [
            (0, true, 1, "Open Long"),
            (0, false, 1, "Open Short"),
            (2, true, 1, "Open Long"),
            (2, false, 2, "Close Long"),
            (2, false, 3, "Long > Short"),
            (-2, true, 1, "Close Short"),
            (-2, true, 3, "Short > Long"),
            (-2, false, 1, "Open Short"),
        ] {
            assert_eq!(direction(Amount::of(held, 0), &fill(buyer, quantity)), expected);
        }
    }
}
