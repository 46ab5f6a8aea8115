//! The measured program: settings, platform, keys, service, serve. A screenful.

mod settings;
mod environment;
mod platform;
mod clock;
mod random;
mod memory;
mod seal;
mod sealed_file;
mod keys;
mod tls;
mod identity;
mod store;
mod replicas;
mod intake;
mod session;
mod holder;
mod lease;
mod account;
mod checkpoint;
mod snapshots;
mod restatements;
mod kept;
mod accounts;
mod events;
mod witness;
mod polls;
mod poll;
mod publish;
mod erase;
mod counters;
mod service;
mod failure;
mod http;

use anyhow::Context as _;
use service::Service;
use std::{panic::PanicHookInfo, process::ExitCode, sync::Arc};
use tokio::{signal::unix, sync::watch};
use tracing_subscriber::EnvFilter;

/// Threads are counted here and not by the host's processors: an enclave has as many as its image allows
/// (`sgx.max_threads` in deploy/gramine).
const WORKERS: usize = 4;
/// For names and evidence, which block.
const BLOCKING: usize = 16;

fn main() -> ExitCode {
    quiet_panics();
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_ansi(false)
        .with_env_filter(EnvFilter::try_from_env("ENCLAVE_LOG").unwrap_or_else(|_| EnvFilter::new("info")))
        .init();
    memory::leave_no_trace();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(WORKERS)
        .max_blocking_threads(BLOCKING)
        .enable_all()
        .build();
    match runtime.context("threads").and_then(|runtime| runtime.block_on(run())) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("cannot start: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> anyhow::Result<()> {
    let settings = settings::Settings::from_environment()?;
    let platform = platform::open(std::env::args().skip(1), &settings).await?;
    let Start { service, ring, tls, roots } = start(&settings, platform).await?;

    let listener = match &tls {
        Some(tls) => http::Listener::bind_tls(settings.listen, tls.config()?).await,
        None => http::Listener::bind_plain(settings.listen).await,
    };
    let listener = listener
        .with_context(|| format!("ENCLAVE_HOST, ENCLAVE_PORT: cannot listen on {}", settings.listen))?;
    let metrics = http::Listener::bind_plain(settings.metrics)
        .await
        .with_context(|| format!("ENCLAVE_METRICS_ADDR: cannot listen on {}", settings.metrics))?;
    announce(&listener, &metrics, service.environment)?;

    let (stop, stopping) = watch::channel(false);
    let serving = tokio::spawn(http::serve(listener, Arc::clone(&service), stopping.clone()));
    let counting = tokio::spawn(http::serve_metrics(metrics, Arc::clone(&service), stopping));
    let keeping = [
        tokio::spawn(service::keep_house(Arc::clone(&service), ring.clone())),
        tokio::spawn(service::keep_claims(Arc::clone(&service))),
        tokio::spawn(polls::drive(Arc::clone(&service), poll::run)),
        tokio::spawn(witness::keep(Arc::clone(&service))),
    ];
    let shared = ring.filter(|_| service.vault.store().is_shared());
    let keeper = shared.map(|ring| replicas::Keeper::new(Arc::clone(&service), ring, roots));
    tokio::select! {
        stopped = told_to_stop() => stopped?,
        () = dropped_out(keeper) => {}
    }
    tracing::info!("stopping: calls under way are answered, keys are wiped");
    service.streams.stop();
    stop.send_replace(true);
    keeping.iter().for_each(tokio::task::JoinHandle::abort);
    let _ = tokio::join!(serving, counting);
    service.polls.end_all(&service).await;
    Ok(())
}

/// Completes when this enclave is none of those that share a database any more; never where it shares none.
async fn dropped_out(keeper: Option<Arc<replicas::Keeper>>) {
    match keeper {
        Some(keeper) => keeper.keep().await,
        None => core::future::pending().await,
    }
}

/// What runs.
struct Start {
    service: Arc<Service>,
    ring: Option<Arc<store::RingFile>>,
    tls: Option<Arc<tls::Tls>>,
    roots: attestation::Roots,
}

async fn start(settings: &settings::Settings, platform: platform::Platform) -> anyhow::Result<Start> {
    // A platform that cannot seal is no hindrance to who asks for nothing sealed.
    let seals = settings.private_key.is_some() || settings.data_dir.is_some();
    let root = || -> anyhow::Result<Option<attestation::SealRoot>> {
        if !seals {
            return Ok(None);
        }
        platform.backend.seal_root().context("the platform's sealing key")
    };
    let result_key = keys::ResultKey::open(settings, root()?)?;
    let opened = store::open(settings, root()?).await?;
    let lives = (settings.session_ttl_default_s, settings.session_ttl_max_s);
    let witness = settings.witness.as_ref().map(|witness| witness.key.as_str());
    let configuration = service::configuration(
        platform.environment,
        result_key.life(),
        lives,
        opened.life(),
        witness,
        &settings.egress,
    );
    let now = platform.clock.now();
    let tls = platform.tls.then(|| tls::Tls::new(settings.tls_names.clone(), identity::seconds(now)));
    let tls = tls.transpose().context("a key for TLS")?.map(Arc::new);
    let mut identity =
        identity::Identity::new(platform.backend, &configuration, result_key, tls.clone(), now)?;
    let (instance, clock) = (random::bytes(), platform.clock);
    let store::OpenStore { store, file, ring, keeps } = opened;
    let vault = match (&file, ring) {
        (Some(file), kept) if store.is_shared() => {
            let start =
                replicas::Start { store, file, roots: &platform.roots, instance, clock: clock.as_ref() };
            start.join(kept, &mut identity).await.context("the keys that enclaves on one database share")?
        }
        (_, ring) => Arc::new(store::Vault::new(store, ring.context("the keys of the store")?)),
    };
    store::migrate(&vault).await.context("the rows of the store")?;
    let anchors = witness::Anchors::of(settings.witness.as_ref(), keeps, &vault)?;
    let transport = exchange::Transport::new(platform.hosts, random::system_seed());
    let service = Arc::new(Service {
        exchanges: publish::exchanges(&settings.egress),
        session_ttl_default_s: lives.0,
        session_ttl_max_s: lives.1,
        keeps_leases: keeps,
        anchors,
        polls: polls::Polls::new(instance),
        ..Service::new(platform.environment, identity, clock, transport, vault)
    });
    Ok(Start { service, ring: file.map(Arc::new), tls, roots: platform.roots })
}

/// One line on stdout, for whoever started this program.
#[expect(clippy::print_stdout, reason = "the one line that other programs read; everything else is a log")]
fn announce(listener: &http::Listener, metrics: &http::Listener, environment: &str) -> anyhow::Result<()> {
    let (listening, metrics) = (listener.url()?, metrics.url()?);
    println!(
        "{}",
        serde_json::json!({ "listening": listening, "metrics": metrics, "environment": environment })
    );
    tracing::info!(listening, environment, "serving");
    Ok(())
}

async fn told_to_stop() -> anyhow::Result<()> {
    let mut terminate = unix::signal(unix::SignalKind::terminate())?;
    tokio::select! {
        _ = terminate.recv() => Ok(()),
        stopped = tokio::signal::ctrl_c() => Ok(stopped?),
    }
}

/// A panic's message may hold what it tripped over; only its place is told.
fn quiet_panics() {
    std::panic::set_hook(Box::new(|panic| tracing::error!("panic at {}", place(panic))));
}

fn place(panic: &PanicHookInfo<'_>) -> String {
    panic.location().map_or_else(|| "an unknown place".to_owned(), ToString::to_string)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        panic,
        sync::{Mutex, PoisonError},
    };

    #[test]
    fn a_panic_tells_its_place_and_not_its_words() {
        static TOLD: Mutex<Vec<String>> = Mutex::new(Vec::new());
        let before = panic::take_hook();
        panic::set_hook(Box::new(|info| {
            TOLD.lock().unwrap_or_else(PoisonError::into_inner).push(place(info))
        }));
        let secret = "planted";
        assert!(panic::catch_unwind(|| panic!("tripped over {secret}")).is_err());
        panic::set_hook(before);
        let told = TOLD.lock().unwrap().join("\n");
        assert!(told.contains("main.rs:") && !told.contains(secret), "{told}");
    }
}
