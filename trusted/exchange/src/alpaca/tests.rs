//! Answers that the shared cases do not have, and what is asked.

use super::*;
use crate::{
    KeyRights, Verdict,
    dialect::{Board, Status},
};
use ledger::{Decimal, Side};
use protocol::Secret;

fn read(need: Need, path: &str, symbol: Option<&str>, body: &str) -> Result<Said, VenueError> {
    let asked = Asked { need, market: "", path, symbol, currency: None, account: None };
    let reply = Reply { status: 200, headers: Vec::new(), body: body.as_bytes().to_vec() };
    Alpaca.read(asked, &reply, &Listings::default())
}

fn number(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn asked(question: &Question<'_>) -> Request {
    let secret = |text: &str| Secret::new(text.to_owned());
    let key = Credentials { api_key: secret("key"), secret: secret("secret"), passphrase: None };
    let moment = Moment { at: Timestamp::from_millis(1_735_689_600_123), random: [0; 16] };
    Alpaca.ask(question, &key, moment).unwrap()
}

const ACTIVITIES: &str = r#"[
    {"activity_type":"FILL","id":"1","transaction_time":"2022-12-28T12:19:29.579352Z","type":"partial_fill","price":"67.31",
     "qty":"3","side":"sell_short","symbol":"AAPL","leaves_qty":"1","order_id":"o","cum_qty":"9"},
    {"activity_type":"DIV","id":"2","date":"2019-08-01","net_amount":"1.02","symbol":"T","qty":"2","per_share_amount":"0.51"},
    {"activity_type":"CFEE","id":"3","date":"2022-08-12","net_amount":"0","symbol":"ETHUSD","qty":"-0.000195","price":"1884.5"},
    {"activity_type":"CSD","id":"4","date":"2020-01-01","net_amount":"25000","status":"executed"},
    {"activity_type":"CSW","id":"5","date":"2020-01-02","net_amount":"-10","status":"canceled"},
    {"activity_type":"TRANS","id":"6","date":"2020-01-03","net_amount":"-1.5"}]"#;

#[test]
fn activities_are_fills_or_bookings() {
    let Ok(Said::Fills(fills)) = read(Need::Fills, "/v2/account/activities/FILL", None, ACTIVITIES) else {
        panic!()
    };
    assert_eq!((fills.len(), fills[0].side, fills[0].quantity), (1, Side::Sell, number("3")));
    let Ok(Said::Ledger(rows)) = read(Need::Ledger, "/v2/account/activities", None, ACTIVITIES) else {
        panic!()
    };
    let told: Vec<_> =
        rows.iter().map(|row| (row.kind.as_str(), row.asset.as_str(), row.change.to_string())).collect();
    let expected = [
        ("dividend", "USD", "1.02"),
        ("fee", "ETH", "-0.000195"),
        ("deposit", "USD", "25000"),
        ("withdrawal", "USD", "-10"),
        ("transaction", "USD", "-1.5"),
    ];
    assert_eq!(told, expected.map(|(kind, asset, change)| (kind, asset, change.to_owned())));
    assert_eq!(rows[0].time.unwrap().millis(), 1_564_617_600_000);
}

#[test]
fn cash_came_in_or_went_out() {
    let cash = |need| {
        let Ok(Said::Crossings(rows)) = read(need, "/v2/account/activities", None, ACTIVITIES) else {
            panic!()
        };
        rows.into_iter().map(|row| (row.id.unwrap(), row.amount.to_string(), row.status)).collect::<Vec<_>>()
    };
    assert_eq!(cash(Need::Deposits), [("4".to_owned(), "25000".to_owned(), Status::Ok)]);
    let out =
        [("5".to_owned(), "10".to_owned(), Status::Canceled), ("6".to_owned(), "1.5".to_owned(), Status::Ok)];
    assert_eq!(cash(Need::Withdrawals), out);
}

