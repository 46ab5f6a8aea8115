//! The little DER that certificates and revocation lists need: definite, minimal lengths and nothing else (X.690).
//! Slices of the input are handed out as they are, so signatures are checked over the received bytes.

pub(super) const BOOLEAN: u8 = 0x01;
pub(super) const INTEGER: u8 = 0x02;
pub(super) const BIT_STRING: u8 = 0x03;
pub(super) const OCTET_STRING: u8 = 0x04;
pub(super) const OBJECT_IDENTIFIER: u8 = 0x06;
pub(super) const UTC_TIME: u8 = 0x17;
pub(super) const GENERALIZED_TIME: u8 = 0x18;
pub(super) const SEQUENCE: u8 = 0x30;

/// One tag, length, value.
#[derive(Clone, Copy)]
pub(super) struct Element<'a> {
    pub(super) tag: u8,
    pub(super) value: &'a [u8],
    /// Tag, length and value.
    pub(super) whole: &'a [u8],
}

/// Reads elements one after another.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// The elements of a sequence that fills `bytes`.
    pub(super) fn sequence(bytes: &'a [u8]) -> Option<Self> {
        let mut outer = Self::new(bytes);
        let inner = outer.read(SEQUENCE)?;
        outer.is_empty().then(|| Self::new(inner.value))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// The next element, which must carry `tag`.
    pub(super) fn read(&mut self, tag: u8) -> Option<Element<'a>> {
        self.any().filter(|element| element.tag == tag)
    }

    /// The next element if it carries one of `tags`; otherwise it stays.
    pub(super) fn optional(&mut self, tags: &[u8]) -> Option<Element<'a>> {
        let mut ahead = *self;
        let element = ahead.any().filter(|element| tags.contains(&element.tag))?;
        *self = ahead;
        Some(element)
    }

    pub(super) fn any(&mut self) -> Option<Element<'a>> {
        let (&tag, rest) = self.rest.split_first()?;
        if tag & 0x1f == 0x1f {
            return None; // tags of more than one byte do not occur here
        }
        let (&first, rest) = rest.split_first()?;
        let (length, rest) = match first {
            0..=0x7f => (usize::from(first), rest),
            0x81..=0x83 => {
                let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
                let length = bytes.iter().fold(0_usize, |length, &byte| length << 8 | usize::from(byte));
                let minimal = bytes.first() != Some(&0) && length > 0x7f;
                (minimal.then_some(length)?, rest)
            }
            _ => return None,
        };
        let (value, rest) = rest.split_at_checked(length)?;
        let whole = self.rest.get(..self.rest.len() - rest.len())?;
        self.rest = rest;
        Some(Element { tag, value, whole })
    }
}

/// The value of a non-negative INTEGER without its leading zero byte.
pub(super) fn unsigned(element: Element<'_>) -> Option<&[u8]> {
    match element.value {
        [] => None,
        [0, rest @ ..] => Some(rest),
        value => Some(value),
    }
}

/// UTCTime or GeneralizedTime in the forms of RFC 5280 section 4.1.2.5, as Unix seconds.
pub(super) fn time(element: Element<'_>) -> Option<u64> {
    let text = core::str::from_utf8(element.value).ok()?.strip_suffix('Z')?;
    let text = match element.tag {
        UTC_TIME if text.len() == 12 => {
            let century = if text.get(..2)? < "50" { "20" } else { "19" };
            format!("{century}{text}")
        }
        GENERALIZED_TIME if text.len() == 14 => text.to_owned(),
        _ => return None,
    };
    unix_seconds(&text)
}

/// `2025-08-15T05:08:18Z`, the one form in the vendor's documents, as Unix seconds.
pub(super) fn rfc3339(text: &str) -> Option<u64> {
    let shape = "dddd-dd-ddTdd:dd:ddZ";
    let fits = |(byte, wanted)| if wanted == b'd' { u8::is_ascii_digit(&byte) } else { byte == wanted };
    if text.len() != shape.len() || !text.bytes().zip(shape.bytes()).all(fits) {
        return None;
    }
    unix_seconds(&text.replace(|character: char| !character.is_ascii_digit(), ""))
}

/// Fourteen digits, YYYYMMDDHHMMSS, from 1970 on.
fn unix_seconds(digits: &str) -> Option<u64> {
    if digits.len() != 14 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number = |range: core::ops::Range<usize>| digits.get(range)?.parse::<u64>().ok();
    let (year, month, day) = (number(0..4)?, number(4..6)?, number(6..8)?);
    let (hour, minute, second) = (number(8..10)?, number(10..12)?, number(12..14)?);
    let leap = |year: u64| year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let months = [31, if leap(year) { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let before = usize::try_from(month).ok()?.checked_sub(1)?;
    let in_month = *months.get(before)?;
    if year < 1970 || day == 0 || day > in_month || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let years: u64 = (1970..year).map(|year| if leap(year) { 366 } else { 365 }).sum();
    let days = years + months.iter().take(before).sum::<u64>() + day - 1;
    Some(((days * 24 + hour) * 60 + minute) * 60 + second)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_that_a_calendar_gives() {
        // From `date -u -d ... +%s`.
        for (text, seconds) in [
            ("1970-01-01T00:00:00Z", 0),
            ("2000-02-29T23:59:59Z", 951_868_799),
            ("2025-08-15T05:08:18Z", 1_755_234_498),
            ("2049-12-31T23:59:59Z", 2_524_607_999),
            ("2100-03-01T00:00:00Z", 4_107_542_400),
        ] {
            assert_eq!(rfc3339(text), Some(seconds), "{text}");
        }
    }

    #[test]
    fn what_is_not_a_date_is_nothing() {
        for text in [
            "",
            "2025-02-29T00:00:00Z",
            "2025-13-01T00:00:00Z",
            "2025-01-01T24:00:00Z",
            "2025-01-01 00:00:00Z",
        ] {
            assert_eq!(rfc3339(text), None, "{text}");
        }
        for text in ["2025-01-01T00:00:00+00:00", "2025-01-01T00:00:00.0Z", "1969-12-31T23:59:59Z"] {
            assert_eq!(rfc3339(text), None, "{text}");
        }
    }

    #[test]
    fn lengths_that_are_not_minimal_are_refused() {
        assert!(Reader::new(&[0x04, 0x81, 0x01, 0xaa]).any().is_none());
        assert!(Reader::new(&[0x04, 0x80, 0xaa, 0x00, 0x00]).any().is_none());
        assert!(Reader::new(&[0x04, 0x84, 0xff, 0xff, 0xff, 0xff]).any().is_none());
        assert!(Reader::new(&[0x04, 0x02, 0xaa]).any().is_none());
        assert!(Reader::new(&[0x04, 0x01, 0xaa]).any().is_some());
    }
}
