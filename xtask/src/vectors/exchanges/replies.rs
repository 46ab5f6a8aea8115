//! What a dialect reads from a recorded answer, in the shape of `expect`.

use super::{Outcome, networks};
use anyhow::{Context as _, anyhow, bail};
use exchange::{
    Asked, Board, Booking, Conversion, Crossing, Execution, FeeRate, FundingPayment, Holding, KeyRights,
    Kline, Listing, Listings, Need, Position, Reply, Said, Shift, Status, Ticker, VenueError, Verdict,
    dialect,
};
use ledger::{Asset, Decimal, Liquidity, Side, Timestamp};
use serde_json::{Map, Value, json};

/// The clock of a case that has none.
const NOW_MS: i64 = 1_735_689_600_123;

pub(super) fn need(case: &Value) -> anyhow::Result<Option<Need>> {
    Ok(Some(match case["need"].as_str().context("need")? {
        "fills" => Need::Fills,
        "conversions" => Need::Conversions,
        "balances" => Need::Balances,
        "deposits" => Need::Deposits,
        "withdrawals" => Need::Withdrawals,
        "transfers" => Need::Transfers,
        "ledger" => Need::Ledger,
        "funding" => Need::Funding,
        "fees" => Need::Fees,
        "positions" => Need::Positions,
        "prices" => Need::Prices,
        "klines" => Need::Klines,
        "time" => Need::Time,
        "permission" => Need::Permission,
        "request" => Need::Request,
        "error" => return Ok(None),
        other => bail!("need {other} is none that is known"),
    }))
}

pub(super) fn answer(exchange: &str, document: &Value, case: &Value) -> anyhow::Result<Outcome> {
    let Some(dialect) = dialect(exchange) else { return Ok(Outcome::Skip("no such dialect".to_owned())) };
    let http = &case["http"];
    let headers = http["headers"].as_object().into_iter().flatten();
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let reply = Reply {
        status: u16::try_from(http["status"].as_u64().unwrap_or(200))?,
        headers: headers.map(|(name, value)| (name.to_ascii_lowercase(), text(value))).collect(),
        body: text(&http["body"]).into_bytes(),
    };
    let markets = Markets::of(document)?;
    let error = dialect.error(&reply, Timestamp::from_millis(NOW_MS));
    let Some(need) = need(case)? else {
        let error = error.context("it was not seen as an error")?;
        return Ok(Outcome::Got(action(error)));
    };
    if let Some(error) = error {
        bail!("seen as an error: {error:?}");
    }
    let (symbol, currency) = asked(case, &markets);
    let asked = Asked {
        need,
        market: case["market"].as_str().unwrap_or_default(),
        path: http["path"].as_str().unwrap_or_default(),
        symbol: symbol.as_deref(),
        currency: currency.as_deref(),
        account: None,
    };
    let said = dialect.read(asked, &reply, &markets.listings).map_err(|error| anyhow!("{error:?}"))?;
    Ok(Outcome::Got(Shown { exchange, markets: &markets, asked }.said(said)?))
}

fn action(error: VenueError) -> Value {
    match error {
        VenueError::Retry => json!({ "action": "retry" }),
        VenueError::BackOff { retry_after_ms } => {
            json!({ "action": "back_off", "retry_after_s": retry_after_ms.map(|ms| ms.div_ceil(1000)) })
        }
        VenueError::FixClock => json!({ "action": "fix_clock" }),
        VenueError::Permanent(_) => json!({ "action": "permanent" }),
    }
}

/// The instrument and currency of the call, by the venue's names: the first argument, if it is a text. Of a list of several
/// none is the one that was asked for.
fn asked(case: &Value, markets: &Markets) -> (Option<String>, Option<String>) {
    let first = case.pointer("/call/args/0");
    let first = first.and_then(|first| match first.as_array().map(Vec::as_slice) {
        Some([alone]) => alone.as_str(),
        Some(_) => None,
        None => first.as_str(),
    });
    match first {
        Some(symbol) if symbol.contains('/') => (markets.id(symbol), None),
        other => (None, other.map(str::to_owned)),
    }
}

/// The instruments of a file, under the venue's names and the unified ones.
pub(super) struct Markets {
    listings: Listings,
    symbols: Vec<(String, Board, String)>,
}

impl Markets {
    pub(super) fn of(document: &Value) -> anyhow::Result<Self> {
        let (mut listings, mut symbols) = (Vec::new(), Vec::new());
        for market in document["markets"].as_array().into_iter().flatten() {
            let text =
                |field: &str| market[field].as_str().with_context(|| format!("a market without {field}"));
            let board = if text("type")? == "spot" { Board::Spot } else { Board::Contract };
            let size = market["contract_size"].as_str().unwrap_or("1");
            listings.push(Listing {
                id: text("id")?.to_owned(),
                board,
                base: Asset::from(text("base")?),
                quote: Asset::from(text("quote")?),
                settle: market["settle"].as_str().map(Asset::from),
                contract_size: size.parse().map_err(|_| anyhow!("contract_size {size}"))?,
                inverse: market["linear"] == false,
                expires: None,
            });
            symbols.push((text("id")?.to_owned(), board, text("symbol")?.to_owned()));
        }
        Ok(Self { listings: Listings::new(listings), symbols })
    }

