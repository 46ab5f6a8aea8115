//! A disk of tests: it forgets what was not synced when the power is cut, in pieces as disks do, and fails when it is told to.

use redb::StorageBackend;
use std::{
    collections::BTreeSet,
    io,
    sync::{Arc, Mutex, MutexGuard},
};

/// What a seed decides.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// Below `sides`.
    pub(crate) fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % sides
    }
}

/// What happens at an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The power is cut: nothing works from here on.
    Cut,
    /// One operation fails.
    Input,
    /// One write is made by half, and fails.
    Short,
    /// The next sync fails, and what it should have kept is forgotten, though it still reads as if it had not been.
    Sync,
    /// Nothing can be written from here on.
    ReadOnly,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Disk(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    /// What a cut cannot take.
    durable: Vec<u8>,
    /// What is read.
    seen: Vec<u8>,
    unsynced: Vec<Change>,
    operations: u64,
    faults: Vec<(u64, Fault)>,
    /// Blocks that were ever written, and how many there can be.
    blocks: BTreeSet<u64>,
    blocks_max: Option<usize>,
}

#[derive(Clone, Debug)]
enum Change {
    Length(u64),
    Bytes(u64, Vec<u8>),
}

const SECTOR: usize = 512;
const BLOCK: u64 = 4096;

impl Change {
    fn make(&self, bytes: &mut Vec<u8>, mut keeps: impl FnMut() -> bool) {
        match self {
            Self::Length(length) if keeps() => bytes.resize(usize::try_from(*length).unwrap(), 0),
            Self::Length(_) => {}
            Self::Bytes(at, data) => {
                let at = usize::try_from(*at).unwrap();
                for (number, sector) in data.chunks(SECTOR).enumerate().filter(|_| keeps()) {
                    let from = at + number * SECTOR;
                    if bytes.len() < from + sector.len() {
                        bytes.resize(from + sector.len(), 0);
                    }
                    bytes[from..from + sector.len()].copy_from_slice(sector);
                }
            }
        }
    }
}

impl Disk {
    pub(crate) fn holding(bytes: Vec<u8>) -> Self {
        Self(Arc::new(Mutex::new(State { durable: bytes.clone(), seen: bytes, ..State::default() })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    /// From so many operations on.
    pub(crate) fn fail(&self, after: u64, fault: Fault) {
        let mut state = self.state();
        let at = state.operations + after;
        state.faults.push((at, fault));
    }

    pub(crate) fn limit(&self, blocks_max: Option<usize>) {
        self.state().blocks_max = blocks_max;
    }

    pub(crate) fn blocks(&self) -> usize {
        self.state().blocks.len()
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.state().seen.clone()
    }

    /// What is there after a cut: what was synced, and of the rest what the dice say, sector by sector.
    pub(crate) fn after_a_cut(&self, dice: &mut Dice) -> Self {
        let state = self.state();
        let mut bytes = state.durable.clone();
        // All of it, none of it, or some.
        let keeps_of_8 = [0, 8, 1, 4, 7][usize::try_from(dice.roll(5)).unwrap()];
        for change in &state.unsynced {
            change.make(&mut bytes, || dice.roll(8) < keeps_of_8);
        }
        Self::holding(bytes)
    }
}

fn failed() -> io::Error {
    io::Error::from_raw_os_error(5)
}

impl State {
    /// Counts an operation that changes something. `Some` when it fails now.
    fn step(&mut self, is_sync: bool) -> Option<Fault> {
        self.operations += 1;
        let operations = self.operations;
        let fails = |(at, fault): &(u64, Fault)| match fault {
            Fault::Sync => is_sync && operations >= *at,
            Fault::Short => !is_sync && operations >= *at,
            Fault::Cut | Fault::Input | Fault::ReadOnly => operations >= *at,
        };
        let at = self.faults.iter().position(fails)?;
        let (_, fault) = self.faults[at];
        // These two are for good.
        if !matches!(fault, Fault::Cut | Fault::ReadOnly) {
            self.faults.remove(at);
        }
        Some(fault)
    }

    fn change(&mut self, change: Change) {
        change.make(&mut self.seen, || true);
        self.unsynced.push(change);
    }
}

impl StorageBackend for Disk {
    fn len(&self) -> io::Result<u64> {
        Ok(self.state().seen.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let state = self.state();
        let at = usize::try_from(offset).unwrap();
        let bytes = state.seen.get(at..at + out.len()).ok_or(io::ErrorKind::UnexpectedEof)?;
        out.copy_from_slice(bytes);
        Ok(())
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        let mut state = self.state();
        match state.step(false) {
            Some(Fault::ReadOnly) => return Err(io::ErrorKind::ReadOnlyFilesystem.into()),
            Some(_) => return Err(failed()),
            None => state.change(Change::Length(length)),
        }
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        let mut state = self.state();
        match state.step(true) {
            Some(Fault::ReadOnly) => return Err(io::ErrorKind::ReadOnlyFilesystem.into()),
            Some(Fault::Sync) => {
                state.unsynced.clear();
                return Err(failed());
            }
            Some(_) => return Err(failed()),
            None => {}
        }
        let State { durable, unsynced, .. } = &mut *state;
        for change in unsynced.drain(..) {
            change.make(durable, || true);
        }
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut state = self.state();
        let blocks = offset / BLOCK..(offset + data.len() as u64).div_ceil(BLOCK);
        let fresh = blocks.clone().filter(|block| !state.blocks.contains(block)).count();
        if state.blocks_max.is_some_and(|max| fresh > 0 && state.blocks.len() + fresh > max) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        state.blocks.extend(blocks);
        let half = data[..data.len() / 2].to_vec();
        match state.step(false) {
            None => state.change(Change::Bytes(offset, data.to_vec())),
            Some(Fault::ReadOnly) => return Err(io::ErrorKind::ReadOnlyFilesystem.into()),
            Some(Fault::Short) => {
                state.change(Change::Bytes(offset, half));
                return Err(io::ErrorKind::WriteZero.into());
            }
            Some(Fault::Cut) => {
                // It was on its way: the dice decide how much of it arrived.
                state.unsynced.push(Change::Bytes(offset, data.to_vec()));
                return Err(failed());
            }
            Some(_) => return Err(failed()),
        }
        Ok(())
    }
}
