//! Variants that the shared cases lack.

use super::Gate;
use crate::{
    Board, Need, Refusal, Said, Status, VenueError,
    dialect::{heard, keeps_to_its_calls},
};
use ledger::{Asset, Decimal, Side};

const MARKETS: [&str; 10] = [
    "spot",
    "margin",
    "cross-margin",
    "unified",
    "funding",
    "usdt-futures",
    "btc-futures",
    "eth-futures",
    "wallet",
    "-",
];

fn number(text: &str) -> Decimal {
    text.parse().unwrap()
}

#[test]
fn only_calls_of_the_table_are_made() {
    keeps_to_its_calls(&Gate, &MARKETS);
}

#[test]
fn a_fill_may_carry_three_fees() {
    let body = r#"[{"id":"1","create_time":"1691702924","currency_pair":"BTC_USDT","side":"buy","role":"taker","amount":"3e-5",
        "price":"29454.6","order_id":"2","fee":"0","fee_currency":"BTC","point_fee":"1.1","gt_fee":"-2.2"}]"#;
    let Said::Fills(fills) = heard(&Gate, Need::Fills, ("spot", None), "", body).unwrap() else { panic!() };
    let fees = [(Asset::from("GT"), number("-2.2")), (Asset::from("GATEPOINT"), number("1.1"))];
    assert_eq!(fills[0].fees, fees);
    assert_eq!((fills[0].quantity, fills[0].time.millis()), (number("0.00003"), 1_691_702_924_000));
}

#[test]
fn the_sign_of_a_contract_is_its_side_and_what_it_settles_in_its_fee() {
    let body = r#"[{"trade_id":"9007199254740993","create_time":1514764800.123,"contract":"BTC_USD","order_id":"2","size":"-5.5",
        "price":"100.5","fee":"-0.01","point_fee":"0","role":"maker"}]"#;
    let path = "/api/v4/futures/btc/my_trades_timerange";
    let Said::Fills(fills) = heard(&Gate, Need::Fills, ("btc-futures", None), path, body).unwrap() else {
        panic!()
    };
    let fill = &fills[0];
    assert_eq!((fill.id.as_str(), fill.board), ("9007199254740993", Board::Contract));
    assert_eq!((fill.side, fill.quantity), (Side::Sell, number("5.5")));
    assert_eq!(fill.fees, [(Asset::from("BTC"), number("-0.01"))]);
    assert_eq!(fill.time.millis(), 1_514_764_800_123);
}

#[test]
fn instants_are_told_apart_by_their_size() {
    for (time, ms) in [
        ("1547633726123", 1_547_633_726_123),
        ("\"1547633726\"", 1_547_633_726_000),
        ("1682294400.123456", 1_682_294_400_123),
        ("\"1691702924010.071000\"", 1_691_702_924_010),
    ] {
        let body =
            format!(r#"[{{"id":"1","time":{time},"currency":"BTC","change":"-1","type":"order_fee"}}]"#);
        let Said::Ledger(rows) = heard(&Gate, Need::Ledger, ("spot", None), "", &body).unwrap() else {
            panic!()
        };
        assert_eq!((rows[0].time.unwrap().millis(), rows[0].kind.as_str()), (ms, "fee"), "{time}");
    }
}

#[test]
fn bookings_of_contracts_have_no_id_and_no_currency_and_get_both() {
    let body = r#"[{"time":1646899200,"change":"-0.027722","balance":"11.6","text":"XRP_USDT","type":"fund"},
        {"time":1646899200,"change":"1","balance":"12.6","text":"ETH_USDT:12","type":"fee"}]"#;
    let (market, path) = (("usdt-futures", None), "/api/v4/futures/usdt/account_book");
    let Said::Ledger(rows) = heard(&Gate, Need::Ledger, market, path, body).unwrap() else { panic!() };
    assert_eq!(rows[0].id, "1646899200/fund/XRP_USDT/-0.027722/11.6");
    assert_ne!(rows[0].id, rows[1].id);
    assert_eq!(rows[1].asset, Asset::from("USDT"));
    assert_eq!(rows[1].symbol, Some(("ETH_USDT".to_owned(), Board::Contract)));
    let Said::Funding(rows) = heard(&Gate, Need::Funding, market, path, body).unwrap() else { panic!() };
    assert_eq!((rows.len(), rows[0].symbol.as_str(), rows[0].amount), (1, "XRP_USDT", number("-0.027722")));
}

