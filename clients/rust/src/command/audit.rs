//! `perfagg audit log verify`: judges the access log of a main service, offline.

use super::{Chosen, unproven, verdict, verify};
use crate::{
    arguments::{
        Options,
        audit::{Audit, Log, Verify},
    },
    complaint::{Complaint, exit},
    figure,
    output::{Output, plain},
};
use perfagg::access_log::{AccessLog, Countersigned, Head, LogError, LogVerdict, Point};
use serde_json::{Value, json};
use std::{
    fs::{File, read_dir},
    io::{self, BufReader, Read as _},
    path::{Path, PathBuf},
};

/// A head is a line of a hundred bytes.
const HEAD_BYTES_MAX: u64 = 4096;

/// What nobody who holds a log can know from it.
const NOT_PROVEN: [&str; 4] = [
    "that every call is in it: who writes it can leave calls out before they are written",
    "when a call came, but by the clock of whoever wrote it",
    "that it is the only log of this service: its writer may keep another one",
    "what a call said or who made it: that is not in it",
];
const UNSIGNED: &str = "that lines were not rewritten: no key that you named signed a head, and who keeps the log could \
                        write all of it anew";
const TAIL: &str =
    "that lines after the last countersignature were not rewritten: who keeps the log could do that";
const BEGINNING: &str = "what came before its first line here: older files were left out";

/// A log, and the key that was to have signed it.
struct Judged {
    verdict: LogVerdict,
    key: Option<[u8; 32]>,
}

/// Judges what was named and shows what it says.
pub(super) fn run(options: &Options, Audit::Log(Log::Verify(asked)): &Audit) -> Result<(), Complaint> {
    let output = Output { json: options.json };
    let key = match &asked.saved {
        Some(file) => {
            let chosen = Chosen::of(options).map_err(Complaint::where_two_is_a_verdict)?;
            Some(verify::result_key(file, &chosen.trust(&["live", "sandbox"]))?)
        }
        None => asked.result_key,
    };
    let judged = Judged { verdict: judge(asked)?, key };
    output.result(&if output.json { judged.json().to_string() } else { judged.people() })?;
    if judged.is_good() { Ok(()) } else { Err(Complaint::judged(exit::WARNINGS)) }
}

fn judge(asked: &Verify) -> Result<LogVerdict, Complaint> {
    let mut files = Vec::new();
    let mut head = None;
    for path in &asked.paths {
        if path.is_dir() {
            let unreadable = |error: io::Error| refused(LogError::Unreadable(error.kind()), path, None);
            files.extend(days(path).map_err(unreadable)?);
            head = head_of(&path.join("head.json"))?.or(head);
        } else {
            files.push(path.clone());
        }
    }
    let mut log = AccessLog::new(head);
    for path in &files {
        let file = File::open(path).map_err(|error| LogError::Unreadable(error.kind()));
        let read = file.and_then(|file| log.read(BufReader::new(file)));
        read.map_err(|error| refused(error, path, log.at()))?;
    }
    let at = log.at();
    let last = files.last().or(asked.paths.first()).cloned().unwrap_or_default();
    log.finish().map_err(|error| refused(error, &last, at))
}

/// The files of a log, oldest first.
fn days(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let mut days = Vec::new();
    for entry in read_dir(directory)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        let is_day = name.is_some_and(|name| name.starts_with("access-") && name.ends_with(".jsonl"));
        days.extend(is_day.then_some(path));
    }
    days.sort();
    Ok(days)
}

