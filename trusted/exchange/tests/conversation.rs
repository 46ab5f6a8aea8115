//! The connector's conversation with a venue in a table: no fill is missed, whatever the order, size and repetition of
//! pages, and a second round asks for what is new only.
#![cfg(test)]

mod desk;

use desk::{DAY_MS, Desk, NOW_MS, connector, fill, trader::*};
use exchange::{Finding, Refusal, Task, VenueError};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeSet;

#[test]
fn pages_follow_ids_and_the_next_round_reads_one_hour_again() {
    let mut desk = trader(2500, 1000);
    let mut connector = connector();
    let found = desk.collect(connector.as_mut());
    assert_eq!(fill_set(&found).len(), 2500);
    assert_eq!(fills(&found).len(), 2500, "nothing is read twice");
    let from: Vec<_> = desk
        .asked(desk::MY_TRADES)
        .iter()
        .filter(|asked| asked.params["symbol"] == "BTCUSDT")
        .map(|asked| asked.number("fromId").unwrap())
        .collect();
    assert_eq!(from, [0, 1100, 2100]);
    assert_eq!(unread(&found), [""; 0]);

    // Two and a half thousand seconds are less than an hour: all of it again. Two hours later: what is new.
    desk.log.clear();
    desk.fills.push(fill("BTCUSDT", 9000, NOW_MS - 30 * DAY_MS + 2 * 3_600_000 + 2_500_000, "1", "2"));
    settle(&mut desk);
    assert_eq!(fill_set(&desk.collect(connector.as_mut())).len(), 2501);
    desk.log.clear();
    assert_eq!(fills(&desk.collect(connector.as_mut())), [("BTCUSDT".to_owned(), "9000".to_owned())]);
    let from = desk
        .asked(desk::MY_TRADES)
        .iter()
        .find(|asked| asked.params["symbol"] == "BTCUSDT")
        .unwrap()
        .number("fromId");
    assert_eq!(from, Some(2600), "right after the last one that is older than the overlap");
}

#[test]
fn a_fill_that_is_indexed_late_is_found() {
    let mut desk = trader(3, 60_000);
    let last_ms = desk.fills[2]["time"].as_i64().unwrap();
    let mut late = fill("BTCUSDT", 101, last_ms - 30_000, "1", "2");
    late["indexed"] = (NOW_MS + 30_000).into();
    desk.fills[1] = late;
    let mut connector = connector();
    assert_eq!(fill_set(&desk.collect(connector.as_mut())).len(), 2);
    desk.now_ms += 60_000;
    assert!(fill_set(&desk.collect(connector.as_mut())).contains(&("BTCUSDT".to_owned(), "101".to_owned())));
}

#[test]
fn full_pages_of_one_millisecond_are_passed() {
    let mut desk = trader(3000, 0);
    assert_eq!(fill_set(&desk.collect(connector().as_mut())).len(), 3000);
}

#[test]
fn a_page_from_before_is_asked_for_again() {
    let mut desk = trader(1500, 1000);
    let (mut first, mut repeated) = (Vec::new(), false);
    desk.mangle = Box::new(move |asked, rows| {
        if asked.path == desk::MY_TRADES && asked.params["symbol"] == "BTCUSDT" {
            if first.is_empty() {
                first.clone_from(rows);
            } else if !repeated {
                repeated = true;
                // Short, as the last page would be.
                rows.clone_from(&first[..500].to_vec());
            }
        }
    });
    assert_eq!(fill_set(&desk.collect(connector().as_mut())).len(), 1500);
}

