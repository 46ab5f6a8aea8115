//! The files of the access log: one a day, and the head beside them. They only grow; the one thing that is ever cut is a
//! line that a crash left unfinished, and an entry says so.

use super::entry::{Entry, hash, line};
use crate::{
    clock::{self, Clock},
    limits,
};
use core::fmt;
use std::{
    fs::{DirBuilder, File, OpenOptions, TryLockError, read_dir, rename},
    io::{self, Read as _, Seek as _, SeekFrom, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

const HEAD: &str = "head.json";
const BLOCK: u64 = 64 * 1024;

/// Why there is no log.
#[derive(Debug)]
pub(crate) enum BookError {
    /// The machine said no.
    Io(io::ErrorKind),
    /// Another process writes there.
    InUse,
    /// The last line is whole, and none of a log: to go on would hide that.
    Broken,
}

impl fmt::Display for BookError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(kind) => write!(f, "ACCESS_LOG_DIR cannot be used: {kind}"),
            Self::InUse => f.write_str("ACCESS_LOG_DIR: another process writes the log there"),
            Self::Broken => f.write_str(
                "ACCESS_LOG_DIR: the last line there is not one of an access log. Keep the directory for whoever \
                 looks into it, and name another",
            ),
        }
    }
}

impl std::error::Error for BookError {}

impl From<io::Error> for BookError {
    fn from(error: io::Error) -> Self {
        Self::Io(error.kind())
    }
}

/// A log that one process writes.
pub(crate) struct Book {
    directory: PathBuf,
    clock: Clock,
    day: String,
    file: File,
    /// Of the file, without what a failed write may have left behind.
    length: u64,
    /// Of the next line.
    seq: u64,
    /// What the next line names: the hash of the last one.
    head: [u8; 32],
    /// Held as long as this process writes.
    _lock: File,
}

/// How a log that was found ends.
struct End {
    seq: u64,
    head: [u8; 32],
    torn_bytes: u64,
}

impl Book {
    /// Opens the log in a directory, or begins one, and says so in it.
    pub(crate) fn open(directory: &Path, clock: Clock) -> Result<Self, BookError> {
        DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
        let lock = options().truncate(false).open(directory.join("lock"))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(BookError::InUse),
            Err(TryLockError::Error(error)) => return Err(error.into()),
        }
        let days = days(directory)?;
        let end = end(directory, &days)?;
        let lost = lost_head(directory, &end)?;
        let day = days.last().cloned().unwrap_or_default().max(clock::date(clock()));
        let file = day_file(directory, &day)?;
        let length = file.metadata()?.len();
        let End { seq, head, torn_bytes } = end;
        let mut book =
            Self { directory: directory.to_owned(), clock, day, file, length, seq, head, _lock: lock };
        let torn = (torn_bytes > 0).then_some(Entry::TornLine { bytes: torn_bytes });
        let entries: Vec<Entry> = [Some(Entry::Start), torn, lost].into_iter().flatten().collect();
        book.append(&entries)?;
        Ok(book)
    }

    /// The number of the next line, and the hash of the last one.
    pub(crate) fn end(&self) -> (u64, [u8; 32]) {
        (self.seq, self.head)
    }

    /// Appends entries: all of them, on the disk, or none.
    pub(crate) fn append(&mut self, entries: &[Entry]) -> io::Result<()> {
        let now = (self.clock)();
        let today = clock::date(now);
        let length = self.file.metadata()?.len();
        if length > self.length {
            // What an earlier write left behind when it failed.
            self.file.set_len(self.length)?;
        }
        // Lines that somebody cut meanwhile are missing in the chain, as they should be.
        self.length = length.min(self.length);
        // A clock that was set back leads into no older file.
        if today > self.day {
            self.file = day_file(&self.directory, &today)?;
            self.length = self.file.metadata()?.len();
            self.day = today;
        }
        let (mut text, mut seq, mut head) = (String::new(), self.seq, self.head);
        for entry in entries {
            let line = line(seq, &head, now, entry);
            (head, seq) = (hash(line.as_bytes()), seq.saturating_add(1));
            text.push_str(&line);
            text.push('\n');
        }
        let written = self.file.write_all(text.as_bytes()).and_then(|()| self.file.sync_data());
        if let Err(error) = written {
            let _ = self.file.set_len(self.length);
            return Err(error);
        }
        self.length = self.length.saturating_add(u64::try_from(text.len()).unwrap_or(u64::MAX));
        (self.seq, self.head) = (seq, head);
        if self.keep_head().is_err() {
            tracing::warn!(code = "access-log-head-unwritten", "the head of the access log is not written");
        }
        Ok(())
    }

    #[cfg(test)]
    pub(crate) fn set_clock(&mut self, clock: Clock) {
        self.clock = clock;
    }

    /// Writes the head, whole or not at all, after the lines that lead to it.
    fn keep_head(&self) -> io::Result<()> {
        let (draft, seq) = (self.directory.join("head.json.draft"), self.seq.saturating_sub(1));
        let text = format!("{{\"seq\":{seq},\"sha256\":\"{}\"}}\n", hex::encode(self.head));
        options().truncate(true).open(&draft)?.write_all(text.as_bytes())?;
        rename(draft, self.directory.join(HEAD))
    }
}

fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).mode(0o600);
    options
}

fn day_file(directory: &Path, day: &str) -> io::Result<File> {
    let path = directory.join(format!("access-{day}.jsonl"));
    let file = OpenOptions::new().read(true).append(true).create(true).mode(0o600).open(path)?;
    // The name of a new file must outlive a crash as its lines do.
    File::open(directory)?.sync_all()?;
    Ok(file)
}

/// The days that have a file, oldest first.
fn days(directory: &Path) -> io::Result<Vec<String>> {
    let mut days = Vec::new();
    for entry in read_dir(directory)? {
        let name = entry?.file_name();
        let day = name.to_str().and_then(|name| name.strip_prefix("access-")?.strip_suffix(".jsonl"));
        let is_date =
            |day: &&str| day.len() == 10 && day.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'-'));
        days.extend(day.filter(is_date).map(str::to_owned));
    }
    days.sort();
    Ok(days)
}

/// Looks for the last whole line, and cuts what stands after it.
fn end(directory: &Path, days: &[String]) -> Result<End, BookError> {
    let mut torn_bytes = 0_u64;
    for day in days.iter().rev() {
        let mut file = day_file(directory, day)?;
        let length = file.metadata()?.len();
        let newline = last_newline(&mut file, length)?;
        let whole = newline.map_or(0, |at| at.saturating_add(1));
        if whole < length {
            torn_bytes = torn_bytes.saturating_add(length.saturating_sub(whole));
            file.set_len(whole)?;
            file.sync_data()?;
        }
        let Some(newline) = newline else { continue };
        let begin = last_newline(&mut file, newline)?.map_or(0, |at| at.saturating_add(1));
        let size = newline.saturating_sub(begin);
        if size > limits::ACCESS_LINE_BYTES_MAX {
            return Err(BookError::Broken);
        }
        let mut line = Vec::new();
        file.seek(SeekFrom::Start(begin))?;
        file.take(size).read_to_end(&mut line)?;
        let seq = member(&line, "seq").and_then(|seq| seq.as_u64()).ok_or(BookError::Broken)?;
        return Ok(End { seq: seq.saturating_add(1), head: hash(&line), torn_bytes });
    }
    Ok(End { seq: 0, head: [0; 32], torn_bytes })
}

/// Where the last line end before `end` stands.
fn last_newline(file: &mut File, mut end: u64) -> io::Result<Option<u64>> {
    while end > 0 {
        let begin = end.saturating_sub(BLOCK);
        let mut block = Vec::new();
        file.seek(SeekFrom::Start(begin))?;
        io::Read::by_ref(file).take(end.saturating_sub(begin)).read_to_end(&mut block)?;
        if let Some(at) = block.iter().rposition(|byte| *byte == b'\n') {
            return Ok(Some(begin.saturating_add(u64::try_from(at).unwrap_or(u64::MAX))));
        }
        end = begin;
    }
    Ok(None)
}

/// An entry that says that the log ends before the head that was written last, or otherwise.
fn lost_head(directory: &Path, end: &End) -> Result<Option<Entry>, BookError> {
    let mut text = Vec::new();
    match File::open(directory.join(HEAD)) {
        Ok(file) => file.take(limits::ACCESS_LINE_BYTES_MAX).read_to_end(&mut text)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let seq = member(&text, "seq").and_then(|seq| seq.as_u64());
    let mut head = [0; 32];
    let sha256 = member(&text, "sha256");
    let read =
        sha256.as_ref().and_then(|text| text.as_str()).map(|text| hex::decode_to_slice(text, &mut head));
    let (Some(seq), Some(Ok(()))) = (seq, read) else {
        // A crash may have left a head that is none; it says nothing of the lines.
        return Ok(None);
    };
    let is_there = seq.saturating_add(1) < end.seq || (seq.saturating_add(1) == end.seq && head == end.head);
    Ok((!is_there).then_some(Entry::HeadLost { seq, head }))
}

fn member(json: &[u8], name: &str) -> Option<serde_json::Value> {
    serde_json::from_slice::<serde_json::Value>(json).ok()?.get_mut(name).map(serde_json::Value::take)
}
