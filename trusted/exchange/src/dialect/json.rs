//! A venue's JSON, without a guess: numbers stay the text they came as, and what is missing or of another type is named.
//!
//! Venues leave fields out, send `null`, `""` or a number where a text was documented. So an object is read field by
//! field, and what a field must be stands where it is used.

use crate::{Refusal, VenueError};
use core::fmt;
use ledger::{Asset, Decimal, Timestamp};
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;
use std::borrow::Cow;

/// The answer is not what is documented.
pub(crate) fn wrong(endpoint: &'static str, field: &'static str) -> VenueError {
    VenueError::Permanent(Refusal::Answer { endpoint, field })
}

/// A value of an answer, and where it was found.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cell<'a> {
    endpoint: &'static str,
    field: &'static str,
    raw: &'a str,
}

/// An object of an answer.
#[derive(Clone, Debug)]
pub(crate) struct Row<'a> {
    endpoint: &'static str,
    fields: Fields<'a>,
}

/// The whole answer as a list of objects.
pub(crate) fn rows<'a>(endpoint: &'static str, body: &'a [u8]) -> Result<Vec<Row<'a>>, VenueError> {
    Cell::whole(endpoint, body)?.rows()
}

impl<'a> Cell<'a> {
    /// The whole answer. One that breaks off, or is no JSON, was damaged on its way and is asked for again.
    pub(crate) fn whole(endpoint: &'static str, body: &'a [u8]) -> Result<Self, VenueError> {
        let raw: &RawValue = serde_json::from_slice(body).map_err(|_| VenueError::Retry)?;
        Ok(Self { endpoint, field: "the answer", raw: raw.get() })
    }

    /// It is at fault.
    pub(crate) fn wrong(self) -> VenueError {
        wrong(self.endpoint, self.field)
    }

    fn parsed<T: Deserialize<'a>>(self) -> Result<T, VenueError> {
        serde_json::from_str(self.raw).map_err(|_| self.wrong())
    }

    /// As an object.
    pub(crate) fn row(self) -> Result<Row<'a>, VenueError> {
        Ok(Row { endpoint: self.endpoint, fields: self.parsed()? })
    }

    /// Whether it is a list.
    pub(crate) fn is_list(self) -> bool {
        self.raw.starts_with('[')
    }

    /// Whether it is a text.
    pub(crate) fn is_text(self) -> bool {
        self.raw.starts_with('"')
    }

    /// As a list.
    pub(crate) fn cells(self) -> Result<Vec<Self>, VenueError> {
        let cells: Vec<&'a RawValue> = self.parsed()?;
        Ok(cells.into_iter().map(|raw| Self { raw: raw.get(), ..self }).collect())
    }

    /// As a list of objects.
    pub(crate) fn rows(self) -> Result<Vec<Row<'a>>, VenueError> {
        let rows: Vec<Fields<'a>> = self.parsed()?;
        Ok(rows.into_iter().map(|fields| Row { endpoint: self.endpoint, fields }).collect())
    }

    /// The text of a number or string; `None`: it is `null` or empty.
    pub(crate) fn maybe_text(self) -> Result<Option<Cow<'a, str>>, VenueError> {
        let text = match self.raw.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
            Some(plain) if !plain.contains('\\') => Cow::Borrowed(plain),
            Some(_) => Cow::Owned(self.parsed()?),
            None if self.raw == "null" => return Ok(None),
            None if self.raw.starts_with(|first: char| first == '-' || first.is_ascii_digit()) => {
                Cow::Borrowed(self.raw)
            }
            None => return Err(self.wrong()),
        };
        Ok(Some(text).filter(|text| !text.is_empty()))
    }

    /// The text of a number or string that is there.
    pub(crate) fn text(self) -> Result<Cow<'a, str>, VenueError> {
        self.maybe_text()?.ok_or_else(|| self.wrong())
    }

    /// As an exact number; `None`: it is `null` or empty.
    pub(crate) fn maybe_decimal(self) -> Result<Option<Decimal>, VenueError> {
        let text = self.maybe_text()?;
        text.map(|text| text.parse().map_err(|_| self.wrong())).transpose()
    }

    /// As an exact number.
    pub(crate) fn decimal(self) -> Result<Decimal, VenueError> {
        self.maybe_decimal()?.ok_or_else(|| self.wrong())
    }

    /// As `true` or `false`, which may be quoted; `None`: it is `null` or empty.
    pub(crate) fn maybe_flag(self) -> Result<Option<bool>, VenueError> {
        match self.raw.trim_matches('"') {
            "true" => Ok(Some(true)),
            "false" => Ok(Some(false)),
            "null" | "" => Ok(None),
            _ => Err(self.wrong()),
        }
    }

    /// As an instant of that unit, fractions cut off; `None`: it is `null`, empty or 0.
    pub(crate) fn maybe_time(self, unit: Unit) -> Result<Option<Timestamp>, VenueError> {
        let Some(number) = self.maybe_decimal()?.filter(|number| !number.is_zero()) else { return Ok(None) };
        let millis = unit.millis(number).filter(|millis| is_sane_ms(*millis));
        millis.map(|millis| Some(Timestamp::from_millis(millis))).ok_or_else(|| self.wrong())
    }

    /// As an instant of that unit.
    pub(crate) fn time(self, unit: Unit) -> Result<Timestamp, VenueError> {
        self.maybe_time(unit)?.ok_or_else(|| self.wrong())
    }

    /// As an instant in words: `2026-10-12T11:12:02.123Z`, with an offset or a space for the `T` as well.
    pub(crate) fn maybe_date(self) -> Result<Option<Timestamp>, VenueError> {
        let Some(text) = self.maybe_text()? else { return Ok(None) };
        instant(&text).map(Some).ok_or_else(|| self.wrong())
    }

    /// As an instant in words.
    pub(crate) fn date(self) -> Result<Timestamp, VenueError> {
        self.maybe_date()?.ok_or_else(|| self.wrong())
    }
}

