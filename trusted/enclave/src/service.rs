//! The service: what every call may reach. Made once in `main`.

use crate::{
    accounts::Accounts,
    clock::VenueTimes,
    counters::Counters,
    environment,
    events::Streams,
    failure::Failure,
    holder::Holders,
    http::Limiter,
    identity::Identity,
    poll,
    polls::Polls,
    publish::{Views, exchanges},
    random,
    session::{Session, Sessions},
    store::{self, RENEW_S, RingFile, StoreError, UsedEnvelopes, Vault},
    witness::Anchors,
};
use exchange::{Clock, Finding, SharedMarkets, Site, Task, Transport};
use ledger::Timestamp;
use protocol::{Code, limits};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::{net::IpAddr, sync::Arc};
use tokio::task::JoinHandle;

/// All that calls share. Each part guards itself; no call holds two locks.
pub(crate) struct Service {
    /// `live` or `development`: stamped on every figure.
    pub(crate) environment: &'static str,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) venue_times: VenueTimes,
    pub(crate) identity: Identity,
    pub(crate) used_envelopes: UsedEnvelopes,
    pub(crate) vault: Arc<Vault>,
    pub(crate) sessions: Sessions,
    pub(crate) accounts: Accounts,
    pub(crate) holders: Holders,
    /// Whether what the store holds may be served.
    pub(crate) anchors: Anchors,
    pub(crate) polls: Polls,
    pub(crate) views: Views,
    pub(crate) streams: Streams,
    pub(crate) transport: Arc<Transport>,
    /// What venues trade: the same for all accounts.
    pub(crate) markets: SharedMarkets,
    pub(crate) limits: Limits,
    pub(crate) counters: Counters,
    /// The answer to `GET /exchanges`.
    pub(crate) exchanges: Vec<u8>,
    pub(crate) session_ttl_default_s: u64,
    pub(crate) session_ttl_max_s: u64,
    /// Whether what is written outlives the process, so that a key may be kept longer than its session.
    pub(crate) keeps_leases: bool,
    /// When this process began.
    pub(crate) started_at: Timestamp,
}

impl Service {
    /// A service whose store ends with the process and has no witness, and whose sessions have the lives that are compiled in.
    pub(crate) fn new(
        environment: &'static str,
        identity: Identity,
        clock: Arc<dyn Clock>,
        transport: Transport,
        vault: Arc<Vault>,
    ) -> Self {
        let started_at = clock.now();
        Self {
            environment,
            clock,
            venue_times: VenueTimes::default(),
            identity,
            used_envelopes: UsedEnvelopes::default(),
            sessions: Sessions::new(Arc::clone(&vault)),
            accounts: Accounts::new(Arc::clone(&vault), environment),
            holders: Holders::new(Arc::clone(&vault)),
            vault,
            anchors: Anchors::none(),
            polls: Polls::new(random::bytes()),
            views: Views::default(),
            streams: Streams::new(),
            transport: Arc::new(transport),
            markets: SharedMarkets::default(),
            limits: Limits::new(),
            counters: Counters::default(),
            exchanges: exchanges(&[]),
            session_ttl_default_s: limits::SESSION_TTL_S_DEFAULT,
            session_ttl_max_s: limits::SESSION_TTL_S_MAX,
            keeps_leases: false,
            started_at,
        }
    }

    /// A site told its time: that of a test system vouches for nothing.
    pub(crate) fn heard_time(&self, site: Site, at: Timestamp) {
        if !site.is_sandbox() {
            self.venue_times.heard(site.name(), at, self.clock.now());
        }
    }

    /// Refuses while what the store holds may not be served: as its witness says, and after this enclave was halted for
    /// so long that others may have replaced keys of rows since. What it wrote then they could not read; what has come to
    /// pass meanwhile it learns from them, or it stops (`replicas::Keeper`).
    pub(crate) fn admit(&self) -> Result<(), Failure> {
        self.anchors.admit()?;
        if self.vault.store().is_shared() && self.identity.is_over(self.clock.now()) {
            return Err(Failure::from(Code::StoreUnavailable).retry_after(limits::STORE_RETRY_S));
        }
        Ok(())
    }
}

/// How often things may be asked.
pub(crate) struct Limits {
    pub(crate) quotes: Limiter,
    pub(crate) envelopes: Limiter,
    pub(crate) registrations: Limiter,
    pub(crate) plain_reads: Limiter,
    pub(crate) countersigns: Limiter,
}

