//! A list that grows at its end and is cut at its end, in pieces: growing copies nothing, and no more memory is held in
//! reserve than one piece. What stands in it keeps its index for good, in 32 bits.

use alloc::vec::Vec;

/// Entries of a full piece.
const PIECE: usize = 1024;

/// Entries by index.
#[derive(Clone, Debug)]
pub(crate) struct Log<T> {
    pieces: Vec<Vec<T>>,
    len: u32,
}

impl<T> Default for Log<T> {
    fn default() -> Self {
        Self { pieces: Vec::new(), len: 0 }
    }
}

/// An index as the machine counts.
#[inline]
pub(crate) fn index(at: u32) -> usize {
    usize::try_from(at).unwrap_or(usize::MAX)
}

/// A length as logs count; what is longer is refused before it gets here.
#[inline]
pub(crate) fn count(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}

impl<T> Log<T> {
    /// How many entries there are.
    #[inline]
    pub(crate) fn len(&self) -> u32 {
        self.len
    }

    /// Appends an entry and returns its index; `None` if no index is left.
    #[inline]
    pub(crate) fn push(&mut self, entry: T) -> Option<u32> {
        let at = self.len;
        let next = at.checked_add(1)?;
        match self.pieces.last_mut().filter(|piece| piece.len() < PIECE) {
            Some(piece) => piece.push(entry),
            None => self.add_piece(entry),
        }
        self.len = next;
        Some(at)
    }

    #[cold]
    fn add_piece(&mut self, entry: T) {
        // The first piece grows as lists do, so that a short list stays small.
        let mut piece = if self.pieces.is_empty() { Vec::new() } else { Vec::with_capacity(PIECE) };
        piece.push(entry);
        self.pieces.push(piece);
    }

    #[inline]
    pub(crate) fn get(&self, at: u32) -> Option<&T> {
        let at = index(at);
        self.pieces.get(at / PIECE)?.get(at % PIECE)
    }

    #[inline]
    pub(crate) fn get_mut(&mut self, at: u32) -> Option<&mut T> {
        let at = index(at);
        self.pieces.get_mut(at / PIECE)?.get_mut(at % PIECE)
    }

    #[inline]
    pub(crate) fn last(&self) -> Option<&T> {
        self.pieces.last()?.last()
    }

    /// Keeps the first `len` entries.
    pub(crate) fn truncate(&mut self, len: u32) {
        if len >= self.len {
            return;
        }
        self.len = len;
        let len = index(len);
        self.pieces.truncate(len.div_ceil(PIECE));
        if let Some(last) = self.pieces.last_mut() {
            last.truncate((len.saturating_sub(1) % PIECE).saturating_add(usize::from(len > 0)));
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.pieces.iter().flatten()
    }

    /// Entries from an index on.
    pub(crate) fn since(&self, from: u32) -> impl Iterator<Item = &T> {
        let from = index(from);
        let skipped = from / PIECE;
        self.pieces.iter().skip(skipped).flatten().skip(from % PIECE)
    }
}