#[test]
fn symbols_are_found_from_what_the_account_shows() {
    let mut desk = trader(1, 0);
    // ETH came as a distribution, was sold for BTC, and is gone; XYZ came by convert and was sold for ETH.
    let at_ms = NOW_MS - 20 * DAY_MS;
    desk.lists.insert(
        desk::DIVIDENDS,
        vec![(at_ms, json!({ "id": 7, "amount": "3", "asset": "ETH", "divTime": at_ms, "direction": 1 }))],
    );
    let convert = json!({ "orderId": 9, "orderStatus": "SUCCESS", "fromAsset": "USDT", "fromAmount": "2", "toAsset": "XYZ", "toAmount": "4", "createTime": at_ms });
    desk.lists.insert(desk::CONVERTS, vec![(at_ms, convert)]);
    let sold = |symbol: &str, id: u64, quantity: &str, price: &str| {
        let mut row = fill(symbol, id, at_ms + 1000, quantity, price);
        row["isBuyer"] = false.into();
        row
    };
    desk.fills.push(sold("ETHBTC", 5, "3", "0.5"));
    desk.fills.push(sold("XYZETH", 6, "4", "0.25"));
    desk.balances = vec![balance("BTC", "2.5"), balance("USDT", "999996"), balance("ETH", "1")];
    let found = desk.collect(connector().as_mut());
    let symbols: BTreeSet<String> = fill_set(&found).into_iter().map(|(symbol, _)| symbol).collect();
    assert_eq!(symbols, ["BTCUSDT", "ETHBTC", "XYZETH"].map(str::to_owned).into());
    assert_eq!(unread(&found), [""; 0]);
    for (at, finding) in found.iter().enumerate() {
        if let Finding::Fills(fills) = finding {
            let before = found[..at]
                .iter()
                .any(|earlier| matches!(earlier, Finding::Instrument(it) if it.symbol == fills[0].symbol));
            assert!(before, "the instrument comes first");
        }
    }
}

#[test]
fn when_the_books_do_not_add_up_all_symbols_are_asked_and_the_rest_is_told() {
    // Bought and sold with a loss, the coin never seen otherwise: only the missing dollars tell.
    let mut desk = Desk::new(&MARKETS);
    for number in 0..200 {
        let name = format!("C{number:03}");
        desk.markets.push([format!("{name}USDT"), name, "USDT".to_owned()]);
    }
    let at_ms = NOW_MS - 10 * DAY_MS;
    let mut sold = fill("C150USDT", 2, at_ms + 5, "10", "1");
    sold["isBuyer"] = false.into();
    desk.fills = vec![fill("C150USDT", 1, at_ms, "10", "2"), sold];
    desk.lists.insert(desk::DEPOSITS, vec![deposit("d", at_ms - 1, "USDT", "100")]);
    desk.balances = vec![balance("USDT", "90")];
    let found = desk.collect(connector().as_mut());
    assert_eq!((fills(&found).len(), unread(&found)), (2, vec![]));

    // Nothing explains a gift: it is told, with its amount, and looked for once.
    desk.balances = vec![balance("USDT", "97.5"), balance("BTC", "1")];
    let mut connector = connector();
    let told = [
        "1 BTC of the balance: nothing that can be read explains it",
        "7.5 USDT of the balance: nothing that can be read explains it",
    ];
    assert_eq!(unread(&desk.collect(connector.as_mut())), told);
    desk.log.clear();
    assert_eq!(unread(&desk.collect(connector.as_mut())), told);
    assert!(
        desk.asked(desk::MY_TRADES).len() <= 6,
        "it is not looked for each minute: {}",
        desk.asked(desk::MY_TRADES).len()
    );
}

#[test]
fn a_new_fill_in_a_symbol_that_was_never_traded_is_found_by_its_balance() {
    let mut desk = trader(3, 1000);
    for number in 0..100 {
        let name = format!("C{number:03}");
        desk.markets.push([format!("{name}BTC"), name, "BTC".to_owned()]);
    }
    let mut connector = connector();
    assert_eq!(fills(&desk.collect(connector.as_mut())).len(), 3);
    desk.now_ms += 60_000;
    desk.fills.push(fill("C077BTC", 1, NOW_MS + 1000, "5", "0.2"));
    desk.balances = vec![balance("BTC", "2"), balance("USDT", "999994"), balance("C077", "5")];
    let found = desk.collect(connector.as_mut());
    assert!(fill_set(&found).contains(&("C077BTC".to_owned(), "1".to_owned())));
    assert_eq!(unread(&found), [""; 0]);
}

