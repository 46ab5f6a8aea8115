//! A few connections, kept open. Two are shared by statements that stand for themselves, any number at a time, answered
//! in order; the others are lent out, one transaction at a time.
//!
//! Each has a task that opens it, watches it, and opens it again when it broke. Who asks while the database is known to be
//! gone is told so at once; who asks while a connection is being made waits for it, at most [`LIMIT`].

use super::{
    address::Address,
    tls::{Tls, Trust},
    trouble::{NoConnection, Trouble},
};
use crate::{random, store::StoreError};
use core::{
    future::Future,
    pin::pin,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    time::Duration,
};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::{
    sync::{Notify, Semaphore, SemaphorePermit, watch},
    task::AbortHandle,
    time,
};
use tokio_postgres::{Client, Connection, Row, Socket, types::ToSql, types::Type};

/// Connections that statements share.
const SHARED: usize = 2;
/// Connections that are lent to a transaction.
const LENT: usize = 6;
/// From a call to its end, however it ends. The server's own limits are longer: see [`SESSION`].
const LIMIT: Duration = Duration::from_secs(5);
/// Until a connection that statements share counts as hung.
const ANSWER_LIMIT: Duration = Duration::from_secs(4);
/// A connection that lasted so long makes earlier failures forgotten.
const STEADY: Duration = Duration::from_secs(1);
/// Until a host that said nothing is left for the next one; its name, TCP, TLS and login are in it.
const HOST_LIMIT: Duration = Duration::from_secs(4);
/// The first pause after a connection broke; it doubles up to the last.
const PAUSE_MS: u64 = 50;
const PAUSE_MS_MAX: u64 = 2000;
/// How often a transaction that was undone because of another is made again.
const AGAIN_MAX: u32 = 8;

/// How each connection is set. A statement's limit is longer than ours, because a server that waits for its replica and
/// is interrupted says that it has committed: by then nobody listens. A commit must last even if the database was told
/// to hurry. `current_setting(…, true)` is null where an engine does not have the setting.
const SESSION: &str = "SET statement_timeout = '8s'; SET lock_timeout = '4s'; \
    SET idle_in_transaction_session_timeout = '10s'; \
    SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit', true) = 'off'";

/// The parameters of a statement, with their types: so it is one round trip, and no statement is prepared that a proxy
/// between would have to know of.
pub(super) type Parameters<'a> = [(&'a (dyn ToSql + Sync), Type)];

/// The connections.
pub(super) struct Pool {
    shared: Vec<Lane>,
    lent: Vec<Lane>,
    /// As many permits as `idle` has entries.
    permits: Semaphore,
    idle: Mutex<Vec<usize>>,
    next: AtomicUsize,
}

impl Pool {
    /// Begins to connect.
    pub(super) fn open(address: &Address, trust: Trust) -> Self {
        let wire = Arc::new(Wire::new(address, trust));
        let lanes = |count| (0..count).map(|_| Lane::open(&wire)).collect();
        Self {
            shared: lanes(SHARED),
            lent: lanes(LENT),
            permits: Semaphore::new(LENT),
            idle: Mutex::new((0..LENT).collect()),
            next: AtomicUsize::new(0),
        }
    }

    /// One statement that stands for itself; made again when it was undone because of another.
    pub(super) async fn query(&self, sql: &str, parameters: &Parameters<'_>) -> Result<Vec<Row>, StoreError> {
        within_limit(again(|| async {
            let live = self.share().await?;
            live.answer(live.client.query_typed(sql, parameters)).await
        }))
        .await
    }

    /// The same, for how many rows it changed.
    pub(super) async fn execute(&self, sql: &str, parameters: &Parameters<'_>) -> Result<u64, StoreError> {
        within_limit(again(|| async {
            let live = self.share().await?;
            live.answer(live.client.execute_typed(sql, parameters)).await
        }))
        .await
    }

