//! Executions.

use super::USDC;
use crate::{
    Board, Execution, Listings, VenueError,
    dialect::{Row, Unit, rows},
};
use ledger::{Asset, Decimal, Liquidity, Side};

const ENDPOINT: &str = "/info userFills";

/// Reads `userFills` and `userFillsByTime`; executions of TWAP orders may come in an object with their order's id.
///
/// `fee` is all that was paid, what a builder got included; below zero it is a rebate. `tid` is the same on both sides of a
/// trade and 0 for dust that was swept, so a row's key is `(tid, oid, time)`.
///
/// ```json
/// [{"coin":"@107","px":"18.62041381","sz":"43.84","side":"A","time":1735969713869,"startPosition":"10659.65434798",
///   "dir":"Sell","closedPnl":"8722.988077","hash":"0x2222…","oid":59071663721,"crossed":true,"fee":"0.304521",
///   "tid":907359904431134,"feeToken":"USDC","twapId":null}]
/// ```
pub(super) fn fills(body: &[u8], listings: &Listings) -> Result<Vec<Execution>, VenueError> {
    rows(ENDPOINT, body)?.iter().map(|row| fill(row, listings)).collect()
}

fn fill(row: &Row<'_>, listings: &Listings) -> Result<Execution, VenueError> {
    if let Some(inner) = row.maybe("fill") {
        return fill(&inner.row()?, listings);
    }
    let symbol = row.string("coin")?;
    let board = board(&symbol);
    let side = match &*row.text("side")? {
        "B" => Side::Buy,
        "A" => Side::Sell,
        _ => return Err(row.wrong("side")),
    };
    let fee = row.decimal("fee")?;
    let mut fees = Vec::new();
    if !fee.is_zero() {
        fees.push((fee_token(row, &symbol, board, side, listings)?, fee));
    }
    Ok(Execution {
        sequence: sequence(row, side)?,
        id: row.string("tid")?,
        order_id: row.maybe_string("oid")?,
        side,
        price: row.decimal("px")?,
        quantity: row.decimal("sz")?,
        cost: None,
        fees,
        liquidity: match row.maybe_flag("crossed")? {
            Some(true) => Liquidity::Taker,
            Some(false) => Liquidity::Maker,
            None => Liquidity::Unknown,
        },
        time: row.time("time", Unit::Millis)?,
        symbol,
        board,
    })
}

/// What tells the order of fills of one instant, for which the venue has no number. Orders have rising numbers, and of one
/// order each fill begins where the one before it ended: buying, what is held rises, and selling it falls. Both are told by
/// their last bits, which is enough but for an order that passes a multiple of 175,921.86 coins at that instant.
fn sequence(row: &Row<'_>, side: Side) -> Result<Option<u64>, VenueError> {
    const HELD_BITS: u32 = 44;
    let Some(start) = row.maybe_decimal("startPosition")? else { return Ok(None) };
    let units = Decimal::from(100_000_000_u64).checked_mul(start).ok();
    let Some(units) = units.and_then(|units| units.rounded(0).to_string().parse::<i64>().ok()) else {
        return Ok(None);
    };
    let rising = if side == Side::Buy { units } else { units.saturating_neg() };
    // Nothing held is in the middle: positions pass it.
    let held = rising.cast_unsigned().wrapping_add(1 << (HELD_BITS - 1)) % (1 << HELD_BITS);
    let order = row.maybe_string("oid")?.and_then(|oid| oid.parse::<u64>().ok()).unwrap_or_default();
    Ok(Some(order << HELD_BITS | held))
}

/// Where a name is traded: spot pairs are `PURR/USDC` or `@107`, outcomes, which are paid in full like coins, `#14730`; all
/// others are perpetuals, those of builders' exchanges with that one's name before a colon.
pub(super) fn board(coin: &str) -> Board {
    if coin.starts_with(['@', '#']) || coin.contains('/') { Board::Spot } else { Board::Contract }
}

