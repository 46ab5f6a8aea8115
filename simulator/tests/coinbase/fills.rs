//! Fills: each of the world's, in pages that stand still.

use crate::{
    client::{Client, units},
    venue::NOW_MS,
};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

const FILLS: &str = "/api/v3/brokerage/orders/historical/fills";

fn text<'a>(row: &'a Value, name: &str) -> &'a str {
    row[name].as_str().unwrap_or_else(|| panic!("{name} of {row}"))
}

#[test]
fn fills_are_those_of_the_world_in_their_order() {
    let client = Client::still(&[]);
    let fills = client.fills("");
    let (truth, mut expected) = (client.venue.truth(), Vec::new());
    let mut quotes: BTreeMap<&str, String> = BTreeMap::new();
    for symbol in truth["symbols"].as_array().unwrap() {
        let (base, quote) = (text(symbol, "baseAsset"), text(symbol, "quoteAsset"));
        quotes.insert(text(symbol, "symbol"), format!("{base}-{quote}"));
    }
    let mut in_quote = 0;
    for fill in truth["fills"].as_array().unwrap() {
        let product = quotes[text(fill, "symbol")].clone();
        let quote = product.split('-').nth(1).unwrap();
        let is_quote = text(fill, "commissionAsset") == quote;
        in_quote += usize::from(is_quote);
        expected.push((
            fill["time"].as_i64().unwrap(),
            product.clone(),
            if fill["isBuyer"] == true { "BUY" } else { "SELL" },
            if fill["isMaker"] == true { "MAKER" } else { "TAKER" },
            [units(&fill["price"]), units(&fill["qty"])],
            if is_quote { units(&fill["commission"]) } else { 0 },
        ));
    }
    assert!(in_quote > 500 && expected.len() - in_quote > 500, "{in_quote} of {}", expected.len());
    let mut told: Vec<_> = fills
        .iter()
        .map(|fill| {
            assert_eq!((&fill["trade_type"], &fill["size_in_quote"]), (&json!("FILL"), &json!(false)));
            (
                instant_ms(text(fill, "trade_time")),
                text(fill, "product_id").to_owned(),
                text(fill, "side"),
                text(fill, "liquidity_indicator"),
                [units(&fill["price"]), units(&fill["size"])],
                units(&fill["commission"]),
            )
        })
        .collect();
    told.sort();
    expected.sort();
    assert_eq!(told, expected);
    let sequences: Vec<&str> = fills.iter().map(|fill| text(fill, "sequence_timestamp")).collect();
    assert!(sequences.windows(2).all(|pair| pair[0] > pair[1]), "newest first, and no two alike");
    for id in ["entry_id", "trade_id"] {
        let ids: BTreeSet<&str> = fills.iter().map(|fill| text(fill, id)).collect();
        assert_eq!(ids.len(), fills.len(), "{id}");
    }
}

fn instant_ms(text: &str) -> i64 {
    let digits = |from: usize, to: usize| text[from..to].parse::<i64>().unwrap();
    // Of the year before 2026-11-22 alone.
    let months = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let before: i64 = months.iter().take(usize::try_from(digits(5, 7) - 1).unwrap()).sum();
    let day = (digits(0, 4) - 2025) * 365 + before + digits(8, 10) - 1;
    let second = day * 86_400 + digits(11, 13) * 3600 + digits(14, 16) * 60 + digits(17, 19);
    // 2025-01-01T00:00:00Z.
    1_735_689_600_000 + second * 1000 + digits(20, 23)
}

#[test]
fn a_span_has_its_beginning_and_not_its_end() {
    let client = Client::still(&[]);
    let page = client.answer(FILLS)["fills"].as_array().unwrap().clone();
    assert_eq!(page.len(), 100, "a hundred, if nothing is said");
    let (newer, older) = (text(&page[10], "sequence_timestamp"), text(&page[90], "sequence_timestamp"));
    let between = client.fills(&format!("start_sequence_timestamp={older}&end_sequence_timestamp={newer}"));
    assert_eq!(between, page[11..=90]);
    let of_product = client.fills(&format!("product_id=BTC-USDT&start_sequence_timestamp={older}"));
    let expected: Vec<&Value> = page[..=90].iter().filter(|fill| fill["product_id"] == "BTC-USDT").collect();
    assert_eq!(of_product.iter().collect::<Vec<_>>(), expected);
    let order = text(&page[40], "order_id");
    let of_order = client.fills(&format!("order_ids={order}"));
    assert!(!of_order.is_empty() && of_order.iter().all(|fill| fill["order_id"] == order));
}

#[test]
fn pages_stand_still_while_there_is_more_to_tell() {
    let client = Client::still(&[]);
    let first = client.answer(&format!("{FILLS}?limit=7"));
    client.venue.tell("fills", r#"{"count":30}"#);
    let cursor = text(&first, "cursor");
    let second = client.answer(&format!("{FILLS}?limit=7&cursor={cursor}"));
    let all = client.fills("");
    let rows = [first["fills"].as_array().unwrap().clone(), second["fills"].as_array().unwrap().clone()];
    assert_eq!(rows.concat(), all[30..44]);
    assert!(all[..30].iter().all(|fill| instant_ms(text(fill, "trade_time")) >= NOW_MS));
}

#[test]
fn wrong_arguments_are_named() {
    let client = Client::still(&[]);
    for (query, name) in [
        ("limit=0", "limit"),
        ("limit=251", "limit"),
        ("limit=x", "limit"),
        ("cursor=elsewhere", "cursor"),
        ("product_id=BTC-EUR", "product_id"),
        ("start_sequence_timestamp=1795305600", "start_sequence_timestamp"),
        ("end_sequence_timestamp=yesterday", "end_sequence_timestamp"),
    ] {
        client.venue.advance(100);
        let reply = client.ask(&format!("{FILLS}?{query}"));
        assert_eq!((reply.status, &reply.json()["code"]), (400, &json!(3)), "{query}");
        assert!(text(&reply.json(), "message").starts_with(&format!("{name}: ")), "{query}");
    }
}
