//! Budgets: how many requests there are in a second or an hour, and how they come back.

use crate::client::Client;

fn limited(client: &Client, path: &str) -> bool {
    let reply = client.ask(path);
    if reply.status == 429 {
        let body = reply.json();
        let v2 = path.starts_with("/v2/");
        assert_eq!(
            body["errors"][0]["id"],
            if v2 { "rate_limit_exceeded".into() } else { serde_json::Value::Null }
        );
        assert_eq!(body["error"], if v2 { serde_json::Value::Null } else { "RESOURCE_EXHAUSTED".into() });
        assert_eq!(reply.header("retry-after"), None);
    }
    reply.status == 429
}

#[test]
fn a_key_has_thirty_questions_a_second() {
    let client = Client::still(&[]);
    let path = "/api/v3/brokerage/key_permissions";
    let first = client.ask(path);
    assert_eq!(
        (first.header("x-ratelimit-limit"), first.header("x-ratelimit-remaining")),
        (Some("30"), Some("29"))
    );
    let answered = (0..40).take_while(|_| !limited(&client, path)).count();
    assert_eq!(answered, 29);
    assert!(!limited(&client, "/v2/accounts"), "wallets have a budget of their own");
    client.venue.advance(33);
    assert!(limited(&client, path));
    client.venue.advance(1);
    assert!(!limited(&client, path));
    assert!(limited(&client, path));
    client.venue.advance(1_000);
    assert_eq!((0..40).take_while(|_| !limited(&client, path)).count(), 30);
}

#[test]
fn an_address_has_ten_public_questions_a_second() {
    let client = Client::still(&[]);
    let ask = || client.venue.public("/api/v3/brokerage/time").status;
    assert_eq!((0..20).take_while(|_| ask() == 200).count(), 10);
    assert_eq!(ask(), 429);
    client.venue.advance(100);
    assert_eq!((ask(), ask()), (200, 429));
    assert!(!limited(&client, "/api/v3/brokerage/accounts"));
}

#[test]
fn a_token_that_is_wrong_takes_nothing_from_the_keys_budget() {
    let client = Client::still(&[]);
    for _ in 0..40 {
        assert_eq!(client.send("GET", "/api/v3/brokerage/accounts", "").status, 401);
    }
    assert!(!limited(&client, "/api/v3/brokerage/accounts"));
}
