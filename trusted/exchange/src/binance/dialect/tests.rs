//! Answers that the shared cases do not have, and what is asked.

use super::*;
use crate::dialect::{Board, Status};
use ::ledger::{Decimal, Side};
use protocol::Secret;

fn read(need: Need, market: &str, path: &str, body: &str) -> Result<Said, VenueError> {
    let asked = Asked { need, market, path, symbol: None, currency: None, account: None };
    let reply = Reply { status: 200, headers: Vec::new(), body: body.as_bytes().to_vec() };
    BinanceDialect.read(asked, &reply, &Listings::default())
}

fn number(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn wrong(endpoint: &'static str, field: &'static str) -> VenueError {
    VenueError::Permanent(Refusal::Answer { endpoint, field })
}

fn asked(question: &Question<'_>) -> Result<Request, Refusal> {
    let secret = |text: &str| Secret::new(text.to_owned());
    let key = Credentials { api_key: secret("key"), secret: secret("secret"), passphrase: None };
    let moment = Moment { at: Timestamp::from_millis(1_735_689_600_123), random: [0; 16] };
    BinanceDialect.ask(question, &key, moment)
}

#[test]
fn a_fill_keeps_large_ids_and_the_sign_of_its_fee() {
    let body = r#"[{"symbol":"ETHUSD_PERP","id":9007199254740993,"orderId":"18446744073709551616","pair":"ETHUSD",
        "side":"BUY","price":"2000.5","qty":"3","baseQty":"0.01499625","commission":"-1.5e-6","commissionAsset":"ETH",
        "time":"1699972836419","positionSide":"LONG","buyer":true,"maker":true},
        {"symbol":"ETHUSD_PERP","id":8,"price":"2000.5","qty":"3","commission":"0","time":1699972836419,"buyer":false}]"#;
    let Ok(Said::Fills(fills)) = read(Need::Fills, "coinm", "/dapi/v1/userTrades", body) else { panic!() };
    let [first, second] = &fills[..] else { panic!("{fills:?}") };
    assert_eq!(first.id, "9007199254740993");
    assert_eq!(first.order_id.as_deref(), Some("18446744073709551616"));
    assert_eq!((first.board, first.cost), (Board::Contract, Some(number("0.01499625"))));
    assert_eq!(first.fees, [("ETH".into(), number("-0.0000015"))]);
    assert_eq!((second.side, second.cost, second.fees.len()), (Side::Sell, None, 0));
}

#[test]
fn what_a_fill_lacks_is_named() {
    let path = "/api/v3/myTrades";
    let fill = |body: &str| read(Need::Fills, "spot", path, body);
    let row = r#"[{"symbol":"A","id":1,"price":"1","qty":"1","commission":"1","time":1699972836419,"isBuyer":true}]"#;
    assert_eq!(fill(row), Err(wrong(path, "commissionAsset")));
    let row = row.replace("\"commission\":\"1\"", "\"commission\":null");
    assert_eq!(fill(&row.replace("isBuyer", "other")), Err(wrong(path, "buyer")));
    assert_eq!(fill(&row.replace("\"price\":\"1\"", "\"price\":{}")), Err(wrong(path, "price")));
    assert_eq!(fill(&row.replace("1699972836419", "-5")), Err(wrong(path, "time")));
    assert_eq!(fill("{}"), Err(wrong(path, "the answer")));
    assert_eq!(fill("[{\"symbol\":"), Err(VenueError::Retry));
    assert_eq!(fill("<html>"), Err(VenueError::Retry));
    assert!(read(Need::Fills, "spot", "/api/v3/order", "[]").is_err(), "not in the table");
}

