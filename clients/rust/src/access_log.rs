//! The access log of a main service, judged (docs/protocol.md, "Access log"): whether its lines are one chain, what it
//! says of itself that is missing, and which heads an enclave signed. Bytes come as they are read, in order; nothing is
//! held but the hashes of the last lines.
//!
//! A chain alone proves little: whoever keeps a log can write it anew from any line on. A signature of the enclave's
//! over a head fixes all lines up to it.

use core::fmt;
use ed25519_dalek::{Signature, VerifyingKey};
use protocol::{
    countersign, limits::COUNTERSIGN_INTERVAL_S, limits::COUNTERSIGNED_WITHIN_LINES, parse_rfc3339, wire,
};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use std::{
    collections::{BTreeMap, VecDeque},
    io::{self, BufRead, Read as _},
};

/// A line is never longer.
const LINE_BYTES_MAX: u64 = 1024;
/// A countersignature may come so much after its hour before that is told: the enclave answers late, and two clocks are
/// compared.
const LATE_S: i64 = 300;

/// Why a log is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogError {
    /// It cannot be read.
    Unreadable(io::ErrorKind),
    /// A line is longer than any.
    LineTooLong,
    /// A line is not in the form of the format's version.
    Malformed,
    /// A line's number does not follow the one before it.
    Sequence,
    /// A line does not name the hash of the one before it.
    Chain,
    /// A line is unfinished, and others follow.
    Unfinished,
    /// There is no line.
    Empty,
    /// It ends before the head that was kept beside it, or has another line there.
    Head,
    /// A countersignature is of a line that is not there.
    Countersigned,
    /// A countersignature is not by the key that it names.
    Signature,
}

impl LogError {
    /// Its stable name.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Unreadable(_) => "unreadable",
            Self::LineTooLong | Self::Malformed => "malformed",
            Self::Sequence => "sequence",
            Self::Chain => "chain",
            Self::Unfinished => "unfinished",
            Self::Empty => "empty",
            Self::Head => "head",
            Self::Countersigned => "countersigned-line",
            Self::Signature => "signature",
        }
    }
}

impl fmt::Display for LogError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(kind) => write!(f, "it cannot be read: {kind}"),
            other => f.write_str(match other {
                Self::LineTooLong => "a line is longer than any of an access log",
                Self::Malformed => "a line is not in the form of an access log",
                Self::Sequence => "lines are missing, or stand in another order: a number does not follow",
                Self::Chain => "a line was changed: the next one does not name its hash",
                Self::Unfinished => "a line is unfinished, and others follow it",
                Self::Empty => "there is no line",
                Self::Head => {
                    "it does not have the line that its head names: lines were cut or changed at its end"
                }
                Self::Countersigned => "a countersignature is of a line that is not there",
                _ => "a countersignature is not by the key that it names",
            }),
        }
    }
}

impl std::error::Error for LogError {}

/// Where a log begins or ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Point {
    /// Number of the line.
    pub seq: u64,
    /// Its time, RFC 3339, by the clock of whoever wrote it.
    pub time: String,
}

/// The head that is kept beside a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    seq: u64,
    sha256: [u8; 32],
}

impl Head {
    /// Reads a head file.
    ///
    /// # Errors
    /// If it is none.
    pub fn parse(json: &[u8]) -> Result<Self, LogError> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Json {
            seq: u64,
            sha256: String,
        }
        let Json { seq, sha256 } = serde_json::from_slice(json).map_err(|_| LogError::Malformed)?;
        Ok(Self { seq, sha256: hash(&sha256)? })
    }
}

/// What one key signed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Countersigned {
    /// How many heads.
    pub count: u64,
    /// The last line that a signature fixes, and with it all before.
    pub seq: u64,
    /// When that was signed, Unix seconds by the enclave's clock.
    pub created_s: u64,
    /// How often lines waited for more than an hour for the next signature: until then they could have been rewritten.
    pub late: u64,
    /// How long they waited at most then, in seconds; by the log's clock and the enclave's.
    pub late_s_max: u64,
}

/// What a log says whose lines are one chain.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogVerdict {
    /// Its first line; number 0 unless older files were left out.
    pub first: Option<Point>,
    /// Its last one,
    pub last: Option<Point>,
    /// and the hash of that.
    pub head: [u8; 32],
    /// How many lines.
    pub lines: u64,
    /// How many of them are calls.
    pub calls: u64,
    /// How often its writer started,
    pub starts: u64,
    /// and ended as it should.
    pub stops: u64,
    /// Where calls are missing because the disk was too slow,
    pub gaps: u64,
    /// and how many.
    pub lost: u64,
    /// Lines that a crash left unfinished and the next start cut.
    pub torn_lines: u64,
    /// Starts that did not find the head that was written last.
    pub heads_lost: u64,
    /// How often its writer says that the enclave was asked for a countersignature and gave none.
    pub countersigns_missed: u64,
    /// Bytes after the last line: one that is being written, or was when the writer ended.
    pub unfinished_bytes: u64,
    /// By key.
    pub countersigned: BTreeMap<[u8; 32], Countersigned>,
}

