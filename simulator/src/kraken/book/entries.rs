//! What happened, put in the order of its time and written down entry by entry.

use super::{Entry, Trade};
use crate::{
    amount::Amount,
    faults::Faults,
    kraken::ids,
    random::name,
    world::{
        World,
        account::{Convert, Deposit, Dividend, Dust, Fill, Withdrawal},
        asset,
        market::Market,
        price::MINUTE_MS,
    },
};
use std::collections::BTreeMap;

/// Writes a book.
pub(super) struct Writer<'a> {
    world: &'a World,
    faults: Option<&'a Faults>,
    balances: BTreeMap<&'static str, Amount>,
    trades: Vec<Trade>,
    entries: Vec<Entry>,
}

/// Anything that changes a balance.
#[derive(Clone, Copy)]
enum Event<'a> {
    Deposit(&'a Deposit),
    Withdrawal(&'a Withdrawal),
    Convert(&'a Convert),
    Dust(&'a Dust),
    Dividend(&'a Dividend),
    Fill(usize, &'a Market, &'a Fill),
}

/// What entries of one event have in common.
struct Head<'a> {
    refid: &'a str,
    time_ms: i64,
    found_ms: i64,
    kind: &'static str,
    subtype: &'static str,
}

impl<'a> Head<'a> {
    const fn new(kind: &'static str, subtype: &'static str, refid: &'a str, time_ms: i64) -> Self {
        Self { refid, time_ms, found_ms: time_ms, kind, subtype }
    }
}

impl<'a> Writer<'a> {
    pub(super) const fn new(world: &'a World, faults: Option<&'a Faults>) -> Self {
        Self { world, faults, balances: BTreeMap::new(), trades: Vec::new(), entries: Vec::new() }
    }

    pub(super) fn written(mut self) -> (Vec<Trade>, Vec<Entry>) {
        for event in events(self.world) {
            match event {
                Event::Deposit(deposit) => {
                    let refid = deposit_id(self.world.seed, deposit);
                    let head = Head::new("deposit", "", &refid, deposit.time_ms);
                    self.enter(&head, deposit.asset.name, deposit.amount, Amount::ZERO);
                }
                Event::Withdrawal(withdrawal) => {
                    let refid = withdrawal_id(self.world.seed, withdrawal);
                    let head = Head::new("withdrawal", "", &refid, withdrawal.time_ms);
                    self.enter(&head, withdrawal.asset.name, withdrawal.amount.negative(), withdrawal.fee);
                }
                Event::Convert(convert) => self.convert(convert),
                Event::Dust(dust) => self.dust(dust),
                Event::Dividend(dividend) => self.dividend(dividend),
                Event::Fill(index, market, fill) => self.fill(index, market, fill),
            }
        }
        (self.trades, self.entries)
    }

    fn convert(&mut self, convert: &Convert) {
        let refid = self.row(&[name("convert"), convert.order_id]);
        let (spend, receive) = ("spend", "receive");
        let head = |kind| Head::new(kind, "", &refid, convert.time_ms);
        self.enter(&head(spend), convert.from, convert.from_amount.negative(), Amount::ZERO);
        self.enter(&head(receive), convert.to, convert.to_amount, Amount::ZERO);
    }

    /// Each coin is an exchange of its own; the charge is a fee in what came for it.
    fn dust(&mut self, dust: &Dust) {
        for swept in &dust.swept {
            let refid = self.row(&[name("dust"), swept.id]);
            let head = |kind| Head::new(kind, "dustsweeping", &refid, dust.time_ms);
            self.enter(&head("spend"), swept.asset, swept.amount.negative(), Amount::ZERO);
            self.enter(&head("receive"), "BNB", swept.received.plus(swept.charge), swept.charge);
        }
    }

    fn dividend(&mut self, dividend: &Dividend) {
        let refid = self.row(&[name("dividend"), dividend.id, dividend.time_ms.unsigned_abs()]);
        let (kind, subtype) = match dividend.reason {
            "Flexible" => ("earn", "reward"),
            "ETH 2.0 Staking" => ("staking", ""),
            _ => ("transfer", ""),
        };
        let head = Head::new(kind, subtype, &refid, dividend.time_ms);
        self.enter(&head, dividend.asset, dividend.amount, Amount::ZERO);
    }

    /// What was given first, then what came for it, then a fee that is neither.
    fn fill(&mut self, index: usize, market: &Market, fill: &Fill) {
        let of_market = name(&market.symbol);
        let refid = self.row(&[name("fill"), of_market, fill.id]);
        let found_ms = self.faults.map_or(fill.time_ms, |faults| faults.indexed_ms(fill));
        let head = Head { found_ms, ..Head::new("trade", "", &refid, fill.time_ms) };
        let (base, quote) = (market.base.name, market.quote.name);
        let (given, got) = if fill.buyer {
            ((quote, fill.quote), (base, fill.quantity))
        } else {
            ((base, fill.quantity), (quote, fill.quote))
        };
        let fee_in = |coin: &str| if coin == fill.fee_asset { fill.fee } else { Amount::ZERO };
        let mut ledgers = vec![
            self.enter(&head, given.0, given.1.negative(), fee_in(given.0)),
            self.enter(&head, got.0, got.1, fee_in(got.0)),
        ];
        if fill.fee_asset != base && fill.fee_asset != quote {
            ledgers.push(self.enter(&head, fill.fee_asset, Amount::ZERO, fill.fee));
        }
        let (order_id, fee) =
            (ids::row('O', &[self.world.seed, of_market, fill.order_id]), self.fee_in_quote(market, fill));
        self.trades.push(Trade {
            id: refid.clone(),
            order_id,
            market: index,
            number: fill.id,
            time_ms: fill.time_ms,
            found_ms,
            buyer: fill.buyer,
            maker: fill.maker,
            price: fill.price,
            quantity: fill.quantity,
            cost: fill.quote,
            fee,
            ledgers,
        });
    }

    /// The fee as the trade tells it: in the quote, at the trade's price, or at that of its minute for a third coin.
    fn fee_in_quote(&self, market: &Market, fill: &Fill) -> Amount {
        if fill.fee_asset == market.quote.name {
            return fill.fee;
        }
        if fill.fee_asset == market.base.name {
            return fill.fee.times(fill.price);
        }
        let minute = fill.time_ms.div_euclid(MINUTE_MS);
        let rate = asset(fill.fee_asset).map(|coin| self.world.prices.rate(coin, market.quote, minute));
        fill.fee.times(rate.unwrap_or_default())
    }

    fn row(&self, of: &[u64]) -> String {
        ids::row('T', &[&[self.world.seed], of].concat())
    }

    /// Writes an entry down. Its id is that of the event and the coin: no event changes one twice.
    fn enter(&mut self, head: &Head<'_>, asset: &'static str, amount: Amount, fee: Amount) -> String {
        let id = ids::row('L', &[self.world.seed, name(head.refid), name(asset)]);
        let balance = self.balances.entry(asset).or_default();
        *balance = balance.plus(amount).minus(fee);
        self.entries.push(Entry {
            id: id.clone(),
            refid: head.refid.to_owned(),
            time_ms: head.time_ms,
            found_ms: head.found_ms,
            kind: head.kind,
            subtype: head.subtype,
            asset,
            amount,
            fee,
            balance: *balance,
        });
        id
    }
}

/// The id of a deposit, in lists and in the ledger.
pub(in crate::kraken) fn deposit_id(seed: u64, deposit: &Deposit) -> String {
    ids::payment(&[seed, name("deposit"), deposit.id])
}

/// The id of a withdrawal, in lists and in the ledger.
pub(in crate::kraken) fn withdrawal_id(seed: u64, withdrawal: &Withdrawal) -> String {
    ids::payment(&[seed, name("withdrawal"), name(&withdrawal.id)])
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

    #[test]
    fn the_ledger_never_goes_below_zero_and_ends_at_the_balances() {
        for seed in 1..4 {
            let mut world = World::new(seed, 1_795_305_600_000, crate::world::FILLS);
            world.more_fills(1_795_305_600_000, 50);
            let (trades, entries) = Writer::new(&world, None).written();
            assert!(entries.is_sorted_by_key(|entry| entry.time_ms));
            assert!(entries.iter().all(|entry| entry.balance >= Amount::ZERO), "seed {seed}");
            for asset in &ASSETS {
                let told = entries.iter().rfind(|entry| entry.asset == asset.name);
                let there = world.account.free(asset.name).plus(world.account.locked(asset.name));
                assert_eq!(told.map(|entry| entry.balance).unwrap_or_default(), there, "{}", asset.name);
            }
            let ids: BTreeSet<&str> = entries.iter().map(|entry| entry.id.as_str()).collect();
            assert_eq!(ids.len(), entries.len(), "seed {seed}");
            let ids: BTreeSet<&str> = trades.iter().map(|trade| trade.id.as_str()).collect();
            assert_eq!(ids.len(), world.account.fill_count(), "seed {seed}");
        }
    }
}
