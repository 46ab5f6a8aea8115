//! What documents show and the shared cases lack.

use super::*;
use crate::{
    KeyRights, Verdict,
    dialect::{Board, Execution, Status, asks_again_for_what_was_cut_off, refuses_what_is_no_answer},
};
use ::ledger::{Asset, Decimal, Liquidity, Side};

fn asked<'a>(need: Need, market: &'a str, path: &'a str) -> Asked<'a> {
    Asked { need, market, path, symbol: None, currency: None, account: None }
}

fn body(data: &str) -> Reply {
    let body = format!(r#"{{"code":"0","msg":"","data":[{data}]}}"#);
    Reply { status: 200, headers: Vec::new(), body: body.into_bytes() }
}

fn read(need: Need, market: &str, path: &str, data: &str) -> Result<Said, VenueError> {
    Okx.read(asked(need, market, path), &body(data), &Listings::default())
}

fn fills(row: &str) -> Result<Vec<Execution>, VenueError> {
    match read(Need::Fills, "swap", "/api/v5/trade/fills-history", &format!("{{{row}}}"))? {
        Said::Fills(rows) => Ok(rows),
        other => panic!("{other:?}"),
    }
}

fn ask(question: &Question<'_>) -> Result<String, Refusal> {
    let secret = |text: &str| protocol::Secret::new(text.to_owned());
    let key =
        Credentials { api_key: secret("key"), secret: secret("secret"), passphrase: Some(secret("pass")) };
    let request = Okx.ask(question, &key, Moment { at: Timestamp::from_millis(0), random: [0; 16] })?;
    Ok(format!("{}?{}", request.path, *request.query))
}

fn number(text: &str) -> Decimal {
    text.parse().unwrap()
}

const FILL: &str = r#""instType":"SWAP","instId":"BTC-USD-SWAP","tradeId":"","ordId":"","billId":"1111111111111111111",
    "fillPx":"51858.5","fillSz":"3","side":"sell","posSide":"short","execType":"","ts":"1708587373362""#;

#[test]
fn an_execution_without_a_trade_has_its_booking() {
    let made = fills(&format!(r#"{FILL},"fee":"","feeCcy":"""#)).unwrap();
    assert_eq!((made[0].id.as_str(), &made[0].order_id), ("1111111111111111111", &None));
    assert_eq!(
        (made[0].side, made[0].board, made[0].liquidity),
        (Side::Sell, Board::Contract, Liquidity::Unknown)
    );
    assert!(made[0].fees.is_empty());
}

#[test]
fn a_fee_below_zero_was_charged() {
    for (told, paid) in [("-0.0005", "0.0005"), ("0.0001", "-0.0001"), ("-5e-7", "0.0000005")] {
        let made = fills(&format!(r#"{FILL},"fee":"{told}","feeCcy":"BTC""#)).unwrap();
        assert_eq!(made[0].fees, [(Asset::from("BTC"), number(paid))], "{told}");
    }
    let path = "/api/v5/trade/fills-history";
    assert_eq!(fills(&format!(r#"{FILL},"fee":"-1","feeCcy":"""#)), Err(wrong(path, "feeCcy")));
}

#[test]
fn a_field_that_is_missing_is_named() {
    let path = "/api/v5/trade/fills-history";
    for (row, field) in [
        (FILL.replace("fillPx", "px"), "fillPx"),
        (FILL.replace("sell", "none"), "side"),
        (FILL.replace("\"1708587373362\"", "true"), "ts"),
        (FILL.replace("BTC-USD-SWAP", ""), "instId"),
    ] {
        assert_eq!(fills(&row), Err(wrong(path, field)));
    }
    let mut cut = body("");
    cut.body.pop();
    let said = Okx.read(asked(Need::Fills, "swap", path), &cut, &Listings::default());
    assert_eq!(said, Err(VenueError::Retry));
    assert_eq!(read(Need::Time, "-", "/api/v5/public/time", ""), Err(wrong("/api/v5/public/time", "data")));
}

#[test]
fn funding_is_what_the_balance_or_else_the_position_gained() {
    let row = |kind: &str, balance: &str, position: &str| {
        format!(
            r#"{{"billId":"1","ccy":"ETH","instId":"ETH-USD-SWAP","balChg":"{balance}","posBalChg":"{position}",
            "type":"{kind}","ts":"1636387215588"}}"#
        )
    };
    let data = [row("8", "-0.1", "0"), row("8", "0", "0.2"), row("2", "5", "0"), row("8", "0", "")].join(",");
    let Ok(Said::Funding(rows)) = read(Need::Funding, "swap", "/api/v5/account/bills-archive", &data) else {
        panic!("no funding");
    };
    let amounts: Vec<Decimal> = rows.iter().map(|row| row.amount).collect();
    assert_eq!(amounts, [number("-0.1"), number("0.2"), number("0")]);
}

#[test]
fn transfers_are_read_off_either_account() {
    let transfers = |path: &str, data: &str| match read(Need::Transfers, "trading", path, data) {
        Ok(Said::Transfers(rows)) => rows
            .into_iter()
            .map(|row| (row.amount, row.from.unwrap_or_default(), row.to.unwrap_or_default()))
            .collect(),
        other => panic!("{other:?}"),
    };
    let row = |ends: (&str, &str)| (number("4"), ends.0.to_owned(), ends.1.to_owned());
    let of_trading: Vec<_> = transfers(
        "/api/v5/account/bills-archive",
        r#"{"billId":"1","ccy":"USDT","balChg":"-4","sz":"-4","from":"18","to":"6","type":"1","ts":"1686676866989"},
           {"billId":"2","ccy":"USDT","balChg":"-4","sz":"4","from":"","to":"","type":"2","ts":"1686676866989"}"#,
    );
    assert_eq!(of_trading, [row(("trading", "funding"))]);
    let of_funding: Vec<_> = transfers(
        "/api/v5/asset/bills",
        r#"{"billId":"1","ccy":"USDT","balChg":"-4","bal":"0","type":"131","ts":"1686676866989"},
           {"billId":"2","ccy":"USDT","balChg":"4","bal":"4","type":"130","ts":"1686676866989"},
           {"billId":"3","ccy":"USDT","balChg":"4","bal":"8","type":"1","ts":"1686676866989"}"#,
    );
    assert_eq!(of_funding, [row(("funding", "trading")), row(("trading", "funding"))]);
}

#[test]
fn the_accounts_have_codes_of_their_own() {
    let kind = |path: &str, kind: &str| {
        let row =
            format!(r#"{{"billId":"1","ccy":"BTC","balChg":"1","type":"{kind}","ts":"1597026383085"}}"#);
        match read(Need::Ledger, "-", path, &row) {
            Ok(Said::Ledger(rows)) => rows[0].kind.clone(),
            other => panic!("{other:?}"),
        }
    };
    for (trading, funding, code) in [
        ("transfer", "transfer", "1"),
        ("trade", "withdrawal", "2"),
        ("fee", "8", "8"),
        ("rebate", "4", "4"),
        ("27", "27", "27"),
        ("130", "130", "130"),
    ] {
        assert_eq!(kind("/api/v5/account/bills", code), trading);
        assert_eq!(kind("/api/v5/asset/bills-history", code), funding);
    }
}

#[test]
fn cash_leaves_out_what_is_not_realised() {
    let row = r#"{"details":[{"ccy":"USDT","eq":"110","cashBal":"100","availEq":"90","availBal":"80","frozenBal":"20"}]}"#;
    let total = |market: &str| match read(Need::Balances, market, "/api/v5/account/balance", row) {
        Ok(Said::Balances(rows)) => (rows[0].total, rows[0].free),
        other => panic!("{other:?}"),
    };
    assert_eq!(total("trading"), (Some(number("110")), Some(number("90"))));
    assert_eq!(total("cash"), (Some(number("100")), Some(number("80"))));
    let row = row.replace(r#""availEq":"90""#, r#""availEq":"""#);
    let Ok(Said::Balances(rows)) = read(Need::Balances, "trading", "/api/v5/account/balance", &row) else {
        panic!("no balances");
    };
    assert_eq!((rows[0].free, rows[0].used), (Some(number("80")), Some(number("20"))));
}

#[test]
fn older_withdrawals_name_the_coin_of_the_fee_with_its_amount() {
    let row = r#"{"amt":"0.094","wdId":"4703879","fee":"0.01000000eth","txId":"0x62","ccy":"ETH","from":"134","to":"0xA4",
        "tag":"","memo":"7","chain":"ETH-Arbitrum One","ts":"1597026383085","state":"-3"}"#;
    let Ok(Said::Crossings(rows)) =
        read(Need::Withdrawals, "wallet", "/api/v5/asset/withdrawal-history", row)
    else {
        panic!("no withdrawals");
    };
    assert_eq!(rows[0].fee, Some((Asset::from("ETH"), number("0.01"))));
    assert_eq!((rows[0].tag.as_deref(), rows[0].network.as_deref()), (Some("7"), Some("ARBITRUM")));
    assert_eq!((&rows[0].status, rows[0].amount), (&Status::Pending, number("0.094")));
}

#[test]
fn whoever_buys_gives_quote() {
    let row = |side: &str| {
        format!(
            r#"{{"tradeId":"t","side":"{side}","baseCcy":"ETH","quoteCcy":"USDT","fillBaseSz":"0.01","fillQuoteSz":"30",
            "state":"fullyFilled","ts":"1646188520000"}}"#
        )
    };
    for (side, from, to) in [("buy", "USDT", "ETH"), ("sell", "ETH", "USDT")] {
        let Ok(Said::Conversions(rows)) =
            read(Need::Conversions, "funding", "/api/v5/asset/convert/history", &row(side))
        else {
            panic!("no conversions");
        };
        assert_eq!((rows[0].from.0.as_str(), rows[0].to.0.as_str()), (from, to));
    }
}

#[test]
fn a_position_in_net_mode_has_the_side_of_its_sign() {
    let position = |pos: &str, side: &str| {
        let row = format!(
            r#"{{"instType":"SWAP","instId":"BTC-USDT-SWAP","posSide":"{side}","pos":"{pos}","avgPx":"","markPx":"1",
            "upl":"","cTime":"1619507758793"}}"#
        );
        match read(Need::Positions, "swap", "/api/v5/account/positions", &row) {
            Ok(Said::Positions(rows)) => (rows[0].side, rows[0].contracts),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(position("-2.5", "net"), (Some(Side::Sell), number("2.5")));
    assert_eq!(position("2.5", "net"), (Some(Side::Buy), number("2.5")));
    assert_eq!(position("0", "net"), (None, number("0")));
    assert_eq!(position("2", "short"), (Some(Side::Sell), number("2")));
}

#[test]
fn coins_that_were_borrowed_are_told_where_they_are_asked_for() {
    let row = |coin: &str| {
        format!(
            r#"{{"instType":"MARGIN","instId":"BTC-USDT","posSide":"net","pos":"0.5","posCcy":"{coin}","avgPx":"43000",
            "liab":"-100","cTime":"1619507758793"}}"#
        )
    };
    let told = |market: &str, coin: &str| match read(
        Need::Positions,
        market,
        "/api/v5/account/positions",
        &row(coin),
    ) {
        Ok(Said::Positions(rows)) => rows.iter().map(|row| row.side).collect::<Vec<_>>(),
        other => panic!("{other:?}"),
    };
    assert_eq!(told("margin", "BTC"), [Some(Side::Buy)]);
    assert_eq!(told("margin", "USDT"), [Some(Side::Sell)]);
    assert_eq!(told("swap", "BTC"), []);
}

#[test]
fn rates_of_contracts_stand_in_one_of_three_places() {
    for row in [
        r#"{"instType":"SWAP","maker":"-0.0002","taker":"-0.0005"}"#,
        r#"{"instType":"SWAP","maker":"","taker":"","makerU":"-0.0002","takerU":"-0.0005"}"#,
        r#"{"instType":"SWAP","maker":"","taker":"","feeGroup":[{"groupId":"1","maker":"-0.0002","taker":"-0.0005"}]}"#,
    ] {
        let Ok(Said::Fees(rows)) = read(Need::Fees, "swap", "/api/v5/account/trade-fee", row) else {
            panic!("no rates");
        };
        assert_eq!((rows[0].maker, rows[0].taker), (number("0.0002"), number("0.0005")));
        assert_eq!(rows[0].board, Board::Contract);
    }
}

#[test]
fn rates_of_contracts_are_those_of_what_they_are_margined_in() {
    let row = r#"{"instType":"SWAP","maker":"-0.0001","taker":"-0.0002","makerU":"-0.0003","takerU":"-0.0004",
        "makerUSDC":"-0.0005","takerUSDC":"-0.0006"}"#;
    for (symbol, maker, taker) in [
        ("BTC-USD-SWAP", "0.0001", "0.0002"),
        ("BTC-USDT-SWAP", "0.0003", "0.0004"),
        ("BTC-USDC-SWAP", "0.0005", "0.0006"),
    ] {
        let asked = Asked { symbol: Some(symbol), ..asked(Need::Fees, "swap", "/api/v5/account/trade-fee") };
        let Ok(Said::Fees(rows)) = Okx.read(asked, &body(row), &Listings::default()) else {
            panic!("no rates of {symbol}");
        };
        assert_eq!((rows[0].maker, rows[0].taker), (number(maker), number(taker)), "{symbol}");
    }
}

#[test]
fn a_chain_has_the_name_that_all_venues_have_for_it() {
    for (coin, chain, named) in [
        ("ETH", "ETH-ERC20", "ETH"),
        ("USDT", "USDT-ERC20", "ERC20"),
        ("TRX", "TRX-TRC20", "TRX"),
        ("CRO", "CRO-Crypto", "CRONOS"),
        ("BERA", "BERA-Berachain", "BERA"),
        ("USDT", "USDT-X Layer", "X Layer"),
    ] {
        let row =
            format!(r#"{{"ccy":"{coin}","chain":"{chain}","amt":"1","state":"2","ts":"1674038705000"}}"#);
        let path = "/api/v5/asset/deposit-history";
        let Ok(Said::Crossings(rows)) = read(Need::Deposits, "wallet", path, &row) else {
            panic!("no deposit");
        };
        assert_eq!(rows[0].network.as_deref(), Some(named));
    }
}

#[test]
fn a_key_is_accepted_if_it_reads_and_nothing_else() {
    let rights = |perm: &str, ip: &str| -> Result<KeyRights, VenueError> {
        let row = format!(r#"{{"uid":"44705892343619584","perm":{perm},"ip":"{ip}"}}"#);
        match read(Need::Permission, "-", "/api/v5/account/config", &row)? {
            Said::Rights(rights) => Ok(rights),
            other => panic!("{other:?}"),
        }
    };
    let accepted = rights(r#""read_only""#, "").unwrap();
    assert_eq!((accepted.verdict, accepted.ip_restricted), (Verdict::Accept, Some(false)));
    for (perm, trade, withdraw) in [
        ("read_only,trade", true, false),
        ("read_only, withdraw", false, true),
        ("trade", true, false),
        ("read_only,teleport", false, false),
        (",", false, false),
    ] {
        let refused = rights(&format!("\"{perm}\""), "1.2.3.4").unwrap();
        assert_eq!((refused.verdict, refused.ip_restricted), (Verdict::Refuse, Some(true)), "{perm}");
        assert_eq!((refused.trade, refused.withdraw), (Some(trade), Some(withdraw)), "{perm}");
    }
    assert_eq!(rights("\"\"", ""), Err(wrong("/api/v5/account/config", "perm")));
    assert_eq!(rights("null", ""), Err(wrong("/api/v5/account/config", "perm")));
}

#[test]
fn bounds_are_inclusive_although_those_of_pages_are_not() {
    let mut question = Question::of(Need::Deposits, "wallet");
    (question.from_ms, question.to_ms) = (Some(1000), Some(2000));
    assert_eq!(ask(&question).unwrap(), "/api/v5/asset/deposit-history?before=999&after=2001");
    question.need = Need::Fills;
    question.market = "swap";
    assert_eq!(ask(&question).unwrap(), "/api/v5/trade/fills-history?instType=SWAP&begin=1000&end=2000");
    question.need = Need::Funding;
    assert_eq!(ask(&question).unwrap(), "/api/v5/account/bills-archive?type=8&begin=1000&end=2000");
    question.need = Need::Fees;
    (question.from_ms, question.to_ms, question.symbol) = (None, None, Some("BTC-USDT-SWAP"));
    let expected = "/api/v5/account/trade-fee?instType=SWAP&instFamily=BTC-USDT";
    assert_eq!(ask(&question).unwrap(), expected);
    question.market = "moon";
    assert_eq!(ask(&question), Err(Refusal::Request { code: 0 }));
}

#[test]
fn a_page_goes_on_from_the_oldest_row_of_the_one_before_wherever_it_stands() {
    let after = |need, path: &str, data: &str| Okx.next_page(asked(need, "-", path), &body(data)).unwrap();
    let told = |text: &str| Some(("after", text.to_owned()));
    let bills = r#"{"billId":"9","ts":"20"},{"billId":"8","ts":"10"},{"billId":"10","ts":"20"}"#;
    assert_eq!(after(Need::Fills, "/api/v5/trade/fills", bills), told("8"), "ids are numbers and no words");
    assert_eq!(after(Need::Ledger, "/api/v5/account/bills-archive", bills), told("8"));
    assert_eq!(after(Need::Klines, "/api/v5/market/history-candles", r#"["20","1"],["10","1"]"#), told("10"));
    assert_eq!(after(Need::Fills, "/api/v5/trade/fills", ""), None);
    assert_eq!(after(Need::Balances, "/api/v5/account/balance", "{}"), None);
    // By time alone: rows of one instant may stand on two pages.
    let page = |rows: usize| {
        let rows: Vec<String> = (0..rows).map(|row| format!(r#"{{"ts":"{}"}}"#, 500 + row / 2)).collect();
        after(Need::Deposits, "/api/v5/asset/deposit-history", &rows.join(","))
    };
    assert_eq!((page(100), page(99)), (told("501"), None));
}

#[test]
fn a_contract_is_worth_its_value_times_its_multiplier() {
    let listed = |rows: &str| match read(Need::Listings, "futures", "/api/v5/public/instruments", rows) {
        Ok(Said::Listings(rows)) => rows,
        other => panic!("{other:?}"),
    };
    let spot = r#"{"instType":"SPOT","instId":"BTC-USDT","baseCcy":"BTC","quoteCcy":"USDT","settleCcy":"","ctVal":"",
        "ctMult":"","ctType":"","uly":"","expTime":"","state":"live"}"#;
    let linear = r#"{"instType":"SWAP","instId":"BTC-USDT-SWAP","baseCcy":"","quoteCcy":"","settleCcy":"USDT","ctVal":"0.01",
        "ctMult":"10","ctType":"linear","uly":"BTC-USDT","expTime":"","state":"live"}"#;
    let inverse = r#"{"instType":"FUTURES","instId":"ETH-USD-261225","baseCcy":"","quoteCcy":"","settleCcy":"ETH","ctVal":"10",
        "ctMult":"1","ctType":"inverse","uly":"ETH-USD","expTime":"1798185600000","state":"live"}"#;
    let announced = r#"{"instType":"SWAP","instId":"NEW-USDT-SWAP","state":"preopen"}"#;
    let rows = listed(&[spot, linear, inverse, announced].join(","));
    assert_eq!(rows.len(), 3);
    assert_eq!((rows[0].board, &rows[0].settle, rows[0].contract_size), (Board::Spot, &None, number("1")));
    assert_eq!(
        (rows[1].board, rows[1].inverse, rows[1].contract_size),
        (Board::Contract, false, number("0.1"))
    );
    assert_eq!((rows[1].base.as_str(), rows[1].quote.as_str(), rows[1].expires), ("BTC", "USDT", None));
    assert_eq!((rows[2].inverse, rows[2].contract_size), (true, number("10")));
    assert_eq!(rows[2].settle, Some(Asset::from("ETH")));
    assert_eq!(rows[2].expires, Some(Timestamp::from_millis(1_798_185_600_000)));
    let option = r#"{"instType":"OPTION","instId":"BTC-USD-261225-90000-C","baseCcy":"","quoteCcy":"","settleCcy":"BTC","ctVal":"1",
        "ctMult":"0.01","ctType":"","uly":"BTC-USD","expTime":"1798185600000","state":"live"}"#;
    let rows = listed(option);
    assert_eq!((rows[0].inverse, rows[0].contract_size), (true, number("0.01")));
    let strange = linear.replace("linear", "cubic");
    let path = "/api/v5/public/instruments";
    assert_eq!(read(Need::Listings, "swap", path, &strange), Err(wrong(path, "ctType")));
}

#[test]
fn settled_balances_are_cash_and_what_orders_bind() {
    let row = r#"{"details":[{"ccy":"USDT","eq":"110","cashBal":"100","availEq":"90","availBal":"80","frozenBal":"30",
        "ordFrozen":"20"}]}"#;
    let Ok(Said::Balances(rows)) = read(Need::Balances, "settled", "/api/v5/account/balance", row) else {
        panic!("no balances");
    };
    let told = (rows[0].total, rows[0].used, rows[0].free);
    assert_eq!(told, (Some(number("100")), Some(number("20")), None));
}

#[test]
fn bookings_have_okxs_codes_and_say_whether_they_are_of_a_trade() {
    let own = |row: &str| match read(Need::Ledger, "archive", "/api/v5/account/bills-archive", row) {
        Ok(Said::Ledger(rows)) => rows[0].own.clone().unwrap(),
        other => panic!("{other:?}"),
    };
    let row =
        |kind: &str| format!(r#"{{"billId":"1","ccy":"BTC","balChg":"1","ts":"1597026383085",{kind}}}"#);
    assert_eq!(own(&row(r#""type":"2","subType":"1","tradeId":"744876980""#)), "2/1/trade");
    assert_eq!(own(&row(r#""type":"8","subType":"174","tradeId":"""#)), "8/174");
    assert_eq!(own(&row(r#""type":"130""#)), "130");
}

#[test]
fn accounts_below_are_counted() {
    let rows =
        r#"{"subAcct":"test-1","uid":"1","enable":true},{"subAcct":"test-2","uid":"2","enable":false}"#;
    let said = read(Need::SubAccounts, "trading", "/api/v5/users/subaccount/list", rows);
    assert_eq!(said, Ok(Said::SubAccounts(2)));
}

#[test]
fn an_answer_that_was_cut_off_anywhere_is_asked_for_again() {
    let whole = body(&format!(r#"{{{FILL},"fee":"-1","feeCcy":"BTC"}}"#));
    let asked = asked(Need::Fills, "swap", "/api/v5/trade/fills");
    asks_again_for_what_was_cut_off(&Okx, asked, &whole);
}

#[test]
fn what_is_no_answer_is_refused_by_every_reader() {
    let bodies = [r#"{"code":"0","data":null}"#, r#"{"code":"0","data":{}}"#, r#"{"code":"0","data":[7]}"#];
    refuses_what_is_no_answer(&Okx, "swap", &bodies);
}
