//! `perfagg watch`: what happens to the session, one line an event, until it ends.

use super::Journey;
use crate::{
    arguments::Reading,
    complaint::Complaint,
    figure,
    output::{Output, plain},
};
use core::time::Duration;
use perfagg::{Answer, Client, Failure, session_file::Session};
use protocol::{
    Code,
    api::{Event, EventKind},
};

/// How often in a row the stream may fail before it is given up: with the pauses between about ten minutes.
const FAILURES_MAX: u32 = 14;
/// The longest pause between two tries.
const PAUSE_S_MAX: u64 = 60;

/// Follows the session that is kept.
pub(super) async fn run(journey: &Journey, reading: &Reading) -> Result<(), Complaint> {
    let (mut client, mut session) = journey.resume(reading)?;
    let (mut last, mut failures) = (None, 0_u32);
    loop {
        let seen = last;
        let outcome = follow(journey.output, &mut client, &session, &mut last).await;
        journey.remember(&mut session, &client)?;
        let failure = match outcome {
            Ok(Ended::Session) => return Ok(()),
            Ok(Ended::Stream) => {
                failures = 0;
                continue;
            }
            Err(Stopped::Unheard(complaint)) => return Err(complaint),
            Err(Stopped::Failed(failure)) => failure,
        };
        // What came before it was sealed, so a stream that was moving is not a failure of its own.
        failures = if seen == last { failures + 1 } else { 1 };
        if !may_come_again(&failure) {
            return Err(failure.into());
        }
        if failures > FAILURES_MAX {
            return Err(Complaint::lost(failure, last));
        }
        let pause_s = pause_s(failures, failure.retry_after_s());
        if pause_s > 0 {
            journey.output.remark(&format!("{failure}; trying again in {pause_s} s"));
            tokio::time::sleep(Duration::from_secs(pause_s)).await;
        }
    }
}

/// How a stream ended that was not cut.
enum Ended {
    /// It may be opened again.
    Stream,
    /// With the session.
    Session,
}

/// Why a stream is not followed any more.
enum Stopped {
    Failed(Failure),
    /// Nobody reads what is said.
    Unheard(Complaint),
}

impl From<Failure> for Stopped {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

/// One stream, from the last event on to its end.
async fn follow(
    output: Output,
    client: &mut Client,
    session: &Session,
    last: &mut Option<u64>,
) -> Result<Ended, Stopped> {
    let mut events = client.events(&session.session_id, *last).await?;
    while let Some(event) = events.next().await? {
        let line = if output.json { event.json().to_owned() } else { told(&event) };
        output.result(&line).map_err(Stopped::Unheard)?;
        let Event { id, what } = &event.body;
        *last = Some(*id);
        if matches!(what, EventKind::Expiry { .. }) && what.is_last() {
            return Ok(Ended::Session);
        }
    }
    Ok(Ended::Stream)
}

/// A stream that was cut may be taken up; what is refused or forged may not.
fn may_come_again(failure: &Failure) -> bool {
    failure.is_transient() || failure.says(Code::RateLimited)
}

/// At once after the first failure, then 1, 2, 4 seconds and so on; longer if the service says so.
fn pause_s(failures: u32, advised_s: Option<u64>) -> u64 {
    let doubled = match failures {
        0 | 1 => 0,
        more => 1_u64 << (more - 2).min(6),
    };
    doubled.max(advised_s.unwrap_or(0)).min(PAUSE_S_MAX)
}

fn told(event: &Answer<Event>) -> String {
    let (name, words) = match &event.body.what {
        EventKind::Sync { state, progress } => {
            let share = figure::percent(&progress.to_string());
            let words = match state.as_str() {
                "live" => "everything is collected".to_owned(),
                "collecting" => format!("history is being collected, {share}"),
                "waiting" => "the exchange does not answer, still trying".to_owned(),
                "stopped" => "STOPPED: the key is no longer used".to_owned(),
                other => plain(other),
            };
            ("sync", words)
        }
        EventKind::Metrics { as_of, revision } => {
            ("metrics", format!("new figures as of {} (revision {revision})", figure::time(as_of)))
        }
        EventKind::Expiry { state, session_expires } => {
            let at = figure::time(session_expires);
            let words = match state.as_str() {
                "soon" => format!("the session ends soon, at {at}"),
                "revoked" => "the session was revoked".to_owned(),
                "expired" => format!("the session is over, since {at}"),
                other => format!("{}, {at}", plain(other)),
            };
            ("expiry", words)
        }
        EventKind::Reset {} => ("reset", "some events are no longer kept; what holds now follows".to_owned()),
        EventKind::Closing { why } => {
            let words = match why.as_str() {
                "stopping" => "the enclave stops; coming again".to_owned(),
                "time" => "the stream is over; coming again".to_owned(),
                other => format!("{}; coming again", plain(other)),
            };
            ("closing", words)
        }
    };
    format!("{:>8}  {name:<8} {words}", event.body.id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_that_was_moving_is_taken_up_at_once_and_one_that_is_dead_ever_later() {
        let pauses: Vec<u64> = (1..=10).map(|failures| pause_s(failures, None)).collect();
        assert_eq!(pauses, [0, 1, 2, 4, 8, 16, 32, 60, 60, 60]);
        assert_eq!((pause_s(1, Some(9)), pause_s(1, Some(9000)), pause_s(u32::MAX, None)), (9, 60, 60));
    }
}