#[test]
fn a_new_fill_in_a_symbol_that_had_none_is_found_by_its_balance_at_once_or_told() {
    let mut desk = trader(3, 1000);
    // Each coin is held, so each symbol was asked for; only some are asked for in turn.
    for number in 0..60 {
        let name = format!("C{number:03}");
        desk.balances.push(balance(&name, "1"));
        desk.lists.get_mut(desk::DEPOSITS).unwrap().push(deposit(&name, NOW_MS - DAY_MS, &name, "1"));
        desk.markets.push([format!("{name}USDT"), name, "USDT".to_owned()]);
    }
    let mut connector = connector();
    assert_eq!(unread(&desk.collect(connector.as_mut())), [""; 0]);
    let mut buy = |desk: &mut Desk, number: usize, usdt: &str| {
        desk.now_ms += 60_000;
        desk.fills.push(fill(&format!("C{number:03}USDT"), 1, desk.now_ms - 1, "5", "2"));
        desk.balances[1] = balance("USDT", usdt);
        desk.balances[2 + number][1] = "6".to_owned();
        desk.log.clear();
        desk.collect(connector.as_mut())
    };
    let found = buy(&mut desk, 40, "999984");
    assert!(fill_set(&found).contains(&("C040USDT".to_owned(), "1".to_owned())));
    assert_eq!(unread(&found), [""; 0]);
    // Not each minute: the next one is told to be missing until its turn comes, or an hour is over.
    let found = buy(&mut desk, 50, "999974");
    assert_eq!(unread(&found).len(), 2, "dollars and coins: {:?}", unread(&found));
    assert!(desk.asked(desk::MY_TRADES).len() < 10);
    desk.now_ms += 3_600_000;
    let found = buy(&mut desk, 55, "999964");
    assert!(fill_set(&found).contains(&("C050USDT".to_owned(), "1".to_owned())));
    assert_eq!(unread(&found), [""; 0]);
}

#[test]
fn what_happens_during_a_round_is_judged_in_the_next() {
    let mut desk = trader(3, 1000);
    desk.changing = Some(vec![balance("BTC", "4"), balance("USDT", "999992")]);
    let mut connector = connector();
    let found = desk.collect(connector.as_mut());
    assert_eq!(
        (fills(&found).len(), unread(&found)),
        (3, vec![]),
        "a fourth fill came after its symbol was read"
    );
    desk.fills.push(fill("BTCUSDT", 200, NOW_MS, "1", "2"));
    assert_eq!(unread(&desk.collect(connector.as_mut())), [""; 0]);
}

#[test]
fn fees_of_each_kind_add_up() {
    let mut desk = trader(4, 1000);
    for (row, (asset, fee)) in
        desk.fills.iter_mut().zip([("BNB", "0.25"), ("BTC", "0.001"), ("USDT", "0.5"), ("BNB", "-0.1")])
    {
        (row["commissionAsset"], row["commission"]) = (asset.into(), fee.into());
    }
    // A price times a quantity that has more decimals than dollars have: what was paid is told apart.
    desk.fills[3]["quoteQty"] = "2.00000001".into();
    desk.lists.get_mut(desk::DEPOSITS).unwrap().push(deposit("bnb", NOW_MS - DAY_MS, "BNB", "1"));
    desk.balances = vec![balance("BTC", "3.999"), balance("USDT", "999991.49999999"), balance("BNB", "0.85")];
    assert_eq!(unread(&desk.collect(connector().as_mut())), [""; 0]);
}

