//! Which symbols were asked for and had no fills: almost all of the venue's, after a while. A name of each would weigh a
//! hundred times what an account does, so it is said by their order, with exceptions.

use super::markets::Markets;
use crate::saved::Form;
use ledger::Symbol;
use std::collections::BTreeSet;

/// Into so many parts a list is divided to see where it changed.
const PARTS: usize = 256;

/// What a list of symbols looks like: a number for each part of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Marks(Box<[u16; PARTS]>);

impl Marks {
    pub(crate) fn of<'a>(symbols: impl Iterator<Item = &'a Symbol>) -> Self {
        let mut marks = Box::new([0; PARTS]);
        for symbol in symbols {
            let (part, mark) = place(symbol);
            if let Some(sum) = marks.get_mut(usize::from(part)) {
                *sum ^= mark;
            }
        }
        Self(marks)
    }

    /// Whether the part that a symbol belongs to is another one here than there.
    fn differ(&self, other: &Self, symbol: &Symbol) -> bool {
        let part = usize::from(place(symbol).0);
        self.0.get(part) != other.0.get(part)
    }
}

/// The part that a symbol belongs to, and what it adds to it (FNV-1a: the same in each process).
fn place(symbol: &Symbol) -> (u8, u16) {
    let hash = symbol.as_str().bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let [.., third, second, part] = hash.to_be_bytes();
    let [first, ..] = hash.to_be_bytes();
    (part, u16::from_be_bytes([first ^ second, third]))
}

/// Symbols that were asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Covered {
    /// All that are listed were; else those up to `until`, in their order.
    all: bool,
    until: Option<Symbol>,
    /// But not these: they were listed later, or stand in a part of the list that changed.
    fresh: BTreeSet<Symbol>,
    /// The list that this is about.
    list: Option<Marks>,
}

impl Covered {
    pub(crate) fn has(&self, symbol: &Symbol) -> bool {
        (self.all || Some(symbol) <= self.until.as_ref()) && !self.fresh.contains(symbol)
    }

    /// The list may be another one. What it was is known by its marks only, so all of a part that changed is asked for
    /// again, in turn: a dozen symbols for each that is new.
    pub(crate) fn relist(&mut self, markets: &Markets) {
        let now = markets.marks();
        if let Some(before) = self.list.as_ref().filter(|before| *before != now) {
            let symbols = || markets.all().map(|instrument| &instrument.symbol);
            let changed = symbols().filter(|symbol| now.differ(before, symbol) && self.has(symbol));
            let changed: Vec<Symbol> = changed.cloned().collect();
            self.fresh.retain(|symbol| markets.instrument(symbol).is_some());
            self.fresh.extend(changed);
        }
        if self.list.as_ref() != Some(now) {
            self.list = Some(now.clone());
        }
    }

    /// A round asked for these, and for all from the last one's turn to its own.
    pub(crate) fn add(&mut self, asked: &BTreeSet<Symbol>, turn: Option<&Symbol>) {
        self.fresh.retain(|symbol| !asked.contains(symbol));
        if !self.all && turn > self.until.as_ref() {
            self.until = turn.cloned();
        }
    }

    /// There is no symbol that was not asked for.
    pub(crate) fn add_all(&mut self) {
        (self.all, self.until) = (true, None);
        self.fresh.clear();
    }
}

impl Form for Covered {
    fn write(&self, out: &mut Vec<u8>) {
        let Self { all, until, fresh, list } = self;
        all.write(out);
        until.write(out);
        fresh.write(out);
        list.write(out);
    }

    fn read(left: &mut &[u8]) -> Option<Self> {
        Some(Self {
            all: Form::read(left)?,
            until: Form::read(left)?,
            fresh: Form::read(left)?,
            list: Form::read(left)?,
        })
    }
}

impl Form for Marks {
    fn write(&self, out: &mut Vec<u8>) {
        self.0.iter().for_each(|mark| out.extend(mark.to_le_bytes()));
    }

    fn read(left: &mut &[u8]) -> Option<Self> {
        let mut marks = Box::new([0; PARTS]);
        for mark in marks.iter_mut() {
            let (bytes, rest) = left.split_first_chunk()?;
            (*mark, *left) = (u16::from_le_bytes(*bytes), rest);
        }
        Some(Self(marks))
    }
}
