//! The measured program: settings, platform, keys, service, serve. A screenful.

mod settings;
mod platform;
mod clock;
mod random;
mod seal;
mod keys;
mod tls;
mod identity;
mod intake;
mod session;
mod account;
mod events;
mod poll;
mod publish;
mod store;
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
    // A platform that cannot seal is no hindrance to who asks for nothing sealed.
    let root = settings.private_key.as_ref().map(|_| platform.backend.seal_root()).transpose();
    let root = root.context("ENCLAVE_PRIVATE_KEY: the platform's sealing key")?.flatten();
    let result_key = keys::ResultKey::open(&settings, root)?;
    let (ttl_default_s, ttl_max_s) = (settings.session_ttl_default_s, settings.session_ttl_max_s);
    let configuration =
        service::configuration(platform.environment, result_key.life(), ttl_default_s, ttl_max_s);
    let now = platform.clock.now();
    let tls = platform.tls.then(|| tls::Tls::new(settings.tls_names.clone(), identity::seconds(now)));
    let tls = tls.transpose().context("a key for TLS")?.map(Arc::new);
    let service = Arc::new(Service {
        environment: platform.environment,
        identity: identity::Identity::new(platform.backend, &configuration, result_key, tls.clone(), now)?,
        clock: platform.clock,
        venue_times: clock::VenueTimes::default(),
        used_envelopes: store::UsedEnvelopes::default(),
        sessions: session::Sessions::new(),
        streams: events::Streams::new(),
        transport: Arc::new(exchange::Transport::new(platform.hosts, random::system_seed())),
        limits: service::Limits::new(),
        counters: service::Counters::default(),
        session_ttl_default_s: ttl_default_s,
        session_ttl_max_s: ttl_max_s,
    });

    let listener = match &tls {
        Some(tls) => http::Listener::bind_tls(settings.listen, tls.config()?).await,
        None => http::Listener::bind_plain(settings.listen).await,
    };
    let listener = listener
        .with_context(|| format!("ENCLAVE_HOST, ENCLAVE_PORT: cannot listen on {}", settings.listen))?;
    let metrics = http::Listener::bind_plain(settings.metrics)
        .await
        .with_context(|| format!("ENCLAVE_METRICS_ADDR: cannot listen on {}", settings.metrics))?;
    announce(&listener, &metrics, platform.environment)?;

    let (stop, stopping) = watch::channel(false);
    let serving = tokio::spawn(http::serve(listener, Arc::clone(&service), stopping.clone()));
    let counting = tokio::spawn(http::serve_metrics(metrics, Arc::clone(&service), stopping));
    let keeping = tokio::spawn(service::keep_house(Arc::clone(&service)));
    told_to_stop().await?;
    tracing::info!("stopping: calls under way are answered, sessions end, keys are wiped");
    service.streams.stop();
    stop.send_replace(true);
    keeping.abort();
    let _ = tokio::join!(serving, counting);
    service.sessions.end_all().await;
    Ok(())
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
