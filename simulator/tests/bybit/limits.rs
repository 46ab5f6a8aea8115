//! Budgets: of each path for an account, and of an address for everything.

use crate::{
    client::{Client, code},
    venue::NOW_MS,
};

#[test]
fn a_path_has_a_budget_of_its_own_and_headers_tell_what_is_left_of_it() {
    let client = Client::still(&[]);
    for (path, query, limit, span_ms) in [
        ("/v5/account/fee-rate", "category=spot", 5, 1_000),
        ("/v5/account/transaction-log", "", 25, 1_000),
        ("/v5/execution/list", "category=spot", 50, 1_000),
        ("/v5/asset/deposit/query-record", "", 100, 60_000),
    ] {
        let client = Client { venue: crate::venue::Venue::still(&[]) };
        for used in 1..=limit {
            let reply = client.signed_at(path, query, NOW_MS);
            assert_eq!(code(&reply), 0, "{path} {used}");
            assert_eq!(reply.header("X-Bapi-Limit"), Some(limit.to_string().as_str()));
            assert_eq!(reply.header("X-Bapi-Limit-Status"), Some((limit - used).to_string().as_str()));
        }
        let refused = client.signed_at(path, query, NOW_MS);
        assert_eq!(code(&refused), 10006, "{path}");
        let reset_ms = (NOW_MS + span_ms).to_string();
        assert_eq!(refused.header("X-Bapi-Limit-Reset-Timestamp"), Some(reset_ms.as_str()));
        client.venue.advance(span_ms - 1);
        assert_eq!(code(&client.signed(path, query)), 10006, "{path}");
        client.venue.advance(1);
        assert_eq!(code(&client.signed(path, query)), 0, "{path}");
    }
    let wrong = client.send("GET", "/v5/account/fee-rate", "category=spot", "", "00", NOW_MS);
    assert_eq!(
        (code(&wrong), wrong.header("X-Bapi-Limit")),
        (10004, None),
        "a wrong signature takes nothing"
    );
}

#[test]
fn an_address_that_asks_too_often_is_shut_out_for_ten_minutes() {
    let client = Client::still(&[]);
    let answered = (0..700).take_while(|_| client.venue.public("/v5/market/time").status == 200).count();
    assert_eq!(answered, 600);
    client.venue.advance(599_999);
    assert_eq!(client.venue.public("/v5/market/time").status, 403);
    client.venue.advance(1);
    assert_eq!(client.venue.public("/v5/market/time").status, 200);
}

#[test]
fn without_limits_nothing_is_refused() {
    let client = Client::still(&["--no-limits"]);
    assert!((0..700).all(|_| client.venue.public("/v5/market/time").status == 200));
    assert!((0..30).all(|_| code(&client.signed_at("/v5/account/fee-rate", "category=spot", NOW_MS)) == 0));
}