#[test]
fn balances_in_earn_are_the_asset_itself_once() {
    let mut desk = Desk::new(&MARKETS);
    desk.markets.push(["OUSDT", "O", "USDT"].map(str::to_owned));
    desk.balances = vec![
        balance("USDT", "1"),
        ["LDUSDT".to_owned(), "2".to_owned(), "0.5".to_owned()],
        balance("LDO", "3"),
    ];
    let found = desk.collect(connector().as_mut());
    let balances = found.iter().find_map(|finding| match finding {
        Finding::Balances { balances, .. } => Some(balances),
        _ => None,
    });
    let told: Vec<_> = balances
        .unwrap()
        .iter()
        .map(|row| (row.asset.as_str(), row.free.to_string(), row.locked.to_string()))
        .collect();
    assert_eq!(told, [("LDO", "3".to_owned(), "0".to_owned()), ("USDT", "1".to_owned(), "2.5".to_owned())]);
}

#[test]
fn a_delisted_symbol_is_told() {
    let mut desk = trader(5, 1000);
    let mut connector = connector();
    desk.collect(connector.as_mut());
    desk.markets.retain(|[symbol, ..]| symbol != "BTCUSDT");
    desk.now_ms += 60_000;
    assert_eq!(
        unread(&desk.collect(connector.as_mut())),
        ["fills of BTCUSDT: the venue refused to list them"]
    );
}

