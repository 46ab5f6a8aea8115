//! Returns with flows: worked examples, what must always hold, and a slow search for roots.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::float_arithmetic, reason = "test code")]

use ledger::{
    Day, Decimal, Measured, Reason, Timestamp,
    returns::{CashflowFigures, CashflowInvalid, Flow, Valuation, cashflows, xirr},
};
use proptest::prelude::*;

const DAY: i64 = 86_400_000;

fn amount(text: &str) -> Decimal {
    text.parse().unwrap()
}

/// Days since a midnight, as a fraction in 24ths.
fn at(hours: i64) -> Timestamp {
    Timestamp::from_millis(18_628 * DAY + hours * DAY / 24)
}

fn valued(hours: i64, equity: &str) -> Valuation {
    Valuation { at: at(hours), equity: amount(equity) }
}

fn flow(hours: i64, of: &str, before: Option<&str>) -> Flow {
    Flow { at: at(hours), amount: amount(of), before: before.map(amount) }
}

fn figures(valuations: &[Valuation], flows: &[Flow]) -> CashflowFigures {
    cashflows(valuations, flows).unwrap()
}

#[track_caller]
fn near(ours: Measured<f64>, theirs: f64) {
    let ours = ours.unwrap();
    assert!((ours - theirs).abs() <= 1e-12 + 1e-11 * theirs.abs(), "{ours}, not {theirs}");
}

#[test]
fn valuations_and_flows_that_describe_no_account_are_refused_by_their_place() {
    let two = [valued(0, "1"), valued(24, "2")];
    let order = |valuations: &[Valuation]| cashflows(valuations, &[]).unwrap_err();
    assert_eq!(order(&[two[1], two[0]]), CashflowInvalid::ValuationOrder { index: 1 });
    assert_eq!(order(&[two[0], two[1], two[1]]), CashflowInvalid::ValuationOrder { index: 2 });
    let outside = |flows: &[Flow]| cashflows(&two, flows).unwrap_err();
    assert_eq!(
        outside(&[flow(5, "1", None), flow(25, "1", None)]),
        CashflowInvalid::FlowOutside { index: 1 }
    );
    assert_eq!(outside(&[flow(-1, "1", None)]), CashflowInvalid::FlowOutside { index: 0 });
    assert_eq!(cashflows(&[], &[flow(0, "1", None)]), Err(CashflowInvalid::FlowOutside { index: 0 }));
    // At the first valuation it is in the equity.
    assert_eq!(figures(&two, &[flow(0, "7", None)]), figures(&two, &[]));
}

#[test]
fn less_than_two_valuations_have_no_figure() {
    for valuations in [&[][..], &[valued(0, "5")]] {
        let none = figures(valuations, &[]);
        assert_eq!(
            (none.gain, none.net_flow),
            (Err(Reason::InsufficientData), Err(Reason::InsufficientData))
        );
        assert_eq!(
            (none.twr, none.mwr_period),
            (Err(Reason::InsufficientData), Err(Reason::InsufficientData))
        );
        assert!(none.period_returns.is_empty());
    }
}

#[test]
fn flows_given_out_of_order_are_taken_in_theirs() {
    let valuations = [valued(0, "1000"), valued(24, "1300")];
    let flows = [flow(3, "200", None), flow(12, "-100", Some("1230")), flow(21, "150", None)];
    let [a, b, c] = flows;
    assert_eq!(figures(&valuations, &[c, a, b]), figures(&valuations, &flows));
}

#[test]
fn equity_below_zero_counts_as_zero_in_a_return_and_as_itself_in_a_gain() {
    let under = figures(&[valued(0, "100"), valued(24, "-20"), valued(48, "5")], &[flow(30, "30", None)]);
    assert_eq!(under.period_returns[0], Ok(-1.0));
    assert_eq!(under.gain, Ok(amount("-125")));
    // From nothing to 30 at its instant, then to 5.
    near(under.period_returns[1], -25.0 / 30.0);
    assert_eq!(under.twr, Ok(-1.0));
    // What is left of a valued flow into a debt is what is at work.
    let owed = figures(&[valued(0, "100"), valued(24, "88")], &[flow(12, "100", Some("-20"))]);
    assert_eq!(owed.twr, Ok(-1.0));
}