impl LogVerdict {
    /// Nothing that it says of itself is missing.
    pub const fn is_complete(&self) -> bool {
        self.gaps == 0 && self.torn_lines == 0 && self.heads_lost == 0 && self.unfinished_bytes == 0
    }
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "lowercase", deny_unknown_fields)]
enum Line {
    Start {
        seq: u64,
        prev: String,
        time: String,
        format: String,
    },
    Call {
        seq: u64,
        prev: String,
        time: String,
        route: String,
        status: u16,
        #[serde(rename = "ms")]
        _ms: u64,
        #[serde(rename = "in_kib")]
        _in_kib: u64,
        #[serde(rename = "out_kib")]
        _out_kib: u64,
        source: Option<String>,
    },
    Gap {
        seq: u64,
        prev: String,
        time: String,
        lost: u64,
    },
    Note {
        seq: u64,
        prev: String,
        time: String,
        note: String,
        bytes: Option<u64>,
        of: Option<u64>,
        head: Option<String>,
        why: Option<String>,
    },
    Countersign {
        seq: u64,
        prev: String,
        time: String,
        of: u64,
        head: String,
        created: u64,
        keyid: String,
        signature: String,
    },
    Stop {
        seq: u64,
        prev: String,
        time: String,
    },
}

/// Judges a log as it comes.
#[derive(Debug, Default)]
pub struct AccessLog {
    verdict: LogVerdict,
    expected: Option<Head>,
    head_found: bool,
    /// The last lines: hash, and time in Unix seconds.
    recent: VecDeque<([u8; 32], i64)>,
}

impl AccessLog {
    /// A log that must have the line that its head names.
    pub fn new(head: Option<Head>) -> Self {
        Self { expected: head, ..Self::default() }
    }

    /// The number of the line that is read next, for people.
    pub fn at(&self) -> Option<u64> {
        self.verdict.last.as_ref().map(|last| last.seq.saturating_add(1))
    }

    /// Takes a file: the next day's, or all there is.
    ///
    /// # Errors
    /// What does not hold.
    pub fn read(&mut self, mut file: impl BufRead) -> Result<(), LogError> {
        let mut line = Vec::new();
        loop {
            line.clear();
            let mut bounded = io::Read::by_ref(&mut file).take(LINE_BYTES_MAX.saturating_add(1));
            bounded.read_until(b'\n', &mut line).map_err(|error| LogError::Unreadable(error.kind()))?;
            match line.split_last() {
                None => return Ok(()),
                // An empty day is no line either.
                Some(_) if self.verdict.unfinished_bytes > 0 => return Err(LogError::Unfinished),
                Some((b'\n', line)) => self.line(line)?,
                Some(_) if line.len() as u64 > LINE_BYTES_MAX => return Err(LogError::LineTooLong),
                Some(_) => self.verdict.unfinished_bytes = line.len() as u64,
            }
        }
    }

    /// What it comes to.
    ///
    /// # Errors
    /// If there was no line, or not the one of the head.
    pub fn finish(self) -> Result<LogVerdict, LogError> {
        if self.verdict.last.is_none() {
            return Err(LogError::Empty);
        }
        if self.expected.is_some() && !self.head_found {
            return Err(LogError::Head);
        }
        Ok(self.verdict)
    }

    fn line(&mut self, bytes: &[u8]) -> Result<(), LogError> {
        let line: Line = serde_json::from_slice(bytes).map_err(|_| LogError::Malformed)?;
        let (Line::Start { seq, prev, time, .. }
        | Line::Call { seq, prev, time, .. }
        | Line::Gap { seq, prev, time, .. }
        | Line::Note { seq, prev, time, .. }
        | Line::Countersign { seq, prev, time, .. }
        | Line::Stop { seq, prev, time }) = &line;
        let at_s = parse_rfc3339(time).ok_or(LogError::Malformed)?.seconds();
        self.follows(*seq, hash(prev)?)?;
        let point = Point { seq: *seq, time: time.clone() };
        self.count(&line, at_s)?;

        let sha256: [u8; 32] = Sha256::digest(bytes).into();
        if let Some(expected) = self.expected.filter(|expected| expected.seq == point.seq) {
            if expected.sha256 != sha256 {
                return Err(LogError::Head);
            }
            self.head_found = true;
        }
        self.recent.push_back((sha256, at_s));
        if self.recent.len() > COUNTERSIGNED_WITHIN_LINES {
            self.recent.pop_front();
        }
        self.verdict.head = sha256;
        self.verdict.lines = self.verdict.lines.saturating_add(1);
        self.verdict.first.get_or_insert_with(|| point.clone());
        self.verdict.last = Some(point);
        Ok(())
    }

    fn follows(&self, seq: u64, prev: [u8; 32]) -> Result<(), LogError> {
        match &self.verdict.last {
            Some(last) if last.seq.checked_add(1) != Some(seq) => Err(LogError::Sequence),
            Some(_) if prev != self.verdict.head => Err(LogError::Chain),
            None if seq == 0 && prev != [0; 32] => Err(LogError::Chain),
            _ => Ok(()),
        }
    }

