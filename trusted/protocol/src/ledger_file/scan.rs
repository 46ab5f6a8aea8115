//! One row of text, taken apart. Rows of fills, of which there are millions, have a scanner of their own: it knows them as
//! they are written, and leaves whatever it does not know to JSON.

use super::{Defect, Flaw, TEXT_BYTES_MAX};
use alloc::vec::Vec;
use ledger::{Liquidity, Side};
use serde_json::Value;

/// A fill before its numbers are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FillRow<'a> {
    pub(super) time_ms: i64,
    pub(super) id: &'a str,
    pub(super) side: Side,
    pub(super) quantity: &'a str,
    pub(super) price: &'a str,
    pub(super) fee: &'a str,
    pub(super) fee_asset: &'a str,
    pub(super) liquidity: Liquidity,
    pub(super) order_id: Option<&'a str>,
    pub(super) sequence: Option<u64>,
    pub(super) fee_rate: Option<&'a str>,
    pub(super) reporting_rate: Option<&'a str>,
}

/// What a fill is called in its row.
pub(super) const FILL: &str = "fill";

impl<'a> FillRow<'a> {
    /// The fill of the next line as [`Export`](super::Export) writes it, and the text after that line. `None`: it is
    /// written in another way, or wrong. No text in it holds a line's end, so it is of one line.
    pub(super) fn scan(text: &'a str) -> Option<(Self, &'a str)> {
        let mut rest = Scanner(text.strip_prefix("[\"fill\",")?);
        let time_ms = i64::try_from(rest.whole()?).ok()?;
        let id = rest.text()?;
        let side = side(rest.text()?)?;
        let [quantity, price, fee, fee_asset] = [rest.text()?, rest.text()?, rest.text()?, rest.text()?];
        let liquidity = liquidity(rest.optional()?)?;
        let order_id = rest.optional()?;
        let sequence = if rest.null() { None } else { Some(rest.whole()?) };
        let fee_rate = rest.optional()?;
        let (reporting_rate, after) = match rest.0.strip_prefix("null]\n") {
            Some(after) => (None, after),
            None => {
                let quoted = rest.0.strip_prefix('"')?;
                let end = plain(quoted)?;
                (Some(quoted.get(..end)?), quoted.get(end..)?.strip_prefix("\"]\n")?)
            }
        };
        let row = Self {
            time_ms,
            id,
            side,
            quantity,
            price,
            fee,
            fee_asset,
            liquidity,
            order_id,
            sequence,
            fee_rate,
            reporting_rate,
        };
        Some((row, after))
    }

    /// The fill of a row that JSON took apart.
    pub(super) fn of(row: &'a [Value]) -> Result<Self, Defect> {
        let [_, time, id, bought, quantity, price, fee, fee_asset, made, order, sequence, fee_rate, rate] =
            row
        else {
            return Err(Defect::Length);
        };
        let not_a = |element, what| Defect::Element(element, Flaw::NotA(what));
        Ok(Self {
            time_ms: whole("time", time)?,
            id: text("id", id)?,
            side: bought.as_str().and_then(side).ok_or(not_a("side", "buy or sell"))?,
            quantity: number("quantity", quantity)?,
            price: number("price", price)?,
            fee: number("fee", fee)?,
            fee_asset: text("fee asset", fee_asset)?,
            liquidity: match made {
                Value::Null => Some(Liquidity::Unknown),
                made => made.as_str().and_then(|made| liquidity(Some(made))),
            }
            .ok_or(not_a("liquidity", "maker, taker or null"))?,
            order_id: optional("order id", order)?,
            sequence: match sequence {
                Value::Null => None,
                number => Some(number.as_u64().ok_or(not_a("sequence number", "a whole number"))?),
            },
            fee_rate: optional("fee rate", fee_rate)?,
            reporting_rate: optional("reporting rate", rate)?,
        })
    }
}

/// The rest of a row, after the comma.
struct Scanner<'a>(&'a str);

impl<'a> Scanner<'a> {
    /// A text without escapes, and the comma after it.
    fn text(&mut self) -> Option<&'a str> {
        let quoted = self.0.strip_prefix('"')?;
        let end = plain(quoted)?;
        let text = quoted.get(..end)?;
        self.0 = quoted.get(end..)?.strip_prefix("\",")?;
        Some(text)
    }

    fn null(&mut self) -> bool {
        let rest = self.0.strip_prefix("null,");
        self.0 = rest.unwrap_or(self.0);
        rest.is_some()
    }

    fn optional(&mut self) -> Option<Option<&'a str>> {
        if self.null() { Some(None) } else { self.text().map(Some) }
    }

    /// A number as JSON writes it: without a zero before it. And the comma after it.
    fn whole(&mut self) -> Option<u64> {
        let end = self.0.bytes().position(|byte| !byte.is_ascii_digit())?;
        let digits = self.0.get(..end)?;
        self.0 = self.0.get(end..)?.strip_prefix(',')?;
        if digits.starts_with('0') && digits != "0" { None } else { digits.parse().ok() }
    }
}

