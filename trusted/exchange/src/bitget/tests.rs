//! Variants that the shared cases lack.

use super::Bitget;
use crate::{
    Board, Need, Refusal, Said, Status, VenueError,
    dialect::{heard, keeps_to_its_calls},
};
use ledger::{Asset, Decimal, Side};

const MARKETS: [&str; 14] = [
    "spot",
    "spot-history",
    "margin",
    "isolated",
    "usdt-futures",
    "usdt-futures-history",
    "coin-futures",
    "funding",
    "wallet",
    "classic",
    "unified",
    "unified-history",
    "unified-funding",
    "-",
];

fn told(need: Need, market: &str, symbol: Option<&str>, data: &str) -> Result<Said, VenueError> {
    let body = format!(r#"{{"code":"00000","msg":"success","requestTime":1,"data":{data}}}"#);
    heard(&Bitget, need, (market, symbol), "", &body)
}

fn number(text: &str) -> Decimal {
    text.parse().unwrap()
}

#[test]
fn only_calls_of_the_table_are_made() {
    keeps_to_its_calls(&Bitget, &MARKETS);
}

fn fee(detail: &str) -> Vec<(Asset, Decimal)> {
    let row = format!(
        r#"[{{"tradeId":"9007199254740993","symbol":"btcusdt","side":"Sell","priceAvg":"1e4","size":"2.288e-5",
        "tradeScope":"maker","cTime":"1697603539699","feeDetail":{detail}}}]"#
    );
    let Said::Fills(mut fills) = told(Need::Fills, "spot", None, &row).unwrap() else { panic!() };
    let fill = fills.remove(0);
    assert_eq!((fill.id.as_str(), fill.symbol.as_str()), ("9007199254740993", "BTCUSDT"));
    assert_eq!((fill.price, fill.quantity, fill.side), (number("10000"), number("0.00002288"), Side::Sell));
    fill.fees
}

