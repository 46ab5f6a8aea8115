//! Random ledgers against the slow reference in `common/slow.rs`: every figure of every view, and what is open.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "test code")]

mod common;

use common::{
    cases,
    fraction::Fraction,
    slow::{Maybe, Money, SlowBook, Unit, books},
    world::{
        Draft, FeeKind, INSTRUMENTS, NOW, decimal, draft, drafts, fills, kind, ledger_of,
        ledger_with_checkpoints,
    },
};
use ledger::{
    Currency, Decimal, Figures, Fill, Measured, Month, Performance, Price, Statistics, Timestamp,
    TradeAggregator,
};
use proptest::prelude::*;
use std::collections::BTreeMap;

type Books = BTreeMap<(usize, usize), SlowBook>;

/// Time, sequence number and index of a fill: its place in the order.
type Place = (i64, u64, usize);

/// Units closed by one order, with the last place of it.
type SlowTrade<'a> = (Vec<&'a Unit>, Place);

/// The reference's sums over some books, in one currency.
struct View<'a> {
    drafts: &'a [Draft],
    times: &'a [i64],
    books: Vec<&'a SlowBook>,
    currency: Currency,
}

fn sum(amounts: impl IntoIterator<Item = Maybe>) -> Maybe {
    amounts.into_iter().try_fold(Fraction::ZERO, |sum, amount| Some(sum.plus(amount?)))
}

const RATIOS: [&str; 7] =
    ["maker_share", "return_on_cost", "matched_share", "win_rate", "profit_factor", "payoff_ratio", "kelly"];

fn check(field: &str, ours: Measured<Decimal>, slow: Maybe) {
    let is = if RATIOS.contains(&field) { Fraction::is_ratio } else { Fraction::is };
    match (ours, slow) {
        (Ok(ours), Some(slow)) => assert!(is(slow, ours), "{field}: {ours}, not {}", slow.decimal()),
        (Err(_), None) => {}
        _ => panic!("{field}: {ours:?}, not {slow:?}"),
    }
}

fn ratio(a: Maybe, b: Maybe) -> Maybe {
    let (a, b) = (a?, b?);
    (b != Fraction::ZERO).then(|| a.over(b))
}

impl<'a> View<'a> {
    fn fills(&self) -> impl Iterator<Item = usize> {
        self.books.iter().flat_map(|book| book.fills.iter().copied())
    }

