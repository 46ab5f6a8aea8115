//! What a connector knows, as bytes and back: a form of our own, short, and one for each value.
//!
//! ```text
//! head, such as "binance/1\n" · hash of the key · hash of the account, if it is known · what is known · SHA-256 of all before it, its first 16 bytes
//! ```
//!
//! Whole numbers are in groups of seven bits, the lowest first; texts and lists begin with their length; maps and sets
//! ascend. The bytes come back from a sealed row of our own, and are read as if they came from a stranger: every length
//! is held against what is left, and what would not be written so is not read.

use ledger::{Asset, Decimal, Side, Symbol};
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, BTreeSet};

pub(crate) const CHECK_BYTES: usize = 16;
/// Far beyond an account of a hundred thousand fills an hour.
const BYTES_MAX: usize = 16 << 20;

/// Whose knowledge it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Owner {
    /// Of the API key.
    pub(crate) key_hash: u64,
    /// Of the venue's id of the account, once it was told: a new key of the same account goes on.
    pub(crate) account_hash: Option<u64>,
}

impl Owner {
    /// Whether what `saved` knew is of the same account: its id tells, else only the same key is sure to be.
    pub(crate) fn is(&self, saved: &Self) -> bool {
        match (self.account_hash, saved.account_hash) {
            (Some(ours), Some(theirs)) => ours == theirs,
            _ => self.key_hash == saved.key_hash,
        }
    }
}

/// The first eight bytes of a hash.
pub(crate) fn short_hash(text: &[u8]) -> u64 {
    let hash: [u8; 32] = Sha256::digest(text).into();
    hash.into_iter().take(8).fold(0, |word, byte| word << 8 | u64::from(byte))
}

/// `head` names the venue and the version of the form. A release that reads another begins from nothing.
pub(crate) fn write(head: &[u8], owner: Owner, known: &impl Form) -> Vec<u8> {
    let Owner { key_hash, account_hash } = owner;
    let mut bytes = head.to_vec();
    key_hash.write(&mut bytes);
    account_hash.write(&mut bytes);
    known.write(&mut bytes);
    let check: [u8; 32] = Sha256::digest(&bytes).into();
    bytes.extend(check.into_iter().take(CHECK_BYTES));
    bytes
}

pub(crate) fn read<K: Form>(head: &[u8], bytes: &[u8]) -> Option<(Owner, K)> {
    if bytes.len() > BYTES_MAX {
        return None;
    }
    let (content, check) = bytes.split_at_checked(bytes.len().checked_sub(CHECK_BYTES)?)?;
    let expected: [u8; 32] = Sha256::digest(content).into();
    if !expected.starts_with(check) {
        return None;
    }
    read_content(head, content)
}

/// What stands before the check.
pub(crate) fn read_content<K: Form>(head: &[u8], content: &[u8]) -> Option<(Owner, K)> {
    let mut left = content.strip_prefix(head)?;
    let owner = Owner { key_hash: Form::read(&mut left)?, account_hash: Form::read(&mut left)? };
    let known = K::read(&mut left)?;
    left.is_empty().then_some((owner, known))
}

/// A value in bytes. `read` takes it off the front, and gives `None` for what `write` does not write.
pub(crate) trait Form: Sized {
    fn write(&self, out: &mut Vec<u8>);
    fn read(left: &mut &[u8]) -> Option<Self>;
}

impl Form for u64 {
    fn write(&self, out: &mut Vec<u8>) {
        let mut rest = *self;
        while rest >= 0x80 {
            out.push(low_seven(rest) | 0x80);
            rest >>= 7;
        }
        out.push(low_seven(rest));
    }

    fn read(left: &mut &[u8]) -> Option<Self> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = take_byte(left)?;
            let bits = Self::from(byte & 0x7f);
            if bits << shift >> shift != bits || (byte == 0 && shift > 0) {
                return None;
            }
            value |= bits << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }
}

fn low_seven(value: u64) -> u8 {
    let [low, ..] = value.to_le_bytes();
    low & 0x7f
}

fn take_byte(left: &mut &[u8]) -> Option<u8> {
    let (first, rest) = left.split_first()?;
    *left = rest;
    Some(*first)
}

/// Small numbers are short on both sides of zero.
impl Form for i64 {
    fn write(&self, out: &mut Vec<u8>) {
        ((self << 1) ^ (self >> 63)).cast_unsigned().write(out);
    }

    fn read(left: &mut &[u8]) -> Option<Self> {
        let folded = u64::read(left)?;
        Some((folded >> 1).cast_signed() ^ -(folded & 1).cast_signed())
    }
}

/// Milliseconds that instants and lengths can be added to and taken from without thinking.
pub(crate) struct Instant(pub(crate) i64);

impl Instant {
    pub(crate) fn checked(ms: i64) -> Option<i64> {
        (-(1 << 53)..1 << 53).contains(&ms).then_some(ms)
    }
}

