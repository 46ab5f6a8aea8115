//! Rounds of a wallet that keeps its lists for a while, one for 89 days and the others for 180, in windows of thirty and seven.

use super::*;
use crate::{Board, Booking, FundingPayment, Listing, Need, binance::contracts::USDM};
use ledger::{Asset, Decimal};

const DAY_MS: i64 = 86_400_000;
const NOW_MS: i64 = 1_795_305_600_000;

/// What was asked for, and what was found.
struct Read {
    asked: Vec<(Need, i64, i64)>,
    findings: Vec<Finding>,
}

impl Read {
    fn reach(&self) -> Option<&Reach> {
        self.findings.iter().find_map(|finding| match finding {
            Finding::Reach(reach) => Some(reach),
            _ => None,
        })
    }
}

/// What a venue says where there is nothing.
fn nothing(need: Need) -> Said {
    match need {
        Need::Balances => Said::Balances(Vec::new()),
        Need::Positions => Said::Positions(Vec::new()),
        Need::Ledger => Said::Ledger(Vec::new()),
        Need::Fills => Said::Fills(Vec::new()),
        Need::Transfers => Said::Transfers(Vec::new()),
        Need::Funding => Said::Funding(Vec::new()),
        other => panic!("{other:?}"),
    }
}

/// What a collection finds that is answered like this, from where it is on.
fn found(
    mut collect: Collect,
    (plan, markets, now_ms): (&'static dyn Plan, &Markets, i64),
    known: &mut Known,
    mut answer: impl FnMut(&Collect, &Known, &Question<'_>, Subject) -> (Option<Said>, Cursor),
) -> Vec<Finding> {
    let (now, mut findings) = (Timestamp::from_millis(now_ms), Vec::new());
    while let Some((question, subject)) = collect.next() {
        let (said, next) = answer(&collect, known, &question, subject);
        let desk = Desk { plan, known, markets, wallets: Vec::new(), now };
        findings.extend(collect.take(desk, said, next).unwrap());
    }
    findings
}

/// A round at an instant, of an account of which this is booked.
fn round(known: &mut Known, now_ms: i64, booked_ms: Option<i64>) -> Read {
    round_of(&[], known, now_ms, booked_ms.as_slice())
}

/// The same of several bookings, where some lists are not there.
fn round_of(lacks: &[Need], known: &mut Known, now_ms: i64, booked_ms: &[i64]) -> Read {
    let (markets, now) = (Markets::default(), Timestamp::from_millis(now_ms));
    let mut collect = Collect::new(&USDM);
    let mut read = Read { asked: Vec::new(), findings: Vec::new() };
    while let Some((question, _)) = collect.next() {
        let (from_ms, to_ms) = (question.from_ms.unwrap_or(0), question.to_ms.unwrap_or(0));
        read.asked.push((question.need, from_ms, to_ms));
        if lacks.contains(&question.need) {
            let desk = Desk { plan: &USDM, known, markets: &markets, wallets: Vec::new(), now };
            read.findings.extend(collect.absent(desk).unwrap());
            continue;
        }
        let booking = |at_ms: i64| Booking {
            id: at_ms.to_string(),
            kind: "transfer".to_owned(),
            own: Some("TRANSFER".to_owned()),
            asset: Asset::from("USDT"),
            change: Decimal::ONE,
            time: Some(Timestamp::from_millis(at_ms)),
            symbol: None,
            reference: None,
            fee: None,
        };
        let said = match question.need {
            Need::Ledger => {
                let booked = booked_ms.iter().copied().filter(|at_ms| (from_ms..=to_ms).contains(at_ms));
                Said::Ledger(booked.map(booking).collect())
            }
            need => nothing(need),
        };
        let desk = Desk { plan: &USDM, known, markets: &markets, wallets: Vec::new(), now };
        read.findings.extend(collect.take(desk, Some(said), None).unwrap());
    }
    read
}

#[test]
fn a_wallet_beside_in_which_nothing_ever_was_is_no_account_and_limits_nothing() {
    let mut known = Known::default();
    assert!(round(&mut known, NOW_MS, None).findings.is_empty());
    let used = round(&mut known, NOW_MS + DAY_MS, Some(NOW_MS + DAY_MS / 2));
    assert!(used.findings.iter().any(|finding| matches!(finding, Finding::Movement(_))));
    assert!(used.reach().is_some(), "from then on it is one");
}

#[test]
fn what_is_kept_for_a_while_is_read_from_there_without_holes() {
    let read = round(&mut Known::default(), NOW_MS, Some(NOW_MS - 20 * DAY_MS));
    let income: Vec<_> = read.asked.iter().filter(|(need, ..)| *need == Need::Ledger).collect();
    assert_eq!((income.first().unwrap().1, income.last().unwrap().2), (NOW_MS - 89 * DAY_MS, NOW_MS));
    assert!(income.iter().all(|(_, from_ms, to_ms)| to_ms - from_ms <= 30 * DAY_MS));
    assert!(income.windows(2).all(|two| two[0].1 < two[1].1 && two[1].1 <= two[0].2), "{income:?}");
    let reach = read.reach().unwrap();
    assert_eq!(reach.from.millis(), NOW_MS - 89 * DAY_MS, "the list that is kept for the shortest time");
    assert!(!reach.since_opening && reach.gaps.is_empty());
}

#[test]
fn a_long_history_is_read_in_parts_of_which_each_goes_on_where_the_last_one_was_kept() {
    let first_ms = NOW_MS - 85 * DAY_MS;
    let booked: Vec<i64> = (0..9000).map(|index| first_ms + index * 800_000).collect();
    let (mut known, mut moved, mut asked, mut parts) = (Known::default(), BTreeSet::new(), Vec::new(), 0);
    loop {
        let read = round_of(&[], &mut known, NOW_MS, &booked);
        moved.extend(read.findings.iter().filter_map(|finding| match finding {
            Finding::Movement(movement) => Some(movement.id.clone()),
            _ => None,
        }));
        asked.extend(
            read.asked.iter().filter(|(need, ..)| *need == Need::Ledger).map(|(_, from_ms, _)| *from_ms),
        );
        parts += 1;
        if read.reach().is_some() {
            break;
        }
        assert_eq!(read.findings.last(), Some(&Finding::More));
    }
    assert!(parts > 1, "more than five thousand");
    assert_eq!(moved.len(), booked.len());
    assert!(asked.len() <= 6 && asked.is_sorted(), "nothing is read again: {asked:?}");
}

#[test]
fn what_was_not_read_for_longer_than_it_is_kept_is_a_gap_for_good() {
    let mut known = Known::default();
    round(&mut known, NOW_MS, Some(NOW_MS - DAY_MS));
    let later_ms = NOW_MS + 100 * DAY_MS;
    let gap =
        Gap { from: Timestamp::from_millis(NOW_MS), to: Timestamp::from_millis(later_ms - 89 * DAY_MS) };
    for again_ms in [later_ms, later_ms + DAY_MS] {
        let read = round(&mut known, again_ms, None);
        assert_eq!(read.reach().unwrap().gaps, [gap]);
    }
}

#[test]
fn a_list_that_is_not_there_is_asked_for_once_and_hides_nothing_but_what_came_before() {
    let mut known = Known::default();
    let lacks = [Need::Transfers];
    for now_ms in [NOW_MS, NOW_MS + DAY_MS] {
        let read = round_of(&lacks, &mut known, now_ms, &[NOW_MS - 20 * DAY_MS]);
        let asked = read.asked.iter().filter(|(need, ..)| *need == Need::Transfers).count();
        assert_eq!(asked, 2, "each of the two lists, and no other window of them");
        assert!(!read.findings.iter().any(|finding| matches!(finding, Finding::Unread { .. })));
        let reach = read.reach().unwrap();
        assert!(!reach.since_opening && reach.gaps.is_empty(), "{reach:?}");
    }
    let markets = Markets::default();
    let now = Timestamp::from_millis(NOW_MS);
    let desk = Desk { plan: &USDM, known: &mut known, markets: &markets, wallets: Vec::new(), now };
    assert!(
        Collect::new(&USDM).absent(desk).is_none(),
        "balances are no list: without them there is nothing"
    );
}

/// A round of contracts, of which fills are told but for those that the venue does not know, with the symbols asked for. Income
/// names them on the first day only.
fn round_of_fills(
    known: &mut Known,
    markets: &Markets,
    day: i64,
    unknown: &str,
) -> (Vec<String>, Vec<Finding>) {
    let (now_ms, mut asked) = (NOW_MS + day * DAY_MS, Vec::new());
    let venue: (&'static dyn Plan, _, _) = (&USDM, markets, now_ms);
    let findings = found(Collect::new(&USDM), venue, known, |_, _, question, subject| {
        let booking = |symbol: &str| Booking {
            id: symbol.to_owned(),
            kind: "fee".to_owned(),
            own: Some("COMMISSION".to_owned()),
            asset: Asset::from("USDT"),
            change: Decimal::ONE.negated(),
            time: Some(Timestamp::from_millis(NOW_MS - DAY_MS)),
            symbol: Some((symbol.to_owned(), Board::Contract)),
            reference: None,
            fee: None,
        };
        let is_first = day == 0 && question.to_ms == Some(now_ms);
        let said = match question.need {
            Need::Ledger if is_first => Some(Said::Ledger(vec![booking("AUSDT"), booking("BUSDT")])),
            Need::Fills => {
                let (_, symbol) = subject.unwrap();
                asked.push(symbol.to_string());
                (&*symbol != unknown).then(|| Said::Fills(Vec::new()))
            }
            need => Some(nothing(need)),
        };
        (said, None)
    });
    (asked, findings)
}

/// A contract in USDT.
fn listing(id: &str) -> Listing {
    Listing {
        id: id.to_owned(),
        board: Board::Contract,
        base: Asset::from(id.trim_end_matches("USDT")),
        quote: Asset::from("USDT"),
        settle: Some(Asset::from("USDT")),
        contract_size: Decimal::ONE,
        inverse: false,
        expires: None,
    }
}

#[test]
fn one_contract_that_the_venue_does_not_tell_hides_no_other_and_is_asked_for_again() {
    let listed =
        Markets::new(["AUSDT", "BUSDT"].map(listing).to_vec(), false, Timestamp::from_millis(NOW_MS));
    let told = |findings: &[Finding]| {
        let unread = findings.iter().filter_map(|finding| match finding {
            Finding::Unread { what, .. } => Some(what.clone()),
            _ => None,
        });
        let gaps = findings.iter().find_map(|finding| match finding {
            Finding::Reach(reach) => Some(reach.gaps.len()),
            _ => None,
        });
        (unread.collect::<Vec<_>>(), gaps)
    };
    let said = || vec!["USD-M fills of AUSDT".to_owned()];
    for (markets, gaps) in [(&listed, 1), (&Markets::default(), 0)] {
        let mut known = Known::default();
        // However often it is asked, also when nothing names it any more.
        for day in 0..3 {
            let (asked, findings) = round_of_fills(&mut known, markets, day, "AUSDT");
            assert_eq!(asked.iter().filter(|symbol| *symbol == "AUSDT").count(), 1, "once a round");
            assert!(asked.iter().any(|symbol| symbol == "BUSDT"), "day {day}");
            let why = "of a contract that is listed no more, income tells what it came to";
            assert_eq!(told(&findings), (said(), Some(gaps)), "{why}");
        }
        let (_, findings) = round_of_fills(&mut known, markets, 3, "");
        assert_eq!(told(&findings), (Vec::new(), Some(0)), "it is told in the end, from its beginning");
    }
    // What was read to its end and is listed no more is asked for no more.
    let mut known = Known::default();
    round_of_fills(&mut known, &listed, 0, "");
    for (day, is_asked) in [(1, true), (2, false)] {
        let (asked, findings) = round_of_fills(&mut known, &Markets::default(), day, "AUSDT");
        assert_eq!(asked.iter().any(|symbol| symbol == "AUSDT"), is_asked);
        assert_eq!(told(&findings), (Vec::new(), Some(0)));
    }
}

/// The page of a payment each minute that begins at an instant, and what asks for the next one.
fn paid_each_minute(first_ms: i64, rows: i64, from_ms: i64) -> (Option<Said>, Cursor) {
    const MINUTE_MS: i64 = 60_000;
    let first = (from_ms - first_ms + MINUTE_MS - 1).div_euclid(MINUTE_MS).max(0);
    let payment = |row: i64| FundingPayment {
        id: None,
        symbol: "BTC".to_owned(),
        asset: Asset::from("USDC"),
        amount: Decimal::ONE,
        time: Timestamp::from_millis(first_ms + row * MINUTE_MS),
    };
    let page: Vec<FundingPayment> = (first..rows).map(payment).take(500).collect();
    let last = page.last().filter(|_| page.len() == 500);
    let next = last.map(|last| ("startTime", last.time.millis().to_string()));
    (Some(Said::Funding(page)), next)
}

#[test]
fn a_list_that_goes_on_by_time_is_kept_in_parts_of_which_the_next_begins_where_the_last_one_stopped() {
    const ROWS: i64 = 60_000;
    let plan: &'static dyn Plan = &crate::hyperliquid::plan::Address;
    let (mut known, mut paid, mut parts) = (Known::default(), BTreeSet::new(), 0);
    let (mut asked, mut shown) = (0, None);
    loop {
        // Nothing of the round before is there but what is saved.
        let venue = (plan, &Markets::default(), NOW_MS);
        let findings = found(Collect::new(plan), venue, &mut known, |collect, _, question, _| {
            if question.need != Need::Funding {
                return (Some(nothing(question.need)), None);
            }
            if asked == 50 {
                shown = Some(collect.progress());
            }
            asked += 1;
            paid_each_minute(NOW_MS - 60 * DAY_MS, ROWS, question.from_ms.unwrap())
        });
        paid.extend(findings.iter().filter_map(|finding| match finding {
            Finding::Movement(movement) => Some(movement.time),
            _ => None,
        }));
        parts += 1;
        if findings.last() != Some(&Finding::More) {
            assert!(findings.iter().any(|finding| matches!(finding, Finding::Reach(_))));
            break;
        }
    }
    assert_eq!((paid.len() as i64, parts), (ROWS, 2));
    // Two answers of balances, one of fills, fifty pages; at their pace sixty days of minutes have 173.
    let Progress { done, total } = shown.unwrap();
    assert!(done == 53 && (174..=182).contains(&total), "{done} of {total}");
    assert!(asked <= 123, "120 pages, the row of each that the next one begins with, and an hour: {asked}");
}

#[test]
fn a_list_of_one_thing_at_a_time_is_kept_in_parts_and_what_is_left_is_remembered() {
    const PAGES: usize = 120;
    let plan: &'static dyn Plan = &crate::binance::margin::CROSS;
    let pair = |base: &str, quote: &str| Listing {
        board: Board::Spot,
        base: Asset::from(base),
        quote: Asset::from(quote),
        settle: None,
        ..listing(&format!("{base}{quote}"))
    };
    let listed = vec![pair("BTC", "USDT"), pair("ETH", "BTC"), pair("ETH", "USDT")];
    let markets = Markets::new(listed, false, Timestamp::from_millis(NOW_MS));
    let (mut known, mut parts) = (Known::default(), Vec::new());
    loop {
        let (mut collect, mut asked) = (Collect::new(plan), Vec::<String>::new());
        if parts.is_empty() {
            // In the first round alone anything tells which coins there were.
            ["BTC", "ETH", "USDT"].into_iter().for_each(|coin| collect.came(Asset::from(coin)));
        }
        let venue = (plan, &markets, NOW_MS);
        let findings = found(collect, venue, &mut known, |_, known, question, subject| {
            let Some((_, symbol)) = subject else { return (Some(nothing(question.need)), None) };
            let page = asked.iter().filter(|before| **before == *symbol).count() + 1;
            let is_read = known.span(&Known::key("margin fills", Some(&symbol))).is_some();
            asked.push(symbol.to_string());
            let next = (page < PAGES && !is_read).then(|| ("fromId", page.to_string()));
            (Some(nothing(question.need)), next)
        });
        let pages = |symbol: &str| asked.iter().filter(|asked| *asked == symbol).count();
        parts.push(["BTCUSDT", "ETHBTC", "ETHUSDT"].map(pages));
        if !findings.contains(&Finding::More) {
            break;
        }
    }
    assert_eq!(parts, [[PAGES, 0, 0], [0, PAGES, 0], [1, 1, PAGES]]);
}