#[test]
fn wallets_list_both_directions() {
    let row = |direction: &str, status: &str| {
        format!(
            r#"{{"id":"a","tx_hash":"0x1","direction":"{direction}","status":"{status}","amount":"5","network_fee":"0.1",
            "fees":"0.02","chain":"ETH","asset":"USDC","to_address":"0x2","created_at":"2024-11-02T07:42:48.402351Z"}}"#
        )
    };
    let body = format!("[{},{}]", row("INCOMING", "COMPLETE"), row("OUTGOING", "PROCESSING"));
    for (need, status) in [(Need::Deposits, Status::Ok), (Need::Withdrawals, Status::Pending)] {
        let Ok(Said::Crossings(rows)) = read(need, "/v2/wallets/transfers", None, &body) else { panic!() };
        assert_eq!(
            (rows.len(), &rows[0].status, rows[0].fee.as_ref().unwrap().1),
            (1, &status, number("0.12"))
        );
    }
    let sideways = body.replace("OUTGOING", "SIDEWAYS");
    let error =
        Err(VenueError::Permanent(Refusal::Answer { endpoint: "/v2/wallets/transfers", field: "direction" }));
    assert_eq!(read(Need::Deposits, "/v2/wallets/transfers", None, &sideways), error);
}

#[test]
fn positions_are_holdings_too() {
    let body = r#"[{"symbol":"AAPL","asset_class":"us_equity","avg_entry_price":"100.0","qty":"-5","qty_available":"-5",
        "side":"short","current_price":"120.0","unrealized_pl":"-100.0"},
        {"symbol":"BTCUSD","asset_class":"crypto","avg_entry_price":"1","qty":"0.5","qty_available":"0.4","side":"long"}]"#;
    let Ok(Said::Balances(held)) = read(Need::Balances, "/v2/positions", None, body) else { panic!() };
    let told: Vec<_> = held.iter().map(|row| (row.asset.as_str(), row.total)).collect();
    assert_eq!(told, [("AAPL", Some(number("-5"))), ("BTC", Some(number("0.5")))]);
    let Ok(Said::Positions(open)) = read(Need::Positions, "/v2/positions", None, body) else { panic!() };
    assert_eq!(
        (open[0].side, open[0].contracts, open[1].side),
        (Some(Side::Sell), number("5"), Some(Side::Buy))
    );
}

#[test]
fn the_last_price_is_that_of_the_latest_trade() {
    let body = r#"{"snapshots":{"BTC/USD":{"dailyBar":{"c":1},"latestQuote":{"ap":64621.4,"bp":6.45737e4,"t":"2024-07-18T05:02:11.7Z"},
        "latestTrade":{"i":1,"p":64616.2,"t":"2024-07-18T05:02:10.1Z"},"minuteBar":{"c":2}},"LTC/USD":{}}}"#;
    let Ok(Said::Prices(rows)) = read(Need::Prices, "/v1beta3/crypto/us/snapshots", None, body) else {
        panic!()
    };
    let told: Vec<_> = rows.iter().map(|row| (row.symbol.as_str(), row.last, row.bid)).collect();
    assert_eq!(
        told,
        [("BTC/USD", Some(number("64616.2")), Some(number("64573.7"))), ("LTC/USD", None, None)]
    );
    let bars = r#"{"bars":{"BTC/USD":{"c":1,"h":1,"l":1,"o":1,"t":"2024-07-18T05:02:00Z","v":2e-8},"LTC/USD":{"c":1}}}"#;
    let said = read(Need::Klines, "/v1beta3/crypto/us/latest/bars", Some("BTC/USD"), bars);
    assert!(
        matches!(said, Ok(Said::Klines(rows)) if rows.len() == 1 && rows[0].volume == Some(number("0.00000002")))
    );
}