impl Form for Instant {
    fn write(&self, out: &mut Vec<u8>) {
        self.0.write(out);
    }

    fn read(left: &mut &[u8]) -> Option<Self> {
        Self::checked(i64::read(left)?).map(Self)
    }
}

impl Form for bool {
    fn write(&self, out: &mut Vec<u8>) {
        out.push(u8::from(*self));
    }

    fn read(left: &mut &[u8]) -> Option<Self> {
        match take_byte(left)? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }
}

/// A length. Each element takes a byte at least, so no more are there than bytes are left.
pub(crate) fn write_length(length: usize, out: &mut Vec<u8>) {
    u64::try_from(length).unwrap_or(u64::MAX).write(out);
}

pub(crate) fn read_length(left: &mut &[u8]) -> Option<usize> {
    let length = usize::try_from(u64::read(left)?).ok()?;
    (length <= left.len()).then_some(length)
}

fn write_text(text: &str, out: &mut Vec<u8>) {
    write_length(text.len(), out);
    out.extend_from_slice(text.as_bytes());
}

fn read_text<'a>(left: &mut &'a [u8]) -> Option<&'a str> {
    let length = read_length(left)?;
    let (text, rest) = left.split_at_checked(length)?;
    *left = rest;
    core::str::from_utf8(text).ok()
}

impl Form for String {
    fn write(&self, out: &mut Vec<u8>) {
        write_text(self, out);
    }

    fn read(left: &mut &[u8]) -> Option<Self> {
        read_text(left).map(str::to_owned)
    }
}

impl Form for Asset {
    fn write(&self, out: &mut Vec<u8>) {
        write_text(self.as_str(), out);
    }

    fn read(left: &mut &[u8]) -> Option<Self> {
        read_text(left).map(Self::from)
    }
}

impl Form for Symbol {
    fn write(&self, out: &mut Vec<u8>) {
        write_text(self.as_str(), out);
    }

    fn read(left: &mut &[u8]) -> Option<Self> {
        read_text(left).map(Self::from)
    }
}

/// As its text: exact, whatever its length.
impl Form for Decimal {
    fn write(&self, out: &mut Vec<u8>) {
        write_text(&self.to_string(), out);
    }

    fn read(left: &mut &[u8]) -> Option<Self> {
        let text = read_text(left)?;
        let value: Self = text.parse().ok()?;
        (value.to_string() == text).then_some(value)
    }
}

impl Form for Side {
    fn write(&self, out: &mut Vec<u8>) {
        (*self == Self::Sell).write(out);
    }

    fn read(left: &mut &[u8]) -> Option<Self> {
        bool::read(left).map(|sold| if sold { Self::Sell } else { Self::Buy })
    }
}

impl<T: Form> Form for Option<T> {
    fn write(&self, out: &mut Vec<u8>) {
        self.is_some().write(out);
        if let Some(value) = self {
            value.write(out);
        }
    }

    fn read(left: &mut &[u8]) -> Option<Self> {
        if bool::read(left)? { T::read(left).map(Some) } else { Some(None) }
    }
}

impl<A: Form, B: Form> Form for (A, B) {
    fn write(&self, out: &mut Vec<u8>) {
        self.0.write(out);
        self.1.write(out);
    }

    fn read(left: &mut &[u8]) -> Option<Self> {
        Some((A::read(left)?, B::read(left)?))
    }
}

impl<K: Form + Ord, V: Form> Form for BTreeMap<K, V> {
    fn write(&self, out: &mut Vec<u8>) {
        write_length(self.len(), out);
        for (key, value) in self {
            key.write(out);
            value.write(out);
        }
    }

    fn read(left: &mut &[u8]) -> Option<Self> {
        let mut map = Self::new();
        for _ in 0..read_length(left)? {
            let key = K::read(left)?;
            if map.last_key_value().is_some_and(|(last, _)| *last >= key) {
                return None;
            }
            map.insert(key, V::read(left)?);
        }
        Some(map)
    }
}

impl<T: Form + Ord> Form for BTreeSet<T> {
    fn write(&self, out: &mut Vec<u8>) {
        write_length(self.len(), out);
        self.iter().for_each(|value| value.write(out));
    }

    fn read(left: &mut &[u8]) -> Option<Self> {
        let mut set = Self::new();
        for _ in 0..read_length(left)? {
            let value = T::read(left)?;
            if set.last().is_some_and(|last| *last >= value) {
                return None;
            }
            set.insert(value);
        }
        Some(set)
    }
}

impl<T: Form> Form for Vec<T> {
    fn write(&self, out: &mut Vec<u8>) {
        write_length(self.len(), out);
        self.iter().for_each(|value| value.write(out));
    }

    fn read(left: &mut &[u8]) -> Option<Self> {
        // Not allocated ahead: a short text may claim many.
        (0..read_length(left)?).map(|_| T::read(left)).collect()
    }
}