#[test]
fn a_round_that_fails_is_told_again() {
    // Ten minutes apart: most of them are older than the overlap.
    let mut desk = trader(1500, 600_000);
    let mut connector = connector();
    let all = |found: &[Finding]| (fill_set(found).len(), movements(found).len());
    desk.fixed.insert(desk::CONVERTS, (400, r#"{"code":-2015,"msg":"no"}"#.to_owned()));
    let failed = desk.converse(connector.as_mut(), Task::Collect);
    assert_eq!(failed, Err(VenueError::Permanent(Refusal::Credentials)));
    desk.fixed.clear();
    assert_eq!(all(&desk.collect(connector.as_mut())), (1500, 1));
    // Prices that could not be had take the round with them.
    desk.fixed.insert(desk::KLINES, (429, "{}".to_owned()));
    let wanted = vec![desk::wanted("BTC", "USDT", NOW_MS - DAY_MS)];
    assert!(desk.converse(connector.as_mut(), Task::Price(wanted.clone())).is_err());
    desk.fixed.clear();
    assert_eq!(all(&desk.collect(connector.as_mut())), (1500, 1));
    // With them it is received; a check of the key in between changes nothing.
    desk.converse(connector.as_mut(), Task::Price(wanted)).unwrap();
    desk.converse(connector.as_mut(), Task::CheckKey).unwrap();
    desk.log.clear();
    desk.now_ms += 60_000;
    assert!(fill_set(&desk.collect(connector.as_mut())).len() < 200);
    assert_eq!(desk.asked(desk::DEPOSITS).len(), 1, "only what is new is asked for");
}

#[test]
fn a_fill_whose_price_is_owed_is_told_until_it_has_one() {
    // At five past midnight; its minute has no candle, nor has the hour: only the day's close tells.
    owed(true);
    owed(false);
}

fn owed(others_follow: bool) {
    let mut desk = trader(1, 0);
    let at_ms = NOW_MS + 5 * 60_000;
    let mut connector = connector();
    desk.collect(connector.as_mut());
    desk.fills.push(fill("BTCUSDT", 500, at_ms, "1", "2"));
    let wanted = desk::wanted("BNB", "USDT", at_ms);
    let candles = desk.candles.entry(("BNBUSDT".to_owned(), "1d".to_owned())).or_default();
    candles.insert(NOW_MS, "7".to_owned());
    let mut prices = 0;
    for minute in (6..25 * 60).step_by(7) {
        desk.now_ms = NOW_MS + minute * 60_000;
        // Each half an hour another one, which has a price at once.
        let id = 1000 + u64::try_from(minute).unwrap() / 30;
        if others_follow && !desk.fills.iter().any(|row| row["id"] == id) {
            desk.fills.push(fill("BTCUSDT", id, desk.now_ms - 60_000, "1", "2"));
        }
        settle(&mut desk);
        let told =
            fill_set(&desk.collect(connector.as_mut())).contains(&("BTCUSDT".to_owned(), "500".to_owned()));
        assert!(told || prices > 0, "minute {minute}");
        if prices == 0 {
            let found = desk.converse(connector.as_mut(), Task::Price(vec![wanted.clone()])).unwrap();
            prices += found.iter().filter(|finding| matches!(finding, Finding::Price(_, Some(_)))).count();
        }
    }
    assert_eq!(prices, 1, "the day's, when it was over");
}

#[test]
fn a_quiet_account_costs_little_and_wakes_up_with_its_balances() {
    let mut desk = trader(5, 1000);
    for number in 0..200 {
        let name = format!("C{number:03}");
        desk.markets.push([format!("{name}BTC"), name, "BTC".to_owned()]);
    }
    let mut connector = connector();
    desk.collect(connector.as_mut());
    desk.now_ms += 2 * 3_600_000;
    desk.log.clear();
    desk.collect(connector.as_mut());
    let weight: u32 =
        desk.log.iter().filter(|asked| asked.path.starts_with("/api")).map(|asked| asked.weight).sum();
    assert!(weight <= 160, "{weight}");
    desk.fills.push(fill("BTCUSDT", 500, desk.now_ms, "1", "2"));
    settle(&mut desk);
    desk.log.clear();
    assert!(fill_set(&desk.collect(connector.as_mut())).contains(&("BTCUSDT".to_owned(), "500".to_owned())));
    assert!(desk.asked(desk::MY_TRADES).len() < 10, "its own symbols are asked for, not all");
}

#[test]
fn non_ascii_symbols_are_percent_encoded_before_they_are_signed() {
    let mut desk = trader(1, 0);
    desk.markets.push(["币安人生USDT", "币安人生", "USDT"].map(str::to_owned));
    desk.balances.push(balance("币安人生", "1"));
    desk.fills.push(fill("币安人生USDT", 1, NOW_MS - DAY_MS, "1", "2"));
    desk.balances[1] = balance("USDT", "999996");
    let found = desk.collect(connector().as_mut());
    assert!(fill_set(&found).contains(&("币安人生USDT".to_owned(), "1".to_owned())));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// Fills of any times and gaps, rows twice and in any order, new ones between rounds: all are found, each round
    /// adds what is new, and the books add up.
    #[test]
    fn nothing_is_missed_in_any_disorder(
        seed in any::<u64>(),
        steps in prop::collection::vec((0_i64..4_000_000, 1_u64..5), 1..1300),
        early in 0_usize..1300,
    ) {
        let mut desk = trader(0, 0);
        let (mut time_ms, mut id) = (NOW_MS - 25 * DAY_MS, 0);
        let all: Vec<Value> = steps.iter().map(|(gap_ms, ids)| {
            (time_ms, id) = (time_ms + gap_ms % 1_600_000, id + ids);
            fill("BTCUSDT", id, time_ms, "1", "2")
        }).collect();
        desk.mangle = disorder(seed);
        let mut connector = connector();
        let mut told = BTreeSet::new();
        for until in [early.min(all.len()), all.len()] {
            desk.fills = all[..until].to_vec();
            settle(&mut desk);
            desk.now_ms += 60_000;
            let found = desk.collect(connector.as_mut());
            prop_assert!(unread(&found).is_empty(), "{:?}", unread(&found));
            told.extend(fill_set(&found));
            prop_assert_eq!(told.len(), until);
        }
        // Told by a connector that starts now: the same.
        prop_assert_eq!(fill_set(&desk.collect(desk::connector().as_mut())), told);
    }
}