impl Limits {
    pub(crate) fn new() -> Self {
        Self {
            quotes: Limiter::new(limits::QUOTES_PER_MINUTE),
            envelopes: Limiter::new(limits::ENVELOPES_PER_MINUTE),
            registrations: Limiter::new(limits::REGISTRATIONS_PER_MINUTE),
            plain_reads: Limiter::new(limits::PLAIN_READS_PER_MINUTE),
            countersigns: Limiter::new(limits::COUNTERSIGNS_PER_MINUTE),
        }
    }
}

/// The public configuration document (ATTESTATION.md section 2): what the operator chose and what is compiled in.
/// Clients recompute its hash and judge it.
pub(crate) fn configuration(
    environment: &str,
    result_key: &str,
    (ttl_default_s, ttl_max_s): (u64, u64),
    store_keys: &str,
    witness: Option<&str>,
    egress: &[IpAddr],
) -> Value {
    let exchanges_sha256: String =
        Sha256::digest(exchanges(egress)).iter().map(|byte| format!("{byte:02x}")).collect();
    let keeps_leases = matches!(store_keys, "sealed" | "clear" | "replicas");
    let rate = |rate: limits::Rate| json!({ "per_source": rate.per_source, "total": rate.total });
    json!({
        "environment": environment::served(environment),
        "venues": exchange::Venue::ALL.map(|venue| venue.name()),
        "session_ttl": { "default": ttl_default_s, "max": ttl_max_s },
        // Without a store that outlives the process no key is kept beyond its session.
        "lease_max": if keeps_leases { limits::LEASE_S_MAX } else { ttl_max_s },
        "limits": {
            "envelope_bytes": limits::ENVELOPE_BYTES_MAX,
            "envelope_life_s": limits::ENVELOPE_LIFE_S_MAX,
            "epoch_s": limits::EPOCH_LIFE_S,
            "epoch_grace_s": limits::EPOCH_GRACE_S,
            "poll_interval_s": limits::POLL_INTERVAL_S,
            "poll_idle_interval_s": limits::POLL_IDLE_INTERVAL_S_MAX,
            "fills_per_account": limits::FILLS_PER_ACCOUNT_MAX,
            "event_streams": { "per_session": limits::EVENT_STREAMS_PER_SESSION_MAX, "total": limits::EVENT_STREAMS_MAX },
            "per_minute": {
                "quotes": rate(limits::QUOTES_PER_MINUTE),
                "envelopes": rate(limits::ENVELOPES_PER_MINUTE),
                "registrations": rate(limits::REGISTRATIONS_PER_MINUTE),
                "plain_reads": rate(limits::PLAIN_READS_PER_MINUTE),
            },
        },
        "release_set": null,
        // `process`, or `sealed` to this program on this machine, or, in a development build, in `clear`.
        "result_key": result_key,
        // The same of the keys of the store; `replicas` where only other enclaves keep them; without a store that outlives
        // the process there are `none`.
        "store_keys": store_keys,
        // Who vouches for the store being the latest one; null: nobody does.
        "witness": witness.map(|key| json!({ "key": key })),
        // From where exchanges are asked, for keys that are bound to addresses: as the operator says; none: not told.
        "egress_addresses": egress,
        // Of the answer to `GET /exchanges`, hex.
        "exchanges_sha256": exchanges_sha256,
        "version": env!("CARGO_PKG_VERSION"),
    })
}

