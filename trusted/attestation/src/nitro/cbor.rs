//! The little CBOR that a Nitro document needs (RFC 8949): definite lengths in their shortest form, and nothing else.
//! Slices of the input are handed out as they are; a length is compared with what is there, never used to allocate.

const UNSIGNED: u8 = 0;
const NEGATIVE: u8 = 1;
const BYTES: u8 = 2;
const TEXT: u8 = 3;
const ARRAY: u8 = 4;
const MAP: u8 = 5;
const TAG: u8 = 6;
const NULL: u8 = 0xf6;

/// Reads items one after another.
pub(super) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub(super) fn unsigned(&mut self) -> Option<u64> {
        self.head(UNSIGNED)
    }

    /// -1 - n, as n.
    pub(super) fn negative(&mut self) -> Option<u64> {
        self.head(NEGATIVE)
    }

    pub(super) fn bytes(&mut self) -> Option<&'a [u8]> {
        let length = self.head(BYTES)?;
        self.take(length)
    }

    pub(super) fn text(&mut self) -> Option<&'a str> {
        let length = self.head(TEXT)?;
        core::str::from_utf8(self.take(length)?).ok()
    }

    /// A byte string or null.
    pub(super) fn bytes_or_null(&mut self) -> Option<Option<&'a [u8]>> {
        if let [NULL, rest @ ..] = self.rest {
            self.rest = rest;
            return Some(None);
        }
        self.bytes().map(Some)
    }

    /// How many items follow.
    pub(super) fn array(&mut self) -> Option<u64> {
        self.head(ARRAY)
    }

    /// How many pairs follow.
    pub(super) fn map(&mut self) -> Option<u64> {
        self.head(MAP)
    }

    /// The tag in front of the next item, if it has one.
    pub(super) fn optional_tag(&mut self) -> Option<u64> {
        let tagged = self.rest.first().is_some_and(|&first| first >> 5 == TAG);
        tagged.then(|| self.head(TAG)).flatten()
    }

    /// The number of an item's head, which must be of this major type.
    fn head(&mut self, major: u8) -> Option<u64> {
        let (&first, rest) = self.rest.split_first()?;
        if first >> 5 != major {
            return None;
        }
        let short = first & 0x1f;
        let (length, least) = match short {
            0..=23 => (0, 0),
            24 => (1, 24),
            25 => (2, 1 << 8),
            26 => (4, 1 << 16),
            27 => (8, 1 << 32),
            _ => return None, // indefinite or reserved
        };
        let (number, rest) = rest.split_at_checked(length)?;
        let number = number.iter().fold(0_u64, |number, &byte| number << 8 | u64::from(byte));
        let number = if length == 0 { u64::from(short) } else { number };
        self.rest = rest;
        (number >= least).then_some(number)
    }

    fn take(&mut self, length: u64) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(usize::try_from(length).ok()?)?;
        self.rest = rest;
        Some(taken)
    }
}

/// Appends a byte string of less than 64 KiB; evidence is bounded far below.
pub(super) fn put_bytes(to: &mut Vec<u8>, bytes: &[u8]) -> Option<()> {
    match u16::try_from(bytes.len()).ok()?.to_be_bytes() {
        [0, short @ 0..=23] => to.push(BYTES << 5 | short),
        [0, length] => to.extend([BYTES << 5 | 24, length]),
        [high, low] => to.extend([BYTES << 5 | 25, high, low]),
    }
    to.extend_from_slice(bytes);
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_in_their_shortest_form_only() {
        for (bytes, number) in [
            (&[0x00][..], Some(0)),
            (&[0x17], Some(23)),
            (&[0x18, 0x18], Some(24)),
            (&[0x18, 0x17], None),
            (&[0x19, 0x01, 0x00], Some(256)),
            (&[0x19, 0x00, 0xff], None),
            (&[0x1a, 0x00, 0x01, 0x00, 0x00], Some(65_536)),
            (&[0x1a, 0x00, 0x00, 0xff, 0xff], None),
            (&[0x1b, 0, 0, 0, 1, 0, 0, 0, 0], Some(1 << 32)),
            (&[0x1b, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff], None),
            (&[0x1c], None),
            (&[0x1f], None),
            (&[0x18], None),
            (&[], None),
            (&[0x20], None),
        ] {
            assert_eq!(Reader::new(bytes).unsigned(), number, "{bytes:02x?}");
        }
    }

    #[test]
    fn lengths_that_lie_are_refused() {
        assert_eq!(Reader::new(&[0x42, 1, 2]).bytes(), Some(&[1, 2][..]));
        assert_eq!(Reader::new(&[0x42, 1]).bytes(), None);
        assert_eq!(Reader::new(&[0x5b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1]).bytes(), None);
        assert_eq!(Reader::new(&[0x5f, 0x41, 1, 0xff]).bytes(), None);
        assert_eq!(Reader::new(&[0x61, 0xff]).text(), None);
        assert_eq!(Reader::new(&[0xf6]).bytes_or_null(), Some(None));
        assert_eq!(Reader::new(&[0xf7]).bytes_or_null(), None);
    }

    #[test]
    fn what_is_put_is_read_again() {
        for length in [0, 23, 24, 255, 256, 65_535] {
            let (mut to, bytes) = (Vec::new(), vec![7; length]);
            put_bytes(&mut to, &bytes).unwrap();
            assert_eq!(Reader::new(&to).bytes(), Some(&bytes[..]));
        }
        assert_eq!(put_bytes(&mut Vec::new(), &[0; 65_536]), None);
    }
}