#[test]
fn dust_that_shares_an_id_is_told_apart() {
    let detail = |id: u32, asset: &str| {
        format!(
            r#"{{"transId":{id},"serviceChargeAmount":"0.00001","amount":"0.5","operateTime":1615985535000,
            "transferedAmount":"0.001","fromAsset":"{asset}"}}"#
        )
    };
    let body = |details: String| {
        format!(
            r#"{{"total":1,"userAssetDribblets":[{{"transId":7,"userAssetDribbletDetails":[{details}]}}]}}"#
        )
    };
    let ids = |details: String| {
        let said = read(Need::Conversions, "dust", "/sapi/v1/asset/dribblet", &body(details));
        let Ok(Said::Conversions(rows)) = said else { panic!() };
        rows.into_iter().map(|row| row.id).collect::<Vec<_>>()
    };
    assert_eq!(ids([detail(7, "USDT"), detail(7, "ADA")].join(",")), ["7/USDT", "7/ADA"]);
    assert_eq!(ids([detail(8, "USDT"), detail(9, "ADA")].join(",")), ["8", "9"]);
    let none = read(Need::Conversions, "dust", "/sapi/v1/asset/dribblet", r#"{"total":0}"#);
    assert_eq!(none, Ok(Said::Conversions(Vec::new())));
    // The documentation has an example of each way to tell a time.
    let told = body(detail(8, "ETH").replace("1615985535000", "\"2018-05-03 17:07:04\""));
    let Ok(Said::Conversions(rows)) = read(Need::Conversions, "dust", "/sapi/v1/asset/dribblet", &told)
    else {
        panic!()
    };
    assert_eq!(rows[0].time.millis(), 1_525_367_224_000);
}