    /// The unified name; an index that is no instrument has none.
    fn symbol(&self, id: &str, board: Board) -> Option<&str> {
        let named = self.symbols.iter().find(|(own, on, _)| own == id && *on == board);
        named.map(|(_, _, symbol)| symbol.as_str())
    }

    pub(super) fn id(&self, symbol: &str) -> Option<String> {
        let named = self.symbols.iter().find(|(_, _, unified)| unified == symbol);
        named.map(|(id, _, _)| id.clone())
    }
}

/// Writes what was said in the words of the cases.
struct Shown<'a> {
    exchange: &'a str,
    markets: &'a Markets,
    asked: Asked<'a>,
}

impl Shown<'_> {
    fn said(&self, said: Said) -> anyhow::Result<Value> {
        let need = self.asked.need;
        Ok(match (need, said) {
            (Need::Fills, Said::Fills(rows)) => list(rows, |row| self.fill(row))?,
            (Need::Conversions, Said::Conversions(rows)) => list(rows, |row| Ok(conversion(row)))?,
            (Need::Balances, Said::Balances(rows)) => balances(rows)?,
            (Need::Deposits | Need::Withdrawals, Said::Crossings(rows)) => {
                list(rows, |row| Ok(crossing(self.exchange, row)))?
            }
            (Need::Transfers, Said::Transfers(rows)) => list(rows, |row| Ok(shift(row)))?,
            (Need::Ledger, Said::Ledger(rows)) => list(rows, |row| Ok(self.booking(row)))?,
            (Need::Funding, Said::Funding(rows)) => list(rows, |row| Ok(self.funding(row)))?,
            (Need::Fees, Said::Fees(rows)) => list(rows, |row| Ok(self.rate(row)))?,
            (Need::Positions, Said::Positions(rows)) => list(rows, |row| Ok(self.position(row)))?,
            (Need::Prices, Said::Prices(rows)) => {
                let named =
                    rows.into_iter().filter(|row| self.markets.symbol(&row.symbol, row.board).is_some());
                list(named.collect(), |row| Ok(self.ticker(row)))?
            }
            (Need::Klines, Said::Klines(rows)) => list(rows, |row| Ok(kline(row)))?,
            (Need::Time, Said::Time(at)) => json!(at.millis()),
            (Need::Permission, Said::Rights(rights)) => permission(rights),
            (Need::Request, Said::Reference { reference, url }) => {
                json!({ "reference": reference, "url": url })
            }
            (need, _) => bail!("another thing was read than {need:?} asks for"),
        })
    }

    fn symbol(&self, id: &str, board: Board) -> Value {
        self.markets.symbol(id, board).map_or(Value::Null, Value::from)
    }

    fn fill(&self, row: Execution) -> anyhow::Result<Value> {
        let cost = match (row.cost, self.markets.listings.find(&row.symbol, row.board)) {
            (Some(cost), _) => cost,
            (None, Some(listing)) if listing.inverse => {
                let sum = row.quantity.checked_mul(listing.contract_size).map_err(|_| anyhow!("cost"))?;
                sum.checked_div(row.price).map_err(|_| anyhow!("cost"))?
            }
            (None, listing) => {
                let size = listing.map_or(Decimal::ONE, |listing| listing.contract_size);
                let sum = row.price.checked_mul(row.quantity).and_then(|sum| sum.checked_mul(size));
                sum.map_err(|_| anyhow!("cost"))?
            }
        };
        let fees: Vec<Value> = row.fees.iter().map(fee).collect();
        Ok(json!({
            "id": row.id, "order_id": row.order_id, "market_id": row.symbol,
            "symbol": self.symbol(&row.symbol, row.board), "side": side(row.side),
            "price": number(row.price), "amount": number(row.quantity), "cost": number(cost), "fees": fees,
            "liquidity": match row.liquidity {
                Liquidity::Maker => Some("maker"),
                Liquidity::Taker => Some("taker"),
                Liquidity::Unknown => None,
            },
            "ts_ms": row.time.millis(),
        }))
    }

    fn booking(&self, row: Booking) -> Value {
        let (direction, amount) = match row.change.is_negative() {
            true => ("out", row.change.negated()),
            false => ("in", row.change),
        };
        let symbol = row.symbol.map_or(Value::Null, |(id, board)| self.symbol(&id, board));
        json!({
            "id": row.id, "direction": direction, "type": row.kind, "currency": row.asset.as_str(),
            "amount": number(amount), "ts_ms": row.time.map(Timestamp::millis), "symbol": symbol,
            "reference_id": row.reference, "fee": row.fee.as_ref().map(fee),
        })
    }

    fn funding(&self, row: FundingPayment) -> Value {
        json!({
            "id": row.id, "symbol": self.symbol(&row.symbol, Board::Contract), "currency": row.asset.as_str(),
            "amount": number(row.amount), "ts_ms": row.time.millis(),
        })
    }

    fn rate(&self, row: FeeRate) -> Value {
        let id = row.symbol.or_else(|| self.asked.symbol.map(str::to_owned)).unwrap_or_default();
        json!({ "symbol": self.symbol(&id, row.board), "maker": number(row.maker), "taker": number(row.taker) })
    }

    fn position(&self, row: Position) -> Value {
        let listing = self.markets.listings.find(&row.symbol, Board::Contract);
        json!({
            "symbol": match self.symbol(&row.symbol, Board::Contract) {
                Value::Null => self.symbol(&row.symbol, Board::Spot),
                contract => contract,
            },
            "side": row.side.map(|side| match side { Side::Buy => "long", Side::Sell => "short" }),
            "contracts": number(row.contracts),
            "contract_size": listing.map(|listing| number(listing.contract_size)),
            "entry_price": row.entry_price.map(number), "mark_price": row.mark_price.map(number),
            "unrealized_pnl": row.unrealized.map(number), "ts_ms": row.time.map(Timestamp::millis),
        })
    }

    fn ticker(&self, row: Ticker) -> Value {
        json!({
            "symbol": self.symbol(&row.symbol, row.board), "last": row.last.map(number),
            "bid": row.bid.map(number), "ask": row.ask.map(number), "ts_ms": row.time.map(Timestamp::millis),
        })
    }
}

