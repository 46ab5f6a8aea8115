//! What happened in an account: fills, and everything else that changed its cash or its holdings.

use crate::{
    VenueError,
    dialect::{Board, Booking, Crossing, Execution, Row, Said, Status, rows},
};
use ledger::{Asset, Decimal, Liquidity, Side, Timestamp};

/// Reads `GET /v2/account/activities/FILL`. `qty` is of this execution, `cum_qty` of its order so far. Which side waited is
/// not told: it counts as a taker, which is the dearer. Fees are bookings (`CFEE`, `FEE`). Fills of all instruments are told
/// at once: those of others than `asked` are left out. A pair of crypto is `LTC/USD`, and was `LTCUSD`.
///
/// ```json
/// [{"id":"20221228071929579::ca2aafd0-1270-4b56-b0a9-85423b4a07c8","activity_type":"FILL",
///   "transaction_time":"2022-12-28T12:19:29.579352Z","type":"fill","price":"67.31","qty":"0.07","side":"sell",
///   "symbol":"LTC/USD","leaves_qty":"0","order_id":"82eebcf7-…","cum_qty":"0.07","order_status":"filled"}]
/// ```
pub(super) fn fills(endpoint: &'static str, body: &[u8], asked: Option<&str>) -> Result<Said, VenueError> {
    let plain = |symbol: &str| symbol.replace('/', "");
    let mut fills = Vec::new();
    for row in rows(endpoint, body)? {
        if is_fill(&row)? {
            let fill = fill(&row)?;
            if asked.is_none_or(|asked| plain(asked) == plain(&fill.symbol)) {
                fills.push(fill);
            }
        }
    }
    Ok(Said::Fills(fills))
}

fn is_fill(row: &Row<'_>) -> Result<bool, VenueError> {
    Ok(row.text("activity_type")? == "FILL")
}

fn fill(row: &Row<'_>) -> Result<Execution, VenueError> {
    Ok(Execution {
        sequence: None,
        id: row.string("id")?,
        order_id: row.maybe_string("order_id")?,
        board: board(&row.text("symbol")?),
        symbol: row.string("symbol")?,
        side: match &*row.text("side")? {
            "buy" => Side::Buy,
            "sell" | "sell_short" => Side::Sell,
            _ => return Err(row.wrong("side")),
        },
        price: row.decimal("price")?,
        quantity: row.decimal("qty")?.abs(),
        cost: None,
        fees: Vec::new(),
        liquidity: Liquidity::Taker,
        time: row.date("transaction_time")?,
    })
}

/// Options are contracts, each of a hundred shares, and have names of the Options Clearing Corporation: a root, a day, `C` or
/// `P`, and the strike in eight digits (`AAPL240119C00100000`).
fn board(symbol: &str) -> Board {
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let option = symbol.len().checked_sub(15).and_then(|at| symbol.split_at_checked(at)).is_some_and(
        |(root, rest)| {
            let (day, rest) = rest.split_at_checked(6).unwrap_or_default();
            let (kind, strike) = rest.split_at_checked(1).unwrap_or_default();
            !root.is_empty() && digits(day) && matches!(kind, "C" | "P") && digits(strike)
        },
    );
    if option { Board::Contract } else { Board::Spot }
}

/// Reads `GET /v2/account/activities` without the fills in it. Most change cash; a fee in crypto and a move of shares change
/// `qty` of what they name.
///
/// ```json
/// [{"activity_type":"DIV","id":"20190801011955195::5f596936-…","date":"2019-08-01","net_amount":"1.02","symbol":"T",
///   "qty":"2","per_share_amount":"0.51"},
///  {"activity_type":"CFEE","id":"20220812000000000::53be51ba-…","date":"2022-08-12","net_amount":"0","symbol":"ETHUSD",
///   "qty":"-0.000195","price":"1884.5","description":"Coin Pair Transaction Fee (Non USD)","status":"executed"}]
/// ```
pub(super) fn bookings(endpoint: &'static str, body: &[u8]) -> Result<Said, VenueError> {
    let mut bookings = Vec::new();
    for row in rows(endpoint, body)? {
        if !is_fill(&row)? {
            bookings.push(booking(&row)?);
        }
    }
    Ok(Said::Ledger(bookings))
}