#[test]
fn balances_come_by_list_by_pair_by_asset_and_alone() {
    let held = |body: &str| match heard(&Gate, Need::Balances, ("spot", None), "", body).unwrap() {
        Said::Balances(rows) => rows,
        other => panic!("{other:?}"),
    };
    let side = |currency: &str, available: &str| {
        format!(
            r#"{{"currency":"{currency}","available":"{available}","locked":"1","borrowed":"0.5","interest":"0"}}"#
        )
    };
    let pairs = format!(
        r#"[{{"currency_pair":"A_USDT","locked":false,"base":{},"quote":{}}},{{"base":{},"quote":{}}}]"#,
        side("A", "1"),
        side("USDT", "2"),
        side("B", "3"),
        side("USDT", "4")
    );
    let rows = held(&pairs);
    assert_eq!((rows.len(), rows[1].free, rows[1].debt), (3, Some(number("6")), Some(number("1"))));
    let rows = held(
        r#"{"locked":false,"balances":{"USDT":{"available":"1","freeze":"2","borrowed":"3"}},"total":"9"}"#,
    );
    assert_eq!((rows[0].used, rows[0].total), (Some(number("2")), None));
}

#[test]
fn a_gatecode_goes_the_way_of_its_sign() {
    let body = r#"[{"id":"b1","currency":"usdt","amount":"-5","timestamp":"1542000000","status":"BCODE","txid":"","fee":"0"}]"#;
    let Said::Crossings(rows) = heard(&Gate, Need::Deposits, ("wallet", None), "", body).unwrap() else {
        panic!()
    };
    assert_eq!((rows[0].incoming, rows[0].amount, &rows[0].status), (false, number("5"), &Status::Ok));
    assert_eq!((rows[0].asset.clone(), rows[0].transaction.clone()), (Asset::from("USDT"), None));
}

#[test]
fn rates_of_gt_count_where_it_pays() {
    let body = r#"{"taker_fee":"0.002","maker_fee":"0.002","futures_taker_fee":"0.0005","futures_maker_fee":"-0.00025",
        "gt_discount":true,"gt_taker_fee":"0.0015","gt_maker_fee":"0.0014"}"#;
    for (market, maker) in [("spot", "0.0014"), ("usdt-futures", "-0.00025")] {
        let Said::Fees(rows) = heard(&Gate, Need::Fees, (market, None), "", body).unwrap() else { panic!() };
        assert_eq!(rows[0].maker, number(maker), "{market}");
    }
}

#[test]
fn what_is_not_as_documented_names_the_field() {
    let wrong = |need, body: &str, expected: &str| match heard(&Gate, need, ("spot", None), "", body) {
        Err(VenueError::Permanent(Refusal::Answer { field, .. })) => assert_eq!(field, expected, "{body}"),
        other => panic!("{other:?}"),
    };
    wrong(Need::Fills, r#"[{"id":"1"}]"#, "currency_pair");
    wrong(Need::Balances, r#"[{"currency":"A","available":true}]"#, "available");
    wrong(Need::Ledger, r#"[{"id":"1","change":"1"}]"#, "currency");
    assert_eq!(heard(&Gate, Need::Fills, ("spot", None), "", r#"[{"id":"#), Err(VenueError::Retry));
}

#[test]
fn points_have_one_name_wherever_they_stand() {
    let body = r#"{"balances":{"POINT":{"available":"9999999999.017","freeze":"0","borrowed":"0"}}}"#;
    let Said::Balances(held) = heard(&Gate, Need::Balances, ("unified", None), "", body).unwrap() else {
        panic!()
    };
    assert_eq!((&held[0].asset, held[0].free), (&Asset::from("GATEPOINT"), Some(number("9999999999.017"))));
    let body = r#"[{"id":"1","time":"1547633726","time_ms":1547633726123,"currency":"point","change":"-1.5","type":"point_fee"}]"#;
    let Said::Ledger(booked) = heard(&Gate, Need::Ledger, ("spot", None), "", body).unwrap() else {
        panic!()
    };
    assert_eq!((&booked[0].asset, booked[0].change), (&Asset::from("GATEPOINT"), number("-1.5")));
    assert_eq!(booked[0].time.map(ledger::Timestamp::millis), Some(1_547_633_726_123), "to the millisecond");
}

#[test]
fn a_deposit_counts_once_it_is_credited() {
    for (word, status) in [
        ("REVIEW", Status::Pending),
        ("TRACK", Status::Pending),
        ("DEP_CREDITED", Status::Ok),
        ("DONE", Status::Ok),
        ("BLOCKED", Status::Failed),
        ("TOMORROW", Status::Other("TOMORROW".to_owned())),
    ] {
        let body = format!(
            r#"[{{"id":"d1","currency":"USDT","amount":"1250","txid":"a","chain":"TRX","timestamp":"1685619255","status":"{word}"}}]"#
        );
        let Said::Crossings(rows) = heard(&Gate, Need::Deposits, ("wallet", None), "", &body).unwrap() else {
            panic!()
        };
        assert_eq!(rows[0].status, status, "{word}");
    }
}
