//! Answers to `kind: fills`: the whole ledger of a case.

use super::inputs::{decimal, field, list, optional, refused, text};
use anyhow::{Context as _, bail};
use ledger::{
    Asset, Decimal, Figures, Fill, Instrument, InstrumentKind, LedgerError, Liquidity, Match, Measured,
    NumberError, Price, Quantity, Refused, RoundTrip, Side, Statistics, Timestamp, Trade, TradeAggregator,
};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Decimals of a value that does not terminate.
const DECIMALS: u8 = 24;
/// Rows that a table shows in full, and how many it shows of either end when it has more.
const ROWS_MAX: usize = 60;
const ROWS_OF_AN_END: usize = 3;

pub(super) fn answer(case: &Value) -> anyhow::Result<Value> {
    let (mut instruments, mut fills) = (Vec::new(), Vec::new());
    for (symbol, of) in field(case, "instruments")?.as_object().context("instruments are not an object")? {
        instruments.push(instrument(symbol, of).with_context(|| format!("instrument {symbol}"))?);
    }
    let columns = list(case, "columns")?;
    for (index, row) in list(case, "fills")?.iter().enumerate() {
        let row =
            Row { columns, cells: row.as_array().with_context(|| format!("fill {index} is not a row"))? };
        match row.fill().with_context(|| format!("fill {index}"))? {
            Ok(fill) => fills.push(fill),
            Err(code) => return Ok(refused(code)),
        }
    }
    Ok(match ledger_of(instruments, fills) {
        Ok((ledger, duplicates)) => describe(&ledger, duplicates, case)?,
        Err(error) => refused(code(error.refused())),
    })
}

/// The code of METRICS.md; the ledger tells more kinds apart than the vectors do.
const fn code(refused: Refused) -> &'static str {
    match refused {
        Refused::NumberTooLong | Refused::Overflow => Refused::Overflow.code(),
        Refused::InvalidFill | Refused::InvalidNumber | Refused::InvalidSide | Refused::InvalidTime => {
            Refused::InvalidFill.code()
        }
        other => other.code(),
    }
}

/// The only calls that change a ledger.
fn ledger_of(
    instruments: Vec<Instrument>,
    fills: Vec<Fill>,
) -> Result<(TradeAggregator, usize), LedgerError> {
    let mut ledger = TradeAggregator::new(Asset::from("USDT"));
    for instrument in instruments {
        ledger.add_instrument(instrument)?;
    }
    // No clock decides about a case.
    let applied = ledger.apply(fills, Timestamp::from_millis(i64::MAX))?;
    Ok((ledger, applied.duplicates))
}

fn instrument(symbol: &str, of: &Value) -> anyhow::Result<Instrument> {
    let part = |name: &str| text(field(of, name)?, name);
    Ok(Instrument {
        symbol: symbol.into(),
        kind: match part("kind")? {
            "spot" => InstrumentKind::Spot,
            "linear" => InstrumentKind::Linear,
            "inverse" => InstrumentKind::Inverse,
            other => bail!("kind {other} is none that is known"),
        },
        base: part("base")?.into(),
        quote: part("quote")?.into(),
        multiplier: optional(of, "multiplier").map_or(Ok(Decimal::ONE), |of| decimal(of, "multiplier"))?,
    })
}

struct Row<'a> {
    columns: &'a [Value],
    cells: &'a [Value],
}