    fn units(&self) -> impl Iterator<Item = &'a Unit> {
        self.books.iter().flat_map(|book| book.units.iter())
    }

    fn convert(&self, at: usize, amount: Maybe) -> Maybe {
        Money(&self.drafts[at]).converted(amount?, self.currency)
    }

    fn volume(&self, of: impl Fn(&Draft) -> bool) -> Maybe {
        let volume = |at: usize| match self.currency {
            Currency::Settlement => Some(Money(&self.drafts[at]).volume()),
            Currency::Reporting => self.convert(at, Some(Money(&self.drafts[at]).notional())),
        };
        sum(self.fills().filter(|&at| of(&self.drafts[at])).map(volume))
    }

    fn of_units(&self, amount: impl Fn(&Unit) -> Maybe) -> Maybe {
        sum(self.units().map(|unit| self.convert(unit.close, amount(unit))))
    }

    fn raw_fees(&self, of: impl Fn(&Draft) -> bool) -> BTreeMap<String, Fraction> {
        let mut fees = BTreeMap::new();
        for draft in self.fills().map(|at| &self.drafts[at]).filter(|draft| draft.fee != 0 && of(draft)) {
            let (_, _, base, quote, _) = INSTRUMENTS[draft.instrument];
            let asset = match draft.fee_kind {
                FeeKind::Quote => quote,
                FeeKind::Base => base,
                FeeKind::Third(_) => "BNB",
            };
            let sum = fees.entry(asset.to_owned()).or_insert(Fraction::ZERO);
            *sum = sum.plus(Fraction::new(draft.fee, 1000));
        }
        fees
    }

    /// Net profits and, in thousandths of a unit, holding times: of closed trades, in order.
    fn trades(&self) -> Vec<(Maybe, f64)> {
        let mut trades: Vec<SlowTrade<'_>> = Vec::new();
        for book in &self.books {
            let mut by_order: BTreeMap<(Option<u8>, usize, bool), SlowTrade<'_>> = BTreeMap::new();
            for unit in &book.units {
                let draft = &self.drafts[unit.close];
                let key = (draft.order, if draft.order.is_some() { 0 } else { unit.close }, unit.long);
                let trade = by_order.entry(key).or_default();
                trade.0.push(unit);
                trade.1 = trade.1.max((self.times[unit.close], draft.sequence.unwrap_or(0), unit.close));
            }
            trades.extend(by_order.into_values());
        }
        trades.sort_by_key(|(_, last)| *last);
        trades
            .into_iter()
            .map(|(units, _)| {
                let held = |unit: &&Unit| (self.times[unit.close] - self.times[unit.open]) as f64;
                let count = units.len() as f64;
                (self.net(&units), units.iter().map(held).sum::<f64>() / count)
            })
            .collect()
    }

    fn trips(&self) -> Vec<(Maybe, f64)> {
        let mut trips: Vec<(i64, i64, Maybe)> = Vec::new();
        for book in &self.books {
            let over = book.trips.len() - usize::from(!book.trips.is_empty() && !book.trip_is_over);
            for trip in &book.trips[..over] {
                let (first, last) = (trip.first().unwrap(), trip.last().unwrap());
                let net = self.net(&trip.iter().collect::<Vec<_>>());
                trips.push((self.times[last.close], self.times[first.open], net));
            }
        }
        trips.sort_by_key(|(closed, opened, _)| (*closed, *opened));
        trips.into_iter().map(|(closed, opened, net)| (net, (closed - opened) as f64)).collect()
    }

    fn net(&self, units: &[&Unit]) -> Maybe {
        sum(units.iter().map(|unit| self.convert(unit.close, Some(unit.gross.minus(unit.fees?)))))
    }

    /// Matches are runs of units of one pair of fills.
    fn matches(&self) -> usize {
        let pairs = |book: &&SlowBook| {
            let mut pairs: Vec<_> = book.units.iter().map(|unit| (unit.open, unit.close)).collect();
            pairs.dedup();
            pairs.len()
        };
        self.books.iter().map(pairs).sum()
    }

    fn check(&self, ours: &Performance) {
        assert_eq!(ours.fills, self.fills().count() as u64);
        assert_eq!(ours.matches, self.matches() as u64);
        let times: Vec<i64> = self.fills().map(|at| self.times[at]).collect();
        assert_eq!(ours.first_fill.map(Timestamp::millis), times.iter().copied().min());
        assert_eq!(ours.last_fill.map(Timestamp::millis), times.iter().copied().max());
        check("volume", ours.volume, self.volume(|_| true));
        let known = self.volume(|draft| draft.maker.is_some());
        check("maker_share", ours.maker_share, ratio(self.volume(|draft| draft.maker == Some(true)), known));
        let fee = |at: usize| Money(&self.drafts[at]).fee();
        let valued = self.fills().filter(|&at| fee(at).is_some());
        check("fees_valued", ours.fees_valued, sum(valued.map(|at| self.convert(at, fee(at)))));
        let unvalued = |draft: &Draft| draft.fee_kind == FeeKind::Third(None);
        for (ours, slow) in
            [(&ours.fees_by_asset, self.raw_fees(|_| true)), (&ours.fees_unvalued, self.raw_fees(unvalued))]
        {
            for (asset, fee) in &slow {
                let ours = ours.iter().find(|(held, _)| held.as_str() == asset);
                check(asset, ours.map_or(Ok(Decimal::ZERO), |(_, fee)| *fee), Some(*fee));
            }
            assert!(ours.keys().all(|asset| slow.contains_key(asset.as_str())));
        }
        let (gross, fees) = (self.of_units(|unit| Some(unit.gross)), self.of_units(|unit| unit.fees));
        let net = gross.zip(fees).map(|(gross, fees)| gross.minus(fees));
        let (cost, value) = (self.of_units(|unit| Some(unit.cost)), self.of_units(|unit| Some(unit.value)));
        let unmatched = self.books.iter().flat_map(|book| &book.unmatched);
        let proceeds =
            sum(unmatched.map(|&at| self.convert(at, Some(Money(&self.drafts[at]).unit_notional()))));
        check("realized_gross", ours.realized_gross, gross);
        check("realized_fees", ours.realized_fees, fees);
        check("realized_net", ours.realized_net, net);
        check("matched_cost", ours.matched_cost, cost);
        check("return_on_cost", ours.return_on_cost, ratio(net, cost));
        check("unmatched_proceeds", ours.unmatched_proceeds, proceeds);
        check("matched_share", ours.matched_share, ratio(value, sum([value, proceeds])));
        assert_eq!(ours.incomplete_basis, self.books.iter().any(|book| !book.unmatched.is_empty()));
        check_statistics(&ours.trades, &self.trades());
        check_statistics(&ours.round_trips, &self.trips());
    }
}