/// What is due by the clock alone: new epochs, wiped keys, accounts that leave memory, the hourly sweep.
pub(crate) async fn keep_house(service: Arc<Service>, ring: Option<Arc<RingFile>>) {
    const ROUND_MS: i64 = 60_000;
    let mut swept = service.clock.now();
    let (mut caring, mut hearing): (Option<JoinHandle<()>>, Option<JoinHandle<()>>) = (None, None);
    loop {
        let now = service.clock.now();
        service.identity.turn(now);
        // It reads files and makes evidence, and may hang with them: the rest of the house does not wait for it.
        if caring.as_ref().is_none_or(JoinHandle::is_finished) {
            let asked = Arc::clone(&service);
            caring = Some(tokio::task::spawn_blocking(move || asked.identity.upkeep(now)));
        }
        service.accounts.rest(now);
        // A venue that does not answer is asked for a while.
        if hearing.as_ref().is_none_or(JoinHandle::is_finished) {
            let asking = Arc::clone(&service);
            hearing = Some(tokio::spawn(async move { hear_venues(&asking, now).await }));
        }
        let sweep_ms = i64::try_from(limits::SWEEP_INTERVAL_S).unwrap_or(3600) * 1000;
        // What may be an older copy is left as it is, and so are the keys that the latest one needs.
        if now.millis() - swept.millis() >= sweep_ms && service.admit().is_ok() {
            match sweep(&service, now).await {
                Ok(forgotten) => tracing::info!(forgotten, "swept what expired or was revoked"),
                Err(error) => tracing::error!(%error, "the sweep of sessions did not come to its end"),
            }
            if let Some(ring) = &ring
                && let Err(error) = store::keep_keys(&service.vault, ring, now).await
            {
                tracing::error!("the keys of the store could not be replaced: {error:#}");
            }
            swept = now;
        }
        service.clock.sleep_until(Timestamp::from_millis(now.millis() + ROUND_MS)).await;
    }
}

/// Asks the venues for their time when no account did lately: nothing is signed without it.
async fn hear_venues(service: &Service, now: Timestamp) {
    /// Our clock may have been moved between an answer and our look at it: then another answer tells.
    const TRIES: usize = 3;
    let patience_ms = i64::try_from(limits::CLOCK_AGE_S_MAX).unwrap_or(3600).saturating_mul(1000) / 6;
    let is_old = service.venue_times.age_ms(now).is_none_or(|age| age >= patience_ms);
    // One that nobody polls would be wrong for an hour.
    let disagrees = |venue: exchange::Venue| service.venue_times.disagrees(venue.name(), service.clock.now());
    for venue in exchange::Venue::ALL.into_iter().filter(|venue| is_old || disagrees(*venue)) {
        for _ in 0..TRIES {
            hear(service, venue).await;
            if !disagrees(venue) {
                break;
            }
        }
    }
}

/// Asks a venue for its time.
pub(crate) async fn hear(service: &Service, venue: exchange::Venue) {
    let mut reader = venue.time_reader();
    let mut hear = |findings: Vec<Finding>, _| {
        for finding in findings {
            if let Finding::VenueTime(at) = finding {
                service.heard_time(venue.into(), at);
            }
        }
    };
    let clock = service.clock.as_ref();
    if service.transport.converse(reader.as_mut(), clock, Task::Time, &mut hear).await.is_err() {
        tracing::warn!(venue = venue.name(), "a venue does not tell its time");
    }
}

async fn sweep(service: &Service, now: Timestamp) -> Result<usize, StoreError> {
    let over = service.sessions.sweep(now).await?;
    for session in &over {
        let Session { key, terms, .. } = &**session;
        if let Some((_, record)) = &terms.holder {
            service.holders.purge(record, key).await?;
        }
    }
    Ok(over.len())
}

/// Says that this enclave lives, and takes over what nobody polls; first it finds the leases that were kept.
pub(crate) async fn keep_claims(service: Arc<Service>) {
    service.anchors.proven().await;
    if !service.vault.store().is_shared() {
        while let Err(error) = begin_again(&service).await {
            tracing::error!(%error, "the leases that were kept cannot be read; it is tried again");
            wait(&service, limits::STORE_RETRY_S).await;
        }
        return;
    }
    loop {
        service.anchors.proven().await;
        // Whose keys are over claims nothing, and what it had is claimed by others: it polls nothing.
        if service.admit().is_ok()
            && let Err(error) = service.polls.keep_claims(&service).await
        {
            tracing::error!(%error, "the store does not say which accounts are ours");
        }
        wait(&service, RENEW_S).await;
    }
}

/// Polls again with every lease that outlived the process.
async fn begin_again(service: &Arc<Service>) -> Result<(), StoreError> {
    let store = service.vault.store();
    for account in service.polls.read_leases(service, &[]).await? {
        store.enroll(account, u64::MAX).await?;
        if let Some(claim) = store.claim_one(service.polls.instance, account).await? {
            service.polls.claimed(claim, poll::resumed(service, &account).await?);
        }
    }
    Ok(())
}

async fn wait(service: &Service, seconds: u64) {
    let ms = i64::try_from(seconds).unwrap_or(0).saturating_mul(1000);
    service.clock.sleep_until(Timestamp::from_millis(service.clock.now().millis().saturating_add(ms))).await;
}
