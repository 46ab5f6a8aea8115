//! How often each endpoint answers, and that its budget is its own.

use crate::client::{Client, said};

/// Path, requests, and in how much time.
const SIGNED: [(&str, usize, i64); 13] = [
    ("account/config", 5, 2_000),
    ("account/balance", 10, 2_000),
    ("account/positions", 10, 2_000),
    ("account/bills", 5, 1_000),
    ("account/bills-archive", 5, 2_000),
    ("asset/balances", 6, 1_000),
    ("asset/bills", 6, 1_000),
    ("asset/bills-history", 1, 1_000),
    ("asset/deposit-history", 6, 1_000),
    ("asset/withdrawal-history", 6, 1_000),
    ("asset/convert/history", 6, 1_000),
    ("finance/savings/balance", 6, 1_000),
    ("trade/fills-history?instType=SPOT", 10, 2_000),
];

#[test]
fn each_endpoint_has_the_budget_of_its_documentation() {
    let client = Client::still(&[]);
    for (path, requests, span_ms) in SIGNED {
        let answered = (0..70).take_while(|_| said(&client.private(path)) == (200, 0)).count();
        assert_eq!(answered, requests, "{path}");
        assert_eq!(said(&client.private(path)), (429, 50011), "{path}");
        client.venue.advance(span_ms - 1);
        assert_eq!(said(&client.private(path)), (429, 50011), "{path}");
        client.venue.advance(1);
        assert_eq!(said(&client.private(path)), (200, 0), "{path}");
        // To where the next one's span begins.
        client.venue.advance(2_000 - client.venue.truth_ms().rem_euclid(2_000));
    }
}

#[test]
fn public_endpoints_have_budgets_too() {
    let client = Client::still(&[]);
    for (path, requests) in [
        ("public/time", 10),
        ("public/instruments?instType=SPOT", 20),
        ("market/candles?instId=BTC-USDT", 40),
        ("market/history-candles?instId=BTC-USDT", 20),
        ("market/ticker?instId=BTC-USDT", 20),
    ] {
        let answered = (0..70).take_while(|_| said(&client.public(path)) == (200, 0)).count();
        assert_eq!(answered, requests, "{path}");
    }
    assert_eq!(said(&client.private("account/config")), (200, 0));
}

#[test]
fn a_signature_that_is_wrong_takes_nothing_from_the_users_budget() {
    let client = Client::still(&[]);
    for _ in 0..40 {
        assert_eq!(client.public("account/config").status, 401);
    }
    assert_eq!(said(&client.private("account/config")), (200, 0));
}