#[test]
fn only_conversions_that_succeeded_are_told() {
    let row = |status: &str| {
        format!(
            r#"{{"orderId":94070840746208719,"orderStatus":"{status}","fromAsset":"USDT","fromAmount":"20",
            "toAsset":"BNB","toAmount":"0.06154036","createTime":1624248872184}}"#
        )
    };
    let rows = ["SUCCESS", "FAIL", "PROCESS", "ACCEPT_SUCCESS"].map(row).join(",");
    let said =
        read(Need::Conversions, "convert", "/sapi/v1/convert/tradeFlow", &format!(r#"{{"list":[{rows}]}}"#));
    assert!(matches!(said, Ok(Said::Conversions(rows)) if rows.len() == 1));
}

#[test]
fn isolated_pairs_are_summed_by_asset() {
    let side = |asset: &str, free: &str| {
        format!(r#"{{"asset":"{asset}","borrowed":"1","free":"{free}","interest":"0.5","locked":"2"}}"#)
    };
    let pair = |base: &str, free: &str| {
        format!(r#"{{"baseAsset":{},"quoteAsset":{},"symbol":"X"}}"#, side(base, "1"), side("USDT", free))
    };
    let body = format!(r#"{{"assets":[{},{}]}}"#, pair("BTC", "10"), pair("ETH", "20"));
    let said = read(Need::Balances, "isolated", "/sapi/v1/margin/isolated/account", &body);
    let Ok(Said::Balances(held)) = said else { panic!() };
    let usdt = held.iter().find(|row| row.asset.as_str() == "USDT").unwrap();
    assert_eq!((usdt.free, usdt.used, usdt.debt), (Some(number("30")), Some(number("4")), Some(number("3"))));
    assert_eq!(held.len(), 3);
}

#[test]
fn isolated_pairs_are_named_by_what_tells_their_balances_alone() {
    let reply = |body: &str| Reply { status: 200, headers: Vec::new(), body: body.as_bytes().to_vec() };
    let asked = |path| Asked {
        need: Need::Balances,
        market: "isolated",
        path,
        symbol: None,
        currency: None,
        account: None,
    };
    let pairs = reply(r#"{"assets":[{"symbol":"BTCUSDT"},{"symbol":"ETHBTC"}]}"#);
    let told = BinanceDialect.wallets(asked("/sapi/v1/margin/isolated/account"), &pairs);
    assert_eq!(told, Ok(vec!["BTCUSDT".to_owned(), "ETHBTC".to_owned()]));
    assert_eq!(BinanceDialect.wallets(asked("/fapi/v3/balance"), &reply("[]")), Ok(Vec::new()));
    let nameless = reply(r#"{"assets":[{}]}"#);
    assert!(BinanceDialect.wallets(asked("/sapi/v1/margin/isolated/account"), &nameless).is_err());
}

#[test]
fn interest_of_a_pair_names_it() {
    let row = |more: &str| {
        format!(
            r#"{{"rows":[{{"txId":1,"interestAccuredTime":1672160400000,"asset":"USDT","interest":"0.1"{more}}}],"total":1}}"#
        )
    };
    for (more, symbol) in
        [("", None), (r#","isolatedSymbol":"BNBUSDT""#, Some(("BNBUSDT".to_owned(), Board::Spot)))]
    {
        let said = read(Need::Ledger, "isolated", "/sapi/v1/margin/interestHistory", &row(more));
        let Ok(Said::Ledger(rows)) = said else { panic!() };
        assert_eq!((&rows[0].symbol, rows[0].change), (&symbol, number("-0.1")));
    }
}

#[test]
fn balances_of_contracts_come_in_two_forms() {
    let list = r#"[{"accountAlias":"SgsR","asset":"USDT","balance":"122607.35","crossWalletBalance":"23.7",
        "availableBalance":"23.7","maxWithdrawAmount":"23.7","updateTime":1617939110373}]"#;
    for path in ["/fapi/v3/balance", "/fapi/v2/balance", "/dapi/v1/balance"] {
        let Ok(Said::Balances(held)) = read(Need::Balances, "usdm", path, list) else { panic!("{path}") };
        assert_eq!(
            (held[0].free, held[0].used, held[0].total),
            (Some(number("23.7")), None, Some(number("122607.35")))
        );
    }
    let one = r#"{"asset":"USDT","totalWalletBalance":"136","crossMarginAsset":"30","crossMarginBorrowed":"1",
        "crossMarginFree":"29","crossMarginInterest":"0.5","crossMarginLocked":"1","umWalletBalance":"105",
        "umUnrealizedPNL":"7","cmWalletBalance":"0","cmUnrealizedPNL":"0","updateTime":0,"negativeBalance":"0"}"#;
    for (market, total) in [("papi", "136"), ("papi-margin", "30"), ("papi-um", "105"), ("papi-cm", "0")] {
        let Ok(Said::Balances(held)) = read(Need::Balances, market, "/papi/v1/balance", one) else {
            panic!()
        };
        assert_eq!(held[0].total, Some(number(total)), "{market}");
    }
}

#[test]
fn a_hedge_has_two_sides() {
    let row = |side: &str, amount: &str, entry: &str| {
        format!(
            r#"{{"symbol":"BTCUSD_PERP","positionAmt":"{amount}","entryPrice":"{entry}","markPrice":"11788.6",
            "unRealizedProfit":"0.00005866","positionSide":"{side}","notionalValue":"1","updateTime":0}}"#
        )
    };
    let rows = [
        row("BOTH", "0", "0.0"),
        row("LONG", "10", "11707.7"),
        row("SHORT", "-4", "11800"),
        row("SHORT", "4", "11800"),
        row("BOTH", "0", "11800"),
    ];
    let body = format!("[{}]", rows.join(","));
    let Ok(Said::Positions(open)) = read(Need::Positions, "coinm", "/dapi/v1/positionRisk", &body) else {
        panic!()
    };
    let sides: Vec<_> = open.iter().map(|row| (row.side, row.contracts.to_string())).collect();
    let expected = [(Some(Side::Buy), "10"), (Some(Side::Sell), "4"), (Some(Side::Sell), "4"), (None, "0")];
    assert_eq!(sides, expected.map(|(side, contracts)| (side, contracts.to_owned())));
    assert_eq!(open[0].time, None);
    let account = r#"{"assets":[],"positions":[{"symbol":"BTCUSDT","positionSide":"BOTH","positionAmt":"-1.000",
        "unrealizedProfit":"-0.5","notional":"0"},{"symbol":"ETHUSDT","positionSide":"BOTH","positionAmt":"0"}]}"#;
    let Ok(Said::Positions(open)) = read(Need::Positions, "usdm", "/fapi/v3/account", account) else {
        panic!()
    };
    assert_eq!((open.len(), open[0].side, open[0].unrealized), (1, Some(Side::Sell), Some(number("-0.5"))));
}