#[test]
fn a_large_flow_inside_that_was_not_valued_makes_an_approximation() {
    let of = |start: &str, end: &str, flows: &[Flow]| {
        figures(&[valued(0, start), valued(24, end)], flows).approximated[0]
    };
    assert!(of("1000", "1200", &[flow(12, "101", None)]));
    assert!(of("1000", "800", &[flow(12, "-101", None)]));
    assert!(!of("1000", "1200", &[flow(12, "100", None)]), "a tenth is not above a tenth");
    assert!(!of("1000", "1200", &[flow(12, "101", Some("1050"))]));
    assert!(of("1000", "1500", &[flow(6, "101", Some("1050")), flow(12, "300", None)]));
    // Exact where the weight is 1 or 0: the deposit that opens an account, the withdrawal that empties it, and what
    // comes at the valuation itself.
    assert!(!of("0", "1020", &[flow(15, "1000", None)]));
    assert!(!of("100", "0", &[flow(12, "-110", None)]));
    assert!(!of("100", "160", &[flow(24, "50", None)]));
    assert!(of("0", "1020", &[flow(6, "1000", None), flow(12, "200", None)]));
}

#[test]
fn a_flow_of_nothing_changes_nothing() {
    let valuations = [valued(0, "0"), valued(24, "1020"), valued(48, "0")];
    let flows = [flow(15, "1000", None), flow(30, "-1000", None)];
    let padded = [flow(2, "0", None), flows[0], flow(20, "0", None), flows[1], flow(40, "0", None)];
    assert_eq!(figures(&valuations, &padded), figures(&valuations, &flows));
}

#[test]
fn money_weighted_returns_have_exactly_one_solution_or_a_reason() {
    let year = 365 * 24;
    let of = |start: &str, end: &str, flows: &[Flow]| {
        let all = figures(&[valued(0, start), valued(2 * year, end)], flows);
        (all.mwr_period, all.mwr_annualized)
    };
    let (period, annual) = of("100", "144", &[]);
    near(period, 0.44);
    near(annual, 0.2);
    // 100·g - 220·g^(1/2) + 121 = (10·g^(1/2) - 11)^2: one solution, although nothing changes its sign there.
    let touching = of("100", "0", &[flow(year, "-220", None), flow(2 * year, "121", None)]);
    assert!((touching.0.unwrap() - 0.21).abs() < 1e-6);
    // The same, a little lower and a little higher.
    let flows = |end: &str| [flow(year, "-220", None), flow(2 * year, end, None)];
    assert_eq!(of("100", "0", &flows("120.9")), (Err(Reason::MultipleRoots), Err(Reason::MultipleRoots)));
    assert_eq!(of("100", "0", &flows("121.1")), (Err(Reason::NoRoot), Err(Reason::NoRoot)));
    // One solution at 1e12, out of reach.
    assert_eq!(of("0.000001", "1000000", &[]).0, Err(Reason::NoRoot));
    assert_eq!(of("100", "0", &[flow(year, "-1", None), flow(year, "1", None)]), (Ok(-1.0), Ok(-1.0)));
    assert_eq!(of("0", "0", &[]), (Ok(0.0), Ok(0.0)));
    assert_eq!(of("0", "50", &[flow(year, "-30", None)]).0, Err(Reason::NoSignChange));
    // Within one date nothing has had time.
    let within = figures(&[valued(0, "100"), valued(5, "110")], &[]);
    assert_eq!(within.mwr_period, Err(Reason::InsufficientData));
}

#[test]
fn yearly_rates_are_those_of_forty_digits() {
    let dated = |amounts: &[(&str, &str)]| {
        let amounts: Vec<(Day, Decimal)> =
            amounts.iter().map(|(day, of)| (day.parse().unwrap(), amount(of))).collect();
        xirr(&amounts)
    };
    // mpmath 1.4.1, findroot; 4,000 points of ln(1+x) show one change of sign in the first, two in the second.
    let saved =
        [("2019-03-01", "-5000"), ("2019-12-31", "-2500"), ("2021-06-15", "1200"), ("2023-01-02", "9000")];
    near(dated(&saved), 0.095_294_510_443_619_96);
    let twice = [("2020-01-01", "-100"), ("2020-07-01", "300"), ("2022-01-01", "-150")];
    assert_eq!(dated(&twice), Err(Reason::MultipleRoots));
    assert_eq!(dated(&[]), Err(Reason::InsufficientData));
    assert_eq!(dated(&[("2020-01-01", "-1"), ("2020-01-01", "2")]), Err(Reason::InsufficientData));
    assert_eq!(dated(&[("2020-01-01", "-1"), ("2021-01-01", "-2")]), Ok(-1.0));
    assert_eq!(dated(&[("2020-01-01", "1"), ("2021-01-01", "2")]), Err(Reason::NoSignChange));
}