/// `2026-10-12T11:12:02.123456789-04:00`: in UTC if it has no zone; what is finer than a millisecond is cut off.
fn instant(text: &str) -> Option<Timestamp> {
    let (date, rest) = text.split_at_checked(10)?;
    let rest = rest.strip_prefix(['T', 't', ' '])?;
    let (time, zone) = rest.split_at_checked(rest.find(['Z', 'z', '+', '-', ' ']).unwrap_or(rest.len()))?;
    let (clock, fraction) = time.split_once('.').unwrap_or((time, "0"));
    if fraction.is_empty() || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let millis: i64 = format!("{fraction:0<3}").get(..3)?.parse().ok()?;
    let whole = protocol::parse_rfc3339(&format!("{date}T{clock}Z"))?.millis();
    let local = whole.checked_add(millis)?;
    local.checked_sub(offset_ms(zone.trim_start())?).map(Timestamp::from_millis)
}

/// `Z`, `-04:00`, `+0530` or `+00`.
fn offset_ms(zone: &str) -> Option<i64> {
    let (sign, digits) = match zone.as_bytes().first() {
        None | Some(b'Z' | b'z') => return (zone.len() < 2).then_some(0),
        Some(b'+') => (1, zone.get(1..)?.replacen(':', "", 1)),
        Some(b'-') => (-1, zone.get(1..)?.replacen(':', "", 1)),
        _ => return None,
    };
    let plain = matches!(digits.len(), 2 | 4) && digits.bytes().all(|byte| byte.is_ascii_digit());
    let (hours, minutes) = if plain { digits.split_at_checked(2)? } else { return None };
    let minutes: i64 = if minutes.is_empty() { 0 } else { minutes.parse().ok()? };
    let hours: i64 = hours.parse().ok()?;
    Some(sign * (hours * 60 + minutes) * 60_000)
}

/// What is no instant of any venue is none of another unit either: from 2009 to 2100.
const SANE_MS: core::ops::Range<i64> = 1_230_768_000_000..4_102_444_800_000;

/// Whether a venue can mean these milliseconds: a number of another unit is none of these.
pub(crate) fn is_sane_ms(ms: i64) -> bool {
    SANE_MS.contains(&ms)
}

/// What a venue counts time in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    Seconds,
    Millis,
    Micros,
    Nanos,
}

impl Unit {
    fn millis(self, number: Decimal) -> Option<i64> {
        let factor = match self {
            Self::Seconds => "1000",
            Self::Millis => "1",
            Self::Micros => "0.001",
            Self::Nanos => "0.000001",
        };
        let millis = number.checked_mul(factor.parse().ok()?).ok()?.to_string();
        millis.split('.').next()?.parse().ok()
    }
}