    /// A connection of the caller's own. It comes back clean or is closed.
    pub(super) async fn lend(&self) -> Result<Lent<'_>, StoreError> {
        let permit = self.permits.acquire().await.map_err(|_| StoreError::Unavailable)?;
        let index = {
            let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
            let up = idle.iter().rposition(|index| self.lent.get(*index).is_some_and(Lane::is_up));
            up.map(|at| idle.swap_remove(at)).or_else(|| idle.pop())
        };
        let lane = index.and_then(|index| self.lent.get(index).map(|lane| (index, lane)));
        let (index, lane) = lane.ok_or(StoreError::Unavailable)?;
        let mut lent = Lent { pool: self, index, live: None, _permit: permit };
        lent.live = Some(lane.live().await?);
        Ok(lent)
    }

    async fn share(&self) -> Result<Arc<Live>, StoreError> {
        let first = self.next.fetch_add(1, Ordering::Relaxed);
        let at = |offset: usize| self.shared.get(first.wrapping_add(offset) % SHARED);
        let up = (0..SHARED).filter_map(at).find(|lane| lane.is_up());
        up.or_else(|| at(0)).ok_or(StoreError::Unavailable)?.live().await
    }
}

/// What a call comes to, in bounded time.
pub(super) async fn within_limit<T>(
    call: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, StoreError> {
    time::timeout(LIMIT, call).await.unwrap_or(Err(StoreError::Unavailable))
}

/// What a call comes to, which is made to its end even if its caller leaves: callers come and go as strangers' connections
/// do, and a transaction that is left half-way costs its connection.
pub(super) async fn to_its_end<T: Send + 'static>(
    call: impl Future<Output = Result<T, StoreError>> + Send + 'static,
) -> Result<T, StoreError> {
    tokio::spawn(within_limit(call)).await.unwrap_or(Err(StoreError::Unavailable))
}

/// Makes a transaction again as long as others were in its way, or its server takes no writes and another may.
pub(super) async fn again<T, F>(make: impl Fn() -> F) -> Result<T, StoreError>
where
    F: Future<Output = Result<T, Trouble>>,
{
    for attempt in 0..AGAIN_MAX {
        match make().await {
            Ok(done) => return Ok(done),
            Err(Trouble::Because(error)) => return Err(error),
            Err(Trouble::Again | Trouble::Undone | Trouble::Elsewhere) => pause(attempt).await,
        }
    }
    Err(StoreError::Unavailable)
}

/// A pause that doubles, from half of it to all.
async fn pause(attempt: u32) {
    let whole = PAUSE_MS.saturating_mul(1_u64 << attempt.min(10)).min(PAUSE_MS_MAX);
    time::sleep(Duration::from_millis(whole / 2 + random::system_seed() % (whole / 2 + 1))).await;
}

/// A connection that is not shared. If a transaction was left open in it, it is closed when this is dropped.
pub(super) struct Lent<'a> {
    pool: &'a Pool,
    index: usize,
    live: Option<Arc<Live>>,
    _permit: SemaphorePermit<'a>,
}

impl Lent<'_> {
    /// The connection.
    pub(super) fn client(&self) -> Result<&Client, StoreError> {
        self.live.as_ref().map(|live| &live.client).ok_or(StoreError::Unavailable)
    }

    /// No transaction is open in it, and it may be lent again.
    pub(super) fn give_back(mut self) {
        self.live = None;
    }
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        if let Some(live) = self.live.take() {
            live.close();
        }
        // Before the permit, which is a field and goes after this.
        self.pool.idle.lock().unwrap_or_else(PoisonError::into_inner).push(self.index);
    }
}

/// A connection as it is now.
struct Live {
    client: Client,
    closed: AtomicBool,
    close: Notify,
}

impl Live {
    fn close(&self) {
        self.closed.store(true, Ordering::Release);
        self.close.notify_one();
    }

    fn is_open(&self) -> bool {
        !self.closed.load(Ordering::Acquire) && !self.client.is_closed()
    }

    /// What a statement comes to. One that is not answered in time closes the connection: it may hang, and all that share
    /// it with it. So does a server that takes no writes. A caller who leaves closes nothing: others are answered here.
    async fn answer<T>(
        &self,
        statement: impl Future<Output = Result<T, tokio_postgres::Error>>,
    ) -> Result<T, Trouble> {
        let Ok(answer) = time::timeout(ANSWER_LIMIT, statement).await else {
            self.close();
            return Err(StoreError::Unavailable.into());
        };
        let answer = answer.map_err(|error| Trouble::from(&error));
        if matches!(answer, Err(Trouble::Elsewhere)) {
            self.close();
        }
        answer
    }
}