fn booking(row: &Row<'_>) -> Result<Booking, VenueError> {
    let (asset, change) = change(row)?;
    Ok(Booking {
        own: None,
        id: row.string("id")?,
        kind: kind(&row.text("activity_type")?).to_owned(),
        asset,
        change,
        time: Some(time(row)?),
        symbol: row.maybe_string("symbol")?.map(|symbol| {
            let board = board(&symbol);
            (symbol, board)
        }),
        reference: None,
        fee: None,
    })
}

/// Of which asset, and how much with its sign.
fn change(row: &Row<'_>) -> Result<(Asset, Decimal), VenueError> {
    let cash = row.maybe_decimal("net_amount")?.filter(|cash| !cash.is_zero());
    // `qty` of a dividend is what it was paid for.
    let paid = matches!(kind(&row.text("activity_type")?), "dividend" | "interest");
    if cash.is_none()
        && !paid
        && let (Some(symbol), Some(quantity)) = (row.maybe_text("symbol")?, row.maybe_decimal("qty")?)
    {
        // What is charged in crypto is of the base of the pair that it names.
        let asset =
            if row.text("activity_type")? == "CFEE" { super::account::base(&symbol) } else { &symbol };
        return Ok((Asset::from(asset), quantity));
    }
    let currency = row.maybe_text("currency")?;
    let cash = cash.map_or_else(|| row.decimal("net_amount"), Ok)?;
    Ok((Asset::from(currency.as_deref().unwrap_or("USD")), cash))
}

/// Of what kind an activity is; what is not listed keeps the venue's word.
fn kind(word: &str) -> &str {
    match word {
        "CSD" => "deposit",
        "CSW" => "withdrawal",
        "TRANS" => "transaction",
        "JNL" | "JNLC" | "JNLS" | "ACATC" | "ACATS" => "transfer",
        "FEE" | "CFEE" | "DIVFEE" | "PTC" => "fee",
        "DIV" | "DIVCGL" | "DIVCGS" | "DIVFT" | "DIVNRA" | "DIVROC" | "DIVTW" | "DIVTXEX" | "DIVWH" => {
            "dividend"
        }
        "INT" | "INTNRA" | "INTTW" => "interest",
        other => other,
    }
}

/// A day is told where no instant is: its midnight in UTC.
fn time(row: &Row<'_>) -> Result<Timestamp, VenueError> {
    if let Some(time) = row.maybe("transaction_time") {
        return time.date();
    }
    let day = row.text("date")?;
    match day.len() {
        10 => protocol::parse_rfc3339(&format!("{day}T00:00:00Z")).ok_or_else(|| row.wrong("date")),
        _ => row.date("date"),
    }
}

/// Reads the same for cash that came in or went out; `TRANS` is either.
///
/// ```json
/// [{"activity_type":"CSD","id":"20200101000000000::0b3b…","date":"2020-01-01","net_amount":"25000","status":"executed"}]
/// ```
pub(super) fn cash(endpoint: &'static str, body: &[u8], incoming: bool) -> Result<Said, VenueError> {
    let mut crossings = Vec::new();
    for row in rows(endpoint, body)? {
        let kind = row.text("activity_type")?;
        if !matches!(&*kind, "CSD" | "CSW" | "TRANS") {
            continue;
        }
        let (asset, amount) = change(&row)?;
        if amount.is_negative() == incoming {
            continue;
        }
        crossings.push(Crossing {
            id: Some(row.string("id")?),
            transaction: None,
            incoming,
            asset,
            amount: amount.abs(),
            status: match row.maybe_text("status")?.as_deref() {
                None | Some("executed") => Status::Ok,
                Some("correct") => Status::Other("correct".to_owned()),
                Some("canceled") => Status::Canceled,
                Some("pending") => Status::Pending,
                Some(other) => Status::Other(other.to_owned()),
            },
            time: time(&row)?,
            address: None,
            tag: None,
            network: None,
            internal: None,
            fee: None,
        });
    }
    Ok(Said::Crossings(crossings))
}