impl Row<'_> {
    fn cell(&self, name: &str) -> Option<&Value> {
        let at = self.columns.iter().position(|column| column == name)?;
        self.cells.get(at).filter(|cell| !cell.is_null())
    }

    fn text(&self, name: &str) -> anyhow::Result<&str> {
        text(self.cell(name).with_context(|| format!("has no {name}"))?, name)
    }

    /// A number, or the code of what a ledger would say to it.
    fn number(&self, name: &str) -> anyhow::Result<Result<Decimal, &'static str>> {
        let cell = self.cell(name).with_context(|| format!("has no {name}"))?;
        let written = cell.as_str().map_or_else(|| cell.to_string(), str::to_owned);
        Ok(written.parse().map_err(|error| match error {
            NumberError::Overflow => code(Refused::Overflow),
            NumberError::Malformed | NumberError::DivisionByZero => code(Refused::InvalidFill),
        }))
    }

    /// A fill; or the code for what is in its place and cannot be one.
    fn fill(&self) -> anyhow::Result<Result<Fill, &'static str>> {
        let side = match self.text("side")? {
            "buy" => Side::Buy,
            "sell" => Side::Sell,
            _ => return Ok(Err(code(Refused::InvalidFill))),
        };
        let number = |name: &str| self.number(name);
        let (quantity, price, fee) = (number("qty")?, number("price")?, number("fee")?);
        let fee_rate = self.cell("fee_rate").map(|_| number("fee_rate")).transpose()?.transpose();
        let read = || -> Result<_, &'static str> { Ok((quantity?, price?, fee?, fee_rate?)) };
        let (quantity, price, fee, fee_rate) = match read() {
            Ok(numbers) => numbers,
            Err(code) => return Ok(Err(code)),
        };
        let time = self.cell("ts").and_then(Value::as_i64).context("has no ts in milliseconds")?;
        Ok(Ok(Fill {
            account: self.text("account")?.into(),
            symbol: self.text("symbol")?.into(),
            id: self.text("id")?.into(),
            order_id: self.cell("order_id").and_then(Value::as_str).map(Into::into),
            time: Timestamp::from_millis(time),
            sequence: self.cell("seq").and_then(Value::as_u64),
            side,
            quantity: Quantity(quantity),
            price: Price(price),
            fee,
            fee_asset: self.text("fee_asset")?.into(),
            liquidity: match self.cell("liquidity").and_then(Value::as_str) {
                Some("maker") => Liquidity::Maker,
                Some("taker") => Liquidity::Taker,
                _ => Liquidity::Unknown,
            },
            fee_rate: fee_rate.map(Price),
            reporting_rate: None,
        }))
    }
}

/// As the files write it: exact, or behind a `~` and rounded half-even. Whether a quotient would ever end is not known
/// of its value; one that has not ended after so many decimals is taken not to.
fn written(value: Decimal) -> String {
    let short = value.rounded(DECIMALS);
    if short == value { value.to_string() } else { format!("~{short}") }
}

fn number(value: Measured<Decimal>) -> Value {
    value.map_or(Value::Null, |value| written(value).into())
}

fn option(value: Option<Decimal>) -> Value {
    value.map_or(Value::Null, |value| written(value).into())
}

fn by_asset(fees: &BTreeMap<Asset, Measured<Decimal>>) -> Value {
    fees.iter().map(|(asset, sum)| (asset.to_string(), number(*sum))).collect::<Map<_, _>>().into()
}

fn describe(ledger: &TradeAggregator, duplicates: usize, case: &Value) -> anyhow::Result<Value> {
    let all = ledger.settled();
    let mut answer = json!({
        "status": "ok",
        "fills": all.fills,
        "duplicates": duplicates,
        "volume": number(all.volume),
        "maker_share": number(all.maker_share),
        "fees_by_asset": by_asset(&all.fees_by_asset),
        "fees_valued": number(all.fees_valued),
        "fees_unvalued": by_asset(&all.fees_unvalued),
        "matches": matches(ledger)?,
        "realized_gross": number(all.realized_gross),
        "realized_fees": number(all.realized_fees),
        "realized_net": number(all.realized_net),
        "matched_cost": number(all.matched_cost),
        "return_on_cost": number(all.return_on_cost),
        "books": books(ledger),
        "incomplete_basis": all.incomplete_basis,
        "trades": trades(ledger),
        "round_trips": round_trips(ledger),
        "trade_stats": statistics(&all.trades),
        "round_trip_stats": statistics(&all.round_trips),
    });
    if let (Some(lines), Some(answer)) = (optional(case, "funding"), answer.as_object_mut()) {
        let mut sum = Decimal::ZERO;
        for line in lines.as_array().context("funding is not a list")? {
            sum = sum.checked_add(decimal(field(line, "amount")?, "funding")?)?;
        }
        answer.insert("funding".to_owned(), written(sum).into());
        let with = all.realized_net.and_then(|net| Ok(net.checked_add(sum)?));
        answer.insert("realized_net_with_funding".to_owned(), number(with));
    }
    Ok(answer)
}

