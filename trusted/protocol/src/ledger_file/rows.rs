//! Rows of all kinds but fills, of which there are few enough to take the general way.

use super::{
    Defect, Flaw, export, header,
    read::{Reader, above_zero, decimal},
    scan::{optional, text, whole},
};
use alloc::{
    collections::BTreeMap,
    string::{String, ToString as _},
    sync::Arc,
};
use ledger::{
    Asset, Day, Instrument, InstrumentKind, Interval, Line, LineKind, Price, PriceSource, Symbol, Timestamp,
    minute, record::Observation,
};
use serde_json::Value;

/// Where a row stands: each comes after the one before it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    Instrument(String),
    Source(PriceSource),
    Book(usize, String),
    Line(usize, LineKind, String, String, bool),
    Observation(usize, i64),
    Day(String, Day),
    Minute(String, i64),
}

/// Adds a row to the record. A book is told: the fills after it are its own.
pub(super) fn apply(
    to: &mut Reader<'_>,
    kind: &str,
    row: &[Value],
) -> Result<Option<(Arc<str>, Symbol)>, Defect> {
    let (place, book) = match kind {
        "instrument" => (instrument(to, row)?, None),
        "source" => (source(to, row)?, None),
        "book" => {
            let (place, book) = book(to, row)?;
            (place, Some(book))
        }
        "line" => (line(to, row)?, None),
        "observation" => (observation(to, row)?, None),
        "day" => (day(to, row)?, None),
        "minute" => (at_minute(to, row)?, None),
        _ => return Err(Defect::Kind),
    };
    if to.last.as_ref().is_some_and(|last| *last >= place) {
        return Err(Defect::Order);
    }
    to.last = Some(place);
    Ok(book)
}

fn instrument(to: &mut Reader<'_>, row: &[Value]) -> Result<Place, Defect> {
    let [symbol, settles, base, quote, multiplier] = row else { return Err(Defect::Length) };
    let symbol = text("symbol", symbol)?;
    let kinds = [InstrumentKind::Spot, InstrumentKind::Linear, InstrumentKind::Inverse];
    let settles =
        settles.as_str().and_then(|name| kinds.into_iter().find(|kind| export::kind_name(*kind) == name));
    let instrument = Instrument {
        symbol: symbol.into(),
        kind: settles.ok_or(Defect::Element("kind", Flaw::NotA("spot, linear or inverse")))?,
        base: text("base", base)?.into(),
        quote: text("quote", quote)?.into(),
        multiplier: above_zero("multiplier", text("multiplier", multiplier)?)?,
    };
    to.record.aggregator.add_instrument(instrument).map_err(|error| Defect::Ledger(error.refused()))?;
    Ok(Place::Instrument(symbol.to_string()))
}

fn source(to: &mut Reader<'_>, row: &[Value]) -> Result<Place, Defect> {
    let (interval, path) = row.split_first().ok_or(Defect::Length)?;
    let interval = interval.as_str().and_then(Interval::parse);
    let path = path.iter().map(|pair| text("pair", pair).map(String::from));
    let source = PriceSource {
        path: path.collect::<Result<_, _>>()?,
        interval: interval.ok_or(Defect::Element("interval", Flaw::NotA("1m, 1h or 1d")))?,
    };
    to.sources.push(source.clone());
    Ok(Place::Source(source))
}

fn book(to: &Reader<'_>, row: &[Value]) -> Result<(Place, (Arc<str>, Symbol)), Defect> {
    let [account, symbol] = row else { return Err(Defect::Length) };
    let (number, account) = self::account(to, account)?;
    let symbol = Symbol::from(text("symbol", symbol)?);
    // The ledger's own, so that the name is there once.
    let known = to.record.aggregator.instrument(&symbol).map(|known| known.symbol.clone());
    let symbol = known.ok_or(Defect::Element("symbol", Flaw::Unknown))?;
    Ok((Place::Book(number, symbol.to_string()), (account, symbol)))
}

