//! Record to text: the same record, the same bytes.

use super::header;
use crate::statement::Frame;
use alloc::{
    collections::{BTreeMap, BTreeSet},
    format,
    string::{String, ToString},
    vec::Vec,
};
use core::fmt::{self, Write as _};
use ledger::{
    Asset, Day, Fill, Instrument, InstrumentKind, Line, Liquidity, Price, PriceSource, Side, Symbol,
    Timestamp,
    record::{Observation, Record},
};
use sha2::{Digest as _, Sha256};

/// A record about to be written. Pages of it are made one by one, so that nobody needs to hold the whole text.
#[derive(Debug)]
pub struct Export<'a> {
    record: &'a Record,
    frame: &'a Frame,
    as_of: Timestamp,
    accounts: BTreeMap<&'a str, usize>,
    sources: BTreeMap<&'a PriceSource, usize>,
}

/// Some lines of the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Whole lines, each with its end.
    pub lines: String,
    /// The number of the line after them; none after the last.
    pub next: Option<u64>,
}

/// The record has an account that is described nowhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExportError;

impl fmt::Display for ExportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an account of the record is not described")
    }
}

impl core::error::Error for ExportError {}

/// A row before it is text.
#[expect(clippy::large_enum_variant, reason = "there is one at a time")]
enum Row<'a> {
    Header,
    Instrument(&'a Instrument),
    Source(&'a PriceSource),
    Book(usize, Symbol),
    Fill(Fill),
    Line(usize, &'a Line),
    Observation(usize, &'a Observation),
    Day(&'a Asset, Day, Option<(Price, &'a PriceSource)>),
    Minute(&'a Asset, Timestamp, Option<(Price, &'a PriceSource)>),
}

impl<'a> Export<'a> {
    /// A record, what stands around it, and the instant that its figures are made for.
    ///
    /// # Errors
    /// If an account of the record is not described, here or there.
    pub fn new(record: &'a Record, frame: &'a Frame, as_of: Timestamp) -> Result<Self, ExportError> {
        let described = |name: &str| record.accounts.contains_key(name) && frame.accounts.contains_key(name);
        let of_lines = record.lines.iter().map(|line| &*line.account);
        let of_record = record.accounts.keys().map(|name| &**name);
        let names = record.aggregator.accounts().into_iter().chain(of_lines).chain(of_record);
        let names = names.chain(frame.accounts.keys().map(String::as_str));
        let mut accounts: BTreeMap<&str, usize> = names.map(|name| (name, 0)).collect();
        if !accounts.keys().all(|name| described(name)) {
            return Err(ExportError);
        }
        accounts.values_mut().enumerate().for_each(|(number, account)| *account = number);
        let of_days = record.prices.days().filter_map(|(_, _, found)| found);
        let of_minutes = record.prices.minutes().filter_map(|(_, _, found)| found);
        let sources: BTreeSet<&PriceSource> = of_days.chain(of_minutes).map(|(_, source)| source).collect();
        let sources = sources.into_iter().enumerate().map(|(number, source)| (source, number)).collect();
        Ok(Self { record, frame, as_of, accounts, sources })
    }

    /// The lines from number `from` on, the first is 0: as many as fit `bytes`, but one at least.
    pub fn page(&self, from: u64, bytes: usize) -> Page {
        let mut lines = String::new();
        let (mut next, skipped) = (from, usize::try_from(from).unwrap_or(usize::MAX));
        for row in self.rows().skip(skipped) {
            let before = lines.len();
            self.write(&row, &mut lines);
            if lines.len() > bytes && before > 0 {
                lines.truncate(before);
                return Page { lines, next: Some(next) };
            }
            next = next.saturating_add(1);
        }
        if lines.is_empty() {
            // Nothing stands after the last line.
            if self.rows().count() >= skipped {
                lines = self.end();
            }
            return Page { lines, next: None };
        }
        Page { lines, next: Some(next) }
    }

    /// All lines, in pages of about `bytes`.
    pub fn pages(&self, bytes: usize) -> impl Iterator<Item = String> {
        let (mut rows, mut tally, mut over) = (self.rows(), Tally::default(), false);
        core::iter::from_fn(move || {
            let mut lines = String::new();
            while !over && lines.len() < bytes.max(1) {
                match rows.next() {
                    Some(row) => {
                        let before = lines.len();
                        self.write(&row, &mut lines);
                        tally.count(&row, lines.get(before..).unwrap_or_default());
                    }
                    None => {
                        over = true;
                        lines.push_str(&core::mem::take(&mut tally).end());
                    }
                }
            }
            (!lines.is_empty()).then_some(lines)
        })
    }

    /// The last line, for which all others are made once more.
    fn end(&self) -> String {
        let (mut tally, mut line) = (Tally::default(), String::new());
        for row in self.rows() {
            line.clear();
            self.write(&row, &mut line);
            tally.count(&row, &line);
        }
        tally.end()
    }

    fn rows(&self) -> impl Iterator<Item = Row<'a>> + use<'a, '_> {
        let Record { aggregator, lines, accounts, prices, benchmark: _, parameters: _ } = self.record;
        let number = |name: &str| self.accounts.get(name).copied().unwrap_or_default();
        let sources: Vec<&PriceSource> = self.sources.keys().copied().collect();
        let mut book = None;
        let fills = aggregator.fills().flat_map(move |fill| {
            let key = Some((fill.account.clone(), fill.symbol.clone()));
            let opens = book != key;
            let opening = opens.then(|| Row::Book(number(&fill.account), fill.symbol.clone()));
            book = key;
            opening.into_iter().chain([Row::Fill(fill)])
        });
        core::iter::once(Row::Header)
            .chain(aggregator.instruments().map(Row::Instrument))
            .chain(sources.into_iter().map(Row::Source))
            .chain(fills)
            .chain(lines.iter().map(move |line| Row::Line(number(&line.account), line)))
            .chain(accounts.iter().flat_map(move |(name, account)| {
                account.observations.iter().map(move |seen| Row::Observation(number(name), seen))
            }))
            .chain(prices.days().map(|(asset, day, found)| Row::Day(asset, day, found)))
            .chain(prices.minutes().map(|(asset, at, found)| Row::Minute(asset, at, found)))
    }

    fn write(&self, row: &Row<'_>, out: &mut String) {
        match row {
            Row::Header => out.push_str(&header::write(self.record, self.frame, self.as_of)),
            Row::Instrument(Instrument { symbol, kind, base, quote, multiplier }) => {
                start(out, "instrument");
                for name in [symbol.as_str(), kind_name(*kind), base.as_str(), quote.as_str()] {
                    next(out, name);
                }
                shown(out, multiplier);
            }
            Row::Source(PriceSource { path, interval }) => {
                start(out, "source");
                next(out, interval.as_str());
                path.iter().for_each(|pair| next(out, pair));
            }
            Row::Book(account, symbol) => {
                start(out, "book");
                bare(out, account);
                next(out, symbol.as_str());
            }
            Row::Fill(fill) => write_fill(fill, out),
            Row::Line(number, Line { account: _, id, kind, time, asset, amount, transaction }) => {
                start(out, "line");
                bare(out, number);
                next(out, kind.as_str());
                next(out, id);
                bare(out, &time.millis());
                next(out, asset.as_str());
                shown(out, amount);
                optional(out, transaction.as_deref());
            }
            Row::Observation(number, Observation { at, balances }) => {
                start(out, "observation");
                bare(out, number);
                bare(out, &at.millis());
                for (asset, held) in balances {
                    next(out, asset.as_str());
                    shown(out, held);
                }
            }
            Row::Day(asset, day, found) => {
                start(out, "day");
                next(out, asset.as_str());
                shown(out, day);
                self.price(*found, out);
            }
            Row::Minute(asset, at, found) => {
                start(out, "minute");
                next(out, asset.as_str());
                bare(out, &at.millis());
                self.price(*found, out);
            }
        }
        if !matches!(row, Row::Header) {
            out.push(']');
        }
        out.push('\n');
    }

    fn price(&self, found: Option<(Price, &PriceSource)>, out: &mut String) {
        let number = found.and_then(|(price, source)| Some((price, self.sources.get(source)?)));
        match number {
            Some((price, source)) => {
                bare(out, source);
                shown(out, &price);
            }
            None => out.push_str(",null,null"),
        }
    }
}