fn matches(ledger: &TradeAggregator) -> anyhow::Result<Value> {
    #[rustfmt::skip]
    let columns = [
        "open", "close", "side", "qty", "open_price", "close_price", "gross", "open_fee", "close_fee", "net", "held_ms",
    ];
    let row = |done: Match| {
        Ok(json!([
            done.open.to_string(),
            done.close.to_string(),
            done.direction.as_str(),
            written(done.quantity),
            written(done.open_price.0),
            written(done.close_price.0),
            written(done.gross),
            option(done.open_fee),
            option(done.close_fee),
            option(done.net().transpose()?),
            done.held_ms()
        ]))
    };
    Ok(table(ledger.matches().into_iter().map(row).collect::<anyhow::Result<_>>()?, &columns))
}

fn trades(ledger: &TradeAggregator) -> Value {
    let row = |trade: Trade| {
        json!([
            &*trade.order,
            trade.direction.as_str(),
            written(trade.quantity),
            written(trade.gross),
            number(trade.net),
            trade.closed.millis(),
            number(trade.held_ms())
        ])
    };
    let columns = ["order", "side", "qty", "gross", "net", "close_ts", "held_ms"];
    table(ledger.trades().into_iter().map(row).collect(), &columns)
}

fn round_trips(ledger: &TradeAggregator) -> Value {
    let row = |trip: RoundTrip| {
        json!([
            trip.direction.as_str(),
            trip.opened.millis(),
            trip.closed.millis(),
            written(trip.quantity),
            written(trip.gross),
            number(trip.fees),
            number(trip.net)
        ])
    };
    let columns = ["side", "open_ts", "close_ts", "qty", "gross", "fees", "net"];
    table(ledger.round_trips().into_iter().map(row).collect(), &columns)
}

/// Long ones show the first and the last rows only.
fn table(rows: Vec<Value>, columns: &[&str]) -> Value {
    let count = rows.len();
    match (rows.get(..ROWS_OF_AN_END), rows.get(count.saturating_sub(ROWS_OF_AN_END)..)) {
        (Some(first), Some(last)) if count > ROWS_MAX => {
            json!({ "count": count, "columns": columns, "first": first, "last": last })
        }
        _ => json!({ "count": count, "columns": columns, "rows": rows }),
    }
}

fn books(ledger: &TradeAggregator) -> Value {
    ledger
        .books()
        .map(|(account, symbol, book)| {
            let lots: Vec<Value> = book
                .open_lots()
                .map(|lot| {
                    json!({
                        "id": lot.id.to_string(), "side": lot.direction.as_str(), "qty": written(lot.quantity()),
                        "price": written(lot.price.0), "fee_left": option(lot.fee_left())
                    })
                })
                .collect();
            json!({
                "account": account, "symbol": symbol.as_str(), "position": number(book.position()), "open_lots": lots,
                "open_cost": number(book.open_cost()), "average_entry": number(book.average_entry()),
                "unmatched_qty": written(book.unmatched_quantity()),
                "unmatched_proceeds": written(book.unmatched_proceeds())
            })
        })
        .collect()
}

fn statistics(of: &Statistics) -> Value {
    let figures = match &of.figures {
        Err(_) if of.count == 0 => return json!({ "count": 0 }),
        Err(why) => return json!({ "count": of.count, "why": why.as_str() }),
        Ok(figures) => figures,
    };
    let Figures {
        wins,
        losses,
        scratches,
        win_rate,
        gross_profit,
        gross_loss,
        profit_factor,
        average_win,
        average_loss,
        largest_win,
        largest_loss,
        payoff_ratio,
        expectancy,
        max_consecutive_wins,
        max_consecutive_losses,
        sqn,
        kelly,
        average_holding_ms,
    } = figures;
    json!({
        "count": of.count, "wins": wins, "losses": losses, "scratches": scratches, "win_rate": number(*win_rate),
        "gross_profit": written(*gross_profit), "gross_loss": written(*gross_loss),
        "profit_factor": number(*profit_factor), "average_win": number(*average_win), "average_loss": number(*average_loss),
        "payoff_ratio": number(*payoff_ratio), "expectancy": number(*expectancy), "largest_win": number(*largest_win),
        "largest_loss": number(*largest_loss), "max_consecutive_wins": max_consecutive_wins,
        "max_consecutive_losses": max_consecutive_losses, "kelly": number(*kelly),
        "average_holding_ms": number(*average_holding_ms),
        // The one ratio that is a number: it has a root, which no decimal is.
        "sqn": sqn.map_or(Value::Null, |sqn| sqn.to_f64().into()),
    })
}
