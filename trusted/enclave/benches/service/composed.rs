//! The service as `main` composes it, by the clock of a release, with development evidence, and without limits on how often
//! one source may read.

use crate::{
    http, identity, keys, memory, poll, polls, random,
    service::{self, Limits, Service},
    settings::Settings,
    store::{self, OpenStore, RingFile, Vault},
    system_clock::SystemClock,
};
use attestation::development::{DevelopmentBackend, PUBLIC_DEVELOPMENT_SEED};
use exchange::{Clock as _, Hosts, Transport};
use protocol::limits::Rate;
use std::{net::SocketAddr, path::Path, sync::Arc};
use tokio::sync::watch;

const UNLIMITED: Rate = Rate { per_source: 1_000_000_000, total: 1_000_000_000 };

/// The service over the store of a directory, and the keys of that store.
pub(crate) async fn compose(directory: &Path, venue: SocketAddr) -> (Arc<Service>, Option<Arc<RingFile>>) {
    let named = |name: &str| (name == "ENCLAVE_DATA_DIR").then(|| directory.display().to_string());
    let settings = Settings::read(named).unwrap();
    let clock = SystemClock::new();
    let OpenStore { store, file, ring, keeps } = store::open(&settings, None).await.unwrap();
    let vault = Arc::new(Vault::new(store, ring.unwrap()));
    store::migrate(&vault).await.unwrap();
    let lives = (settings.session_ttl_default_s, settings.session_ttl_max_s);
    let configuration = service::configuration("development", "process", lives, "clear", None, &[]);
    let backend = Box::new(DevelopmentBackend::new(PUBLIC_DEVELOPMENT_SEED, [0; 32]).unwrap());
    let result_key = keys::ResultKey::open(&settings, None).unwrap();
    let identity = identity::Identity::new(backend, &configuration, result_key, None, clock.now()).unwrap();
    let transport = Transport::new(Hosts::dangerous_development(venue).unwrap(), random::system_seed());
    let limits = Limits { plain_reads: http::Limiter::new(UNLIMITED), ..Limits::new() };
    let service = Service::new("development", identity, Arc::new(clock), transport, vault);
    (Arc::new(Service { keeps_leases: keeps, limits, ..service }), file.map(Arc::new))
}

/// A process of it: `serve DIRECTORY VENUE`.
pub(crate) async fn serve(arguments: &[String]) {
    let log = tracing_subscriber::EnvFilter::new("info");
    tracing_subscriber::fmt().with_writer(std::io::stderr).with_ansi(false).with_env_filter(log).init();
    memory::leave_no_trace();
    let (service, ring) = compose(Path::new(&arguments[0]), arguments[1].parse().unwrap()).await;
    let listener = http::Listener::bind_plain("127.0.0.1:0".parse().unwrap()).await.unwrap();
    println!("{}", serde_json::json!({ "listening": listener.url().unwrap() }));
    let (_stop, stopping) = watch::channel(false);
    tokio::spawn(service::keep_house(Arc::clone(&service), ring));
    tokio::spawn(service::keep_claims(Arc::clone(&service)));
    tokio::spawn(polls::drive(Arc::clone(&service), poll::run));
    http::serve(listener, service, stopping).await;
}
