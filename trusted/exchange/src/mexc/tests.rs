//! Variants that the shared cases lack.

use super::Mexc;
use crate::{
    Dialect as _, Moment, Need, Question, Refusal, Said, Status, VenueError,
    dialect::{heard, keeps_to_its_calls},
};
use ledger::{Asset, Decimal, Liquidity, Side, Timestamp};
use protocol::Credentials;

fn number(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn contracts(need: Need, data: &str) -> Result<Said, VenueError> {
    let body = format!(r#"{{"success":true,"code":0,"data":{data}}}"#);
    heard(&Mexc, need, ("futures", None), "", &body)
}

fn spot(need: Need, body: &str) -> Result<Said, VenueError> {
    heard(&Mexc, need, ("spot", None), "", body)
}

#[test]
fn only_calls_of_the_table_are_made() {
    keeps_to_its_calls(&Mexc, &["spot", "futures", "wallet", "key", "-"]);
}

#[test]
fn closing_a_short_buys_and_closing_a_long_sells() {
    for (code, side) in [(1, Side::Buy), (2, Side::Buy), (3, Side::Sell), (4, Side::Sell)] {
        let row = format!(
            r#"[{{"id":9007199254740993,"symbol":"BTC_USD","side":{code},"vol":5,"price":2.5e4,"feeCurrency":"BTC",
            "fee":-2.288e-5,"timestamp":1648924557000,"orderId":"2","taker":false}}]"#
        );
        let Said::Fills(fills) = contracts(Need::Fills, &row).unwrap() else { panic!() };
        let fill = &fills[0];
        assert_eq!((fill.side, fill.id.as_str(), fill.price), (side, "9007199254740993", number("25000")));
        assert_eq!(fill.fees, [(Asset::from("BTC"), number("-0.00002288"))]);
        assert_eq!(fill.liquidity, Liquidity::Maker);
    }
    for data in ["null", "[]", r#"{"resultList":[]}"#, r#"{"resultList":null}"#] {
        assert_eq!(contracts(Need::Fills, data).unwrap(), Said::Fills(vec![]), "{data}");
    }
}

#[test]
fn a_coin_may_carry_its_chain_and_a_withdrawal_its_fee() {
    let body = r#"[{"id":"a","coin":"USDC-MATIC","netWork":"MATIC","amount":"2","transferType":1,"status":"9",
        "transactionFee":"0.5","applyTime":"1664882739000","txId":"0xc8:0","transHash":"","memo":null}]"#;
    let Said::Crossings(rows) = spot(Need::Withdrawals, body).unwrap() else { panic!() };
    let row = &rows[0];
    assert_eq!((row.asset.as_str(), row.amount, &row.status), ("USDC", number("1.5"), &Status::Canceled));
    assert_eq!((row.transaction.as_deref(), row.network.as_deref()), (Some("0xc8:0"), Some("MATIC")));
    assert_eq!(row.internal, Some(true));
}

#[test]
fn the_margin_of_positions_is_held() {
    let data =
        r#"[{"currency":"USDT","positionMargin":2.5,"availableBalance":10,"frozenBalance":1,"equity":13.5}]"#;
    let Said::Balances(rows) = contracts(Need::Balances, data).unwrap() else { panic!() };
    assert_eq!((rows[0].free, rows[0].used), (Some(number("10")), Some(number("3.5"))));
}

#[test]
fn candles_and_tickers_of_contracts_have_their_own_form() {
    let data = r#"{"time":[1634052300],"open":[3492.2],"close":[3491.3],"high":[3495.85],"low":[3491.15],"vol":[1740.0]}"#;
    let Said::Klines(rows) = contracts(Need::Klines, data).unwrap() else { panic!() };
    assert_eq!((rows[0].open_at.millis(), rows[0].low), (1_634_052_300_000, number("3491.15")));
    let short = r#"{"time":[1634052300],"open":[],"close":[1],"high":[1],"low":[1],"vol":[1]}"#;
    assert!(contracts(Need::Klines, short).is_err());
    let one = r#"{"symbol":"ETH_USDT","lastPrice":3581.3,"bid1":0,"ask1":3581.5,"timestamp":1634162885016}"#;
    for data in [one.to_owned(), format!("[{one}]")] {
        let Said::Prices(rows) = contracts(Need::Prices, &data).unwrap() else { panic!() };
        assert_eq!((rows[0].last, rows[0].bid), (Some(number("3581.3")), None));
    }
}

