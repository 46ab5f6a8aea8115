//! Session, then exchange, then record, then figures: one task a session, which owns the key and dies with it.
//!
//! What a round does is in `round.rs`; here stand when there is one, and what ends them.

mod round;

use crate::{
    account::{StopReason, SyncState},
    intake, publish,
    service::Service,
    session::Session,
};
use exchange::{ExchangeConnector, Finding, KeyRights, Progress, Refusal, Task, VenueError};
use ledger::Timestamp;
use protocol::limits;
use round::{Waiting, round};
use std::sync::Arc;

/// Polls until the session's last instant. The key is in `connector`: it is wiped when this returns or is aborted.
pub(crate) async fn run(service: Arc<Service>, session: Arc<Session>, connector: Box<dyn ExchangeConnector>) {
    let _guard = TellsOfPanic(&session);
    let polling = async {
        rounds(&service, &session, connector).await;
        // The key is wiped; who listens is still told of the end.
        core::future::pending::<()>().await;
    };
    tokio::select! {
        () = tell_of_the_end(&service, &session) => {}
        () = polling => {}
    }
}

/// Ten minutes before it, and when it is there.
async fn tell_of_the_end(service: &Service, session: &Session) {
    let warning = session.expires_at.millis().saturating_sub(ms(limits::EXPIRY_WARNING_S));
    service.clock.sleep_until(Timestamp::from_millis(warning)).await;
    session.events.ending("soon", session);
    service.clock.sleep_until(session.expires_at).await;
    session.events.ending("expired", session);
}

/// A panic ends this task and wipes the key; the session goes on saying so, and the service goes on.
struct TellsOfPanic<'a>(&'a Session);

impl Drop for TellsOfPanic<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let mut record = self.0.record_mut();
            record.state = SyncState::Stopped(record.collected_at(), StopReason::Fault);
        }
    }
}

async fn rounds(service: &Service, session: &Session, mut connector: Box<dyn ExchangeConnector>) {
    let mut key_checked = service.clock.now();
    let (mut refused_since, mut waiting) = (None, Waiting::default());
    loop {
        let now = service.clock.now();
        let mut outcome = Ok(());
        if now.millis() - key_checked.millis() >= ms(limits::KEY_CHECK_INTERVAL_S) {
            outcome = check_key(service, session, connector.as_mut()).await;
            key_checked = now;
        }
        if outcome.is_ok() {
            outcome = round(service, session, connector.as_mut(), &mut waiting).await;
        }
        let venue = session.venue.name();
        let wait_s = match outcome {
            Ok(()) => {
                refused_since = None;
                service.counters.collection(venue, "ok");
                limits::POLL_INTERVAL_S
            }
            Err(Trouble::Stop(reason)) => return stop(service, session, reason),
            Err(Trouble::Venue(VenueError::Permanent(Refusal::Credentials | Refusal::Address))) => {
                // Venues answer the same to a temporary ban: only a second refusal, later, is believed.
                if refused_since.is_some() {
                    return stop(service, session, StopReason::Refused);
                }
                refused_since = Some(now);
                wait(service, session);
                limits::KEY_REFUSED_RETRY_S
            }
            Err(Trouble::Venue(error)) => {
                wait(service, session);
                match error {
                    VenueError::BackOff { retry_after_ms: Some(ms) } => {
                        ms.div_ceil(1000).max(limits::POLL_INTERVAL_S)
                    }
                    _ => limits::POLL_INTERVAL_S,
                }
            }
        };
        let next = service.clock.now().millis().saturating_add(ms(wait_s));
        service.clock.sleep_until(Timestamp::from_millis(next)).await;
    }
}

enum Trouble {
    Venue(VenueError),
    Stop(StopReason),
}

impl From<VenueError> for Trouble {
    fn from(error: VenueError) -> Self {
        Self::Venue(error)
    }
}

fn wait(service: &Service, session: &Session) {
    tracing::warn!(venue = session.venue.name(), "an account could not be collected; it is tried again");
    service.counters.collection(session.venue.name(), "failed");
    let collected_at = session.record().collected_at();
    session.synced(SyncState::Waiting(collected_at), service.clock.now());
}

fn stop(service: &Service, session: &Session, reason: StopReason) {
    tracing::warn!(venue = session.venue.name(), ?reason, "a key is no longer used");
    service.counters.collection(session.venue.name(), "stopped");
    let collected_at = session.record().collected_at();
    session.synced(SyncState::Stopped(collected_at, reason), service.clock.now());
    // What the key may do is part of what is published.
    publish::republish(service, session);
}

async fn check_key(
    service: &Service,
    session: &Session,
    connector: &mut dyn ExchangeConnector,
) -> Result<(), Trouble> {
    let mut rights: Option<KeyRights> = None;
    converse(service, session, connector, Task::CheckKey, &mut |finding, _| {
        if let Finding::Rights(found) = finding {
            rights = Some(found);
        }
    })
    .await?;
    let Some(rights) = rights else { return Ok(()) };
    if intake::judge(&rights, session.trading_accepted).is_err() {
        return Err(Trouble::Stop(StopReason::RightsWidened));
    }
    let mut record = session.record_mut();
    record.rights = rights;
    record.rights_checks = record.rights_checks.saturating_add(1);
    Ok(())
}

async fn converse(
    service: &Service,
    session: &Session,
    connector: &mut dyn ExchangeConnector,
    task: Task,
    on_finding: &mut (dyn FnMut(Finding, Progress) + Send),
) -> Result<(), VenueError> {
    let venue = session.venue.name();
    service
        .transport
        .converse(connector, service.clock.as_ref(), task, &mut |findings, progress| {
            for finding in findings {
                if let Finding::VenueTime(at) = finding {
                    service.venue_times.heard(venue, at, service.clock.now());
                } else {
                    on_finding(finding, progress);
                }
            }
        })
        .await
}

fn ms(seconds: u64) -> i64 {
    i64::try_from(seconds).unwrap_or(i64::MAX / 1000).saturating_mul(1000)
}
