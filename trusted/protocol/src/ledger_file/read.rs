//! Text to record: strict, since what is not understood would make other figures, and in one pass, since there may be
//! millions of fills.

use super::{AHEAD_MS_MAX, Defect, Flaw, LINE_BYTES_MAX, LedgerFileError, export, header, rows, scan};
use crate::statement::Frame;
use alloc::{string::ToString as _, sync::Arc, vec::Vec};
use ledger::{
    Decimal, Fill, FillId, LedgerError, Line, Names, NumberError, Price, PriceSource, Quantity, Refused,
    Side, Symbol, Timestamp, record::Record,
};
use scan::FillRow;
use sha2::{Digest as _, Sha256};

/// Fills that the ledger gets at once.
const BATCH: usize = 1024;

/// What a file says.
#[derive(Clone, Debug)]
pub struct LedgerFile {
    /// What stands around the record.
    pub frame: Frame,
    /// The record.
    pub record: Record,
    /// The instant that its figures were made for.
    pub as_of: Timestamp,
}

/// Reads a whole file.
///
/// # Errors
/// What is wrong with it, and where. Nothing of it was read then.
pub fn read(bytes: &[u8]) -> Result<LedgerFile, LedgerFileError> {
    let text = core::str::from_utf8(bytes).map_err(|error| {
        let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
        let line = before.iter().filter(|byte| **byte == b'\n').count().saturating_add(1);
        LedgerFileError::new(u64::try_from(line).unwrap_or(u64::MAX), Defect::Encoding)
    })?;
    let mut lines = Lines { rest: text, line: 0 };
    let first = lines.next()?.ok_or(LedgerFileError::new(1, Defect::Foreign))?;
    let (frame, record, as_of) = header::read(first).map_err(|defect| lines.fault(defect))?;
    let mut reader = Reader::new(frame, record, as_of);
    loop {
        let before = lines.rest;
        if let Some((row, after)) = FillRow::scan(before)
            && before.len().saturating_sub(after.len()) <= LINE_BYTES_MAX
        {
            lines = Lines { rest: after, line: lines.line.saturating_add(1) };
            reader.fill(&row, &lines, before)?;
            continue;
        }
        let line = lines.next()?.ok_or(LedgerFileError::new(lines.line.saturating_add(1), Defect::Cut))?;
        if line.starts_with("[\"end\",") {
            reader.flush()?;
            let rows = text.len().saturating_sub(before.len());
            let sum = Sha256::digest(bytes.get(..rows).unwrap_or_default());
            reader.end(line, &export::hex(&sum)).map_err(|defect| lines.fault(defect))?;
            break;
        }
        reader.row(line, &lines, before)?;
    }
    if !lines.rest.is_empty() {
        return Err(LedgerFileError::new(lines.line.saturating_add(1), Defect::AfterEnd));
    }
    let Reader { frame, record, as_of, .. } = reader;
    Ok(LedgerFile { frame, record, as_of })
}

/// Lines of a text, counted from 1. The last one needs its end too.
#[derive(Clone, Copy)]
struct Lines<'a> {
    rest: &'a str,
    line: u64,
}

impl<'a> Lines<'a> {
    fn next(&mut self) -> Result<Option<&'a str>, LedgerFileError> {
        let Some((line, rest)) = self.rest.split_once('\n') else {
            let cut = LedgerFileError::new(self.line.saturating_add(1), Defect::Cut);
            return if self.rest.is_empty() { Ok(None) } else { Err(cut) };
        };
        (self.rest, self.line) = (rest, self.line.saturating_add(1));
        if line.len() > LINE_BYTES_MAX { Err(self.fault(Defect::LineTooLong)) } else { Ok(Some(line)) }
    }

    fn fault(&self, defect: Defect) -> LedgerFileError {
        LedgerFileError::new(self.line, defect)
    }
}

/// The place of a fill among those of its book (METRICS.md section 2.1).
type Place = (Timestamp, u64, FillId, Side);

/// The book that the next fills belong to.
struct Book {
    account: Arc<str>,
    symbol: Symbol,
    last: Option<Place>,
}

