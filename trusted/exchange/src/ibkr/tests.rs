//! Statements that the shared cases do not have, what is asked, and bytes of any kind.

use super::*;
use ledger::{Decimal, Side};
use proptest::prelude::*;
use protocol::Secret;

fn read(need: Need, path: &str, body: &[u8]) -> Result<Said, VenueError> {
    let asked = Asked { need, market: "", path, symbol: None, currency: None, account: None };
    let reply = Reply { status: 200, headers: Vec::new(), body: body.to_vec() };
    Ibkr.read(asked, &reply, &Listings::default())
}

fn statement(rows: &str) -> Vec<u8> {
    let whole = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<FlexQueryResponse queryName=\"Test\" type=\"AF\">\
         <FlexStatements count=\"1\"><FlexStatement accountId=\"U1\">{rows}</FlexStatement></FlexStatements></FlexQueryResponse>"
    );
    whole.into_bytes()
}

fn number(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn fills(rows: &str) -> Result<Vec<crate::dialect::Execution>, VenueError> {
    match read(Need::Fills, GET, &statement(rows))? {
        Said::Fills(fills) => Ok(fills),
        other => panic!("{other:?}"),
    }
}

const TRADE: &str = r#"<Trade currency="USD" assetCategory="STK" symbol="A&amp;B &#65;" tradeID="7" transactionID="8" dateTime="20240801;113045 EDT"
    quantity="-1,200" tradePrice="10.5" tradeMoney="-12600" ibCommission="-1.25" ibCommissionCurrency="EUR" taxes="-0.5" buySell="SELL"
    ibOrderID="9" levelOfDetail="EXECUTION"/>"#;

#[test]
fn a_sale_costs_its_commission() {
    let fill = fills(TRADE).unwrap().remove(0);
    assert_eq!((fill.id.as_str(), fill.symbol.as_str(), fill.side), ("8", "A&B A", Side::Sell));
    assert_eq!((fill.quantity, fill.cost), (number("1200"), Some(number("12600"))));
    assert_eq!(fill.fees, [("EUR".into(), number("1.25")), ("USD".into(), number("0.5"))]);
    assert_eq!(fill.time.millis(), 1_722_526_245_000);
}

#[test]
fn only_executions_count_and_cancellations_turn_them_back() {
    let orders = TRADE.replace("EXECUTION", "ORDER");
    assert_eq!(fills(&orders).unwrap(), []);
    let older = TRADE.replace("levelOfDetail=\"EXECUTION\"", "");
    assert_eq!(fills(&older).unwrap().len(), 1);
    let taken_back = TRADE.replace("\"SELL\"", "\"SELL (Ca.)\"").replace("-1.25", "1.25");
    let fill = fills(&taken_back).unwrap().remove(0);
    assert_eq!((fill.side, fill.fees[0].1), (Side::Buy, number("-1.25")));
    let confirm = "<TradeConfirms><TradeConfirm symbol='ES' assetCategory='FUT' multiplier='50' tradeID='1' execID='2' \
        dateTime='2024-08-01;153045' quantity='2' price='5000.25' commission='-4.5' commissionCurrency='USD' buySell='BUY' \
        levelOfDetail='EXECUTION'/></TradeConfirms>";
    let fill = fills(confirm).unwrap().remove(0);
    assert_eq!((fill.board, fill.cost), (crate::dialect::Board::Contract, Some(number("500025"))));
}

#[test]
fn what_is_missing_is_named() {
    let wrong = |field| Err(VenueError::Permanent(Refusal::Answer { endpoint: GET, field }));
    assert_eq!(fills(&TRADE.replace("quantity=", "other=")), wrong("quantity"));
    assert_eq!(fills(&TRADE.replace("tradePrice=\"10.5\"", "tradePrice=\"ten\"")), wrong("tradePrice"));
    assert_eq!(fills(&TRADE.replace("\"SELL\"", "\"LEND\"")), wrong("buySell"));
    assert_eq!(fills(&TRADE.replace("&amp;", "&nbsp;")), wrong("an entity"));
    assert_eq!(fills(&TRADE.replace("symbol", "xsymbol")), wrong("symbol"));
}

#[test]
fn cash_has_a_sign() {
    let row = |kind: &str, amount: &str| {
        format!(
            "<CashTransaction currency='USD' dateTime='2015-10-06;202000' amount='{amount}' type='{kind}' transactionID='1' levelOfDetail='DETAIL'/>"
        )
    };
    let rows = [
        row("Deposits/Withdrawals", "100"),
        row("Deposits &amp; Withdrawals", "-40"),
        row("Other Fees", "-1"),
    ]
    .concat();
    let body = statement(&format!(
        "<CashTransactions>{rows}{}</CashTransactions>",
        row("Dividends", "5").replace("DETAIL", "SUMMARY")
    ));
    let Ok(Said::Ledger(all)) = read(Need::Ledger, GET, &body) else { panic!() };
    assert_eq!(all.iter().map(|row| row.change.to_string()).collect::<Vec<_>>(), ["100", "-40", "-1"]);
    for (need, amount) in [(Need::Deposits, "100"), (Need::Withdrawals, "40")] {
        let Ok(Said::Crossings(rows)) = read(need, GET, &body) else { panic!() };
        assert_eq!((rows.len(), rows[0].amount), (1, number(amount)));
    }
}

#[test]
fn transfers_and_holdings() {
    let body = statement(
        "<Transfers><Transfer accountId='U1' currency='USD' symbol='XX' date='2011-07-18' type='ACATS' direction='IN' account='12' \
         quantity='226702' cashTransfer='0' transactionID='3'/><Transfer accountId='U1' currency='USD' symbol='--' date='2011-07-18' \
         type='INTERNAL' direction='OUT' account='U2' quantity='0' cashTransfer='-500' transactionID='4'/></Transfers>\
         <CashReport><CashReportCurrency currency='BASE_SUMMARY' endingCash='9'/><CashReportCurrency currency='EUR' endingCash='-1.5'/></CashReport>\
         <OpenPositions><OpenPosition symbol='AMAG' position='-1600' markPrice='18.91' costBasisPrice='16.2' fifoPnlUnrealized='4' \
         side='Short' reportDate='2011-12-31' levelOfDetail='SUMMARY'/><OpenPosition symbol='AMAG' position='-1600' levelOfDetail='LOT'/></OpenPositions>",
    );
    let Ok(Said::Transfers(rows)) = read(Need::Transfers, GET, &body) else { panic!() };
    let told: Vec<_> = rows
        .iter()
        .map(|row| (row.asset.as_str(), row.amount, row.from.as_deref(), row.to.as_deref()))
        .collect();
    assert_eq!(
        told,
        [("XX", number("226702"), Some("12"), Some("U1")), ("USD", number("500"), Some("U1"), Some("U2"))]
    );
    let Ok(Said::Balances(held)) = read(Need::Balances, GET, &body) else { panic!() };
    assert_eq!((held.len(), held[0].total), (1, Some(number("-1.5"))));
    let Ok(Said::Positions(open)) = read(Need::Positions, GET, &body) else { panic!() };
    assert_eq!((open.len(), open[0].side, open[0].contracts), (1, Some(Side::Sell), number("1600")));
}

#[test]
fn dashes_say_nothing() {
    let body = statement(
        "<Transfers><Transfer accountId='U1' currency='USD' symbol='XX' date='2011-07-18' type='ACATS' direction='IN' account='-' \
         company='--' quantity='3' transferPrice='N/A' cashTransfer='--' transactionID='3'/></Transfers>",
    );
    let Ok(Said::Transfers(rows)) = read(Need::Transfers, GET, &body) else { panic!() };
    assert_eq!((rows[0].from.as_deref(), rows[0].to.as_deref()), (None, Some("U1")));
}

#[test]
fn no_dtd_and_no_half_statement() {
    let bomb = [b"<!DOCTYPE x [<!ENTITY a 'b'>]>".to_vec(), statement(TRADE)].concat();
    let refused = VenueError::Permanent(Refusal::Answer { endpoint: GET, field: "DOCTYPE" });
    assert_eq!(read(Need::Fills, GET, &bomb), Err(refused));
    let whole = statement(TRADE);
    for end in 0..whole.len() {
        assert_eq!(read(Need::Fills, GET, &whole[..end]), Err(VenueError::Retry), "{end}");
    }
    let deep = [vec!["<FlexQueryResponse>"; 70].concat(), vec!["</FlexQueryResponse>"; 70].concat()].concat();
    assert!(matches!(read(Need::Fills, GET, deep.as_bytes()), Err(VenueError::Permanent(_))));
    assert!(matches!(read(Need::Fills, GET, b"<svg></svg>"), Err(VenueError::Permanent(_))));
    for page in
        ["<html></html>", "<HTML lang='en'><body>maintenance<br></body></HTML>", "<!doctype html><html/>"]
    {
        assert_eq!(read(Need::Fills, GET, page.as_bytes()), Err(VenueError::Retry), "{page}");
        assert_eq!(read(Need::Request, SEND, page.as_bytes()), Err(VenueError::Retry), "{page}");
    }
    assert_eq!(read(Need::Fills, GET, b"<FlexQueryResponse \xff/>"), Err(VenueError::Retry));
}

fn referred(url: &str) -> Result<Said, VenueError> {
    let body = format!(
        "<FlexStatementResponse timestamp='x'><Status>Success</Status><ReferenceCode>1234567890</ReferenceCode><Url>{url}</Url></FlexStatementResponse>"
    );
    read(Need::Request, SEND, body.as_bytes())
}

#[test]
fn only_the_venues_own_addresses_are_taken_from_it() {
    for url in [
        "https://gdcdyn.interactivebrokers.com/AccountManagement/FlexWebService/GetStatement",
        " https://ndcdyn.interactivebrokers.com/Universal/servlet/FlexStatementService.GetStatement\n",
    ] {
        assert!(referred(url).is_ok(), "{url}");
    }
    for url in [
        "http://gdcdyn.interactivebrokers.com/AccountManagement/FlexWebService/GetStatement",
        "https://evil.interactivebrokers.com/AccountManagement/FlexWebService/GetStatement",
        "https://gdcdyn.interactivebrokers.com.evil.org/AccountManagement/FlexWebService/GetStatement",
        "https://gdcdyn.interactivebrokers.com@evil.org/AccountManagement/FlexWebService/GetStatement",
        "https://gdcdyn.interactivebrokers.com:444/AccountManagement/FlexWebService/GetStatement",
        "https://gdcdyn.interactivebrokers.com/AccountManagement/FlexWebService/GetStatement/../x",
        "https://gdcdyn.interactivebrokers.com/AccountManagement/FlexWebService/SendRequest",
        "",
    ] {
        assert_eq!(
            referred(url),
            Err(VenueError::Permanent(Refusal::Answer { endpoint: SEND, field: "Url" })),
            "{url}"
        );
    }
}

#[test]
fn a_statement_is_asked_for_and_then_fetched() {
    let secret = |text: &str| Secret::new(text.to_owned());
    let key = Credentials { api_key: secret("TOKEN"), secret: secret("QUERY"), passphrase: None };
    let moment = Moment { at: Timestamp::from_millis(0), random: [0; 16] };
    let ask = |question: &Question<'_>| Ibkr.ask(question, &key, moment);
    let request =
        ask(&Question { from_ms: Some(1_704_067_200_000), ..Question::of(Need::Request, "") }).unwrap();
    assert_eq!(
        (request.host, request.path, request.query.as_str()),
        (NEWER, SEND, "t=TOKEN&q=QUERY&fd=20240101&v=3")
    );
    assert!(request.headers.iter().any(|(name, _)| *name == "user-agent"));
    let url = format!("https://{OLDER}{GET}");
    let with = vec![("q", "123".to_owned()), ("url", url)];
    let request = ask(&Question { with, ..Question::of(Need::Fills, "") }).unwrap();
    assert_eq!((request.host, request.path, request.query.as_str()), (OLDER, GET, "t=TOKEN&q=123&v=3"));
    assert!(ask(&Question::of(Need::Fills, "")).is_err(), "of no statement");
    let with = vec![("q", "123".to_owned()), ("url", "https://evil.org/".to_owned())];
    assert!(ask(&Question { with, ..Question::of(Need::Fills, "") }).is_err());
}

#[test]
fn a_token_that_is_served_reads_and_nothing_else() {
    let body = "<FlexStatementResponse><Status>Success</Status><ReferenceCode>1</ReferenceCode><Url>https://ndcdyn.interactivebrokers.com\
        /AccountManagement/FlexWebService/GetStatement</Url></FlexStatementResponse>";
    assert_eq!(read(Need::Permission, SEND, body.as_bytes()), Ok(Said::Rights(RIGHTS)));
    assert!(
        read(
            Need::Permission,
            SEND,
            b"<FlexStatementResponse><Status>Success</Status></FlexStatementResponse>"
        )
        .is_err()
    );
}

proptest! {
    /// Whatever comes, and whatever of a statement is exchanged: an answer or an error, never a panic.
    #[test]
    fn no_bytes_are_fatal(junk in prop::collection::vec(any::<u8>(), 0..64), at in 0_usize..700, text in "[<>&;'\"=/!\\[\\]A-Za-z0-9 -]{0,12}") {
        let mut whole = statement(TRADE);
        let at = at.min(whole.len());
        whole.splice(at..at.saturating_add(4).min(whole.len()), text.bytes());
        for body in [junk, whole] {
            for need in [Need::Fills, Need::Ledger, Need::Transfers, Need::Balances, Need::Positions, Need::Request] {
                let _ = read(need, GET, &body);
            }
            let reply = Reply { status: 200, headers: Vec::new(), body };
            let _ = Ibkr.error(&reply, Timestamp::from_millis(0));
        }
    }
}
