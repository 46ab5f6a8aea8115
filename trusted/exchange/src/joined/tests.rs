//! Parts that say what a test wants: what becomes of it in one round and the next.

use super::*;
use crate::{Method, Request};
use std::sync::{Arc, Mutex};

/// Finds one thing a round, numbered; or fails as it is told to.
struct Numbered {
    name: &'static str,
    round: u64,
    running: bool,
    fails: Arc<Mutex<Option<VenueError>>>,
}

impl Numbered {
    fn part(name: &'static str) -> (Part, Arc<Mutex<Option<VenueError>>>) {
        let fails = Arc::default();
        let connector = Box::new(Self { name, round: 0, running: false, fails: Arc::clone(&fails) });
        (Part { account: name, called: name, types: &[], connector }, fails)
    }
}

impl ExchangeConnector for Numbered {
    fn start(&mut self, _: Task) {
        self.running = true;
    }

    fn next(&mut self, _: Timestamp) -> Next {
        if !self.running {
            self.round += 1;
            return Next::Finished;
        }
        let cost = crate::Cost { budget: "", account: 0, weight: 1, limit_per_minute: 1, used_header: "" };
        let mut request = Request::get("", "", cost);
        request.method = Method::Get;
        Next::Ask(request)
    }

    fn take(&mut self, _: &Reply, _: Timestamp) -> Result<Vec<Finding>, VenueError> {
        if let Some(error) = *self.fails.lock().unwrap() {
            return Err(error);
        }
        self.running = false;
        Ok(vec![Finding::Account { id: format!("{} {}", self.name, self.round), types: Vec::new() }])
    }

    fn progress(&self) -> Progress {
        Progress { done: 0, total: 1 }
    }

    fn saved(&self) -> Vec<u8> {
        self.round.to_be_bytes().to_vec()
    }

    fn resume(&mut self, saved: &[u8]) -> bool {
        let Ok(bytes) = saved.try_into() else { return false };
        self.round = u64::from_be_bytes(bytes);
        true
    }
}

fn round(joined: &mut Joined) -> Result<Vec<String>, VenueError> {
    let (now, mut told) = (Timestamp::from_millis(0), Vec::new());
    let mut add = |findings: Vec<Finding>| {
        told.extend(findings.into_iter().map(|finding| match finding {
            Finding::Account { id, .. } => id,
            Finding::Within { account, finding } => match *finding {
                Finding::Account { id, .. } => format!("{account}: {id}"),
                other => panic!("{other:?}"),
            },
            Finding::Unread { what, .. } => format!("not {what}"),
            other => panic!("{other:?}"),
        }));
    };
    joined.start(Task::Collect);
    loop {
        match joined.next(now) {
            Next::Ask(_) => {
                add(joined.take(&Reply { status: 200, headers: Vec::new(), body: Vec::new() }, now)?)
            }
            Next::Found(findings) => add(findings),
            Next::Finished => return Ok(told),
            Next::Failed(refusal) => return Err(VenueError::Permanent(refusal)),
        }
    }
}

#[test]
fn what_the_others_find_is_within_their_account() {
    let mut joined = Joined::new(Numbered::part("a").0, vec![Numbered::part("b").0, Numbered::part("c").0]);
    assert_eq!(round(&mut joined).unwrap(), ["b: b 0", "c: c 0", "a 0"]);
    assert_eq!(round(&mut joined).unwrap(), ["b: b 1", "c: c 1", "a 1"]);
    let saved = joined.saved();
    let mut next = Joined::new(Numbered::part("a").0, vec![Numbered::part("b").0, Numbered::part("c").0]);
    assert!(next.resume(&saved));
    assert_eq!(round(&mut next).unwrap(), ["b: b 2", "c: c 2", "a 2"]);
    assert!(!next.resume(saved.get(..saved.len() - 1).unwrap()), "cut off");
}

#[test]
fn what_a_part_told_in_a_round_that_failed_is_told_again_and_nothing_is_saved() {
    let (c, fails) = Numbered::part("c");
    let mut joined = Joined::new(Numbered::part("a").0, vec![Numbered::part("b").0, c]);
    round(&mut joined).unwrap();
    let saved = joined.saved();
    *fails.lock().unwrap() = Some(VenueError::Retry);
    assert_eq!(round(&mut joined), Err(VenueError::Retry));
    assert_eq!(joined.saved(), saved, "nobody received what b told");
    assert_eq!(round(&mut joined), Err(VenueError::Retry));
    *fails.lock().unwrap() = None;
    assert_eq!(round(&mut joined).unwrap(), ["b: b 1", "b: b 2", "b: b 3", "c: c 1", "a 1"]);
    assert_eq!(
        round(&mut joined).unwrap(),
        ["b: b 4", "c: c 2", "a 2"],
        "what was received is not told again"
    );
}

#[test]
fn however_often_a_round_fails_what_it_told_does_not_grow_without_end() {
    let (c, fails) = Numbered::part("c");
    let mut joined = Joined::new(Numbered::part("a").0, vec![Numbered::part("b").0, c]);
    round(&mut joined).unwrap();
    let saved = joined.saved();
    *fails.lock().unwrap() = Some(VenueError::Retry);
    for _ in 0..50 {
        assert_eq!(round(&mut joined), Err(VenueError::Retry));
        assert_eq!(joined.saved(), saved);
    }
    *fails.lock().unwrap() = None;
    let told = round(&mut joined).unwrap();
    assert!(told.len() <= 10 && told.contains(&"b: b 1".to_owned()), "{told:?}");
}