/// Equities and flows of whole cents over some days, flows at any hour, valued or not.
fn accounts() -> impl Strategy<Value = (Vec<Valuation>, Vec<Flow>)> {
    let equities = prop::collection::vec(prop_oneof![1 => Just(0_i64), 9 => 1..2_000_000_i64], 2..8);
    let flows = prop::collection::vec(
        (any::<u16>(), -500_000..900_000_i64, prop::option::of(1..2_000_000_i64)),
        0..6,
    );
    (equities, flows).prop_map(|(equities, flows)| {
        let cents = |of: i64| amount(&format!("{of}e-2"));
        let hours = 24 * (i64::try_from(equities.len()).unwrap() - 1);
        let valuations = (0..)
            .zip(equities)
            .map(|(day, equity)| Valuation { at: at(24 * day), equity: cents(equity) })
            .collect();
        let mut flows: Vec<Flow> = flows
            .into_iter()
            .map(|(hour, of, before)| Flow {
                at: at(1 + i64::from(hour) % hours),
                amount: cents(of),
                before: before.map(cents),
            })
            .collect();
        flows.sort_by_key(|flow| flow.at);
        (valuations, flows)
    })
}

fn same(a: Measured<f64>, b: Measured<f64>) -> bool {
    match (a, b) {
        (Ok(a), Ok(b)) => (a - b).abs() <= 1e-12 + 1e-9 * a.abs(),
        (a, b) => a == b,
    }
}

proptest! {
    #[test]
    fn equity_and_flows_times_a_constant_give_the_same_returns((valuations, flows) in accounts(), c in 1..1_000_000_i64) {
        let c = Decimal::from(c);
        let times = |of: Decimal| of.checked_mul(c).unwrap();
        let more: Vec<Valuation> = valuations.iter().map(|v| Valuation { equity: times(v.equity), ..*v }).collect();
        let moved: Vec<Flow> =
            flows.iter().map(|f| Flow { amount: times(f.amount), before: f.before.map(times), ..*f }).collect();
        let (a, b) = (figures(&valuations, &flows), figures(&more, &moved));
        prop_assert_eq!(b.gain.unwrap(), times(a.gain.unwrap()));
        prop_assert_eq!(&a.approximated, &b.approximated);
        for (a, b) in a.period_returns.iter().zip(&b.period_returns) {
            prop_assert!(same(*a, *b));
        }
        prop_assert!(same(a.twr, b.twr) && same(a.modified_dietz, b.modified_dietz) && same(a.mwr_period, b.mwr_period));
    }

    #[test]
    fn the_size_of_valued_flows_does_not_change_a_time_weighted_return(
        growths in prop::collection::vec((1..400_i64, 0..3_u8), 1..12), size in 1..50_i64,
    ) {
        // The same growth of each stretch, with no flow, and with a valued one of a size of its own at its end.
        let path = |size: i64| {
            let (mut equity, mut valuations, mut flows) = (amount("1000"), vec![valued(0, "1000")], Vec::new());
            for (day, (percent, kind)) in (1..).zip(&growths) {
                equity = equity.checked_mul(amount(&format!("{percent}e-2"))).unwrap();
                if *kind > 0 {
                    let of = equity.checked_mul(Decimal::from(size)).unwrap();
                    flows.push(Flow { at: at(24 * day - 12), amount: of, before: Some(equity) });
                    equity = equity.checked_add(of).unwrap();
                }
                valuations.push(Valuation { at: at(24 * day), equity });
            }
            figures(&valuations, &flows).twr
        };
        prop_assert!(same(path(0), path(size)), "{:?} {:?}", path(0), path(size));
    }

    #[test]
    fn a_valuation_more_leaves_a_chain_without_flows_there_as_it_was((valuations, flows) in accounts(), between in 1..2_000_000_i64) {
        // At a valued flow a valuation of what is there after it says nothing new.
        let mut more = valuations.clone();
        for flow in flows.iter().filter(|flow| flow.before.is_some()) {
            let alone = flows.iter().filter(|other| other.at == flow.at).count() == 1;
            if alone && !more.iter().any(|known| known.at == flow.at) {
                let equity = flow.before.unwrap().checked_add(flow.amount).unwrap();
                if !equity.is_negative() {
                    more.push(Valuation { at: flow.at, equity });
                }
            }
        }
        more.sort_by_key(|valuation| valuation.at);
        prop_assert!(same(figures(&valuations, &flows).twr, figures(&more, &flows).twr));
        // And where nothing moves at all, one in the middle is divided out again.
        let ends = [valued(0, "1000"), valued(48, "1234.5")];
        let split = [ends[0], Valuation { at: at(7), equity: Decimal::from(between) }, ends[1]];
        prop_assert!(same(figures(&ends, &[]).twr, figures(&split, &[]).twr));
    }

    #[test]
    fn without_flows_every_return_is_the_plain_one(start in 1..10_000_000_i64, end in 1..10_000_000_i64, days in 1..2000_i64) {
        let all = figures(
            &[Valuation { at: at(0), equity: Decimal::from(start) }, Valuation { at: at(24 * days), equity: Decimal::from(end) }],
            &[],
        );
        let plain = Ok(end as f64 / start as f64 - 1.0);
        for r in [all.twr, all.modified_dietz, all.simple_dietz, all.mwr_period] {
            prop_assert!(same(plain, r), "{r:?}");
        }
        prop_assert_eq!(all.twr_annualized.is_ok(), days >= 365);
        prop_assert!(same(all.twr_annualized, all.mwr_annualized));
    }

    #[test]
    fn a_slow_search_finds_the_roots_that_are_found(amounts in prop::collection::vec((0..900_i32, -9999..9999_i64), 2..7)) {
        let dated: Vec<(Day, Decimal)> =
            amounts.iter().map(|(day, of)| (Day::from_number(*day), Decimal::from(*of))).collect();
        let (first, last) = (amounts.iter().map(|a| a.0).min().unwrap(), amounts.iter().map(|a| a.0).max().unwrap());
        prop_assume!(last > first);
        let days = f64::from(last - first);
        let worth = |y: f64| -> f64 {
            amounts.iter().map(|(day, of)| *of as f64 * (y * f64::from(last - day) / days).exp()).sum()
        };
        let points: Vec<f64> = (0..=40_000).map(|i| -20.723 + f64::from(i) * (41.446 / 40_000.0)).collect();
        let crossings: Vec<&[f64]> = points.windows(2).filter(|w| (worth(w[0]) > 0.0) != (worth(w[1]) > 0.0)).collect();
        match (xirr(&dated), crossings.as_slice()) {
            (Ok(rate), [near]) => {
                // Compared as rates: near a total loss a rate no longer tells its logarithm.
                let [low, high] = [near[0], near[1]].map(|y| (y * 365.0 / days).exp_m1());
                let slack = 1e-9 * (1.0 + rate);
                prop_assert!(low - slack - 1e-15 <= rate && rate <= high + slack + 1e-15 || rate == -1.0, "{rate} {near:?}");
            }
            (Ok(rate), []) => prop_assert!(rate == -1.0 || amounts.iter().all(|a| a.1 == 0) || worth((1.0 + rate).ln() * days / 365.0).abs() < 1e-4),
            // Two hundredfold in two days is more in a year than a double holds.
            (Err(Reason::Overflow), [near]) => prop_assert!(near[1] * 365.0 / days > 709.0),
            (Err(Reason::MultipleRoots), found) => prop_assert!(found.len() != 1),
            (Err(Reason::NoRoot | Reason::NoSignChange), found) => prop_assert!(found.is_empty()),
            (ours, found) => prop_assert!(false, "{ours:?} {found:?}"),
        }
    }
}

