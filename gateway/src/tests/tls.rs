//! Over TLS, calls go to the enclave's key and to no other.

use super::*;
use crate::backend::{Connector, NoWay, bundle};
use rcgen::{CertificateParams, Issuer, KeyPair, PublicKeyData as _};
use rustls::{RootCertStore, ServerConfig, pki_types::PrivateKeyDer};
use sha2::{Digest as _, Sha256};
use tokio_rustls::TlsAcceptor;

/// Ends TLS at keys of its own, gives a bundle to who asks for one, and `ok` to everything else.
#[derive(Clone)]
struct Front {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

struct State {
    config: Arc<ServerConfig>,
    /// Of the key it shows.
    spki: [u8; 32],
    /// Body of the answer to who asks for evidence.
    bundle: String,
    status: u16,
    seen: Vec<String>,
}

impl Front {
    /// Its bundle names its own key.
    async fn start() -> Self {
        let key = KeyPair::generate().unwrap();
        let own = CertificateParams::new(["localhost".to_owned()]).unwrap().self_signed(&key).unwrap();
        Self::with(&key, own.der().clone()).await
    }

    async fn with(key: &KeyPair, certificate: rustls::pki_types::CertificateDer<'static>) -> Self {
        let (listener, address) = listen().await;
        let (config, spki) = (config(key, certificate), spki(key));
        let state = State { config, spki, bundle: bundle(&spki), status: 200, seen: Vec::new() };
        let front = Self { address, state: Arc::new(Mutex::new(state)) };
        tokio::spawn(front.clone().serve(listener));
        front
    }

    /// One answer a connection, so that each call needs a new one.
    async fn serve(self, listener: TcpListener) {
        while let Ok((stream, _)) = listener.accept().await {
            let front = self.clone();
            tokio::spawn(async move {
                let acceptor = TlsAcceptor::from(Arc::clone(&front.state().config));
                let Ok(mut stream) = acceptor.accept(stream).await else { return };
                let request = read_request(&mut stream).await;
                let answer = front.answer(&request);
                let _ = stream.write_all(answer.as_bytes()).await;
                let _ = stream.shutdown().await;
            });
        }
    }