#[test]
fn income_has_unified_words() {
    for (word, kind) in [
        ("REALIZED_PNL", "trade"),
        ("FUNDING_FEE", "fee"),
        ("INTERNAL_TRANSFER", "transfer"),
        ("COIN_SWAP_WITHDRAW", "withdrawal"),
        ("DELIVERED_SETTELMENT", "settlement"),
        ("WELCOME_BONUS", "cashback"),
        ("API_REBATE", "rebate"),
        ("REFERRAL_KICKBACK", "referral"),
        ("INSURANCE_CLEAR", "INSURANCE_CLEAR"),
    ] {
        let body = format!(
            r#"[{{"symbol":"","incomeType":"{word}","income":"1.0","asset":"BNFCR","time":1570608000000,"tranId":1,"tradeId":""}}]"#
        );
        let Ok(Said::Ledger(rows)) = read(Need::Ledger, "usdm", "/fapi/v1/income", &body) else { panic!() };
        assert_eq!((rows[0].kind.as_str(), &rows[0].symbol, &rows[0].reference), (kind, &None, &None));
        let Ok(Said::Funding(rows)) =
            read(Need::Funding, "usdm", "/fapi/v1/income", &body.replace("\"\"", "\"X\""))
        else {
            panic!()
        };
        assert_eq!(rows.len(), usize::from(word == "FUNDING_FEE"));
    }
}

#[test]
fn credits_may_be_taken_back() {
    let body = r#"{"rows":[{"id":1637366104,"amount":"10","asset":"BHFT","divTime":1563189166000,
        "enInfo":"BHFT distribution","tranId":2968885920,"direction":1},
        {"amount":"2","asset":"BNB","divTime":1563189165000,"tranId":2968885920,"direction":-1}],"total":2}"#;
    let Ok(Said::Ledger(rows)) = read(Need::Ledger, "wallet", "/sapi/v1/asset/assetDividend", body) else {
        panic!()
    };
    let told: Vec<_> = rows.iter().map(|row| (row.id.as_str(), row.kind.as_str(), row.change)).collect();
    let expected =
        [("1637366104", "BHFT distribution", number("10")), ("2968885920", "distribution", number("-2"))];
    assert_eq!(told, expected);
}

#[test]
fn deposits_and_withdrawals_have_their_own_numbers() {
    let row = |status: u8, time: &str| {
        format!(
            r#"[{{"id":"1","amount":"4500","coin":"USDT","network":"BSC","status":{status},"address":"0x1","addressTag":"",
            "txId":"Internal transfer 51376627901",{time},"transferType":1}}]"#
        )
    };
    let deposits = |status| {
        read(
            Need::Deposits,
            "wallet",
            "/sapi/v1/capital/deposit/hisrec",
            &row(status, "\"insertTime\":1618394381000"),
        )
    };
    let withdrawals = |status, time: &str| {
        read(Need::Withdrawals, "wallet", "/sapi/v1/capital/withdraw/history", &row(status, time))
    };
    for (status, means) in [
        (0, Status::Pending),
        (1, Status::Ok),
        (6, Status::Ok),
        (7, Status::Failed),
        (9, Status::Other("9".to_owned())),
    ] {
        let Ok(Said::Crossings(rows)) = deposits(status) else { panic!() };
        assert_eq!(rows[0].status, means);
        assert_eq!(
            (rows[0].transaction.as_deref(), rows[0].internal, rows[0].network.as_deref()),
            (Some("51376627901"), Some(true), Some("BEP20"))
        );
    }
    for (status, means) in [
        (1, Status::Canceled),
        (2, Status::Pending),
        (3, Status::Failed),
        (5, Status::Failed),
        (6, Status::Ok),
    ] {
        for time in ["\"applyTime\":\"2019-10-12 11:12:02\"", "\"applyTime\":1570878722000"] {
            let Ok(Said::Crossings(rows)) = withdrawals(status, time) else { panic!() };
            assert_eq!((&rows[0].status, rows[0].time.millis()), (&means, 1_570_878_722_000));
        }
    }
}

#[test]
fn a_coin_came_by_its_own_chain_and_a_token_by_the_standard_of_it() {
    for (coin, id, named) in [
        ("ETH", "ETH", "ETH"),
        ("USDT", "ETH", "ERC20"),
        ("TRX", "TRX", "TRX"),
        ("ETH", "OPTIMISM", "OP"),
        ("BTC", "LIGHTNING", "BTCLIGHTNING"),
    ] {
        let row = format!(
            r#"[{{"id":"1","amount":"1","coin":"{coin}","network":"{id}","status":1,"insertTime":1618394381000}}]"#
        );
        let path = "/sapi/v1/capital/deposit/hisrec";
        let Ok(Said::Crossings(rows)) = read(Need::Deposits, "wallet", path, &row) else { panic!() };
        assert_eq!(rows[0].network.as_deref(), Some(named), "{coin} by {id}");
    }
}