pub(super) struct Reader<'a> {
    pub(super) frame: Frame,
    pub(super) record: Record,
    pub(super) as_of: Timestamp,
    /// Names of accounts, by number.
    pub(super) accounts: Vec<Arc<str>>,
    pub(super) sources: Vec<PriceSource>,
    /// What row came last, apart from fills: none may come before it.
    pub(super) last: Option<rows::Place>,
    pub(super) counts: [u64; 3],
    /// All at once, at the end: one by one they would be sorted in anew each time.
    pub(super) lines: Vec<Line>,
    /// Assets of fees, so that each name is there once.
    names: Names,
    book: Option<Book>,
    fills: Vec<Fill>,
    fills_read: u64,
    /// Where the lines of `fills` begin.
    waiting: Lines<'a>,
}

impl<'a> Reader<'a> {
    fn new(frame: Frame, record: Record, as_of: Timestamp) -> Self {
        let accounts = record.accounts.keys().map(Arc::clone).collect();
        Self {
            frame,
            record,
            as_of,
            accounts,
            sources: Vec::new(),
            last: None,
            counts: [0; 3],
            lines: Vec::new(),
            names: Names::default(),
            book: None,
            fills: Vec::new(),
            fills_read: 0,
            waiting: Lines { rest: "", line: 0 },
        }
    }

    /// One row; `before` is the text from it on.
    fn row(&mut self, line: &'a str, lines: &Lines<'a>, before: &'a str) -> Result<(), LedgerFileError> {
        let fault = |defect| lines.fault(defect);
        let row = scan::json(line).map_err(fault)?;
        let parts = row.split_first().and_then(|(kind, rest)| Some((kind.as_str()?, rest)));
        let Some((kind, elements)) = parts else { return Err(fault(Defect::Form)) };
        if kind == scan::FILL {
            return match FillRow::of(&row) {
                Ok(row) => self.fill(&row, lines, before),
                Err(defect) => Err(self.blame(fault(defect), row.get(2).and_then(serde_json::Value::as_str))),
            };
        }
        self.flush()?;
        match rows::apply(self, kind, elements).map_err(fault)? {
            Some((account, symbol)) => self.book = Some(Book { account, symbol, last: None }),
            None => self.book = None,
        }
        Ok(())
    }

    /// Says of which fill an error is, if that is known.
    fn blame(&self, error: LedgerFileError, id: Option<&str>) -> LedgerFileError {
        match (id, &self.book) {
            (Some(id), Some(book)) => error.about(id, book.symbol.as_str()),
            _ => error,
        }
    }

    fn fill(&mut self, row: &FillRow<'_>, lines: &Lines<'a>, before: &'a str) -> Result<(), LedgerFileError> {
        if self.fills.is_empty() {
            self.waiting = Lines { rest: before, line: lines.line.saturating_sub(1) };
        }
        if let Err(defect) = self.add(row) {
            return Err(self.blame(lines.fault(defect), Some(row.id)));
        }
        self.fills_read = self.fills_read.saturating_add(1);
        if self.fills.len() >= BATCH { self.flush() } else { Ok(()) }
    }

    /// Adds the fill of a row to those that wait, if it stands in its place.
    #[inline(always)]
    fn add(&mut self, row: &FillRow<'_>) -> Result<(), Defect> {
        let Some(book) = &mut self.book else { return Err(Defect::NoBook) };
        if !header::in_time(row.time_ms, self.as_of) {
            return Err(Defect::Element("time", Flaw::OutOfTime));
        }
        let time = Timestamp::from_millis(row.time_ms);
        let id = FillId::from(filled("id", row.id)?);
        let order_id = row.order_id.map(|id| filled("order id", id).map(Into::into)).transpose()?;
        let quantity = Quantity(above_zero("quantity", row.quantity)?);
        let price = Price(above_zero("price", row.price)?);
        let fee = decimal("fee", row.fee)?;
        let fee_asset = self.names.asset(filled("fee asset", row.fee_asset)?);
        let rate =
            |element, text: Option<&str>| text.map(|text| above_zero(element, text).map(Price)).transpose();
        let fee_rate = rate("fee rate", row.fee_rate)?;
        let reporting_rate = rate("reporting rate", row.reporting_rate)?;
        let place = (time, row.sequence.unwrap_or(0), id.clone(), row.side);
        if book.last.as_ref().is_some_and(|last| *last >= place) {
            return Err(Defect::Order);
        }
        book.last = Some(place);
        // Made where it will stand: a fill is too large to be moved around.
        self.fills.push(Fill {
            account: Arc::clone(&book.account),
            symbol: book.symbol.clone(),
            id,
            order_id,
            time,
            sequence: row.sequence,
            side: row.side,
            quantity,
            price,
            fee,
            fee_asset,
            liquidity: row.liquidity,
            fee_rate,
            reporting_rate,
        });
        Ok(())
    }

