//! Budgets, 429 and 418.

use crate::{
    ACCOUNT, DEPOSITS, TRADES, WITHDRAWALS,
    venue::{NOW_MS, Reply, Venue},
};

#[test]
fn what_is_used_is_told_and_too_much_is_refused() {
    let venue = Venue::still(&[]);
    // A whole minute of its own.
    venue.advance(60_000);
    let used = |reply: &Reply, header: &str| reply.header(header).and_then(|used| used.parse::<u32>().ok());
    let spot = "X-MBX-USED-WEIGHT-1M";
    assert_eq!(used(&venue.public("/api/v3/ping"), spot), Some(1));
    assert_eq!(used(&venue.public("/api/v3/exchangeInfo"), spot), Some(21));
    assert_eq!(used(&venue.public("/api/v3/klines?symbol=BTCUSDT&interval=1m&limit=1"), spot), Some(23));
    let now_ms = NOW_MS + 60_000;
    let signed = |path: &str, query: &str| venue.signed_at("GET", path, query, now_ms);
    assert_eq!(used(&signed(ACCOUNT, ""), spot), Some(43));
    assert_eq!(used(&signed(TRADES, "symbol=UNIUSDT"), spot), Some(63));
    assert_eq!(used(&signed(TRADES, "symbol=UNIUSDT&orderId=1"), spot), Some(68));
    assert_eq!(used(&signed(DEPOSITS, ""), "X-SAPI-USED-IP-WEIGHT-1M"), Some(1));
    assert_eq!(used(&signed(WITHDRAWALS, ""), "X-SAPI-USED-UID-WEIGHT-1M"), Some(18_000));
    assert_eq!(used(&venue.public("/api/v3/ping"), spot), Some(69), "the wallet has budgets of its own");

    let over =
        (0..80).map(|_| venue.public("/api/v3/ticker/24hr")).find(|reply| reply.status != 200).unwrap();
    assert_eq!(over.refusal(), (429, -1003));
    assert!(used(&over, spot) > Some(6000));
    assert!((1..=61).contains(&over.header("retry-after").unwrap().parse::<u32>().unwrap()));
    let banned = (0..20).map(|_| venue.public("/api/v3/ping")).find(|reply| reply.status != 429).unwrap();
    assert_eq!(banned.refusal(), (418, -1003));
    let wait_s: i64 = banned.header("retry-after").unwrap().parse().unwrap();
    assert!(wait_s >= 120, "{wait_s}");
    venue.advance(60_000);
    assert_eq!(venue.public("/api/v3/ping").status, 418, "a new minute does not end a ban");
    venue.advance((wait_s - 60) * 1000);
    assert_eq!(venue.public("/api/v3/ping").status, 200);
}

#[test]
fn the_budget_is_full_again_after_what_retry_after_says() {
    let venue = Venue::still(&[]);
    venue.advance(30_000);
    let over =
        (0..80).map(|_| venue.public("/api/v3/ticker/24hr")).find(|reply| reply.status != 200).unwrap();
    assert_eq!(over.status, 429);
    let wait_s: i64 = over.header("retry-after").unwrap().parse().unwrap();
    venue.advance(wait_s * 1000);
    assert_eq!(venue.public("/api/v3/ping").status, 200);
}

#[test]
fn without_limits_the_same_is_told_and_nothing_is_refused() {
    let venue = Venue::still(&["--no-limits"]);
    let replies: Vec<Reply> = (0..100).map(|_| venue.public("/api/v3/ticker/24hr")).collect();
    assert!(replies.iter().all(|reply| reply.status == 200));
    let told = replies[99].header("X-MBX-USED-WEIGHT-1M").unwrap().parse();
    assert_eq!(told, Ok(8000), "eighty each");
}