fn near(field: &str, ours: Measured<Decimal>, slow: Option<f64>) {
    let ours = ours.ok().map(|value| value.to_string().parse::<f64>().unwrap());
    match (ours, slow) {
        (Some(ours), Some(slow)) => {
            assert!((ours - slow).abs() <= 1e-9 * slow.abs().max(1e-6), "{field}: {ours}, not {slow}")
        }
        (None, None) => {}
        _ => panic!("{field}: {ours:?}, not {slow:?}"),
    }
}

fn longest(nets: &[Fraction], sign: i128) -> u64 {
    let (mut longest, mut run) = (0, 0);
    for net in nets {
        run = if net.sign() == sign { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    longest
}

fn check_statistics(ours: &Statistics, slow: &[(Maybe, f64)]) {
    assert_eq!(ours.count, slow.len() as u64);
    assert_eq!(ours.low_sample(), slow.len() < 30);
    let nets: Option<Vec<Fraction>> = slow.iter().map(|(net, _)| *net).collect();
    let Some(nets) = nets.filter(|nets| !nets.is_empty()) else {
        assert!(ours.figures.is_err());
        return;
    };
    let figures: &Figures = ours.figures.as_ref().unwrap();
    let of = |sign: i128| nets.iter().copied().filter(move |net| net.sign() == sign);
    let (wins, losses) = (of(1).count(), of(-1).count());
    let share = |part: usize, whole: usize| Fraction::new(part as i128, whole as i128);
    let total = |sign: i128| sum(of(sign).map(Some)).unwrap();
    let mean = |sign: i128| (of(sign).count() > 0).then(|| total(sign).over(share(of(sign).count(), 1)));
    let largest = |sign: i128, above: fn(Fraction, Fraction) -> bool| {
        of(sign).reduce(|a, b| if above(b, a) { b } else { a })
    };
    let abs = |value: Fraction| if value.sign() < 0 { Fraction::ZERO.minus(value) } else { value };
    assert_eq!(
        (figures.wins, figures.losses, figures.scratches),
        (wins as u64, losses as u64, (nets.len() - wins - losses) as u64)
    );
    check("win_rate", figures.win_rate, Some(share(wins, nets.len())));
    check("gross_profit", Ok(figures.gross_profit), Some(total(1)));
    check("gross_loss", Ok(figures.gross_loss), Some(total(-1)));
    check("profit_factor", figures.profit_factor, ratio(Some(total(1)), Some(abs(total(-1)))));
    check("average_win", figures.average_win, mean(1));
    check("average_loss", figures.average_loss, mean(-1));
    check("largest_win", figures.largest_win, largest(1, |a, b| b.less(a)));
    check("largest_loss", figures.largest_loss, largest(-1, |a, b| a.less(b)));
    let payoff = mean(1).zip(mean(-1)).map(|(win, loss)| win.over(abs(loss)));
    check("payoff_ratio", figures.payoff_ratio, payoff);
    check("expectancy", figures.expectancy, Some(total(1).plus(total(-1)).over(share(nets.len(), 1))));
    let kelly = payoff.map(|payoff| {
        let won = share(wins, wins + losses);
        won.minus(Fraction::whole(1).minus(won).over(payoff))
    });
    check("kelly", figures.kelly, kelly);
    assert_eq!(figures.max_consecutive_wins, longest(&nets, 1));
    assert_eq!(figures.max_consecutive_losses, longest(&nets, -1));
    let values: Vec<f64> = nets.iter().map(|net| net.double()).collect();
    let count = values.len() as f64;
    let average = values.iter().sum::<f64>() / count;
    let variance = values.iter().map(|value| (value - average).powi(2)).sum::<f64>() / (count - 1.0);
    let constant = nets.iter().all(|net| *net == nets[0]);
    near("sqn", figures.sqn, (nets.len() > 1 && !constant).then(|| count.sqrt() * average / variance.sqrt()));
    near(
        "average_holding_ms",
        figures.average_holding_ms,
        Some(slow.iter().map(|(_, held)| held).sum::<f64>() / count),
    );
}

fn check_open(ledger: &TradeAggregator, drafts: &[Draft], all: &Books) {
    for (instrument, (symbol, ..)) in INSTRUMENTS.iter().enumerate() {
        let ours = ledger.open(&(*symbol).into());
        let held: Vec<&SlowBook> =
            all.iter().filter(|((_, of), _)| *of == instrument).map(|(_, book)| book).collect();
        let thousandths = |count: i128| Some(Fraction::new(count, 1000));
        let open = |long: bool| {
            held.iter().filter(|book| book.long == long).map(|book| book.open.len()).sum::<usize>() as i128
        };
        check("position", ours.position, thousandths(open(true) - open(false)));
        let unmatched = held.iter().map(|book| book.unmatched.len()).sum::<usize>();
        check("unmatched_qty", ours.unmatched_quantity, thousandths(unmatched as i128));
        let lots = |book: &&SlowBook| {
            let mut lots: Vec<_> = book.open.iter().collect();
            lots.dedup();
            lots.len()
        };
        assert_eq!(ours.open_lots, held.iter().map(lots).sum::<usize>() as u64);
        let opened = || held.iter().flat_map(|book| &book.open).map(|&at| &drafts[at]);
        check("open_cost", ours.open_cost, sum(opened().map(|draft| Some(Money(draft).unit_notional()))));
        let count = Fraction::whole(open(true) + open(false));
        // Harmonic for inverse: what has the same notional.
        let entry = match kind(instrument) {
            ledger::InstrumentKind::Inverse => {
                ratio(Some(count), sum(opened().map(|draft| Some(Fraction::new(1, draft.price)))))
            }
            _ => ratio(sum(opened().map(|draft| Some(Fraction::whole(draft.price)))), Some(count)),
        };
        check("average_entry", ours.average_entry, entry);
    }
}

/// The month of an instant, counted day by day from 2024.
fn month(time: i64) -> String {
    let mut day = (time - 1_704_067_200_000) / 86_400_000;
    for year in 2024.. {
        let february = if year % 4 == 0 { 29 } else { 28 };
        for (at, days) in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31].into_iter().enumerate() {
            if day < days {
                return format!("{year}-{:02}", at + 1);
            }
            day -= days;
        }
    }
    unreachable!()
}

fn check_months(ledger: &TradeAggregator, view: &View<'_>) {
    let ours = ledger.months();
    let mut months: Vec<String> = view.fills().map(|at| month(view.times[at])).collect();
    months.sort();
    months.dedup();
    assert_eq!(ours.keys().map(Month::to_string).collect::<Vec<_>>(), months);
    for (name, ours) in months.iter().zip(ours.values()) {
        let within = |at: usize| month(view.times[at]) == *name;
        let fills: Vec<usize> = view.fills().filter(|&at| within(at)).collect();
        let closed = || view.units().filter(|unit| within(unit.close));
        assert_eq!(ours.fills, fills.len() as u64);
        let money = |at: usize| Money(&view.drafts[at]);
        check(
            "volume",
            ours.volume,
            sum(fills.iter().map(|&at| view.convert(at, Some(money(at).notional())))),
        );
        let valued = fills.iter().copied().filter(|&at| money(at).fee().is_some());
        check("fees_valued", ours.fees_valued, sum(valued.map(|at| view.convert(at, money(at).fee()))));
        let gross = sum(closed().map(|unit| view.convert(unit.close, Some(unit.gross))));
        let fees = sum(closed().map(|unit| view.convert(unit.close, unit.fees)));
        check("realized_gross", ours.realized_gross, gross);
        check("realized_fees", ours.realized_fees, fees);
        check("realized_net", ours.realized_net, gross.zip(fees).map(|(gross, fees)| gross.minus(fees)));
    }
}

/// The fills of some drafts, as they may arrive: late ones, pages that are refused, copies.
fn arrived(fills: &[Fill], arrival: &[usize], page: usize, interval: u32) -> TradeAggregator {
    let mut ledger = ledger_with_checkpoints(interval);
    for (at, page) in arrival.chunks(page).enumerate() {
        let page: Vec<Fill> = page.iter().map(|at| fills[*at].clone()).collect();
        let bad = match at % 3 {
            0 => Some(Fill { price: Price(Decimal::ZERO), ..page[0].clone() }),
            // Found only when much of the page stands in its place.
            1 => Some(Fill { fee: decimal(77, 10), ..page[0].clone() }),
            _ => None,
        };
        if let Some(bad) = bad {
            let before = ledger.digest();
            let refused = ledger.apply([page.clone(), vec![bad]].concat(), NOW).unwrap_err();
            assert_eq!(refused.fill().map(|fill| &fill.id), Some(&page[0].id));
            assert_eq!(ledger.digest(), before);
        }
        ledger.apply(page.clone(), NOW).unwrap();
        ledger.apply(page, NOW).unwrap();
    }
    ledger
}

fn compare(drafts: &[Draft]) {
    let fills = fills(drafts);
    let times: Vec<i64> = fills.iter().map(|fill| fill.time.millis()).collect();
    compare_with(drafts, &times, &ledger_of(fills));
}

fn compare_with(drafts: &[Draft], times: &[i64], ledger: &TradeAggregator) {
    let all = books(drafts, times);
    let view = |currency: Currency, of: &dyn Fn(usize, usize) -> bool| View {
        drafts,
        times,
        books: all
            .iter()
            .filter(|((account, symbol), _)| of(*account, *symbol))
            .map(|(_, book)| book)
            .collect(),
        currency,
    };
    let total = view(Currency::Reporting, &|_, _| true);
    total.check(&ledger.total());
    check_months(ledger, &total);
    for (account, name) in ["first", "second"].into_iter().enumerate() {
        view(Currency::Reporting, &|of, _| of == account).check(&ledger.account(name));
    }
    for (instrument, (symbol, ..)) in INSTRUMENTS.iter().enumerate() {
        for currency in [Currency::Settlement, Currency::Reporting] {
            view(currency, &|_, of| of == instrument).check(&ledger.symbol(&(*symbol).into(), currency));
        }
    }
    check_open(ledger, drafts, &all);
}

proptest! {
    #![proptest_config(cases(300))]

    #[test]
    fn every_figure_is_that_of_the_slow_reference(drafts in drafts(60)) {
        compare(&drafts);
    }

    #[test]
    fn late_copied_and_refused_batches_end_at_the_slow_reference(
        (drafts, arrival) in drafts(50).prop_flat_map(|drafts| {
            let arrival: Vec<usize> = (0..drafts.len()).collect();
            (Just(drafts), Just(arrival).prop_shuffle())
        }),
        page in 1..9_usize,
        interval in 1..6_u32,
    ) {
        let fills = fills(&drafts);
        let times: Vec<i64> = fills.iter().map(|fill| fill.time.millis()).collect();
        compare_with(&drafts, &times, &arrived(&fills, &arrival, page, interval));
    }

    #[test]
    fn a_busy_book_is_that_of_the_slow_reference(
        mut drafts in prop::collection::vec(draft(), 60..120),
        instrument in 0..INSTRUMENTS.len(),
    ) {
        for draft in &mut drafts {
            // Every fee is valued and every rate known, so that no figure is withheld.
            draft.account = 0;
            draft.rate = draft.rate.or(Some(3));
            if draft.instrument != instrument || draft.fee_kind == FeeKind::Third(None) {
                draft.fee_kind = FeeKind::Quote;
            }
            draft.instrument = instrument;
        }
        compare(&drafts);
    }
}