/// One connection over time.
struct Lane {
    state: watch::Receiver<State>,
    task: AbortHandle,
}

#[derive(Clone)]
enum State {
    Connecting,
    Up(Arc<Live>),
    Down(StoreError),
}

impl Lane {
    fn open(wire: &Arc<Wire>) -> Self {
        let (sender, state) = watch::channel(State::Connecting);
        let task = tokio::spawn(keep_open(Arc::clone(wire), sender)).abort_handle();
        Self { state, task }
    }

    fn is_up(&self) -> bool {
        matches!(&*self.state.borrow(), State::Up(live) if live.is_open())
    }

    async fn live(&self) -> Result<Arc<Live>, StoreError> {
        let mut state = self.state.clone();
        loop {
            match &*state.borrow_and_update() {
                State::Up(live) if live.is_open() => return Ok(Arc::clone(live)),
                State::Down(error) => return Err(*error),
                State::Up(_) | State::Connecting => {}
            }
            state.changed().await.map_err(|_| StoreError::Unavailable)?;
        }
    }
}

impl Drop for Lane {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn keep_open(wire: Arc<Wire>, state: watch::Sender<State>) {
    let mut failed = 0;
    loop {
        match wire.connect().await {
            Ok((client, connection)) => {
                let live = Arc::new(Live { client, closed: AtomicBool::new(false), close: Notify::new() });
                state.send_replace(State::Up(Arc::clone(&live)));
                let mut ended = pin!(async {
                    tokio::select! {
                        _ = connection => {}
                        () = live.close.notified() => {}
                    }
                });
                if time::timeout(STEADY, &mut ended).await.is_err() {
                    failed = 0;
                    ended.await;
                } else {
                    failed += 1;
                }
                state.send_replace(State::Connecting);
            }
            Err(why) => {
                state.send_replace(State::Down(why.error()));
                failed += 1;
            }
        }
        pause(failed).await;
    }
}

/// How connections are made.
pub(super) struct Wire {
    tls: Tls,
    hosts: Vec<tokio_postgres::Config>,
    last_good: AtomicUsize,
    /// What the log says of the database: each change of it once, for all connections.
    told: Mutex<Option<NoConnection>>,
}

pub(super) type Connected = (Client, Connection<Socket, super::tls::Private>);

impl Wire {
    pub(super) fn new(address: &Address, trust: Trust) -> Self {
        let tls = Tls::new(trust, address.is_direct());
        Self { tls, hosts: address.hosts(), last_good: AtomicUsize::new(0), told: Mutex::new(None) }
    }

    /// A connection to the first host that takes writes, beginning with the one that did last.
    pub(super) async fn connect(&self) -> Result<Connected, NoConnection> {
        let first = self.last_good.load(Ordering::Relaxed);
        let mut why = None;
        for index in (first..self.hosts.len()).chain(0..first) {
            let Some(host) = self.hosts.get(index) else { continue };
            let tried = time::timeout(HOST_LIMIT, self.connect_to(host)).await;
            match tried.unwrap_or(Err(NoConnection::Silent)) {
                Ok(connected) => {
                    self.last_good.store(index, Ordering::Relaxed);
                    self.tell(None);
                    return Ok(connected);
                }
                // That one of several is a replica is as it should be; what keeps us from the others is the news.
                Err(NoConnection::ReadOnly) if why.is_some() => {}
                Err(other) => why = Some(other),
            }
        }
        let why = why.unwrap_or(NoConnection::Other);
        self.tell(Some(why));
        Err(why)
    }

    async fn connect_to(&self, host: &tokio_postgres::Config) -> Result<Connected, NoConnection> {
        let connected = host.connect(self.tls.clone()).await;
        let (client, mut connection) = connected.map_err(|error| NoConnection::from(&error))?;
        let set = tokio::select! {
            set = client.batch_execute(SESSION) => set.map_err(|error| NoConnection::from(&error)),
            _ = &mut connection => Err(NoConnection::Unreachable),
        };
        set.map(|()| (client, connection))
    }

    fn tell(&self, why: Option<NoConnection>) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if *told == why {
            return;
        }
        match why {
            Some(why) => tracing::warn!("the database cannot be used: {why}"),
            None => tracing::info!("the database can be used again"),
        }
        *told = why;
    }
}