/// What the last line tells of the others.
#[derive(Default)]
struct Tally {
    sum: Sha256,
    fills: u64,
    lines: u64,
    observations: u64,
    prices: u64,
}

impl Tally {
    fn count(&mut self, row: &Row<'_>, line: &str) {
        self.sum.update(line.as_bytes());
        let counter = match row {
            Row::Fill(_) => &mut self.fills,
            Row::Line(..) => &mut self.lines,
            Row::Observation(..) => &mut self.observations,
            Row::Day(..) | Row::Minute(..) => &mut self.prices,
            Row::Header | Row::Instrument(_) | Row::Source(_) | Row::Book(..) => return,
        };
        *counter = counter.saturating_add(1);
    }

    fn end(self) -> String {
        let Self { sum, fills, lines, observations, prices } = self;
        format!("[\"end\",{fills},{lines},{observations},{prices},\"{}\"]\n", hex(&sum.finalize()))
    }
}

/// As the last line writes a checksum.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

pub(super) const fn kind_name(kind: InstrumentKind) -> &'static str {
    match kind {
        InstrumentKind::Spot => "spot",
        InstrumentKind::Linear => "linear",
        InstrumentKind::Inverse => "inverse",
    }
}

pub(super) const fn side_name(side: Side) -> &'static str {
    match side {
        Side::Buy => "buy",
        Side::Sell => "sell",
    }
}