/// The head beside a log. A crash of the machine may have left an empty one, which says nothing.
fn head_of(path: &Path) -> Result<Option<Head>, Complaint> {
    let mut text = Vec::new();
    match File::open(path).and_then(|file| file.take(HEAD_BYTES_MAX).read_to_end(&mut text)) {
        Ok(0) => Ok(None),
        Ok(_) => Head::parse(&text).map(Some).map_err(|error| refused(error, path, None)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(refused(LogError::Unreadable(error.kind()), path, None)),
    }
}

fn refused(error: LogError, path: &Path, at: Option<u64>) -> Complaint {
    let (title, detail) = match error {
        LogError::Unreadable(_) | LogError::Empty => (
            format!("there is no log to judge: {error}"),
            "Name the directory of ACCESS_LOG_DIR, or files of it.",
        ),
        _ => (
            format!("the log does not hold: {error}"),
            "Whatever it says from there on proves nothing. Keep a copy before anybody mends it.",
        ),
    };
    let complaint = Complaint::unverified(1, error.code(), &title, detail);
    let complaint = complaint.about(&plain(&path.display().to_string()));
    match at {
        Some(seq) => complaint.and(&format!("It was found at line {seq}.")).with("seq", seq),
        None => complaint,
    }
}

impl Judged {
    /// What the key that was named signed, of those heads that are in the log.
    fn signed(&self) -> Option<&Countersigned> {
        self.verdict.countersigned.get(&self.key?)
    }

    fn is_good(&self) -> bool {
        let is_signed = self.signed().is_some_and(|by| by.late == 0);
        self.verdict.is_complete() && (self.key.is_none() || is_signed)
    }

    fn not_proven(&self) -> Vec<&'static str> {
        let is_cut = self.verdict.first.as_ref().is_some_and(|first| first.seq > 0);
        let signed = if self.signed().is_some() { TAIL } else { UNSIGNED };
        [signed].into_iter().chain(is_cut.then_some(BEGINNING)).chain(NOT_PROVEN).collect()
    }

    fn json(&self) -> Value {
        let verdict = &self.verdict;
        let point = |point: &Option<Point>| {
            point.as_ref().map(|Point { seq, time }| json!({ "seq": seq, "time": time }))
        };
        let countersigned: Vec<Value> = verdict
            .countersigned
            .iter()
            .map(|(key, by)| {
                json!({
                    "result_key": hex::encode(key), "count": by.count, "seq": by.seq,
                    "created": figure::instant(by.created_s), "named": self.key == Some(*key),
                    "late": by.late, "late_seconds_max": by.late_s_max,
                })
            })
            .collect();
        json!({
            "ok": true, "error": null, "err": "",
            "complete": verdict.is_complete(),
            "first": point(&verdict.first), "last": point(&verdict.last), "head": hex::encode(verdict.head),
            "lines": verdict.lines, "calls": verdict.calls, "starts": verdict.starts, "stops": verdict.stops,
            "gaps": verdict.gaps, "lost": verdict.lost, "torn_lines": verdict.torn_lines,
            "heads_lost": verdict.heads_lost, "unfinished_bytes": verdict.unfinished_bytes,
            "countersigned": countersigned, "countersigns_missed": verdict.countersigns_missed,
            "not_proven": self.not_proven(),
        })
    }

    fn people(&self) -> String {
        let verdict = &self.verdict;
        let headline = match (verdict.is_complete(), self.is_good(), self.signed()) {
            (true, true, _) => "The lines are one chain, and nothing is missing that the log knows of.",
            (true, false, None) => {
                "The lines are one chain, but the key that was named signed nothing of it."
            }
            (true, false, Some(_)) => {
                "The lines are one chain, but some waited for more than an hour for their countersignature."
            }
            _ => "The lines are one chain, and the log itself says that something is missing.",
        };
        let point = |point: &Option<Point>| {
            point.as_ref().map_or_else(String::new, |point| {
                format!("line {}, {}", point.seq, figure::time(&point.time))
            })
        };
        let mut facts = verdict::facts();
        facts.row(&["first", &point(&verdict.first)]).row(&["last", &point(&verdict.last)]);
        verdict::hash_row(&mut facts, "head", &verdict.head);
        facts.row(&["lines", &verdict.lines.to_string()]).row(&["calls", &verdict.calls.to_string()]).row(&[
            "its writer",
            &format!("starts: {}, ends as it should: {}", verdict.starts, verdict.stops),
        ]);
        for (count, name, text) in [
            (
                verdict.lost,
                "calls missing",
                format!("{}, in {} places: the disk was too slow", verdict.lost, verdict.gaps),
            ),
            (
                verdict.torn_lines,
                "lines cut",
                format!("{}, which a crash had left unfinished", verdict.torn_lines),
            ),
            (
                verdict.heads_lost,
                "ends missing",
                format!("{}: a start did not find the last line of before", verdict.heads_lost),
            ),
            (
                verdict.unfinished_bytes,
                "unfinished",
                "the last line: it is being written, or was at a crash".to_owned(),
            ),
        ] {
            if count > 0 {
                facts.row(&[name, &text]);
            }
        }
        for (name, text) in self.countersigned_rows() {
            facts.row(&[name, &text]);
        }
        format!("{headline}\n\n{}\n{}", facts.render(), unproven::framed(&self.not_proven()))
    }

    /// Up to where the log is fixed, since when, and where that came late or not at all.
    fn countersigned_rows(&self) -> Vec<(&'static str, String)> {
        let verdict = &self.verdict;
        let mut rows = Vec::new();
        match self.signed() {
            Some(by) => {
                let at = figure::time(&figure::instant(by.created_s));
                rows.push((
                    "countersigned",
                    format!("heads signed: {}, the last of line {}, {at}", by.count, by.seq),
                ));
                let last = verdict.last.as_ref().filter(|last| last.seq > by.seq);
                let text = last.map(|last| {
                    let (after, until) = (last.seq.saturating_sub(by.seq), figure::time(&last.time));
                    format!("lines after that: {after}, until {until}")
                });
                rows.extend(text.map(|text| ("only chained", text)));
                if by.late > 0 {
                    let minutes = by.late_s_max / 60;
                    let text = format!("{} times lines waited over an hour, at most {minutes} min", by.late);
                    rows.push(("signed late", text));
                }
            }
            None => {
                let others = verdict.countersigned.values().map(|by| by.count).fold(0, u64::saturating_add);
                let by_others = format!("heads signed: {others}, by keys that you did not name");
                rows.push(("countersigned", if others == 0 { "never".to_owned() } else { by_others }));
            }
        }
        if verdict.countersigns_missed > 0 {
            let text = format!("misses that the log tells of: {}", verdict.countersigns_missed);
            rows.push(("not signed", text));
        }
        rows
    }
}