#[test]
fn any_valuations_and_flows_give_an_error_or_figures_that_are_numbers() {
    let mut state = 5_u64;
    let mut next = |bound: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % bound
    };
    let nines = "9".repeat(76);
    let mut accepted = 0;
    for _ in 0..3000 {
        let wild = next(3) == 0;
        let of = |next: &mut dyn FnMut(u64) -> u64| match next(if wild { 7 } else { 4 }) {
            0 => Decimal::ZERO,
            4 => amount(&nines),
            5 => amount(&nines).negated(),
            6 => amount("1e-76"),
            _ => amount(&format!("{}e-{}", next(1 << 30) as i64 - (1 << 28), next(9))),
        };
        let mut time = 0_i64;
        let valuations: Vec<Valuation> = (0..next(9))
            .map(|_| {
                time += if next(40) == 0 { -5 } else { next(3 * DAY as u64) as i64 };
                Valuation { at: Timestamp::from_millis(time), equity: of(&mut next) }
            })
            .collect();
        let flows: Vec<Flow> = (0..next(12))
            .map(|_| {
                let at = Timestamp::from_millis(next(time.max(1) as u64 + 1) as i64);
                let before = (next(2) == 0).then(|| of(&mut next));
                Flow { at, amount: of(&mut next), before }
            })
            .collect();
        let dated: Vec<(Day, Decimal)> = flows.iter().map(|flow| (Day::of(flow.at), flow.amount)).collect();
        if let Ok(rate) = xirr(&dated) {
            assert!(rate.is_finite() && rate >= -1.0);
        }
        let Ok(all) = cashflows(&valuations, &flows) else { continue };
        accepted += 1;
        let single = [
            all.twr,
            all.twr_annualized,
            all.modified_dietz,
            all.simple_dietz,
            all.mwr_period,
            all.mwr_annualized,
        ];
        for figure in single.iter().chain(&all.period_returns).flatten() {
            assert!(figure.is_finite(), "{valuations:?} {flows:?}");
        }
    }
    assert!(accepted > 800, "{accepted}");
}