    fn answer(&self, request: &str) -> String {
        let mut state = self.state();
        // Who looked at the certificate and went asked nothing.
        if let Some(line) = request.lines().next() {
            state.seen.push(line.to_owned());
        }
        let (status, body) = match request.starts_with("GET /attestation/quote ") {
            true => (state.status, state.bundle.as_str()),
            false => (200, "ok"),
        };
        let length = body.len();
        format!("HTTP/1.1 {status} X\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}")
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// Another key from now on; what its bundle names stays.
    fn turn(&self) {
        let key = KeyPair::generate().unwrap();
        let own = CertificateParams::new(["localhost".to_owned()]).unwrap().self_signed(&key).unwrap();
        let mut state = self.state();
        (state.config, state.spki) = (config(&key, own.der().clone()), spki(&key));
    }

    fn asked(&self, path: &str) -> usize {
        self.state().seen.iter().filter(|line| line.contains(path)).count()
    }

    async fn main(&self) -> Running {
        start_relay(relay(&[("BACKEND_URL", &format!("https://{}", self.address))], CALL)).await
    }

    async fn pinned(&self, key: [u8; 32]) -> Running {
        let (url, key) = (format!("https://{}", self.address), hex::encode(key));
        start_relay(relay(&[("BACKEND_URL", &url), ("BACKEND_TLS_KEY", &key)], CALL)).await
    }
}

fn config(key: &KeyPair, certificate: rustls::pki_types::CertificateDer<'static>) -> Arc<ServerConfig> {
    let secret = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    Arc::new(config.with_no_client_auth().with_single_cert(vec![certificate], secret).unwrap())
}

fn spki(key: &KeyPair) -> [u8; 32] {
    Sha256::digest(key.subject_public_key_info()).into()
}

#[tokio::test]
async fn a_key_that_its_evidence_names_gets_the_calls_and_is_asked_once() {
    let enclave = Front::start().await;
    let main = enclave.main().await;
    for _ in 0..3 {
        assert!(post(main.address, "{}").await.ends_with("\r\n\r\nok"));
    }
    assert_eq!((enclave.asked("/attestation/quote"), enclave.asked("POST /enclave/sealed")), (1, 3));
}

#[tokio::test]
async fn who_passes_the_evidence_of_another_key_on_gets_no_call() {
    let (enclave, man) = (Front::start().await, Front::start().await);
    let claim = enclave.state().bundle.clone();
    man.state().bundle = claim;
    let main = man.main().await;
    for _ in 0..2 {
        assert_problem(&post(main.address, "{}").await, 502, "RELAY_BACKEND_KEY");
    }
    let bearer = format!("/enclave/summary/{SESSION}");
    assert_problem(&get(main.address, &bearer).await, 502, "RELAY_BACKEND_KEY");
    let seen = &man.state().seen;
    assert!(seen.iter().all(|line| line == "GET /attestation/quote HTTP/1.1"), "{seen:?}");
}

#[tokio::test]
async fn a_key_that_turns_is_asked_again_and_one_that_comes_in_between_gets_no_call() {
    let enclave = Front::start().await;
    let main = enclave.main().await;
    assert!(post(main.address, "{}").await.ends_with("ok"));
    enclave.turn();
    assert_problem(&post(main.address, "{}").await, 502, "RELAY_BACKEND_KEY");
    assert_eq!(enclave.asked("POST"), 1);
    let claim = bundle(&enclave.state().spki);
    enclave.state().bundle = claim;
    assert!(post(main.address, "{}").await.ends_with("ok"));
    assert_eq!((enclave.asked("/attestation/quote"), enclave.asked("POST")), (3, 2));
}

#[tokio::test]
async fn who_claims_nothing_gets_no_call() {
    for (status, body, code) in [
        (503, bundle(&[0; 32]), "RELAY_BACKEND_UNREACHABLE"),
        (200, String::new(), "RELAY_BACKEND_KEY"),
        (200, "{\"binding\":\"AAAA\"}".to_owned(), "RELAY_BACKEND_KEY"),
        (200, bundle(&[]), "RELAY_BACKEND_KEY"),
        (200, bundle(&[0; 32]), "RELAY_BACKEND_KEY"),
        (200, " ".repeat(crate::limits::BUNDLE_BYTES_MAX + 1), "RELAY_BACKEND_UNREACHABLE"),
    ] {
        let front = Front::start().await;
        (front.state().status, front.state().bundle) = (status, body);
        let main = front.main().await;
        assert_problem(&post(main.address, "{}").await, 502, code);
        assert_eq!(front.asked("POST"), 0);
    }
    // And who speaks no TLS at all.
    let (plain, seen) = backend("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await;
    let main = start_relay(relay(&[("BACKEND_URL", &format!("https://{plain}"))], CALL)).await;
    assert_problem(&post(main.address, "{}").await, 502, "RELAY_BACKEND_UNREACHABLE");
    assert!(!seen.lock().unwrap().iter().any(|request| request.contains("POST")));
}

#[tokio::test]
async fn a_pin_is_the_only_key_that_is_accepted_and_nothing_is_asked() {
    let enclave = Front::start().await;
    let key = enclave.state().spki;
    enclave.state().bundle.clear();
    let main = enclave.pinned(key).await;
    assert!(post(main.address, "{}").await.ends_with("ok"));
    assert_eq!(enclave.state().seen, ["POST /enclave/sealed HTTP/1.1"]);

    // Another key does not help itself by a bundle that names it.
    let man = Front::start().await;
    let main = man.pinned(key).await;
    assert_problem(&post(main.address, "{}").await, 502, "RELAY_BACKEND_KEY");
    assert!(man.state().seen.iter().all(String::is_empty), "{:?}", man.state().seen);
}

#[tokio::test]
async fn a_certificate_that_the_web_vouches_for_is_the_hosts_while_it_lasts() {
    let (authority, key) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
    let mut root = CertificateParams::new([]).unwrap();
    root.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let trusted = root.self_signed(&authority).unwrap();
    let issuer = Issuer::new(root, &authority);
    let mut own = CertificateParams::new(["localhost".to_owned()]).unwrap();
    own.not_before = rcgen::date_time_ymd(2026, 1, 1);
    own.not_after = rcgen::date_time_ymd(2027, 1, 1);
    let certificate = own.signed_by(&key, &issuer).unwrap();
    let front = Front::with(&key, certificate.der().clone()).await;
    front.state().bundle.clear();
    let mut roots = RootCertStore::empty();
    roots.add(trusted.der().clone()).unwrap();

    let later: crate::clock::Clock = || 1_830_000_000;
    let (localhost, address) = (format!("https://localhost:{}", front.address.port()), front.address);
    for (url, clock, pin, good) in [
        (localhost.clone(), now as crate::clock::Clock, None, true),
        (localhost.clone(), later, None, false),
        (format!("https://{address}"), now, None, false),
        (localhost.clone(), now, Some("00".repeat(32)), false),
    ] {
        let pin = pin.unwrap_or_default();
        let backend = read(&[("BACKEND_URL", &url), ("BACKEND_TLS_KEY", &pin)]).backend;
        let connector = Connector::with_roots(&backend, clock, roots.clone()).unwrap();
        let outcome = connector.connect(url.parse().unwrap()).await;
        assert_eq!(outcome.map(|_| ()), if good { Ok(()) } else { Err(NoWay::OtherKey) }, "{url}");
    }
}
