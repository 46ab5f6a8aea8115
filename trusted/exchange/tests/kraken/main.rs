//! Kraken's spot account, read from a venue in a table (EXCHANGES.md section 5). No sockets and no waiting.
#![cfg(test)]

mod desk;

use desk::*;
use exchange::{Finding, MovementKind, PriceAt, PriceWanted, Refusal, Task, VenueError, Verdict};
use ledger::{Asset, Side, Timestamp};
use serde_json::json;

#[test]
fn a_key_that_only_reads_is_accepted_and_names_an_account() {
    let mut desk = Desk::new();
    let found = desk.converse(connector().as_mut(), Task::CheckKey).unwrap();
    let rights = found.iter().find_map(|finding| match finding {
        Finding::Rights(rights) => Some(*rights),
        _ => None,
    });
    assert_eq!(rights.unwrap().verdict, Verdict::Accept);
    assert!(found.iter().any(
        |finding| matches!(finding, Finding::Account { id, types } if id.len() == 64 && types == &["spot"])
    ));
    assert!(!format!("{found:?}").contains(KEY), "the key is in no finding");

    desk.permissions.push("withdraw-funds");
    let found = desk.converse(connector().as_mut(), Task::CheckKey).unwrap();
    assert!(
        found
            .iter()
            .any(|finding| matches!(finding, Finding::Rights(rights) if rights.verdict == Verdict::Refuse))
    );
}

#[test]
fn every_page_of_both_lists_is_read_and_a_fill_costs_what_the_ledger_says() {
    let mut desk = Desk::new();
    (0..120).for_each(|number| desk.buy(number));
    desk.balances = json!({ "XXBT": { "balance": "2.4", "hold_trade": "0.4" }, "XBT.M": { "balance": "1", "hold_trade": "0" } });
    let mut connector = connector();
    let found = desk.collect(connector.as_mut());
    let fills = fills(&found);
    assert_eq!(fills.len(), 120);
    assert!(fills.iter().all(|fill| fill.symbol.as_str() == "BTC/USD" && fill.side == Side::Buy));
    assert!(
        fills.iter().all(|fill| fill.fee == "0.005".parse().unwrap() && fill.fee_asset == Asset::from("USD"))
    );
    assert!(movements(&found).is_empty(), "what a fill did is told once");
    let balances = found.iter().find_map(|finding| match finding {
        Finding::Balances { balances, .. } => Some(balances.clone()),
        _ => None,
    });
    let balances = balances.unwrap();
    assert_eq!(balances.len(), 1, "staked and earning variants are the asset itself: {balances:?}");
    assert_eq!(balances[0].free.checked_add(balances[0].locked).unwrap(), "3.4".parse().unwrap());
    assert!(found.iter().any(
        |finding| matches!(finding, Finding::Reach(reach) if reach.since_opening && reach.gaps.is_empty())
    ));

    desk.asked.clear();
    desk.now_ms += 60_000;
    let again = desk.collect(connector.as_mut());
    assert!(self::fills(&again).is_empty() && desk.asked.len() < 10, "{:?}", desk.asked);
}

#[test]
fn a_fill_whose_entries_are_late_is_told_when_they_are_there() {
    let mut desk = Desk::new();
    desk.buy(1);
    desk.buy(2);
    desk.trades[1].at_ms = NOW_MS - 1000;
    for entry in desk.entries.iter_mut().filter(|entry| entry.reference == "T2") {
        (entry.at_ms, entry.told_from_ms) = (NOW_MS - 1000, NOW_MS + 7_200_000);
    }
    let mut connector = connector();
    assert_eq!(fills(&desk.collect(connector.as_mut())).len(), 1);
    let saved = connector.saved();
    desk.now_ms += 8_000_000;
    // By another process that goes on from what was saved.
    let mut other = self::connector();
    assert!(other.resume(&saved));
    let told = fills(&desk.collect(other.as_mut()));
    assert!(told.iter().any(|fill| fill.id.to_string() == "T2"), "{told:?}");

    // What is not booked within a day will not be: that is said, and nobody waits for it for ever.
    desk.entries.retain(|entry| entry.reference != "T2");
    desk.now_ms += 90_000_000;
    let found = desk.collect(self::connector().as_mut());
    assert!(
        found
            .iter()
            .any(|found| matches!(found, Finding::Unread { what, .. } if what.contains("does not book")))
    );
}

