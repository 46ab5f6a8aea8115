//! What rows come to.

use super::*;
use crate::{Board, Finding};
use ledger::{Liquidity, Side};

const AT_MS: i64 = 1_795_000_000_000;

fn number(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn listing(id: &str, board: Board, size: &str) -> Listing {
    let (settle, inverse) = if board == Board::Spot { (None, false) } else { (Some("BTC".into()), true) };
    let (base, quote) = (Asset::from("BTC"), Asset::from("USD"));
    Listing {
        id: id.to_owned(),
        board,
        base,
        quote,
        settle,
        contract_size: number(size),
        inverse,
        expires: None,
    }
}

fn markets() -> Markets {
    let swap = listing("BTC-USD-SWAP", Board::Contract, "100");
    Markets::new(vec![swap], false, Timestamp::from_millis(AT_MS))
}

fn execution(symbol: &str, board: Board) -> Execution {
    Execution {
        id: "7".to_owned(),
        order_id: None,
        symbol: symbol.to_owned(),
        board,
        side: Side::Buy,
        price: number("2"),
        quantity: number("3"),
        cost: None,
        fees: Vec::new(),
        sequence: Some(900),
        liquidity: Liquidity::Unknown,
        time: Timestamp::from_millis(AT_MS),
    }
}

fn booking(own: &str, change: &str, symbol: Option<&str>) -> Booking {
    Booking {
        id: own.to_owned(),
        kind: String::new(),
        own: Some(own.to_owned()),
        asset: Asset::from("USDT"),
        change: number(change),
        time: Some(Timestamp::from_millis(AT_MS)),
        symbol: symbol.map(|symbol| (symbol.to_owned(), Board::Contract)),
        reference: None,
        fee: None,
    }
}

#[test]
fn what_is_listed_no_more_is_known_by_its_name() {
    let markets = markets();
    let gone = |symbol: &str, board| gone(&execution(symbol, board), &markets);
    assert_eq!(gone("BTC-USD-SWAP", Board::Contract), None, "it is listed");
    let spot = gone("MITH-USDT", Board::Spot).unwrap();
    assert_eq!((spot.base.as_str(), spot.quote.as_str(), spot.settle), ("MITH", "USDT", None));
    let future = gone("BTC-USD-260327", Board::Contract).unwrap();
    assert_eq!((future.contract_size, future.inverse), (number("100"), true));
    assert_eq!(crate::reader::symbol(&future).as_str(), "BTC/USD:BTC-260327");
    for unknown in ["ETH-USD-260327", "BTC-USD-26032x", "BTC-USD-1", "BTC-USD-260327-90000-C"] {
        assert_eq!(gone(unknown, Board::Contract), None, "{unknown}");
    }
}

#[test]
fn a_fill_goes_by_the_number_of_its_booking() {
    let markets = markets();
    let mut telling = Telling::new(ACCOUNT, &markets);
    // Two instruments have trades of one number.
    telling.fill(named(execution("BTC-USD-SWAP", Board::Contract)));
    telling.fill(named(Execution { sequence: Some(901), ..execution("BTC-USD-SWAP", Board::Contract) }));
    let ids: Vec<String> = telling
        .end()
        .findings
        .iter()
        .filter_map(|finding| match finding {
            Finding::Fills(fills) => Some(fills[0].id.to_string()),
            _ => None,
        })
        .collect();
    assert_eq!(ids, ["900", "901"]);
}

#[test]
fn a_booking_is_told_once_and_by_what_it_was() {
    use MovementKind::{Convert, Distribution, Dust, Funding, Interest, Rebate, Transfer};
    for (own, change, symbol, kind) in [
        ("2/1/trade", "1", Some("BTC-USDT"), None),
        ("5/106/trade", "-1", Some("BTC-USDT-SWAP"), None),
        ("2/1/trade", "-1", Some("BTC-USD-260327-90000-C"), Some(Interest)),
        ("3/170", "1", Some("BTC-USD-260327-90000-C"), Some(Distribution)),
        ("14/204/trade", "1", Some("BTC-USDT"), None),
        ("27/318", "1", None, None),
        ("34/355", "-1", Some("BTC-USD-261225"), None),
        ("28/237", "-1", None, Some(Dust)),
        ("30/320", "1", None, Some(Convert)),
        ("1/11", "1", None, Some(Transfer)),
        ("15/212", "1", None, Some(Transfer)),
        ("16/306", "1", None, Some(Transfer)),
        ("22/308", "-1", None, Some(Transfer)),
        ("7/9", "-1", None, Some(Interest)),
        ("8/173", "-1", Some("BTC-USDT-SWAP"), Some(Funding)),
        ("999", "1", None, Some(Distribution)),
        ("999", "-1", None, Some(Interest)),
    ] {
        assert_eq!(of_trading(&booking(own, change, symbol)), kind, "{own} {change}");
    }
    for (own, change, kind) in [
        ("1", "1", None),
        ("2", "-1", None),
        ("13", "1", None),
        ("75", "-1", None),
        ("272", "1", None),
        ("130", "1", Some(Transfer)),
        ("20", "-1", Some(Transfer)),
        ("89", "1", Some(Interest)),
        ("202", "-1", Some(Transfer)),
        ("204", "1", Some(Interest)),
        ("240", "-1", Some(Transfer)),
        ("252", "1", Some(Transfer)),
        ("304", "-1", Some(Transfer)),
        ("306", "1", Some(Transfer)),
        ("308", "1", Some(Interest)),
        ("351", "1", Some(Transfer)),
        ("345", "-1", Some(Transfer)),
        ("347", "-1", Some(Interest)),
        ("139", "1", Some(Interest)),
        ("68", "1", Some(Rebate)),
        ("77", "1", Some(Distribution)),
        ("84", "-1", Some(Interest)),
    ] {
        assert_eq!(of_funding(&booking(own, change, None)), kind, "{own}");
    }
}

#[test]
fn a_deposit_that_is_booked_has_come_and_one_booking_stands_for_one_deposit() {
    let deposit = |id: &str, amount: &str, status| Crossing {
        id: Some(id.to_owned()),
        transaction: None,
        incoming: true,
        asset: Asset::from("USDT"),
        amount: number(amount),
        status,
        time: Timestamp::from_millis(AT_MS - 60_000),
        address: None,
        tag: None,
        network: None,
        internal: None,
        fee: None,
    };
    let rows = vec![
        deposit("waits", "5", Status::Pending),
        deposit("done", "5", Status::Ok),
        deposit("came", "6", Status::Pending),
        deposit("other", "7", Status::Pending),
    ];
    let funding = [booking("1", "5", None), booking("1", "6", None), booking("131", "7", None)];
    let told = credited(rows, &funding);
    let status = |id: &str| told.iter().find(|row| row.id.as_deref() == Some(id)).unwrap().status.clone();
    assert_eq!(told.len(), 4);
    let expected = [Status::Pending, Status::Ok, Status::Ok, Status::Pending];
    assert_eq!(["waits", "done", "came", "other"].map(status), expected);
}