#[test]
fn a_contract_without_a_type_is_one_without_end_if_it_ends_in_2100() {
    let row = |kind: &str, ends: &str| {
        format!(
            r#"{{"symbols":[{{"symbol":"NEWUSDT","pair":"NEWUSDT",{kind}"deliveryDate":{ends},"baseAsset":"NEW",
            "quoteAsset":"USDT","marginAsset":"USDT","status":"PENDING_TRADING"}}]}}"#
        )
    };
    let expires = |kind: &str, ends: &str| match read(
        Need::Listings,
        "usdm",
        "/fapi/v1/exchangeInfo",
        &row(kind, ends),
    ) {
        Ok(Said::Listings(rows)) => rows[0].expires.map(Timestamp::millis),
        other => panic!("{other:?}"),
    };
    assert_eq!(expires(r#""contractType":"","#, "4133404800000"), None);
    assert_eq!(expires("", "4133404800000"), None);
    assert_eq!(expires(r#""contractType":"TRADIFI_PERPETUAL","#, "4133404800000"), None);
    assert_eq!(expires(r#""contractType":"PERPETUAL_DELIVERING","#, "1798185600000"), None);
    assert_eq!(expires(r#""contractType":"","#, "1798185600000"), Some(1_798_185_600_000));
}

#[test]
fn money_and_persons_come_in_envelopes() {
    let fiat = |status: &str| {
        format!(
            r#"{{"code":"000000","message":"success","data":[{{"orderNo":"CJW","fiatCurrency":"GBP","indicatedAmount":"29.99",
            "amount":"28.49","totalFee":"1.50","method":"bank transfer","status":"{status}","createTime":1614898701000}}],
            "total":1,"success":true}}"#
        )
    };
    for (word, status) in [
        ("Successful", Status::Ok),
        ("Refunded", Status::Canceled),
        ("Refund Failed", Status::Failed),
        ("Processing", Status::Pending),
    ] {
        let said = read(Need::Withdrawals, "fiat", "/sapi/v1/fiat/orders", &fiat(word));
        let Ok(Said::Crossings(rows)) = said else { panic!() };
        assert_eq!(
            (&rows[0].status, rows[0].amount, rows[0].fee.as_ref().unwrap().1),
            (&status, number("28.49"), number("1.5"))
        );
    }
    let empty = r#"{"code":"000000","message":"success","total":0,"success":true}"#;
    assert_eq!(read(Need::Deposits, "fiat", "/sapi/v1/fiat/orders", empty), Ok(Said::Crossings(Vec::new())));
    let p2p = r#"{"code":"000000","data":[{"orderNumber":"20219644646554779648","tradeType":"SELL","asset":"BUSD","fiat":"CNY",
        "amount":"5000","totalPrice":"33400","orderStatus":"COMPLETED","createTime":1619361369000,"commission":"0"}],"success":true}"#;
    let path = "/sapi/v1/c2c/orderMatch/listUserOrderHistory";
    let Ok(Said::Crossings(rows)) = read(Need::Deposits, "p2p", path, p2p) else { panic!() };
    assert_eq!((rows[0].incoming, &rows[0].status), (false, &Status::Ok));
}

#[test]
fn transfers_name_both_accounts() {
    for (way, from, to) in [
        ("MAIN_FUNDING", "spot", "funding"),
        ("CMFUTURE_MARGIN", "inverse", "margin"),
        ("ISOLATEDMARGIN_MARGIN", "isolated", "margin"),
        ("MARGIN_ISOLATEDMARGIN", "margin", "isolated"),
        ("MAIN_ISOLATED_MARGIN", "spot", "isolated"),
        ("ISOLATED_MARGIN_MAIN", "isolated", "spot"),
        ("MAIN_PORTFOLIO_MARGIN", "spot", "PORTFOLIO_MARGIN"),
        ("PORTFOLIO_MARGIN_MAIN", "PORTFOLIO_MARGIN", "spot"),
    ] {
        let body = format!(
            r#"{{"total":1,"rows":[{{"asset":"USDT","amount":"1","type":"{way}","status":"PENDING","tranId":1,"timestamp":1544433328000}}]}}"#
        );
        let Ok(Said::Transfers(rows)) = read(Need::Transfers, "wallet", "/sapi/v1/asset/transfer", &body)
        else {
            panic!()
        };
        assert_eq!((rows[0].from.as_deref(), rows[0].to.as_deref()), (Some(from), Some(to)));
        assert_eq!(rows[0].status, Status::Pending);
    }
    assert_eq!(
        read(Need::Transfers, "wallet", "/sapi/v1/asset/transfer", r#"{"total":0}"#),
        Ok(Said::Transfers(Vec::new()))
    );
    let sub = r#"[{"counterParty":"master","type":1,"asset":"BTC","qty":"1.5","fromAccountType":"SPOT","toAccountType":"USDT_FUTURE",
        "status":"SUCCESS","tranId":11798835829,"time":1544433325000}]"#;
    let Ok(Said::Transfers(rows)) =
        read(Need::Transfers, "sub-account", "/sapi/v1/sub-account/transfer/subUserHistory", sub)
    else {
        panic!()
    };
    assert_eq!((rows[0].from.as_deref(), rows[0].to.as_deref()), (Some("master"), Some("linear")));
    assert_eq!(rows[0].amount, number("1.5"));
}