/// How long a text is up to its quote, if nothing in it is escaped.
#[inline]
fn plain(quoted: &str) -> Option<usize> {
    let bytes = quoted.as_bytes();
    let mut end = 0_usize;
    loop {
        let Some(word) = bytes.get(end..).and_then(|rest| rest.first_chunk::<8>()) else {
            let rest = bytes.get(end..)?.iter();
            end = end.saturating_add(rest.take_while(|byte| !is_mark(**byte)).count());
            break;
        };
        let marks = marks(u64::from_le_bytes(*word));
        end = end.saturating_add(usize::try_from(marks.trailing_zeros() / 8).unwrap_or(8));
        if marks != 0 {
            break;
        }
    }
    (end <= TEXT_BYTES_MAX && bytes.get(end) == Some(&b'"')).then_some(end)
}

/// Ends a plain text, for good or ill.
const fn is_mark(byte: u8) -> bool {
    byte < 0x20 || byte == b'"' || byte == b'\\'
}

/// The highest bit of each of eight bytes that is a quote, a backslash or a control character. The lowest of them is right;
/// above it there may be some that are none.
const fn marks(word: u64) -> u64 {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    const HIGH: u64 = u64::from_ne_bytes([0x80; 8]);
    // A byte below what is taken from it borrows from the next, and its own highest bit becomes one.
    const fn below(word: u64, bound: u8) -> u64 {
        word.wrapping_sub(ONES.wrapping_mul(bound as u64)) & !word
    }
    let quote = below(word ^ ONES.wrapping_mul(b'"' as u64), 1);
    let backslash = below(word ^ ONES.wrapping_mul(b'\\' as u64), 1);
    (quote | backslash | below(word, 0x20)) & HIGH
}

fn side(name: &str) -> Option<Side> {
    match name {
        "buy" => Some(Side::Buy),
        "sell" => Some(Side::Sell),
        _ => None,
    }
}

fn liquidity(name: Option<&str>) -> Option<Liquidity> {
    match name {
        None => Some(Liquidity::Unknown),
        Some("maker") => Some(Liquidity::Maker),
        Some("taker") => Some(Liquidity::Taker),
        Some(_) => None,
    }
}

/// An array whose first element is a text, of a line that is not a fill as we write it.
pub(super) fn json(line: &str) -> Result<Vec<Value>, Defect> {
    serde_json::from_str::<Vec<Value>>(line).map_err(|_| Defect::Form)
}

/// A text that is there, and no longer than one may be.
pub(super) fn text<'a>(element: &'static str, value: &'a Value) -> Result<&'a str, Defect> {
    let flaw = match value.as_str() {
        None => Flaw::NotA("a text"),
        Some("") => Flaw::Empty,
        Some(text) if text.len() > TEXT_BYTES_MAX => Flaw::TooLong,
        Some(text) => return Ok(text),
    };
    Err(Defect::Element(element, flaw))
}

/// The text of a number; what is in it is not looked at yet.
pub(super) fn number<'a>(element: &'static str, value: &'a Value) -> Result<&'a str, Defect> {
    value.as_str().ok_or(Defect::Element(element, Flaw::NotA("a decimal as text")))
}

/// A text, or null.
pub(super) fn optional<'a>(element: &'static str, value: &'a Value) -> Result<Option<&'a str>, Defect> {
    if value.is_null() { Ok(None) } else { text(element, value).map(Some) }
}

/// A whole number.
pub(super) fn whole(element: &'static str, value: &Value) -> Result<i64, Defect> {
    value.as_i64().ok_or(Defect::Element(element, Flaw::NotA("a whole number of milliseconds")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::{format, string::String};

    #[test]
    fn a_plain_text_ends_at_its_first_quote_wherever_that_is() {
        for length in 0..40 {
            let text: String = (0..length).map(|n| char::from(b'a' + n % 26)).collect();
            assert_eq!(plain(&format!("{text}\",\"more\"")), Some(usize::from(length)));
            assert_eq!(plain(&format!("{text}\"")), Some(usize::from(length)));
            assert_eq!(plain(&text), None);
            for mark in ["\\", "\n", "\u{1f}", "\0"] {
                assert_eq!(plain(&format!("{text}{mark}rest of the text\"")), None);
            }
            // Beyond ASCII, and right behind what ends a text.
            assert_eq!(plain(&format!("{text}\u{e9}\u{ff}!#[]\u{7f} \"")), Some(usize::from(length) + 10));
        }
    }

    #[test]
    fn the_first_mark_of_eight_bytes_is_the_one_that_each_of_them_says() {
        let mut state = 9_u64;
        for _ in 0..100_000 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let mut bytes = (state ^ (state >> 29)).to_le_bytes();
            // Mostly texts, seldom marks.
            bytes.iter_mut().skip(1).for_each(|byte| *byte = if *byte < 0xf0 { *byte | 0x23 } else { *byte });
            let first = bytes.iter().take_while(|byte| !is_mark(**byte)).count();
            assert_eq!(marks(u64::from_le_bytes(bytes)).trailing_zeros() as usize / 8, first, "{bytes:?}");
        }
    }
}