#[test]
fn a_part_that_the_key_cannot_read_is_said_and_fails_nothing() {
    let ((b, of_b), (c, of_c)) = (Numbered::part("b"), Numbered::part("c"));
    let mut joined = Joined::new(Numbered::part("a").0, vec![b, c]);
    *of_b.lock().unwrap() = Some(VenueError::Permanent(Refusal::Credentials));
    assert_eq!(round(&mut joined).unwrap(), ["not b", "c: c 0", "a 0"]);
    *of_c.lock().unwrap() = Some(VenueError::Permanent(Refusal::Request { code: 0 }));
    assert_eq!(round(&mut joined).unwrap(), ["not b", "not c", "a 1"]);
    *of_b.lock().unwrap() = None;
    assert_eq!(round(&mut joined).unwrap(), ["b: b 0", "not c", "a 2"]);
}

#[test]
fn without_the_first_nothing_is_known() {
    let (a, fails) = Numbered::part("a");
    let mut joined = Joined::new(a, vec![Numbered::part("b").0]);
    *fails.lock().unwrap() = Some(VenueError::Permanent(Refusal::Credentials));
    assert_eq!(round(&mut joined), Err(VenueError::Permanent(Refusal::Credentials)));
}

/// Tells one move within another account a round, and hears what was told before it.
struct Mover {
    to: &'static str,
    /// Rounds that are not its last ones.
    parts: usize,
    running: bool,
    heard: Arc<Mutex<Vec<&'static str>>>,
}

impl Mover {
    fn part(name: &'static str, to: &'static str, parts: usize) -> (Part, Arc<Mutex<Vec<&'static str>>>) {
        let heard = Arc::default();
        let connector = Box::new(Self { to, parts, running: false, heard: Arc::clone(&heard) });
        (Part { account: name, called: name, types: &[], connector }, heard)
    }
}

/// Whose findings a round has, and whether there is more.
fn moved(joined: &mut Joined) -> (Vec<&'static str>, bool) {
    joined.start(Task::Collect);
    let mut told = Vec::new();
    while let Next::Found(findings) = joined.next(Timestamp::from_millis(0)) {
        told.extend(findings);
    }
    let within = || told.iter().filter_map(Finding::within);
    let is_move = |finding: &Finding| matches!(finding, Finding::Account { .. });
    let moves = within().filter(|(_, finding)| is_move(finding)).map(|(account, _)| account).collect();
    (moves, within().any(|(_, finding)| *finding == Finding::More))
}

impl ExchangeConnector for Mover {
    fn start(&mut self, _: Task) {
        self.running = true;
    }

    fn beside(&mut self, found: &[Finding]) {
        self.heard
            .lock()
            .unwrap()
            .extend(found.iter().filter_map(Finding::within).map(|(account, _)| account));
    }

    fn next(&mut self, _: Timestamp) -> Next {
        if !core::mem::take(&mut self.running) {
            return Next::Finished;
        }
        let moved = Finding::Account { id: "moved".to_owned(), types: Vec::new() };
        let mut found = vec![Finding::Within { account: self.to, finding: Box::new(moved) }];
        if let Some(left) = self.parts.checked_sub(1) {
            self.parts = left;
            found.push(Finding::More);
        }
        Next::Found(found)
    }

    fn take(&mut self, _: &Reply, _: Timestamp) -> Result<Vec<Finding>, VenueError> {
        Ok(Vec::new())
    }

    fn progress(&self) -> Progress {
        Progress { done: 0, total: 1 }
    }

    fn saved(&self) -> Vec<u8> {
        Vec::new()
    }

    fn resume(&mut self, _: &[u8]) -> bool {
        true
    }
}

#[test]
fn each_part_hears_what_those_before_it_found_and_what_nobody_reads_is_not_told() {
    let ((b, of_b), (c, of_c)) = (Mover::part("b", "c", 0), Mover::part("c", "unread", 0));
    let mut joined = Joined::new(Numbered::part("a").0, vec![b, c]);
    assert_eq!(moved(&mut joined), (vec!["c"], false));
    assert_eq!((of_b.lock().unwrap().len(), &**of_c.lock().unwrap()), (0, &["c"][..]));
}

#[test]
fn a_part_of_a_long_history_ends_the_round_and_the_first_hears_of_it_nevertheless() {
    let ((a, of_a), (b, _), (c, of_c)) =
        (Mover::part("a", "a", 0), Mover::part("b", "a", 2), Mover::part("c", "a", 0));
    let mut joined = Joined::new(a, vec![b, c]);
    for part in 1..=2 {
        assert_eq!(moved(&mut joined), (vec!["a"], true));
        let heard = of_a.lock().unwrap().iter().filter(|account| **account == "a").count();
        assert_eq!((heard, of_c.lock().unwrap().len()), (part, 0), "of each part, and c is not read yet");
    }
    assert_eq!(moved(&mut joined), (vec!["a", "a", "a"], false));
    assert_eq!(of_c.lock().unwrap().len(), 1);
}
