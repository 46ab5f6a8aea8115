//! Lines of the access log (docs/protocol.md, "Access log"), encoded by hand: members in one order, nothing in them that
//! a caller chose.

use super::Missed;
use crate::clock;
use sha2::{Digest as _, Sha256};

/// What the first line of every start says.
const FORMAT: &str = "perf-aggregator/access-log/v1";

/// What can be said of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Called {
    /// When it came in, Unix seconds.
    pub(crate) at_s: u64,
    /// The route by its name, never the path.
    pub(crate) route: &'static str,
    pub(crate) status: u16,
    /// Until its answer had gone, or broke off.
    pub(crate) ms: u64,
    pub(crate) bytes_in: u64,
    pub(crate) bytes_out: u64,
    /// A keyed hash of the address, whose key nobody has after the day.
    pub(crate) source: Option<[u8; 8]>,
}

/// What a line says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Entry {
    /// The program started.
    Start,
    Call(Called),
    /// So many calls are missing here: the disk was slower than they were.
    Gap {
        lost: u64,
    },
    /// At a start the last line was found unfinished, and so many bytes were cut.
    TornLine {
        bytes: u64,
    },
    /// At a start the head that was written last was not found: what led to it is missing here.
    HeadLost {
        seq: u64,
        head: [u8; 32],
    },
    /// The enclave's result key signed the hash of a line above.
    Countersign {
        seq: u64,
        head: [u8; 32],
        created_s: u64,
        key: [u8; 32],
        signature: [u8; 64],
    },
    /// The enclave was asked for that, and gave none.
    CountersignMissed(Missed),
    /// The program ended as it was told to.
    Stop,
}

/// A line without its end. `at_s` is when it is written; a call tells its own time.
pub(crate) fn line(seq: u64, prev: &[u8; 32], at_s: u64, entry: &Entry) -> String {
    let at_s = if let Entry::Call(called) = entry { called.at_s } else { at_s };
    let head =
        format!(r#"{{"seq":{seq},"prev":"{}","time":"{}","type":"#, hex::encode(prev), clock::instant(at_s));
    let rest = match entry {
        Entry::Start => format!(r#""start","format":"{FORMAT}"}}"#),
        Entry::Call(Called { at_s: _, route, status, ms, bytes_in, bytes_out, source }) => {
            let source =
                source.map_or_else(|| "null".to_owned(), |hash| format!("\"{}\"", hex::encode(hash)));
            let (kib_in, kib_out) = (bytes_in.div_ceil(1024), bytes_out.div_ceil(1024));
            format!(
                r#""call","route":"{route}","status":{status},"ms":{ms},"in_kib":{kib_in},"out_kib":{kib_out},"source":{source}}}"#
            )
        }
        Entry::Gap { lost } => format!(r#""gap","lost":{lost}}}"#),
        Entry::TornLine { bytes } => format!(r#""note","note":"torn-line","bytes":{bytes}}}"#),
        Entry::HeadLost { seq, head } => {
            format!(r#""note","note":"head-lost","of":{seq},"head":"{}"}}"#, hex::encode(head))
        }
        Entry::Countersign { seq, head, created_s, key, signature } => format!(
            r#""countersign","of":{seq},"head":"{}","created":{created_s},"keyid":"{}","signature":"{}"}}"#,
            hex::encode(head),
            protocol::wire::encode(key),
            protocol::wire::encode(signature)
        ),
        Entry::CountersignMissed(why) => {
            format!(r#""note","note":"countersign-missed","why":"{}"}}"#, why.as_str())
        }
        Entry::Stop => r#""stop"}"#.to_owned(),
    };
    head + &rest
}

/// What the next line names as `prev`: SHA-256 of a line without its end.
pub(crate) fn hash(line: &[u8]) -> [u8; 32] {
    Sha256::digest(line).into()
}