/// Nothing where the venue does not say.
pub(super) const fn liquidity_name(liquidity: Liquidity) -> Option<&'static str> {
    match liquidity {
        Liquidity::Maker => Some("maker"),
        Liquidity::Taker => Some("taker"),
        Liquidity::Unknown => None,
    }
}

fn write_fill(fill: &Fill, out: &mut String) {
    start(out, "fill");
    bare(out, &fill.time.millis());
    next(out, &fill.id.to_string());
    next(out, side_name(fill.side));
    shown(out, &fill.quantity);
    shown(out, &fill.price);
    shown(out, &fill.fee);
    next(out, fill.fee_asset.as_str());
    optional(out, liquidity_name(fill.liquidity));
    optional(out, fill.order_id.as_ref().map(ToString::to_string).as_deref());
    match fill.sequence {
        Some(sequence) => bare(out, &sequence),
        None => out.push_str(",null"),
    }
    for rate in [fill.fee_rate, fill.reporting_rate] {
        optional(out, rate.map(|rate| rate.to_string()).as_deref());
    }
}

fn start(out: &mut String, kind: &str) {
    out.push_str("[\"");
    out.push_str(kind);
    out.push('"');
}

/// A text. Most need no escape.
fn next(out: &mut String, text: &str) {
    out.push(',');
    if text.bytes().all(|byte| byte >= 0x20 && byte != b'"' && byte != b'\\') {
        out.push('"');
        out.push_str(text);
        out.push('"');
    } else {
        out.push_str(&serde_json::to_string(text).unwrap_or_default());
    }
}

fn optional(out: &mut String, text: Option<&str>) {
    match text {
        Some(text) => next(out, text),
        None => out.push_str(",null"),
    }
}

/// A number as text: no reader makes a binary fraction of it.
fn shown(out: &mut String, value: &impl fmt::Display) {
    // Writing to a text does not fail.
    let _ = write!(out, ",\"{value}\"");
}

/// A whole number.
fn bare(out: &mut String, value: &impl fmt::Display) {
    let _ = write!(out, ",{value}");
}