#[test]
fn funding_is_in_what_the_contract_settles_in() {
    for (symbol, asset) in [("BTC_USDT", "USDT"), ("BTC_USD", "BTC"), ("ETH_USDC", "USDC")] {
        let data = format!(
            r#"{{"resultList":[{{"id":1,"symbol":"{symbol}","funding":-7.6e-4,"settleTime":1643299200000}}]}}"#
        );
        let Said::Funding(rows) = contracts(Need::Funding, &data).unwrap() else { panic!() };
        assert_eq!((rows[0].asset.as_str(), rows[0].amount), (asset, number("-0.00076")));
    }
}

#[test]
fn transfers_of_spot_name_both_sides() {
    let body = r#"{"rows":[{"tranId":"c","asset":"USDT","amount":"1","fromAccountType":"FUTURES","toAccountType":"SPOT",
        "status":"WAIT","timestamp":1759328309000}],"total":1}"#;
    let Said::Transfers(rows) = spot(Need::Transfers, body).unwrap() else { panic!() };
    assert_eq!((rows[0].from.as_deref(), rows[0].to.as_deref()), (Some("swap"), Some("spot")));
    assert_eq!(rows[0].status, Status::Pending);
}

#[test]
fn what_is_not_as_documented_names_the_field() {
    let wrong = |said: Result<Said, VenueError>, expected: &str| match said {
        Err(VenueError::Permanent(Refusal::Answer { field, .. })) => assert_eq!(field, expected),
        other => panic!("{other:?}"),
    };
    wrong(spot(Need::Fills, r#"[{"id":"1","symbol":"A"}]"#), "isBuyer");
    wrong(contracts(Need::Fills, r#"[{"id":"1","symbol":"A","side":5}]"#), "side");
    wrong(spot(Need::Balances, r#"{"balances":[{"asset":"A","free":[]}]}"#), "free");
    assert_eq!(spot(Need::Fills, "[{"), Err(VenueError::Retry));
    let nested = "{\"data\":".repeat(200_000);
    assert!(spot(Need::Fills, &format!("{nested}1{}", "}".repeat(200_000))).is_err());
}

#[test]
fn a_deposit_that_is_sent_back_never_came_in() {
    let status = |status: u8| {
        let body = format!(
            r#"[{{"amount":"5","coin":"EOS","network":"EOS","status":{status},"insertTime":1659513342000,"txId":"a"}}]"#
        );
        let Said::Crossings(mut rows) = spot(Need::Deposits, &body).unwrap() else { panic!() };
        rows.remove(0).status
    };
    // 8 REFUND, 9 PRE_SUCCESS, 10 INVALID, 11 RESTRICTED, 12 COMPLETED
    let expected = [Status::Failed, Status::Pending, Status::Failed, Status::Pending, Status::Ok];
    assert_eq!([8, 9, 10, 11, 12].map(status), expected);
    assert_eq!(status(13), Status::Other("13".to_owned()));
}

#[test]
fn a_page_of_transfers_may_stand_in_a_list() {
    let page = r#"{"rows":[{"tranId":"11945860693","asset":"BTC","amount":"0.1","fromAccountType":"SPOT","toAccountType":"FUTURE",
        "status":"SUCCESS","timestamp":1544433325000}],"total":1}"#;
    for body in [page.to_owned(), format!("[{page}]")] {
        let Said::Transfers(rows) = spot(Need::Transfers, &body).unwrap() else { panic!() };
        let told = (rows.len(), rows[0].from.as_deref(), rows[0].to.as_deref(), rows[0].amount);
        assert_eq!(told, (1, Some("spot"), Some("swap"), number("0.1")), "{body}");
    }
    assert!(matches!(spot(Need::Transfers, "[]"), Ok(Said::Transfers(rows)) if rows.is_empty()));
    assert!(spot(Need::Transfers, r#"[{"rows":null}]"#).is_err());
}

#[test]
fn a_key_is_asked_about_by_its_name() {
    let secret = |text: &str| protocol::Secret::new(text.to_owned());
    let key = Credentials { api_key: secret("mx0v\n"), secret: secret("s"), passphrase: None };
    let moment = Moment { at: Timestamp::from_millis(1_735_689_600_123), random: [0; 16] };
    let request = Mexc.ask(&Question::of(Need::Permission, "key"), &key, moment).unwrap();
    assert_eq!(request.path, "/api/v3/apiKeyInfo");
    let signed = "accessKey=mx0v&timestamp=1735689600123&recvWindow=5000";
    let signature = super::sign::signature(&secret("s"), signed).unwrap();
    assert_eq!(*request.query, format!("{signed}&signature={signature}"));
}