/// Before `feeToken` was told, perpetuals were paid for in USDC, and spot in what was received.
fn fee_token(
    row: &Row<'_>,
    symbol: &str,
    board: Board,
    side: Side,
    listings: &Listings,
) -> Result<Asset, VenueError> {
    if let Some(token) = row.maybe_text("feeToken")? {
        return Ok(Asset::from(&*token));
    }
    match (board, listings.find(symbol, board)) {
        (Board::Contract, listing) => {
            Ok(listing.and_then(|listing| listing.settle.clone()).unwrap_or_else(|| Asset::from(USDC)))
        }
        (Board::Spot, Some(listing)) if side == Side::Buy => Ok(listing.base.clone()),
        (Board::Spot, Some(listing)) => Ok(listing.quote.clone()),
        (Board::Spot, None) => Err(row.wrong("feeToken")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Refusal;

    fn read(body: &str) -> Result<Execution, VenueError> {
        Ok(fills(body.as_bytes(), &Listings::default())?.remove(0))
    }

    fn with(fields: &str) -> String {
        format!(
            "[{{\"coin\":\"BTC\",\"px\":\"1\",\"sz\":\"2\",\"side\":\"B\",\"time\":1735969713869,\
             \"oid\":59071663721,\"tid\":18446744073709551615{fields}}}]"
        )
    }

    #[test]
    fn a_fee_holds_what_the_builder_got_and_a_rebate_is_negative() {
        let fill = read(&with(",\"fee\":\"0.03\",\"builderFee\":\"0.01\",\"feeToken\":\"USDC\"")).unwrap();
        assert_eq!(fill.fees, [(Asset::from("USDC"), "0.03".parse().unwrap())]);
        assert_eq!(fill.id, "18446744073709551615", "an id is a text");
        let fill = read(&with(",\"fee\":\"-0.01\",\"crossed\":false")).unwrap();
        assert_eq!(fill.fees, [(Asset::from("USDC"), "-0.01".parse().unwrap())]);
        assert_eq!(fill.liquidity, Liquidity::Maker);
    }

    #[test]
    fn fills_of_one_instant_stand_in_the_order_of_their_orders_and_of_what_was_held_before_them() {
        let order = |rows: [(&str, &str, u64); 3]| {
            let read = |(side, start, oid): (&str, &str, u64)| {
                let fields = format!(",\"fee\":\"0\",\"startPosition\":\"{start}\"");
                let row = with(&fields).replace("\"B\"", &format!("\"{side}\""));
                read(&row.replace("59071663721", &oid.to_string())).unwrap().sequence.unwrap()
            };
            rows.map(read).is_sorted_by(|a, b| a < b)
        };
        assert!(order([("B", "-1.5", 7), ("B", "0.0", 7), ("B", "0.00000001", 7)]), "bought");
        assert!(order([("A", "1.5", 7), ("A", "0.0", 7), ("A", "-0.00000001", 7)]), "sold");
        assert!(order([("A", "5.0", 7), ("B", "0.0", 8), ("A", "9.0", 9)]), "one order after the other");
        assert_eq!(read(&with(",\"fee\":\"0\"")).unwrap().sequence, None);
        let endless = with(",\"fee\":\"0\",\"startPosition\":\"1000000000000000000000\"");
        assert_eq!(read(&endless).unwrap().sequence, None, "more than can be counted");
    }

    #[test]
    fn names_say_on_which_board_they_are() {
        for (coin, expected) in [
            ("BTC", Board::Contract),
            ("kPEPE", Board::Contract),
            ("xyz:XYZ100", Board::Contract),
            ("PURR/USDC", Board::Spot),
            ("@107", Board::Spot),
            ("#14730", Board::Spot),
        ] {
            assert_eq!(board(coin), expected, "{coin}");
        }
    }

    #[test]
    fn executions_of_twap_orders_are_read_too() {
        let inner = with(",\"fee\":\"0\"");
        let wrapped = format!("[{{\"fill\":{},\"twapId\":3}}]", &inner[1..inner.len() - 1]);
        assert_eq!(read(&wrapped), read(&inner));
    }

    #[test]
    fn what_is_missing_or_of_another_kind_is_named() {
        let wrong = |field| Err(VenueError::Permanent(Refusal::Answer { endpoint: ENDPOINT, field }));
        assert_eq!(read(&with("")), wrong("fee"));
        assert_eq!(read(&with(",\"fee\":\"0\"").replace("\"B\"", "\"C\"")), wrong("side"));
        assert_eq!(read(&with(",\"fee\":\"0\"").replace("1735969713869", "17359697138")), wrong("time"));
        let spot = with(",\"fee\":\"1\"").replace("BTC", "@1");
        assert_eq!(read(&spot), wrong("feeToken"), "in which coin cannot be told");
        assert_eq!(read(&spot[..40]), Err(VenueError::Retry), "cut off");
        assert_eq!(read("{}"), wrong("the answer"));
    }
}
