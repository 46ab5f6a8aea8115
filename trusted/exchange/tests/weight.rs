//! What an account weighs between two rounds: its bytes, and its connector in memory.
#![cfg(test)]

mod desk;

use desk::{DAY_MS, Desk, NOW_MS, connector, fill, trader::*};
use serde_json::json;

/// As many symbols as Binance lists.
const SYMBOLS: usize = 3500;

fn large_venue(desk: &mut Desk) {
    for number in 0..SYMBOLS - desk.markets.len() {
        let name = format!("C{number:04}");
        let quote = ["BTC", "TRY", "EUR", "FDUSD", "USDC"][number % 5];
        desk.markets.push([format!("{name}{quote}"), name, quote.to_owned()]);
    }
}

/// Twenty fills and five assets.
fn small_account() -> Desk {
    let mut desk = trader(20, 60_000);
    large_venue(&mut desk);
    for asset in ["BNB", "ETH", "LDO"] {
        desk.lists.get_mut(desk::DEPOSITS).unwrap().push(deposit(asset, NOW_MS - DAY_MS, asset, "12.345678"));
        desk.balances.push(balance(asset, "12.345678"));
    }
    desk
}

#[test]
fn a_small_account_stays_below_two_kibibytes_for_days() {
    let (mut desk, mut connector) = (small_account(), connector());
    // After so many rounds each symbol had its turn.
    for round in 0..SYMBOLS / 5 + 10 {
        desk.log.clear();
        assert_eq!(unread(&desk.collect(connector.as_mut())), [""; 0]);
        desk.now_ms += 60_000;
        let bytes = connector.saved().len();
        assert!(bytes < 2048, "{bytes} bytes after round {round}");
        if round % 200 == 0 {
            println!("{bytes} bytes after {round} rounds");
        }
    }
    // Something new is listed: a part of the list is asked for again, and in the end all is known.
    desk.markets.push(["NEWUSDT", "NEW", "USDT"].map(str::to_owned));
    desk.now_ms += 25 * 3_600_000;
    desk.collect(connector.as_mut());
    println!("{} bytes after a new symbol", connector.saved().len());
    assert!(connector.saved().len() < 2048);
}

#[test]
fn a_large_account_grows_by_what_may_still_change_only() {
    let sizes: Vec<usize> = [(2000, 200), (20_000, 2000)]
        .map(|(fills, movements)| {
            // Within some days, and over five years.
            let mut desk = trader(fills, 10_000);
            large_venue(&mut desk);
            for number in 0..movements {
                let at_ms = NOW_MS - 5 * 365 * DAY_MS / movements * number - 1;
                let row = json!({ "id": number, "amount": "0.5", "asset": "BNB", "divTime": at_ms, "enInfo": "Flexible" });
                desk.lists.entry(desk::DIVIDENDS).or_default().push((at_ms, row));
            }
            desk.balances.push(balance("BNB", &(movements / 2).to_string()));
            let mut connector = connector();
            for _ in 0..2 {
                assert_eq!(unread(&desk.collect(connector.as_mut())), [""; 0]);
                desk.now_ms += 60_000;
            }
            let bytes = connector.saved().len();
            println!("{fills} fills and {movements} movements: {bytes} bytes");
            bytes
        })
        .to_vec();
    assert!(sizes[1] < sizes[0] + 2048, "{sizes:?}");
    // All of them within the hour that is read again: what is known of each is its id and its instant.
    let mut desk = trader(0, 0);
    desk.fills = (0..20_000)
        .map(|id| fill("BTCUSDT", 100 + id, NOW_MS - 3_500_000 + 170 * i64::try_from(id).unwrap(), "1", "2"))
        .collect();
    settle(&mut desk);
    let mut connector = connector();
    desk.collect(connector.as_mut());
    let bytes = connector.saved().len();
    println!("20000 fills in an hour: {bytes} bytes");
    assert!(bytes < 6 * 20_000, "{bytes}");
}