#[test]
fn prices_and_rates_come_alone_or_as_lists() {
    let one = r#"{"symbol":"BTCUSDT","price":"6000.01","time":1589437530011}"#;
    for body in [one.to_owned(), format!("[{one}]")] {
        let Ok(Said::Prices(rows)) = read(Need::Prices, "usdm-last", "/fapi/v2/ticker/price", &body) else {
            panic!()
        };
        assert_eq!(
            (rows[0].last, rows[0].time.map(Timestamp::millis)),
            (Some(number("6000.01")), Some(1_589_437_530_011))
        );
    }
    let fee = r#"{"symbol":"BNBBTC","makerCommission":"-0.0001","takerCommission":"1e-3"}"#;
    let Ok(Said::Fees(rows)) = read(Need::Fees, "spot", "/sapi/v1/asset/tradeFee", fee) else { panic!() };
    assert_eq!((rows[0].maker, rows[0].taker), (number("-0.0001"), number("0.001")));
    assert_eq!(
        read(Need::Klines, "spot", "/api/v3/klines", "[[1499040000000,\"1\"]]"),
        Err(wrong("/api/v3/klines", "high"))
    );
}

#[test]
fn every_call_reads() {
    for (method, host, path) in BinanceDialect.calls() {
        assert!(host.ends_with(".binance.com"), "{host}");
        let reads = ["/sapi/v1/asset/get-funding-asset", "/sapi/v3/asset/getUserAsset"];
        assert_eq!(*method == Method::Post, reads.contains(path), "{path}");
        for word in ["order/", "withdraw/apply", "/order", "dust-btc", "listenKey", "leverage"] {
            assert!(
                !path.ends_with(word)
                    && (!path.contains(word) || *path == routes::P2P || *path == routes::FIAT),
                "{path}"
            );
        }
    }
}

#[test]
fn names_are_those_of_the_call() {
    let question = Question {
        currency: Some("USDT"),
        from_ms: Some(1),
        to_ms: Some(2),
        limit: Some(3),
        ..Question::of(Need::Deposits, "p2p")
    };
    let request = asked(&question).unwrap();
    let sent = "timestamp=1735689600123&tradeType=BUY&startTimestamp=1&endTimestamp=2&rows=3&recvWindow=20000&signature=";
    assert!(request.query.starts_with(sent), "{}", *request.query);
    let question = Question {
        symbol: Some("\u{5e01}USDT"),
        with: vec![("fromId", "7".to_owned())],
        ..Question::of(Need::Fills, "isolated")
    };
    let request = asked(&question).unwrap();
    let sent =
        "timestamp=1735689600123&isIsolated=true&symbol=%E5%B8%81USDT&fromId=7&recvWindow=20000&signature=";
    assert!(request.query.starts_with(sent), "{}", *request.query);
    let request = asked(&Question::of(Need::Balances, "wallet")).unwrap();
    assert!(request.query.is_empty() && request.body.starts_with(b"timestamp="));
    let request = asked(&Question { symbol: Some("BTCUSDT"), ..Question::of(Need::Prices, "spot") }).unwrap();
    assert!(request.headers.is_empty() && *request.query == "symbol=BTCUSDT");
    assert!(asked(&Question::of(Need::Funding, "spot")).is_err(), "spot has no funding");
}