fn list<T>(rows: Vec<T>, show: impl Fn(T) -> anyhow::Result<Value>) -> anyhow::Result<Value> {
    Ok(Value::Array(rows.into_iter().map(show).collect::<Result<_, _>>()?))
}

fn number(number: Decimal) -> String {
    number.to_string()
}

const fn side(side: Side) -> &'static str {
    match side {
        Side::Buy => "buy",
        Side::Sell => "sell",
    }
}

fn fee((asset, amount): &(Asset, Decimal)) -> Value {
    json!({ "currency": asset.as_str(), "cost": number(*amount) })
}

fn status(status: Status) -> String {
    match status {
        Status::Ok => "ok".to_owned(),
        Status::Pending => "pending".to_owned(),
        Status::Failed => "failed".to_owned(),
        Status::Canceled => "canceled".to_owned(),
        Status::Other(word) => word,
    }
}

fn conversion(row: Conversion) -> Value {
    let ((from, from_amount), (to, to_amount)) = (row.from, row.to);
    json!({
        "id": row.id, "from_currency": from.as_str(), "from_amount": number(from_amount),
        "to_currency": to.as_str(), "to_amount": number(to_amount), "ts_ms": row.time.millis(),
    })
}

/// What a venue does not tell follows from what it does.
fn balances(rows: Vec<Holding>) -> anyhow::Result<Value> {
    let mut balances = Map::new();
    for Holding { asset, free, used, total, debt } in rows {
        let sum = |a: Decimal, b: Decimal| a.checked_add(b).map_err(|_| anyhow!("balance"));
        let less = |a: Decimal, b: Decimal| a.checked_sub(b).map_err(|_| anyhow!("balance"));
        let (free, used, total) = match (free, used, total) {
            (Some(free), Some(used), None) => (Some(free), Some(used), Some(sum(free, used)?)),
            (Some(free), None, Some(total)) => (Some(free), Some(less(total, free)?), Some(total)),
            (None, Some(used), Some(total)) => (Some(less(total, used)?), Some(used), Some(total)),
            told => told,
        };
        let told = json!({
            "free": free.map(number), "used": used.map(number), "total": total.map(number), "debt": debt.map(number),
        });
        balances.insert(asset.as_str().to_owned(), told);
    }
    Ok(Value::Object(balances))
}

fn crossing(exchange: &str, row: Crossing) -> Value {
    let network = row.network.map(|chain| networks::unified(exchange, chain, row.asset.as_str()));
    json!({
        "id": row.id, "txid": row.transaction, "type": if row.incoming { "deposit" } else { "withdrawal" },
        "currency": row.asset.as_str(), "amount": number(row.amount), "status": status(row.status),
        "ts_ms": row.time.millis(), "address": row.address, "tag": row.tag, "network": network,
        "internal": row.internal, "fee": row.fee.as_ref().map(fee),
    })
}

fn shift(row: Shift) -> Value {
    json!({
        "id": row.id, "currency": row.asset.as_str(), "amount": number(row.amount), "from": row.from, "to": row.to,
        "status": status(row.status), "ts_ms": row.time.millis(),
    })
}

fn kline(row: Kline) -> Value {
    let Kline { open_at, open, high, low, close, volume } = row;
    json!([open_at.millis(), number(open), number(high), number(low), number(close), volume.map(number),])
}

fn permission(rights: KeyRights) -> Value {
    let KeyRights { read, trade, withdraw, transfer, ip_restricted, verdict } = rights;
    let verdict = match verdict {
        Verdict::Accept => "accept",
        Verdict::Refuse => "refuse",
        Verdict::Undecided => "undecided",
    };
    json!({
        "read": read, "trade": trade, "withdraw": withdraw, "transfer": transfer, "ip_restricted": ip_restricted,
        "verdict": verdict,
    })
}