#[test]
fn fees_come_as_object_list_or_text() {
    let paid = vec![(Asset::from("BGB"), number("0.5"))];
    for detail in [
        r#"{"feeCoin":"bgb","totalFee":"-0.5"}"#,
        r#"[{"feeCoin":"BGB","totalFee":-0.5}]"#,
        r#""{\"feeCoin\":\"BGB\",\"totalFee\":\"-0.5\"}""#,
        r#""[{\"feeCoin\":\"BGB\",\"totalFee\":\"-0.5\"}]""#,
    ] {
        assert_eq!(fee(detail), paid, "{detail}");
    }
    assert_eq!(fee(r#"{"feeCoin":"USDT","totalFee":"0.25"}"#), [(Asset::from("USDT"), number("-0.25"))]);
    for detail in ["null", r#""""#, "[]", r#"{"feeCoin":"","totalFee":""}"#, r#"{"totalFee":"0"}"#] {
        assert_eq!(fee(detail), [], "{detail}");
    }
}

#[test]
fn an_empty_list_may_be_null_and_other_instruments_are_left_out() {
    for data in ["null", r#""""#, "[]", r#"{"fillList":null,"endId":null}"#, r#"{"list":[]}"#] {
        assert_eq!(told(Need::Fills, "usdt-futures", None, data).unwrap(), Said::Fills(vec![]), "{data}");
    }
    let row = |symbol: &str| {
        format!(
            r#"{{"execId":"1","category":"USDT-FUTURES","symbol":"{symbol}","side":"buy","execPrice":"1","execQty":"1","createdTime":"1751020520451"}}"#
        )
    };
    let list = format!(r#"{{"list":[{},{}],"cursor":"1"}}"#, row("BTCUSDT"), row("ETHUSDT"));
    let Said::Fills(fills) = told(Need::Fills, "unified", Some("ETHUSDT"), &list).unwrap() else { panic!() };
    assert_eq!((fills.len(), fills[0].board), (1, Board::Contract));
}

#[test]
fn what_is_not_as_documented_names_the_field() {
    let wrong = |need, data: &str, expected: &str| match told(need, "spot", None, data) {
        Err(VenueError::Permanent(Refusal::Answer { field, .. })) => assert_eq!(field, expected, "{data}"),
        other => panic!("{other:?}"),
    };
    wrong(Need::Fills, r#"[{"tradeId":"1"}]"#, "symbol");
    wrong(Need::Fills, r#"[{"tradeId":"1","symbol":"A","side":"both"}]"#, "side");
    wrong(Need::Balances, r#"[{"coin":"A","available":"x"}]"#, "available");
    wrong(Need::Ledger, r#"[{"coin":"A","fees":"","billId":"1"}]"#, "businessType");
    let cut = heard(&Bitget, Need::Fills, ("spot", None), "", r#"{"code":"00000","data":[{"#);
    assert_eq!(cut, Err(VenueError::Retry));
}

#[test]
fn unified_records_and_margin_are_read_by_their_own_names() {
    let row = r#"[{"orderId":"1","recordId":"0x1","coin":"usdt","type":"withdraw","size":"30","fee":"-1.5","status":"reject",
        "dest":"on_chain","chain":"TRC20","createdTime":"1787918664295"}]"#;
    let Said::Crossings(rows) = told(Need::Withdrawals, "unified", None, row).unwrap() else { panic!() };
    assert_eq!(rows[0].transaction.as_deref(), Some("0x1"));
    assert_eq!((rows[0].amount, rows[0].status.clone()), (number("28.5"), Status::Failed));
    let row = r#"[{"coin":"BTC","totalAmount":"2","available":"1.5","frozen":"0.5","borrow":"0.1","interest":"0.01"}]"#;
    let Said::Balances(rows) = told(Need::Balances, "margin", None, row).unwrap() else { panic!() };
    assert_eq!((rows[0].total, rows[0].debt), (Some(number("2")), Some(number("0.11"))));
}

#[test]
fn bookings_are_named_by_what_they_are_about() {
    for (word, kind) in [
        ("trans_from_exchange", "transfer"),
        ("burst_sell", "trade"),
        ("bonus_issue", "rebate"),
        ("airdrop_rewards", "airdrop_rewards"),
        ("MARGIN_OPEN_LONG", "trade"),
        ("MARGIN_SETTLE_FEE_USER_OUT", "fee"),
        ("INTEREST_REPAYMENT", "fee"),
        ("LIQ_REPAYMENT", "transaction"),
        ("MARGIN_LEVER_POS_IN", "margin"),
        ("TRACE_SHARE_BENEFIT_USER_IN", "referral"),
        ("CONVERT_TRANSFER_IN", "transfer"),
        ("SOMETHING_NEW", "SOMETHING_NEW"),
    ] {
        let row = format!(
            r#"[{{"id":"1","category":"SPOT","coin":"A","type":"{word}","amount":"-1","ts":"1745853486185"}}]"#
        );
        let Said::Ledger(rows) = told(Need::Ledger, "unified", None, &row).unwrap() else { panic!() };
        assert_eq!((rows[0].kind.as_str(), rows[0].change), (kind, number("-1")), "{word}");
    }
}

#[test]
fn an_inverse_contract_counts_its_volume_elsewhere() {
    let data = r#"[["1656604800000","2","4","1","3","428.5","16198849","7"]]"#;
    for (market, volume) in [("usdt-futures", "428.5"), ("coin-futures", "16198849")] {
        let Said::Klines(rows) = told(Need::Klines, market, Some("BTCUSD"), data).unwrap() else { panic!() };
        assert_eq!((rows[0].close, rows[0].volume), (number("3"), Some(number(volume))), "{market}");
    }
}

#[test]
fn a_coin_of_several_isolated_pairs_is_held_once() {
    let rows = r#"[{"symbol":"BTCUSDT","coin":"USDT","totalAmount":"10","available":"8","frozen":"2","borrow":"1","interest":"0.5"},
        {"symbol":"ETHUSDT","coin":"USDT","totalAmount":"5","available":"5","frozen":"0","borrow":"0","interest":"0"}]"#;
    let Said::Balances(held) = told(Need::Balances, "isolated", None, rows).unwrap() else { panic!() };
    assert_eq!((held.len(), held[0].total, held[0].free), (1, Some(number("15")), Some(number("13"))));
    assert_eq!((held[0].used, held[0].debt), (Some(number("2")), Some(number("1.5"))));
}
