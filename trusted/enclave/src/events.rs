//! What happens to an account, for those who listen (DESIGN.md section 4, `GET /enclave/events`): a bounded memory of recent
//! events, and streams that tell them as they come, with what happens to their own session.
//!
//! A stream holds no lock while it waits or sends. Not here: frames as bytes
//! on a socket (`http/server.rs`).

use crate::{
    account::Account,
    failure::Failure,
    service::Service,
    session::{Session, SessionKey},
};
use core::time::Duration;
use exchange::Wait;
use hyper::body::Bytes;
use ledger::Timestamp;
use protocol::{
    Code, StreamSealer,
    api::{Event, EventKind},
    limits, rfc3339, sse,
};
use std::{
    collections::{HashMap, VecDeque},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};
use tokio::{
    sync::{mpsc, watch},
    time::{interval, sleep, timeout},
};

/// A progress that is closer than this to the one that was told last is not told.
const PROGRESS_STEP: f64 = 0.05;

/// The events of one account.
pub(crate) struct Events {
    memory: Mutex<Memory>,
    newest: watch::Sender<u64>,
}

#[derive(Default)]
struct Memory {
    kept: VecDeque<Event>,
    newest: u64,
    sync: Option<EventKind>,
    metrics: Option<EventKind>,
}

impl Events {
    /// Nothing has happened.
    pub(crate) fn new() -> Self {
        Self { memory: Mutex::default(), newest: watch::Sender::new(0) }
    }

    /// The collection stands so. Small steps are left out.
    pub(crate) fn synced(&self, sync: &protocol::api::Sync) {
        let (now, done) = (&sync.state, sync.progress);
        let mut memory = self.memory();
        let told = match &memory.sync {
            Some(EventKind::Sync { state, progress }) => {
                state == now && (done - progress).abs() < PROGRESS_STEP && (done < 1.0 || *progress >= 1.0)
            }
            _ => false,
        };
        if !told {
            let event = EventKind::Sync { state: now.clone(), progress: done };
            memory.sync = Some(event.clone());
            self.remember(memory, event);
        }
    }

    /// There are new figures.
    pub(crate) fn figured(&self, as_of: &str, revision: u64) {
        let event = EventKind::Metrics { as_of: as_of.to_owned(), revision };
        let mut memory = self.memory();
        memory.metrics = Some(event.clone());
        self.remember(memory, event);
    }

    /// Whether somebody listens.
    pub(crate) fn is_heard(&self) -> bool {
        self.newest.receiver_count() > 0
    }

    fn remember(&self, mut memory: MutexGuard<'_, Memory>, what: EventKind) {
        memory.newest = memory.newest.saturating_add(1);
        let id = memory.newest;
        memory.kept.push_back(Event { id, what });
        if memory.kept.len() > limits::EVENTS_KEPT_MAX {
            memory.kept.pop_front();
        }
        drop(memory);
        self.newest.send_replace(id);
    }