#[test]
fn a_fill_of_a_pair_that_is_not_listed_is_told_as_an_exchange() {
    let mut desk = Desk::new();
    let at_ms = NOW_MS - 50_000_000;
    let (id, pair) = ("TX".to_owned(), "AAPLxUSD");
    desk.trades.push(Trade { id, at_ms, pair, side: "buy", price: "200", vol: "0.5" });
    desk.entry("TX", at_ms, ["trade", "tradespot"], "AAPLx", ["0.5", "0"]);
    desk.entry("TX", at_ms, ["trade", "tradespot"], "ZUSD", ["-100", "0.4"]);
    let found = desk.collect(connector().as_mut());
    assert!(fills(&found).is_empty());
    let moved = movements(&found);
    let [one] = moved.as_slice() else { panic!("{moved:?}") };
    assert_eq!(one.kind, MovementKind::Convert);
    assert_eq!(one.received, Some((Asset::from("AAPLX"), "0.5".parse().unwrap())));
    assert_eq!(one.spent, Some((Asset::from("USD"), "100.4".parse().unwrap())));
    let unread: Vec<_> = found
        .iter()
        .filter_map(|finding| match finding {
            Finding::Unread { what, .. } => Some(what.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(unread, ["fills of pairs that are not listed"]);
}

#[test]
fn each_entry_means_what_it_is() {
    let mut desk = Desk::new();
    let at_ms = NOW_MS - 50_000_000;
    desk.entry("Q1", at_ms, ["deposit", ""], "XXBT", ["1.5", "0"]);
    desk.entry("Q2", at_ms, ["withdrawal", ""], "ZUSD", ["-100", "2.5"]);
    desk.entry("Q3", at_ms, ["spend", ""], "ZUSD", ["-50", "0.5"]);
    desk.entry("Q3", at_ms, ["receive", ""], "XXBT", ["0.5", "0"]);
    desk.entry("Q4", at_ms, ["earn", "reward"], "XBT.M", ["0.001", "0.0001"]);
    desk.entry("Q5", at_ms, ["earn", "allocation"], "XXBT", ["-1", "0"]);
    desk.entry("Q5", at_ms, ["earn", "allocation"], "XBT.M", ["1", "0"]);
    desk.entry("Q6", at_ms, ["rollover", ""], "ZUSD", ["0", "0.02"]);
    desk.entry("Q7", at_ms, ["something new", ""], "ZUSD", ["7", "0"]);
    desk.entry("Q8", at_ms, ["something new", ""], "ZUSD", ["-7", "0"]);
    desk.entry("QA", at_ms, ["sale", ""], "XXBT", ["-0.3", "0"]);
    desk.entry("QA", at_ms, ["sale", ""], "ZUSD", ["60", "1"]);
    desk.entry("QB", at_ms, ["custodytransfer", ""], "XXBT", ["-4", "0"]);
    desk.entry("QC", at_ms, ["sale", ""], "ZUSD", ["3", "0"]);
    // A trade that no fill tells: an exchange, once none will come any more.
    desk.entry("Q9", at_ms - 86_400_000, ["trade", ""], "ZUSD", ["-20", "0.1"]);
    desk.entry("Q9", at_ms - 86_400_000, ["trade", ""], "XXBT", ["0.1", "0"]);
    desk.entry("Q10", at_ms, ["trade", ""], "ZUSD", ["-30", "0"]);
    desk.entry("Q10", at_ms, ["trade", ""], "XXBT", ["0.2", "0"]);
    let told: Vec<_> = movements(&desk.collect(connector().as_mut()))
        .into_iter()
        .map(|movement| {
            let side = |side: Option<(Asset, ledger::Decimal)>| {
                side.map(|(asset, amount)| format!("{amount} {}", asset.as_str())).unwrap_or_default()
            };
            (movement.kind, side(movement.received), side(movement.spent))
        })
        .collect();
    let mut expected = vec![
        (MovementKind::Deposit, "1.5 BTC", ""),
        (MovementKind::Withdrawal, "", "102.5 USD"),
        (MovementKind::Convert, "0.5 BTC", "50.5 USD"),
        (MovementKind::Interest, "0.0009 BTC", ""),
        (MovementKind::Transfer, "", "1 BTC"),
        (MovementKind::Transfer, "1 BTC", ""),
        (MovementKind::Interest, "", "0.02 USD"),
        (MovementKind::Distribution, "7 USD", ""),
        (MovementKind::Interest, "", "7 USD"),
        (MovementKind::Convert, "59 USD", "0.3 BTC"),
        (MovementKind::Transfer, "", "4 BTC"),
        (MovementKind::Distribution, "3 USD", ""),
        (MovementKind::Convert, "0.1 BTC", "20.1 USD"),
    ];
    for row in told {
        let at = expected
            .iter()
            .position(|(kind, received, spent)| (*kind, *received, *spent) == (row.0, &*row.1, &*row.2));
        expected.remove(at.unwrap_or_else(|| panic!("{row:?}")));
    }
    assert!(expected.is_empty(), "{expected:?}");
}

#[test]
fn a_list_that_is_refused_is_said_and_makes_a_gap() {
    let mut desk = Desk::new();
    desk.buy(1);
    let mut connector = connector();
    // A right that is missing is the key's, not a list's.
    desk.refuses = Some(("/0/private/Ledgers", "EGeneral:Permission denied"));
    let refused = desk.converse(connector.as_mut(), Task::Collect);
    assert_eq!(refused, Err(VenueError::Permanent(Refusal::Credentials)));
    desk.refuses = Some(("/0/private/Ledgers", "EGeneral:Invalid arguments"));
    let found = desk.collect(connector.as_mut());
    assert!(
        found.iter().any(|found| matches!(found, Finding::Unread { what, .. } if what == "ledger entries"))
    );
    assert!(found.iter().any(
        |found| matches!(found, Finding::Reach(reach) if !reach.since_opening && reach.gaps.len() == 1)
    ));
    assert!(fills(&found).is_empty(), "nobody said what it cost");
    desk.refuses = None;
    let found = desk.collect(connector.as_mut());
    assert!(
        found.iter().any(
            |found| matches!(found, Finding::Reach(reach) if reach.since_opening && reach.gaps.is_empty())
        )
    );
}

#[test]
fn an_account_that_never_did_anything_begins_when_it_was_looked_at_first() {
    let mut desk = Desk::new();
    let mut connector = connector();
    let from = |found: &[Finding]| {
        found.iter().find_map(|found| match found {
            Finding::Reach(reach) => Some(reach.from),
            _ => None,
        })
    };
    let first = from(&desk.collect(connector.as_mut()));
    desk.now_ms += 60_000;
    assert!(first.is_some());
    assert_eq!(from(&desk.collect(connector.as_mut())), first, "a later look changes nothing");
}

#[test]
fn a_price_of_the_minute_is_asked_for_as_long_as_kraken_keeps_it() {
    let mut desk = Desk::new();
    let wanted = |ms_ago: i64| PriceWanted {
        asset: "BTC".into(),
        quote: "USDT".into(),
        at: PriceAt::Instant(Timestamp::from_millis(NOW_MS - ms_ago)),
    };
    let (young, old, older) = (wanted(3_600_000), wanted(13 * 3_600_000), wanted(40 * 86_400_000));
    let task = Task::Price(vec![young.clone(), old.clone(), older.clone()]);
    let found = desk.converse(connector().as_mut(), task).unwrap();
    let interval = |wanted: &PriceWanted| {
        found.iter().find_map(|finding| match finding {
            Finding::Price(told, Some((_, source))) if told == wanted => Some(source.interval),
            _ => None,
        })
    };
    assert_eq!(interval(&young), Some(ledger::Interval::Minute));
    assert_eq!(interval(&old), Some(ledger::Interval::Hour));
    assert_eq!(interval(&older), Some(ledger::Interval::Day));
    let asked = desk.asked.iter().filter(|(path, _)| path == "/0/public/OHLC").count();
    assert_eq!(asked, 3, "what is not kept is not asked for");
}

#[test]
fn what_happens_during_a_long_walk_is_read_before_the_balances_that_show_it() {
    let mut desk = Desk::new();
    (0..300).for_each(|number| desk.buy(number));
    (desk.slow_ms, desk.buys_at) = (60_000, Some(15));
    let found = desk.collect(connector().as_mut());
    assert!(fills(&found).iter().any(|fill| fill.id.to_string() == "T500"));
    let last = desk.asked.last().unwrap();
    assert_eq!(last.0, "/0/private/BalanceEx", "they are read last");
}

#[test]
fn a_walk_that_failed_goes_on_where_it_was() {
    let mut desk = Desk::new();
    (0..300).for_each(|number| desk.buy(number));
    desk.collect(connector().as_mut());
    let (whole, mut connector) = (desk.asked.len(), connector());
    desk.fails_at = Some(whole + whole * 3 / 4);
    assert_eq!(desk.converse(connector.as_mut(), Task::Collect), Err(VenueError::Retry));
    desk.asked.clear();
    desk.fails_at = None;
    assert_eq!(fills(&desk.collect(connector.as_mut())).len(), 300);
    assert!(desk.asked.len() <= whole / 4 + 4, "{} of {whole} questions once more", desk.asked.len());
}

#[test]
fn a_long_history_is_told_in_parts_and_a_restart_goes_on_behind_the_last() {
    let mut desk = Desk::new();
    (0..4000).for_each(|number| desk.buy(number * 1500 - 6_000_000));
    let (mut told, mut parts, mut saved) = (Vec::new(), 0, None::<Vec<u8>>);
    loop {
        let mut connector = connector();
        assert!(saved.is_none_or(|saved| connector.resume(&saved)));
        let found = desk.collect(connector.as_mut());
        told.extend(fills(&found).iter().map(|fill| fill.id.to_string()));
        parts += 1;
        let is_part = found.contains(&Finding::More);
        assert_eq!(found.iter().any(|found| matches!(found, Finding::Balances { .. })), !is_part);
        if !is_part {
            break;
        }
        saved = Some(connector.saved());
    }
    assert!(parts > 1 && told.len() < 4100, "{parts} parts, {} fills", told.len());
    told.sort();
    told.dedup();
    assert_eq!(told.len(), 4000);
}
