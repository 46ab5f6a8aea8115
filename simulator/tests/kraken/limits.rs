//! Counters: what a call adds, how fast it comes back, and who is locked out.

use crate::client::{Client, said};

const RATE: &str = "EAPI:Rate limit exceeded";

#[test]
fn history_costs_two_points_and_everything_else_one() {
    for (method, calls) in [
        ("TradesHistory", 10),
        ("Ledgers", 10),
        ("Balance", 20),
        ("BalanceEx", 20),
        ("GetApiKeyInfo", 20),
        ("DepositStatus", 20),
        ("WithdrawStatus", 20),
        ("TradeVolume", 20),
    ] {
        let client = Client::still(&[]);
        let answered = (0..30).take_while(|_| said(&client.private(method, "")).is_empty()).count();
        assert_eq!(answered, calls, "{method}");
        assert_eq!(said(&client.public("Time")), "", "public answers have a budget of their own");
        client.venue.advance(1_999);
        assert_eq!(said(&client.private("Balance", "")), RATE);
        client.venue.advance(1);
        assert_eq!(said(&client.private("Balance", "")), "");
        assert_eq!(said(&client.private("Balance", "")), RATE);
    }
}

#[test]
fn who_does_not_wait_is_locked_out_for_a_quarter_of_an_hour() {
    let client = Client::still(&[]);
    let seen: Vec<String> = (0..40).map(|_| said(&client.private("Balance", ""))).collect();
    let count = |words: &str| seen.iter().filter(|said| *said == words).count();
    assert_eq!((count(""), count(RATE), count("EGeneral:Temporary lockout")), (20, 10, 10));
    client.venue.advance(15 * 60_000 - 1);
    assert_eq!(said(&client.private("Balance", "")), "EGeneral:Temporary lockout");
    client.venue.advance(1);
    assert_eq!(said(&client.private("Balance", "")), "");
}

#[test]
fn public_answers_come_one_a_second_after_a_burst() {
    let client = Client::still(&[]);
    let answered = (0..200).take_while(|_| said(&client.public("Time")).is_empty()).count();
    assert_eq!(answered, 120);
    client.venue.advance(1_000);
    assert_eq!(
        (said(&client.public("Time")), said(&client.public("Time"))),
        (String::new(), RATE.to_owned())
    );
    assert_eq!(said(&client.private("Balance", "")), "");
}

#[test]
fn a_signature_that_is_wrong_takes_nothing_from_the_keys_budget() {
    let client = Client::still(&[]);
    for _ in 0..40 {
        assert_eq!(said(&client.send("/0/private/Balance", "", "nonce=1")), "EAPI:Invalid signature");
    }
    assert_eq!(said(&client.private("Balance", "")), "");
}

#[test]
fn without_limits_nothing_is_refused() {
    let client = Client::still(&["--no-limits"]);
    let answered = |all: &dyn Fn() -> String| (0..200).all(|_| all().is_empty());
    assert!(answered(&|| said(&client.private("Ledgers", ""))) && answered(&|| said(&client.public("Time"))));
}