fn line(to: &mut Reader<'_>, row: &[Value]) -> Result<Place, Defect> {
    let [whose, kind, id, time, asset, amount, transaction] = row else { return Err(Defect::Length) };
    let (number, account) = account(to, whose)?;
    let kind = kind.as_str().and_then(LineKind::parse);
    let kind = kind.ok_or(Defect::Element("kind", Flaw::NotA("a kind of line")))?;
    let (id, asset) = (text("id", id)?, text("asset", asset)?);
    let amount = decimal("amount", text("amount", amount)?)?;
    let line = Line {
        account,
        id: id.into(),
        kind,
        time: self::time(to, time)?,
        asset: asset.into(),
        amount,
        transaction: optional("transaction", transaction)?.map(Arc::from),
    };
    to.lines.push(line);
    count(to, 0);
    Ok(Place::Line(number, kind, id.to_string(), asset.to_string(), !amount.is_negative()))
}

fn observation(to: &mut Reader<'_>, row: &[Value]) -> Result<Place, Defect> {
    let [account, at, held @ ..] = row else { return Err(Defect::Length) };
    let (number, name) = self::account(to, account)?;
    let at = time(to, at)?;
    let mut balances: BTreeMap<Asset, _> = BTreeMap::new();
    for pair in held.chunks(2) {
        let [asset, amount] = pair else { return Err(Defect::Length) };
        let asset = Asset::from(text("asset", asset)?);
        if balances.last_key_value().is_some_and(|(last, _)| *last >= asset) {
            return Err(Defect::Element("assets", Flaw::Order));
        }
        balances.insert(asset, decimal("balance", text("balance", amount)?)?);
    }
    let account = to.record.accounts.get_mut(&name).ok_or(Defect::Element("account", Flaw::Unknown))?;
    account.observations.push(Observation { at, balances });
    count(to, 1);
    Ok(Place::Observation(number, at.millis()))
}

fn day(to: &mut Reader<'_>, row: &[Value]) -> Result<Place, Defect> {
    let [asset, day, source, close] = row else { return Err(Defect::Length) };
    let asset = text("asset", asset)?;
    let day =
        text("day", day)?.parse().map_err(|_| Defect::Element("day", Flaw::NotA("a day as 2026-01-31")))?;
    let found = price(to, source, close)?;
    to.record.prices.learn_day(asset.into(), day, found);
    count(to, 2);
    Ok(Place::Day(asset.to_string(), day))
}

fn at_minute(to: &mut Reader<'_>, row: &[Value]) -> Result<Place, Defect> {
    let [asset, at, source, close] = row else { return Err(Defect::Length) };
    let (asset, at) = (text("asset", asset)?, time(to, at)?);
    if minute(at) != at {
        return Err(Defect::Element("time", Flaw::NotA("the beginning of a minute")));
    }
    let found = price(to, source, close)?;
    to.record.prices.learn_at(asset.into(), at, found);
    count(to, 2);
    Ok(Place::Minute(asset.to_string(), at.millis()))
}

/// Both, or neither: the venue has none.
fn price(to: &Reader<'_>, source: &Value, close: &Value) -> Result<Option<(Price, PriceSource)>, Defect> {
    if source.is_null() && close.is_null() {
        return Ok(None);
    }
    let close = above_zero("price", text("price", close)?)?;
    let number = source.as_u64().and_then(|number| usize::try_from(number).ok());
    let source = number.and_then(|number| to.sources.get(number));
    Ok(Some((Price(close), source.ok_or(Defect::Element("source", Flaw::Unknown))?.clone())))
}

fn account(to: &Reader<'_>, number: &Value) -> Result<(usize, Arc<str>), Defect> {
    let number = number.as_u64().and_then(|number| usize::try_from(number).ok());
    let known = number.and_then(|number| Some((number, Arc::clone(to.accounts.get(number)?))));
    known.ok_or(Defect::Element("account", Flaw::Unknown))
}

fn time(of: &Reader<'_>, value: &Value) -> Result<Timestamp, Defect> {
    let at_ms = whole("time", value)?;
    let at = Timestamp::from_millis(at_ms);
    if header::in_time(at_ms, of.as_of) { Ok(at) } else { Err(Defect::Element("time", Flaw::OutOfTime)) }
}

fn count(of: &mut Reader<'_>, which: usize) {
    if let Some(counter) = of.counts.get_mut(which) {
        *counter = counter.saturating_add(1);
    }
}