    fn count(&mut self, line: &Line, at_s: i64) -> Result<(), LogError> {
        let verdict = &mut self.verdict;
        let one_more = |count: &mut u64| *count = count.saturating_add(1);
        match line {
            Line::Start { format, .. } if format == countersign::DOMAIN => one_more(&mut verdict.starts),
            Line::Call { route, status, source, .. } => {
                let named = route.bytes().all(|byte| {
                    matches!(byte, b'a'..=b'z' | b'_' | b'.' | b'/' | b'{' | b'}' | b'(' | b')' | b'*')
                });
                let hashed =
                    source.as_ref().is_none_or(|hash| hex::decode(hash).is_ok_and(|hash| hash.len() == 8));
                if !named || !hashed || !(100..1000).contains(status) {
                    return Err(LogError::Malformed);
                }
                one_more(&mut verdict.calls);
            }
            Line::Gap { lost, .. } => {
                one_more(&mut verdict.gaps);
                verdict.lost = verdict.lost.saturating_add(*lost);
            }
            Line::Note { note, bytes: Some(_), of: None, head: None, why: None, .. }
                if note == "torn-line" =>
            {
                one_more(&mut verdict.torn_lines);
            }
            Line::Note { note, bytes: None, of: Some(_), head: Some(head), why: None, .. }
                if note == "head-lost" =>
            {
                hash(head)?;
                one_more(&mut verdict.heads_lost);
            }
            Line::Note { note, bytes: None, of: None, head: None, why: Some(why), .. }
                if note == "countersign-missed" && MISSED.contains(&why.as_str()) =>
            {
                one_more(&mut verdict.countersigns_missed);
            }
            Line::Countersign { seq, of, head, created, keyid, signature, .. } => {
                let signed = Signed { of: *of, head: hash(head)?, created_s: *created };
                self.countersigned(*seq, at_s, signed, keyid, signature)?;
            }
            Line::Stop { .. } => one_more(&mut verdict.stops),
            Line::Start { .. } | Line::Note { .. } => return Err(LogError::Malformed),
        }
        Ok(())
    }

    /// A countersignature that stands in line `seq`, which was written at `at_s`.
    fn countersigned(
        &mut self,
        seq: u64,
        at_s: i64,
        signed: Signed,
        keyid: &str,
        signature: &str,
    ) -> Result<(), LogError> {
        let Signed { of, head, created_s } = signed;
        let key: [u8; 32] = wire::decode_array(keyid).ok_or(LogError::Malformed)?;
        let signature = wire::decode_array::<64>(signature).ok_or(LogError::Malformed)?;
        let is_older = self.verdict.first.as_ref().is_some_and(|first| of < first.seq);
        if self.recent(seq, of).map(|(hash, _)| hash) != Some(head) && !is_older {
            return Err(LogError::Countersigned);
        }
        let verifying = VerifyingKey::from_bytes(&key).map_err(|_| LogError::Signature)?;
        verifying
            .verify_strict(&countersign::bytes(&head, created_s), &Signature::from_bytes(&signature))
            .map_err(|_| LogError::Signature)?;
        if is_older {
            // Of a line in a file that was left out: it fixes nothing of what is here.
            return Ok(());
        }
        let known = self.verdict.countersigned.get(&key).map(|by| by.seq);
        // The first line that the key had not fixed yet waited longest. It may be this one.
        let waiting = known.filter(|last| *last < of).and_then(|last| last.checked_add(1));
        let since_s = waiting.and_then(|next| self.recent(seq, next)).map_or(at_s, |(_, at_s)| at_s);
        let waited_s = i64::try_from(created_s).unwrap_or(i64::MAX).saturating_sub(since_s);
        let by = self.verdict.countersigned.entry(key).or_insert(Countersigned {
            seq: of,
            created_s,
            ..Countersigned::default()
        });
        by.count = by.count.saturating_add(1);
        if waited_s > i64::try_from(COUNTERSIGN_INTERVAL_S).unwrap_or(i64::MAX).saturating_add(LATE_S) {
            by.late = by.late.saturating_add(1);
            by.late_s_max = by.late_s_max.max(waited_s.unsigned_abs());
        }
        if of >= by.seq {
            (by.seq, by.created_s) = (of, created_s);
        }
        Ok(())
    }

    /// Hash and time of a line that stands before line `seq`, if it is still at hand.
    fn recent(&self, seq: u64, of: u64) -> Option<([u8; 32], i64)> {
        let back = usize::try_from(seq.checked_sub(of)?).ok()?;
        self.recent.get(self.recent.len().checked_sub(back)?).copied()
    }
}

/// What a countersignature says that it is of.
struct Signed {
    of: u64,
    head: [u8; 32],
    created_s: u64,
}

/// Why a writer may say that there was no countersignature.
const MISSED: [&str; 3] = ["unreachable", "refused", "invalid"];

/// In small letters only: what two writers spell in two ways is two lines.
fn hash(text: &str) -> Result<[u8; 32], LogError> {
    let mut bytes = [0; 32];
    hex::decode_to_slice(text, &mut bytes).map_err(|_| LogError::Malformed)?;
    if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Err(LogError::Malformed);
    }
    Ok(bytes)
}