#[test]
fn a_key_is_refused_since_it_may_trade() {
    let body = r#"{"id":"e6fe16f3-64a4-4921-8928-cadf02f92f98","status":"ACTIVE","trading_blocked":true}"#;
    let Ok(Said::Rights(rights)) = read(Need::Permission, "/v2/account", None, body) else { panic!() };
    let KeyRights { read: reads, trade, verdict, .. } = rights;
    assert_eq!((reads, trade, verdict), (true, Some(true), Verdict::Refuse));
    assert!(read(Need::Permission, "/v2/account", None, "{}").is_err());
}

#[test]
fn who_asks_is_in_the_headers_and_nothing_is_signed() {
    let question = Question {
        from_ms: Some(1_704_067_200_123),
        limit: Some(100),
        with: vec![("direction", "asc".to_owned())],
        ..Question::of(Need::Fills, "all")
    };
    let request = asked(&question);
    assert_eq!(*request.query, "after=2024-01-01T00%3A00%3A00.123Z&page_size=100&direction=asc");
    let headers: Vec<_> = request.headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert_eq!(headers, [("apca-api-key-id", "key"), ("apca-api-secret-key", "secret")]);
    let bars = asked(&Question { symbol: Some("BTC/USD"), ..Question::of(Need::Klines, "crypto") });
    assert!(bars.headers.is_empty(), "public");
    assert_eq!((bars.host, bars.query.as_str()), ("data.alpaca.markets", "symbols=BTC%2FUSD"));
    assert_eq!(asked(&Question::of(Need::Balances, "account")).path, "/v2/account");
    assert_eq!(asked(&Question::of(Need::Balances, "trading")).path, "/v2/positions");
}

#[test]
fn a_dividend_too_small_to_pay_a_cent_brings_no_shares() {
    let body = r#"[{"activity_type":"DIV","id":"1","date":"2019-08-01","net_amount":"0","symbol":"T","qty":"2",
        "per_share_amount":"0.001"},{"activity_type":"DIVFT","id":"2","date":"2019-08-01","net_amount":"-0.3","symbol":"T","qty":"2"},
        {"activity_type":"JNLS","id":"3","date":"2019-08-01","net_amount":"0","symbol":"T","qty":"2"}]"#;
    let Ok(Said::Ledger(rows)) = read(Need::Ledger, "/v2/account/activities", None, body) else { panic!() };
    let told = rows.iter().map(|row| (row.kind.as_str(), row.asset.as_str(), row.change));
    let expected = [("dividend", "USD", "0"), ("dividend", "USD", "-0.3"), ("transfer", "T", "2")]
        .map(|(a, b, c)| (a, b, number(c)));
    assert!(told.eq(expected));
}

#[test]
fn cash_that_is_on_its_way_has_not_come_in() {
    let body =
        r#"[{"activity_type":"CSD","id":"4","date":"2020-01-01","net_amount":"25000","status":"pending"}]"#;
    let Ok(Said::Crossings(rows)) = read(Need::Deposits, "/v2/account/activities", None, body) else {
        panic!()
    };
    assert_eq!(rows[0].status, Status::Pending);
}

#[test]
fn options_are_contracts_and_shares_are_not() {
    let fill = |symbol: &str| {
        let body = format!(
            r#"[{{"activity_type":"FILL","id":"1","side":"buy","price":"2.5","qty":"1","symbol":"{symbol}",
            "transaction_time":"2024-01-02T15:00:00Z"}}]"#
        );
        let path = "/v2/account/activities/FILL";
        let Ok(Said::Fills(mut rows)) = read(Need::Fills, path, None, &body) else { panic!() };
        rows.remove(0).board
    };
    for option in ["AAPL240119C00100000", "F240119P00012500", "SPXW240119C05000000"] {
        assert_eq!(fill(option), Board::Contract, "{option}");
    }
    for other in
        ["AAPL", "LTC/USD", "BRK.B", "240119C00100000", "AAPL240119X00100000", "\u{20ac}AAAAAAAAAAAAAA"]
    {
        assert_eq!(fill(other), Board::Spot, "{other}");
    }
}
