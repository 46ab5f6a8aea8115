//! What documents show and the shared cases lack.

use super::*;
use crate::{
    KeyRights, Verdict,
    dialect::{
        Board, Crossing, Execution, FundingPayment, Listing, Status, asks_again_for_what_was_cut_off,
        refuses_what_is_no_answer,
    },
};
use ::ledger::{Asset, Decimal, Liquidity, Side};

fn asked<'a>(need: Need, market: &'a str, path: &'a str) -> Asked<'a> {
    Asked { need, market, path, symbol: None, currency: None, account: None }
}

fn body(result: &str) -> Reply {
    let body = format!(r#"{{"retCode":0,"retMsg":"OK","result":{result},"time":1735689600123}}"#);
    Reply { status: 200, headers: Vec::new(), body: body.into_bytes() }
}

fn read(need: Need, market: &str, path: &str, result: &str) -> Result<Said, VenueError> {
    let listing = |id: &str, board, quote: &str, settle: Option<&str>| Listing {
        id: id.to_owned(),
        board,
        base: Asset::from("BTC"),
        quote: Asset::from(quote),
        settle: settle.map(Asset::from),
        contract_size: Decimal::ONE,
        inverse: settle == Some("BTC"),
        expires: None,
    };
    let listings = Listings::new([
        listing("BTCUSDT", Board::Spot, "USDT", None),
        listing("BTCUSDT", Board::Contract, "USDT", Some("USDT")),
        listing("BTCUSD", Board::Contract, "USD", Some("BTC")),
    ]);
    Bybit.read(asked(need, market, path), &body(result), &listings)
}

fn fills(market: &str, row: &str) -> Result<Vec<Execution>, VenueError> {
    let result = format!(r#"{{"list":[{{{row}}}]}}"#);
    match read(Need::Fills, market, "/v5/execution/list", &result)? {
        Said::Fills(rows) => Ok(rows),
        other => panic!("{other:?}"),
    }
}

fn crossings(need: Need, path: &str, row: &str) -> Result<Vec<Crossing>, VenueError> {
    match read(need, "wallet", path, &format!(r#"{{"rows":[{{{row}}}]}}"#))? {
        Said::Crossings(rows) => Ok(rows),
        other => panic!("{other:?}"),
    }
}

fn number(text: &str) -> Decimal {
    text.parse().unwrap()
}

const EXECUTION: &str = r#""symbol":"BTCUSDT","orderId":"o","execId":"9007199254740993","execPrice":"50000","execQty":"2e-3",
    "execTime":"1672282722429""#;

#[test]
fn the_spot_leg_of_a_spread_has_its_fee_elsewhere() {
    let row = format!(
        r#"{EXECUTION},"side":"Buy","execType":"FutureSpread","execFee":"","execFeeV2":"0.000002","feeCurrency":"""#
    );
    assert_eq!(fills("spot", &row).unwrap()[0].fees, [(Asset::from("BTC"), number("0.000002"))]);
    assert_eq!(fills("linear", &row).unwrap()[0].fees, []);
}

#[test]
fn coins_pay_in_what_was_got_and_rebates_come_in_what_was_given() {
    for (side, fee, told, expected) in [
        ("Buy", "0.1", "", "BTC"),
        ("Sell", "0.1", "", "USDT"),
        ("Buy", "-0.1", "", "USDT"),
        ("Sell", "-0.1", "", "BTC"),
        ("Sell", "0.1", "BTC", "USDT"),
        ("Sell", "0.1", "MNT", "MNT"),
    ] {
        let row = format!(r#"{EXECUTION},"side":"{side}","execFee":"{fee}","feeCurrency":"{told}""#);
        let made = fills("spot", &row).unwrap();
        assert_eq!(made[0].fees, [(Asset::from(expected), number(fee))], "{side} {fee} {told}");
        assert_eq!((made[0].id.as_str(), made[0].quantity), ("9007199254740993", number("0.002")));
    }
}

#[test]
fn contracts_pay_in_what_they_settle_in_also_when_they_are_listed_no_more() {
    for (market, symbol, expected) in [
        ("linear", "BTCUSDT", "USDT"),
        ("inverse", "BTCUSD", "BTC"),
        ("linear", "OLDUSDT", "USDT"),
        ("linear", "ETHPERP", "USDC"),
        ("linear", "ETH-26DEC25", "USDC"),
        ("linear", "ETHUSDT-26DEC25", "USDT"),
        ("inverse", "ETHUSDZ25", "ETH"),
        ("option", "BTC-26DEC25-90000-C", "USDC"),
        ("option", "BTC-26DEC25-90000-C-USDT", "USDT"),
    ] {
        let row = format!(
            r#""symbol":"{symbol}","orderId":"o","execId":"e","execPrice":"1","execQty":"1","execValue":"","side":"Buy",
            "execTime":1672282722429,"execFee":"-0.5","feeCurrency":"","isMaker":true"#
        );
        let made = fills(market, &row).unwrap();
        assert_eq!(made[0].fees, [(Asset::from(expected), number("-0.5"))], "{symbol}");
        assert_eq!((made[0].board, made[0].liquidity), (Board::Contract, Liquidity::Maker));
        assert_eq!(made[0].cost, None);
    }
    let row = r#""symbol":"SOMETHING","execId":"e","execPrice":"1","execQty":"1","side":"Buy","execTime":1672282722429,
        "execFee":"0.5""#;
    assert_eq!(fills("linear", row), Err(wrong("/v5/execution/list", "symbol")));
}

#[test]
fn liquidations_are_executions_and_funding_is_a_payment() {
    for kind in
        ["BustTrade", "AdlTrade", "Settle", "Delivery", "BlockTrade", "MovePosition", "FutureSpread", ""]
    {
        let made =
            fills("linear", &format!(r#"{EXECUTION},"side":"Sell","execFee":"0","execType":"{kind}""#));
        assert_eq!(made.unwrap().len(), 1, "{kind}");
    }
    let row = format!(r#"{EXECUTION},"side":"Sell","execFee":"-0.25","execType":"Funding""#);
    assert!(fills("linear", &row).unwrap().is_empty());
    let paid = |market: &str| match read(
        Need::Funding,
        market,
        "/v5/execution/list",
        &format!(r#"{{"list":[{{{row}}}]}}"#),
    ) {
        Ok(Said::Funding(rows)) => rows,
        other => panic!("{other:?}"),
    };
    assert_eq!(paid("linear")[0].amount, number("0.25"), "a fee below zero was received");
    assert_eq!(paid("linear")[0].asset, Asset::from("USDT"));
}

#[test]
fn funding_of_the_log_has_its_sign() {
    let row = |kind: &str, funding: &str| {
        format!(
            r#"{{"id":"i","symbol":"BTCUSD","category":"inverse","type":"{kind}","funding":"{funding}","change":"1",
            "currency":"BTC","transactionTime":"1672128000000"}}"#
        )
    };
    let list =
        [row("SETTLEMENT", "-0.003676"), row("SETTLEMENT", ""), row("TRADE", "0"), row("SETTLEMENT", "0.1")];
    let result = format!(r#"{{"list":[{}]}}"#, list.join(","));
    let Ok(Said::Funding(rows)) = read(Need::Funding, "unified", "/v5/account/transaction-log", &result)
    else {
        panic!("no funding");
    };
    let amounts: Vec<Decimal> = rows.iter().map(|row: &FundingPayment| row.amount).collect();
    assert_eq!(amounts, [number("-0.003676"), number("0.1")]);
}

#[test]
fn older_executions_name_their_fields_otherwise() {
    let row = r#""symbol":"ETHPERP","side":"Buy","orderId":"o","execFee":"0.0210","tradeTime":"1669196417930",
        "execPrice":"1162.15","lastLiquidityInd":"TAKER","execValue":"34.8645","execType":"Trade","execQty":"0.030",
        "tradeId":"t""#;
    let made = fills("linear", row).unwrap();
    assert_eq!((made[0].id.as_str(), made[0].liquidity), ("t", Liquidity::Taker));
    assert_eq!((made[0].side, made[0].time), (Side::Buy, Timestamp::from_millis(1_669_196_417_930)));
    assert_eq!(made[0].fees, [(Asset::from("USDC"), number("0.021"))]);
}

#[test]
fn instruments_are_listed_with_what_they_settle_in() {
    let listed = |market: &str, row: &str| {
        let result = format!(r#"{{"list":[{{"status":"Trading",{row}}}],"nextPageCursor":"7"}}"#);
        read(Need::Listings, market, "/v5/market/instruments-info", &result)
    };
    let coins = listed("spot", r#""symbol":"ETHBTC","baseCoin":"ETH","quoteCoin":"BTC""#);
    let Ok(Said::Listings(rows)) = coins else { panic!("{coins:?}") };
    assert_eq!((rows[0].board, rows[0].settle.clone(), rows[0].inverse), (Board::Spot, None, false));
    let row = r#""symbol":"BTCUSD","baseCoin":"BTC","quoteCoin":"USD","settleCoin":"BTC""#;
    let Ok(Said::Listings(rows)) = listed("inverse", row) else { panic!("no listings") };
    assert_eq!((rows[0].settle.clone(), rows[0].inverse), (Some(Asset::from("BTC")), true));
    assert_eq!(rows[0].contract_size, Decimal::ONE, "one dollar");
    let Ok(Said::Listings(rows)) = listed("linear", row) else { panic!("no listings") };
    assert!(!rows[0].inverse);
    let without = listed("linear", r#""symbol":"BTCUSDT","baseCoin":"BTC","quoteCoin":"USDT""#);
    assert_eq!(without, Err(wrong("/v5/market/instruments-info", "settleCoin")));
}

#[test]
fn the_funding_wallet_is_booked_with_its_direction_and_by_the_second() {
    let row = |direction: &str| {
        format!(
            r#"{{"memberId":"1","currency":"BTC","ioDirection":"{direction}","txnAmt":"0.5","afterAmt":"7","createTime":"1772669763",
            "showBusiType":"x","showBusiTypeEn":"Earn","descriptionEn":"Easy Earn | Flexible Interest Distribution",
            "currcCursor":"NTg2"}}"#
        )
    };
    let booked = |direction: &str| {
        let result = format!(r#"{{"list":[{}],"nextPageCursor":""}}"#, row(direction));
        read(Need::Ledger, "funding", "/v5/asset/fundinghistory", &result)
    };
    let Ok(Said::Ledger(rows)) = booked("O") else { panic!("nothing booked") };
    assert_eq!((rows[0].id.as_str(), rows[0].change), ("NTg2", number("-0.5")));
    assert_eq!(rows[0].time, Some(Timestamp::from_millis(1_772_669_763_000)));
    assert_eq!(rows[0].own.as_deref(), Some("Earn/Easy Earn | Flexible Interest Distribution"));
    let Ok(Said::Ledger(rows)) = booked("I") else { panic!("nothing booked") };
    assert_eq!(rows[0].change, number("0.5"));
    assert_eq!(booked("?"), Err(wrong("/v5/asset/fundinghistory", "ioDirection")));
    let secret = |text: &str| protocol::Secret::new(text.to_owned());
    let key = Credentials { api_key: secret("key"), secret: secret("secret"), passphrase: None };
    let mut question = Question::of(Need::Ledger, "funding");
    (question.from_ms, question.to_ms, question.limit) = (Some(1_999), Some(604_801_998), Some(100));
    let moment = Moment { at: Timestamp::from_millis(0), random: [0; 16] };
    let request = Bybit.ask(&question, &key, moment).unwrap();
    assert_eq!(*request.query, "createTimeFrom=1&createTimeTo=604801&limit=100");
}

#[test]
fn a_booking_from_before_the_unified_account_has_no_number() {
    let result = r#"{"nextPageCursor":"21%3A0%2C21%3A0","list":[{"symbol":"ETH-14JUN23-1750-C","side":"Buy","funding":"","orderId":"",
        "fee":"0","change":"-2.5","cashFlow":"0","transactionTime":"1686729604507","type":"DELIVERY","size":"0","qty":"0.5",
        "cashBalance":"1001.1","currency":"USDC","category":"option","tradePrice":"1740.25","tradeId":""}]}"#;
    let path = "/v5/pre-upgrade/account/transaction-log";
    let Ok(Said::Ledger(rows)) = read(Need::Ledger, "pre-option", path, result) else {
        panic!("nothing booked")
    };
    assert_eq!(rows[0].id, "1686729604507/DELIVERY/ETH-14JUN23-1750-C//-2.5/1001.1");
    assert_eq!((rows[0].change, rows[0].asset.as_str()), (number("-2.5"), "USDC"));
    let path = "/v5/account/transaction-log";
    assert_eq!(read(Need::Ledger, "unified", path, result), Err(wrong(path, "id")));
}

#[test]
fn a_field_that_is_missing_is_named() {
    for (row, field) in [
        (EXECUTION.replace("execPrice", "other"), "execPrice"),
        (EXECUTION.replace("\"50000\"", "[]"), "execPrice"),
        (EXECUTION.replace("\"50000\"", "\"\""), "execPrice"),
        (EXECUTION.replace("1672282722429", "1672282722"), "execTime"),
    ] {
        let row = format!(r#"{row},"side":"Buy""#);
        assert_eq!(fills("spot", &row), Err(wrong("/v5/execution/list", field)));
    }
    assert_eq!(fills("spot", EXECUTION), Err(wrong("/v5/execution/list", "side")));
    let path = "/v5/execution/list";
    assert_eq!(read(Need::Fills, "spot", path, "{}"), Err(wrong(path, "list")));
    assert_eq!(read(Need::Fills, "spot", path, r#"{"list":null}"#), Ok(Said::Fills(Vec::new())));
    let mut cut = body(r#"{"list":[]}"#);
    cut.body.pop();
    let said = Bybit.read(asked(Need::Fills, "spot", path), &cut, &Listings::default());
    assert_eq!(said, Err(VenueError::Retry));
}

#[test]
fn a_deposit_under_way_has_no_time_of_its_own() {
    let row = |status: &str| {
        format!(
            r#""coin":"BTC","chain":"BTC","amount":"1","txID":"t","status":{status},"successAt":"0","depositFee":"""#
        )
    };
    let made = crossings(Need::Deposits, "/v5/asset/deposit/query-record", &row("1")).unwrap();
    assert_eq!(
        (&made[0].status, made[0].time),
        (&Status::Pending, Timestamp::from_millis(1_735_689_600_123))
    );
    let made = crossings(Need::Deposits, "/v5/asset/deposit/query-record", &row("3"));
    assert_eq!(made, Err(wrong("/v5/asset/deposit/query-record", "successAt")));
}

#[test]
fn a_coin_came_by_its_own_chain_and_a_token_by_the_standard_of_it() {
    for (coin, chain, named) in
        [("ETH", "ETH", "ETH"), ("USDT", "ETH", "ERC20"), ("TRX", "TRX", "TRX"), ("BTC", "BTC", "BTC")]
    {
        let row = format!(
            r#""coin":"{coin}","chain":"{chain}","amount":"1","txID":"t","status":3,"successAt":"1672134274000""#
        );
        let made = crossings(Need::Deposits, "/v5/asset/deposit/query-record", &row).unwrap();
        assert_eq!(made[0].network.as_deref(), Some(named), "{coin}");
    }
}

#[test]
fn a_deposit_of_another_user_is_internal_and_dated_in_seconds() {
    let row = r#""id":"1103","amount":"0.1","type":1,"coin":"ETH","address":"x***@gmail.com","status":2,
        "createdTime":"1705393280","txID":"77c37e5c""#;
    for row in [row.to_owned(), row.replace("1705393280", "1705393280000")] {
        let made = crossings(Need::Deposits, "/v5/asset/deposit/query-internal-record", &row).unwrap();
        assert_eq!((made[0].internal, &made[0].status), (Some(true), &Status::Ok));
        assert_eq!(made[0].time, Timestamp::from_millis(1_705_393_280_000));
    }
}

#[test]
fn what_is_bound_follows_where_nothing_can_be_withdrawn() {
    let result = r#"{"list":[{"accountType":"UNIFIED","coin":[{"coin":"USDT","walletBalance":"100","availableToWithdraw":"",
        "locked":"1","totalPositionIM":"2","totalOrderIM":"3","borrowAmount":"","accruedInterest":""}]}]}"#;
    let Ok(Said::Balances(rows)) = read(Need::Balances, "unified", "/v5/account/wallet-balance", result)
    else {
        panic!("no balances");
    };
    assert_eq!((rows[0].free, rows[0].used, rows[0].debt), (None, Some(number("6")), None));
}

#[test]
fn a_key_is_accepted_if_it_reads_only() {
    let rights = |read_only: &str, permissions: &str| -> Result<KeyRights, VenueError> {
        let result = format!(
            r#"{{"readOnly":{read_only},"permissions":{permissions},"ips":["1.2.3.4"],"userID":24617703}}"#
        );
        match read(Need::Permission, "-", "/v5/user/query-api", &result)? {
            Said::Rights(rights) => Ok(rights),
            other => panic!("{other:?}"),
        }
    };
    let all =
        r#"{"Spot":["SpotTrade"],"Wallet":["AccountTransfer","Withdraw"],"Exchange":["ExchangeHistory"]}"#;
    let accepted = rights("1", all).unwrap();
    assert_eq!(accepted.verdict, Verdict::Accept);
    assert_eq!(
        (accepted.trade, accepted.withdraw, accepted.transfer),
        (Some(false), Some(false), Some(false))
    );
    assert_eq!(accepted.ip_restricted, Some(true));
    let refused = rights("0", all).unwrap();
    assert_eq!(refused.verdict, Verdict::Refuse);
    assert_eq!((refused.trade, refused.withdraw, refused.transfer), (Some(true), Some(true), Some(true)));
    let unknown = rights("0", r#"{"Wallet":["Teleport"],"New":["Thing"]}"#).unwrap();
    assert_eq!((unknown.trade, unknown.withdraw, unknown.transfer), (Some(true), Some(false), Some(true)));
    assert_eq!(
        rights("0", "{}").unwrap().verdict,
        Verdict::Refuse,
        "nothing granted is not the same as read-only"
    );
    assert_eq!(rights("2", "{}").unwrap().verdict, Verdict::Refuse);
    assert_eq!(rights("null", "{}"), Err(wrong("/v5/user/query-api", "readOnly")));
}

#[test]
fn pages_follow_the_cursor_as_it_was_told() {
    let reply = body(r#"{"nextPageCursor":"132766%3A2%2C132766%3A2","list":[{}]}"#);
    let asked = asked(Need::Fills, "linear", "/v5/execution/list");
    let behind = body(r#"{"nextPageCursor":"132766%3A2%2C132766%3A2","list":[]}"#);
    assert_eq!(Bybit.next_page(asked, &behind), Ok(None), "nothing comes behind nothing");
    let (name, cursor) = Bybit.next_page(asked, &reply).unwrap().unwrap();
    assert_eq!(Bybit.next_page(asked, &body(r#"{"nextPageCursor":"","list":[]}"#)), Ok(None));
    let secret = |text: &str| protocol::Secret::new(text.to_owned());
    let key = Credentials { api_key: secret("key"), secret: secret("secret"), passphrase: None };
    let moment = Moment { at: Timestamp::from_millis(0), random: [0; 16] };
    let mut question = Question::of(Need::Fills, "linear");
    (question.from_ms, question.to_ms, question.limit) = (Some(1), Some(2), Some(100));
    question.with = vec![(name, cursor)];
    let request = Bybit.ask(&question, &key, moment).unwrap();
    let expected = "category=linear&startTime=1&endTime=2&limit=100&cursor=132766%3A2%2C132766%3A2";
    assert_eq!(*request.query, expected);
    question.with = vec![("cursor", "a=b".to_owned())];
    assert!(Bybit.ask(&question, &key, moment).unwrap().query.ends_with("&cursor=a%3Db"));
    question.market = "moon";
    assert!(Bybit.ask(&question, &key, moment).is_err());
}

#[test]
fn an_answer_that_was_cut_off_anywhere_is_asked_for_again() {
    let whole = body(&format!(r#"{{"list":[{{{EXECUTION},"side":"Buy"}}]}}"#));
    let asked = asked(Need::Fills, "spot", "/v5/execution/list");
    asks_again_for_what_was_cut_off(&Bybit, asked, &whole);
}

#[test]
fn what_is_no_answer_is_refused_by_every_reader() {
    let bodies = [r#"{"retCode":0,"result":null}"#, r#"{"retCode":0,"result":{"list":[[]],"rows":[7]}}"#];
    refuses_what_is_no_answer(&Bybit, "spot", &bodies);
}