    /// Gives the ledger the fills that wait.
    #[inline(never)]
    fn flush(&mut self) -> Result<(), LedgerFileError> {
        if self.fills.is_empty() {
            return Ok(());
        }
        // Whether they are too late was judged by the file's own measure.
        let now = Timestamp::from_millis(self.as_of.millis().saturating_add(AHEAD_MS_MAX));
        let applied = self.record.aggregator.apply_slice(&self.fills, now);
        let outcome = match applied {
            Ok(applied) if applied.new == self.fills.len() => Ok(()),
            Ok(_) => Err(self.waiting.fault(Defect::Order)),
            Err(error) => Err(self.culprit(&error)),
        };
        self.fills.clear();
        outcome
    }

    /// In which line the fill stands that the ledger refuses.
    fn culprit(&self, error: &LedgerError) -> LedgerFileError {
        let mut lines = self.waiting;
        let defect = Defect::Ledger(error.refused());
        let Some(name) = error.fill() else { return lines.fault(defect) };
        let mut found = lines.fault(defect);
        for fill in &self.fills {
            if lines.next().is_err() {
                break;
            }
            if fill.id == name.id && name.side.is_none_or(|side| side == fill.side) {
                found = lines.fault(defect).about(&fill.id.to_string(), fill.symbol.as_str());
                // Of two that contradict each other it is the later one.
                if error.refused() != Refused::DuplicateConflict {
                    break;
                }
            }
        }
        found
    }

    /// The last row against what was read.
    fn end(&mut self, line: &str, sum: &str) -> Result<(), Defect> {
        let row = scan::json(line)?;
        let [_, fills, lines, observations, prices, checksum] = row.as_slice() else {
            return Err(Defect::Length);
        };
        let [lines_read, observations_read, prices_read] = self.counts;
        for (what, told, read) in [
            ("fills", fills, self.fills_read),
            ("lines", lines, lines_read),
            ("observations", observations, observations_read),
            ("prices", prices, prices_read),
        ] {
            if told.as_u64() != Some(read) {
                return Err(Defect::Count(what));
            }
        }
        if checksum.as_str() != Some(sum) {
            return Err(Defect::Checksum);
        }
        let lines = core::mem::take(&mut self.lines);
        let applied = self.record.lines.apply(lines);
        applied.map(drop).map_err(|error| Defect::Ledger(error.refused()))
    }
}

fn filled<'t>(element: &'static str, text: &'t str) -> Result<&'t str, Defect> {
    if text.is_empty() { Err(Defect::Element(element, Flaw::Empty)) } else { Ok(text) }
}

/// A number of ours.
pub(super) fn decimal(element: &'static str, text: &str) -> Result<Decimal, Defect> {
    text.parse().map_err(|error| {
        let too_long = error == NumberError::Overflow;
        Defect::Element(element, if too_long { Flaw::TooManyDigits } else { Flaw::NotA("a decimal") })
    })
}

/// A number above zero.
pub(super) fn above_zero(element: &'static str, text: &str) -> Result<Decimal, Defect> {
    let value = decimal(element, text)?;
    if value.is_positive() { Ok(value) } else { Err(Defect::Element(element, Flaw::NotAboveZero)) }
}