    /// What happened after an event. Without one, and when that is no longer known, what holds now.
    fn since(&self, after: Option<u64>) -> Vec<Event> {
        let memory = self.memory();
        let oldest = memory.kept.front().map_or(1, |event| event.id);
        match after {
            Some(after) if after.saturating_add(1) >= oldest && after <= memory.newest => {
                memory.kept.iter().filter(|event| event.id > after).cloned().collect()
            }
            _ => {
                let id = memory.newest;
                let reset = after.is_some().then_some(EventKind::Reset {});
                let now = [reset, memory.sync.clone(), memory.metrics.clone()];
                now.into_iter().flatten().map(|what| Event { id, what }).collect()
            }
        }
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        // Nobody panics while holding it; what is there is whole in any case.
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The streams of all sessions.
pub(crate) struct Streams {
    open: Arc<AtomicUsize>,
    /// By session.
    of: Mutex<HashMap<SessionKey, Arc<AtomicUsize>>>,
    stopping: watch::Sender<bool>,
}

impl Streams {
    /// None yet.
    pub(crate) fn new() -> Self {
        Self { open: Arc::default(), of: Mutex::default(), stopping: watch::Sender::new(false) }
    }

    /// How many are open.
    pub(crate) fn len(&self) -> usize {
        self.open.load(Ordering::Relaxed)
    }

    fn of(&self, session: &SessionKey) -> Arc<AtomicUsize> {
        let mut of = self.of.lock().unwrap_or_else(PoisonError::into_inner);
        of.retain(|_, open| Arc::strong_count(open) > 1);
        Arc::clone(of.entry(*session).or_default())
    }

    /// Ends all of them, and those that are still to come.
    pub(crate) fn stop(&self) {
        self.stopping.send_replace(true);
    }
}

/// A place in a bounded number of streams.
struct Place(Arc<AtomicUsize>);

impl Place {
    fn take(among: &Arc<AtomicUsize>, places: usize) -> Option<Self> {
        let place = Self(Arc::clone(among));
        // Given back by `drop` when there were too many.
        (among.fetch_add(1, Ordering::Relaxed) < places).then_some(place)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A listener that was let in, before its stream begins.
pub(crate) struct Listener {
    session: Arc<Session>,
    account: Arc<Account>,
    after: Option<u64>,
    _places: (Place, Place),
}

impl Listener {
    /// Lets a listener in, if there is room.
    pub(crate) fn admit(
        service: &Service,
        session: Arc<Session>,
        account: Arc<Account>,
        after: Option<u64>,
    ) -> Result<Self, Failure> {
        let full = || {
            let detail = "Too many streams of events are open. End one, or try again later.";
            Failure::new(Code::RateLimited, detail).retry_after(limits::EVENT_READER_PATIENCE_S)
        };
        let own = Place::take(&service.streams.of(&session.key), limits::EVENT_STREAMS_PER_SESSION_MAX);
        let all = Place::take(&service.streams.open, limits::EVENT_STREAMS_MAX);
        let (Some(own), Some(all)) = (own, all) else { return Err(full()) };
        Ok(Self { session, account, after, _places: (own, all) })
    }

    /// Begins the stream. Its pieces end when the session ends, when the service stops, after an hour, or when nobody
    /// takes them any more.
    pub(crate) fn listen(self, service: &Arc<Service>, voice: Voice) -> mpsc::Receiver<Bytes> {
        let (sender, pieces) = mpsc::channel(limits::EVENT_QUEUE_MAX);
        let service = Arc::clone(service);
        tokio::spawn(async move { self.tell(&service, Mouth { voice: Some(voice), sender }).await });
        pieces
    }

    /// `None` ends it: the reader is gone or too slow, or all was told.
    async fn tell(self, service: &Service, mut mouth: Mouth) -> Option<()> {
        let Self { session, account, mut after, _places } = self;
        let events = &account.events;
        let mut newest = events.newest.subscribe();
        let mut stopping = service.streams.stopping.subscribe();
        let mut revoked = session.revocation();
        let expires_at = session.terms.expires_at;
        let mut life = Box::pin(sleep(seconds(limits::EVENT_STREAM_S_MAX)));
        let warning = expires_at.millis().saturating_sub(ms(limits::EXPIRY_WARNING_S));
        let mut soon = Some(service.clock.sleep_until(Timestamp::from_millis(warning)));
        let mut over = service.clock.sleep_until(expires_at);
        let mut heartbeat = interval(seconds(limits::EVENT_HEARTBEAT_S));
        mouth.open().await?;
        let closing = loop {
            newest.mark_unchanged();
            for event in events.since(after) {
                after = Some(event.id);
                mouth.say(&event).await?;
            }
            tokio::select! {
                biased;
                () = stopped(&mut revoked) => break expiry("revoked", expires_at),
                // The sender lives as long as the account, which is held here.
                _ = newest.changed() => {}
                () = &mut over => break expiry("expired", expires_at),
                () = once(&mut soon), if soon.is_some() => {
                    soon = None;
                    let id = after.unwrap_or(0);
                    mouth.say(&Event { id, what: expiry("soon", expires_at) }).await?;
                }
                () = stopped(&mut stopping) => break closing("stopping"),
                () = &mut life => break closing("time"),
                _ = heartbeat.tick() => {
                    mouth.send(sse::HEARTBEAT.to_owned()).await?;
                    // Another enclave may have revoked it.
                    let _ = service.sessions.get(session.key).await;
                }
                () = mouth.sender.closed() => return None,
            }
        };
        mouth.say(&Event { id: after.unwrap_or(0), what: closing }).await
    }
}

fn expiry(state: &str, expires_at: Timestamp) -> EventKind {
    EventKind::Expiry { state: state.to_owned(), session_expires: rfc3339(expires_at) }
}

fn closing(why: &str) -> EventKind {
    EventKind::Closing { why: why.to_owned() }
}

/// Completes with the clock; never where there is nothing to wait for.
async fn once(wait: &mut Option<Wait<'_>>) {
    match wait {
        Some(wait) => wait.await,
        None => core::future::pending().await,
    }
}

/// Completes when the service stops, and when nobody is left to say so.
async fn stopped(stopping: &mut watch::Receiver<bool>) {
    // The guard that this gives is dropped here: it must not be held while something is awaited.
    let _ = stopping.wait_for(|stopping| *stopping).await;
}

/// How events become frames.
pub(crate) enum Voice {
    /// As they are.
    Plain,
    /// Each as a chunk of the answer; the first frame carries this nonce.
    Sealed(Box<StreamSealer>, [u8; 32]),
}

struct Mouth {
    /// Gone after the last event.
    voice: Option<Voice>,
    sender: mpsc::Sender<Bytes>,
}

impl Mouth {
    async fn open(&self) -> Option<()> {
        match &self.voice {
            Some(Voice::Sealed(_, nonce)) => {
                self.send(sse::frame(sse::OPENED, None, &protocol::wire::encode(nonce))).await
            }
            // Says at once that the stream is there.
            _ => self.send(sse::HEARTBEAT.to_owned()).await,
        }
    }

    async fn say(&mut self, event: &Event) -> Option<()> {
        let frame = self.frame(event)?;
        self.send(frame).await?;
        self.voice.is_some().then_some(())
    }

    fn frame(&mut self, event: &Event) -> Option<String> {
        let last = event.what.is_last();
        match self.voice.take()? {
            Voice::Plain => {
                let data = serde_json::to_value(&event.what).ok()?.get("data")?.to_string();
                self.voice = (!last).then_some(Voice::Plain);
                Some(sse::frame(event.what.name(), Some(event.id), &data))
            }
            Voice::Sealed(sealer, _) if last => {
                let counter = sealer.counter();
                let chunk = sealer.seal_last(&serde_json::to_vec(event).ok()?).ok()?;
                Some(sse::frame(sse::FINAL, Some(counter), &chunk))
            }
            Voice::Sealed(mut sealer, nonce) => {
                let counter = sealer.counter();
                let chunk = sealer.seal(&serde_json::to_vec(event).ok()?).ok()?;
                self.voice = Some(Voice::Sealed(sealer, nonce));
                Some(sse::frame(sse::SEALED, Some(counter), &chunk))
            }
        }
    }

    async fn send(&self, frame: String) -> Option<()> {
        let sent = self.sender.send(Bytes::from(frame));
        timeout(seconds(limits::EVENT_READER_PATIENCE_S), sent).await.ok()?.ok()
    }
}

fn ms(seconds: u64) -> i64 {
    i64::try_from(seconds).unwrap_or(i64::MAX / 1000).saturating_mul(1000)
}

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::api::Sync;

    fn sync(state: &str, progress: f64) -> Sync {
        Sync { state: state.to_owned(), progress, age_seconds: None }
    }

    fn names(events: &[Event]) -> Vec<(u64, &'static str)> {
        events.iter().map(|event| (event.id, event.what.name())).collect()
    }

    #[test]
    fn who_comes_again_is_told_what_it_missed_and_who_comes_late_is_told_to_read_again() {
        let events = Events::new();
        assert!(events.since(None).is_empty());
        events.synced(&sync("collecting", 0.0));
        events.synced(&sync("live", 1.0));
        events.figured("2026-01-01T00:00:00Z", 1);
        assert_eq!(names(&events.since(Some(0))), [(1, "sync"), (2, "sync"), (3, "metrics")]);
        assert_eq!(names(&events.since(Some(2))), [(3, "metrics")]);
        assert!(events.since(Some(3)).is_empty(), "nothing is new");
        assert_eq!(names(&events.since(None)), [(3, "sync"), (3, "metrics")], "what holds now");
        assert_eq!(names(&events.since(Some(4))), [(3, "reset"), (3, "sync"), (3, "metrics")], "never told");
        for revision in 2..=limits::EVENTS_KEPT_MAX as u64 {
            events.figured("2026-01-01T00:00:00Z", revision);
        }
        let newest = limits::EVENTS_KEPT_MAX as u64 + 2;
        assert_eq!(events.since(Some(2)).len(), limits::EVENTS_KEPT_MAX, "just kept");
        assert_eq!(names(&events.since(Some(1))), [(newest, "reset"), (newest, "sync"), (newest, "metrics")]);
    }

    #[test]
    fn progress_is_told_in_steps_and_its_end_always() {
        let events = Events::new();
        for thousandths in 0..=1000 {
            events.synced(&sync("collecting", f64::from(thousandths) / 1000.0));
        }
        events.synced(&sync("live", 1.0));
        events.synced(&sync("live", 1.0));
        let told = events.since(Some(0));
        assert!((20..=23).contains(&told.len()), "{}", told.len());
        assert_eq!(told.last().unwrap().what, EventKind::Sync { state: "live".to_owned(), progress: 1.0 });
    }

    #[test]
    fn places_are_bounded_and_given_back() {
        let among = Arc::new(AtomicUsize::new(0));
        let (first, second) = (Place::take(&among, 2), Place::take(&among, 2));
        assert!(first.is_some() && second.is_some() && Place::take(&among, 2).is_none());
        assert!(Place::take(&among, 2).is_none(), "a refusal takes no place");
        drop(first);
        assert!(Place::take(&among, 2).is_some());
    }
}