impl<'a> Row<'a> {
    /// A field that may be missing.
    pub(crate) fn maybe(&self, field: &'static str) -> Option<Cell<'a>> {
        let raw = self.fields.0.iter().find(|(name, _)| name == field)?.1;
        (raw != "null").then_some(Cell { endpoint: self.endpoint, field, raw })
    }

    /// A field that must be there.
    pub(crate) fn cell(&self, field: &'static str) -> Result<Cell<'a>, VenueError> {
        self.maybe(field).ok_or_else(|| self.wrong(field))
    }

    /// The first of these fields that is there and not empty: venues rename fields.
    pub(crate) fn maybe_first(&self, fields: &[&'static str]) -> Option<Cell<'a>> {
        fields.iter().find_map(|field| self.maybe(field).filter(|cell| cell.raw != "\"\""))
    }

    /// The same where one of them must be there; the first is named if none is.
    pub(crate) fn first(&self, fields: &[&'static str]) -> Result<Cell<'a>, VenueError> {
        let missing = fields.first().copied().unwrap_or("a field");
        self.maybe_first(fields).ok_or_else(|| self.wrong(missing))
    }

    /// Whether there is a field of that name, be it `null`.
    pub(crate) fn has(&self, field: &str) -> bool {
        self.fields.0.iter().any(|(name, _)| name == field)
    }

    /// A field is at fault.
    pub(crate) fn wrong(&self, field: &'static str) -> VenueError {
        wrong(self.endpoint, field)
    }

    /// All fields by their names, in their order: of objects whose names are data.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&str, Cell<'a>)> {
        self.fields.0.iter().map(|(name, raw)| {
            (&**name, Cell { endpoint: self.endpoint, field: "a field that has a name of its own", raw })
        })
    }

    /// A text that is there and not empty.
    pub(crate) fn text(&self, field: &'static str) -> Result<Cow<'a, str>, VenueError> {
        self.cell(field)?.text()
    }

    /// The same, for good.
    pub(crate) fn string(&self, field: &'static str) -> Result<String, VenueError> {
        self.text(field).map(Cow::into_owned)
    }

    /// A text, if it is there and not empty.
    pub(crate) fn maybe_text(&self, field: &'static str) -> Result<Option<Cow<'a, str>>, VenueError> {
        self.maybe(field).map_or(Ok(None), Cell::maybe_text)
    }

    /// The same, for good.
    pub(crate) fn maybe_string(&self, field: &'static str) -> Result<Option<String>, VenueError> {
        Ok(self.maybe_text(field)?.map(Cow::into_owned))
    }

    /// A number.
    pub(crate) fn decimal(&self, field: &'static str) -> Result<Decimal, VenueError> {
        self.cell(field)?.decimal()
    }

    /// A number, if it is there.
    pub(crate) fn maybe_decimal(&self, field: &'static str) -> Result<Option<Decimal>, VenueError> {
        self.maybe(field).map_or(Ok(None), Cell::maybe_decimal)
    }

    /// `true` or `false`.
    pub(crate) fn flag(&self, field: &'static str) -> Result<bool, VenueError> {
        self.maybe_flag(field)?.ok_or_else(|| self.wrong(field))
    }

    /// `true` or `false`, if it is there.
    pub(crate) fn maybe_flag(&self, field: &'static str) -> Result<Option<bool>, VenueError> {
        self.maybe(field).map_or(Ok(None), Cell::maybe_flag)
    }

    /// An instant.
    pub(crate) fn time(&self, field: &'static str, unit: Unit) -> Result<Timestamp, VenueError> {
        self.cell(field)?.time(unit)
    }

    /// An instant, if it is there.
    pub(crate) fn maybe_time(
        &self,
        field: &'static str,
        unit: Unit,
    ) -> Result<Option<Timestamp>, VenueError> {
        self.maybe(field).map_or(Ok(None), |cell| cell.maybe_time(unit))
    }

    /// An instant in words.
    pub(crate) fn date(&self, field: &'static str) -> Result<Timestamp, VenueError> {
        self.cell(field)?.date()
    }

    /// A list of objects.
    pub(crate) fn rows(&self, field: &'static str) -> Result<Vec<Self>, VenueError> {
        self.cell(field)?.rows()
    }

    /// An object.
    pub(crate) fn row(&self, field: &'static str) -> Result<Self, VenueError> {
        self.cell(field)?.row()
    }

    /// An asset by the venue's name, which is ours too.
    pub(crate) fn asset(&self, field: &'static str) -> Result<Asset, VenueError> {
        Ok(Asset::from(&*self.text(field)?))
    }
}

/// The fields of an object, as they came.
#[derive(Clone, Debug)]
struct Fields<'a>(Vec<(Cow<'a, str>, &'a str)>);

impl<'de: 'a, 'a> Deserialize<'de> for Fields<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Vec<(Cow<'de, str>, &'de str)>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut fields = Vec::with_capacity(16);
                while let Some(Name(name)) = map.next_key()? {
                    fields.push((name, map.next_value::<&'de RawValue>()?.get()));
                }
                Ok(fields)
            }
        }
        deserializer.deserialize_map(Object).map(Self)
    }
}

/// A name, borrowed where it can be.
#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

#[cfg(test)]
mod tests {
    use super::instant;

    #[test]
    fn instants_in_words_have_fractions_and_zones() {
        for (text, millis) in [
            ("2024-07-18T08:10:33Z", Some(1_721_290_233_000)),
            ("2024-07-18 08:10:33", Some(1_721_290_233_000)),
            ("2024-07-18T04:10:33.389152169-04:00", Some(1_721_290_233_389)),
            ("2024-07-18T13:40:33.3+0530", Some(1_721_290_233_300)),
            ("2024-07-18T08:10:33.12345Z", Some(1_721_290_233_123)),
            ("2024-07-18 08:10:33 +00", Some(1_721_290_233_000)),
            ("2024-07-18", None),
            ("2024-07-18T08:10", None),
            ("2024-07-18T25:10:33Z", None),
            ("2024-07-18T08:10:33.Z", None),
            ("2024-07-18T08:10:33ZZ", None),
            ("2024-07-18T08:10:33-4", None),
            ("2024-07-1\u{20ac}", None),
            ("", None),
        ] {
            assert_eq!(instant(text).map(ledger::Timestamp::millis), millis, "{text}");
        }
    }
}
