//! TLS that ends in the enclave, with the real programs: directly, through a man in the middle, and for a client that
//! knows authorities only.

#![cfg(test)]

mod stack;

use rcgen::{CertificateParams, CertificateSigningRequestParams, Issuer, KeyPair};
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, ServerConfig, ServerConnection, StreamOwned,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime},
};
use stack::{Stack, http};
use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

#[test]
fn perfagg_reads_over_tls_that_ends_in_the_enclave_and_sees_through_a_man_in_the_middle() {
    let Some(binaries) = stack::binaries() else { return };
    let stack = Stack::start(binaries, "tls", &[]);
    let enclave = stack.enclave_with_tls("localhost");
    assert!(enclave.url.starts_with("https://"), "{}", enclave.url);

    let attested = stack.perfagg_json("direct", &["attest", &enclave.url, "--direct"]);
    assert_eq!(attested["mode"], "direct", "{attested}");
    stack.register("direct", &enclave.url, &["--direct"]);
    let summary = stack.perfagg_json("direct", &["summary", "--direct"]);
    assert!(summary["trades"]["fills"].as_u64().unwrap() >= 20_000, "{summary}");

    let man = ManInTheMiddle::before(enclave.address());
    let url = format!("https://{}", man.address);
    for arguments in [
        vec!["attest", &url],
        vec!["summary", "--service-url", &url],
        vec!["metrics", "--service-url", &url],
        vec!["revoke", "--service-url", &url],
        vec!["register", "--user-id", "demo", "--exchange", "binance", "--service-url", &url, "--replace"],
    ] {
        let ran = stack.perfagg("direct", &[&["--json"], &arguments[..]].concat());
        let told: serde_json::Value = serde_json::from_slice(&ran.stderr).expect("an error in JSON");
        let error = &told["error"];
        let (code, class) = (error["code"].as_str(), error["class"].as_str());
        assert_eq!((code, class), (Some("ATTESTATION_REFUSED"), Some("channel")), "{told}");
        assert!(!ran.status.success() && ran.stdout.is_empty());
    }
    let seen = String::from_utf8_lossy(&man.seen()).into_owned();
    assert_eq!(seen.matches("GET /attestation/quote?nonce=").count(), 5, "one request for evidence each");
    assert!(!seen.contains("POST"), "and nothing else: {seen}");

    // Where nobody ends TLS there is no direct connection.
    let ran = stack.perfagg("plain", &["--json", "attest", &stack.enclave.url, "--direct"]);
    assert!(String::from_utf8_lossy(&ran.stderr).contains(r#""class":"channel""#));
    assert_eq!(stack.perfagg_json("plain", &["attest", &stack.main.url])["mode"], "relayed");
}

#[test]
fn a_certificate_of_an_authority_is_shown_for_a_key_that_never_left() {
    let Some(binaries) = stack::binaries() else { return };
    let stack = Stack::start(binaries, "certified", &[]);
    let enclave = stack.enclave_with_tls("localhost");
    stack.register("direct", &enclave.url, &[]);
    let before = stack.perfagg_json("direct", &["attest", &enclave.url]);

    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    let root = params.self_signed(&key).unwrap();
    let authority = Issuer::new(params, key);
    let mut roots = RootCertStore::empty();
    roots.add(root.der().clone()).unwrap();
    let config = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let config = Arc::new(config);
    assert!(get(&config, enclave.address(), "/health/live").is_err(), "no authority has signed it yet");

    let request = http(enclave.operator(), "GET", "/tls.csr", &[], "");
    assert_eq!(request.status, 200);
    let signed = CertificateSigningRequestParams::from_pem(&request.text()).unwrap();
    let pem = signed.signed_by(&authority).unwrap().pem();
    let kept = http(enclave.operator(), "PUT", "/tls.pem", &[], &pem);
    assert_eq!((kept.status, kept.text().as_str()), (200, "kept\n"));

    let answer = get(&config, enclave.address(), "/health/live").expect("trusted like any site");
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with(r#"{"status":"live"}"#), "{answer}");
    let after = stack.perfagg_json("direct", &["attest", &enclave.url, "--direct"]);
    assert!(after["epoch"].as_u64() > before["epoch"].as_u64(), "a new key is a new epoch");
    assert_ne!(after["keyset_hash"], before["keyset_hash"]);
    assert_eq!(after["result_key"], before["result_key"]);
    assert!(stack.perfagg("direct", &["summary", "--direct"]).status.success(), "the session goes on");
    assert_eq!(http(enclave.operator(), "PUT", "/tls.pem", &[], &root.pem()).status, 422);
}

#[test]
fn a_main_service_passes_calls_on_over_tls_to_the_enclaves_key_and_to_no_other() {
    let Some(binaries) = stack::binaries() else { return };
    let stack = Stack::start(binaries, "main-tls", &[]);
    let enclave = stack.enclave_with_tls("localhost");
    let main = stack.main_before(&enclave.url);
    stack.register("far", &main.url, &[]);
    assert_eq!(stack.perfagg_json("far", &["attest", &main.url])["mode"], "relayed");
    assert!(stack.perfagg("far", &["summary"]).status.success());

    // Who ends TLS in between and passes the enclave's evidence on sees nothing else.
    let man = ManInTheMiddle::before(enclave.address());
    let diverted = stack.main_before(&format!("https://{}", man.address));
    let ran = stack.perfagg("far", &["--json", "summary", "--service-url", &diverted.url]);
    assert!(String::from_utf8_lossy(&ran.stderr).contains("RELAY_BACKEND_KEY"), "{ran:?}");
    let seen = String::from_utf8_lossy(&man.seen()).into_owned();
    assert!(
        seen.contains("GET /attestation/quote ") && !seen.contains("POST") && !seen.contains("nonce"),
        "{seen}"
    );
}

fn provider() -> Arc<rustls::crypto::CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

/// A client that knows authorities only.
fn get(config: &Arc<ClientConfig>, to: SocketAddr, path: &str) -> std::io::Result<String> {
    let name = ServerName::try_from("localhost").unwrap();
    let client = ClientConnection::new(Arc::clone(config), name).unwrap();
    let mut stream = StreamOwned::new(client, TcpStream::connect(to)?);
    write!(stream, "GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")?;
    let mut answer = String::new();
    match stream.read_to_string(&mut answer) {
        Err(error) if answer.is_empty() => Err(error),
        _ => Ok(answer),
    }
}

/// Ends TLS on both sides and passes on what comes, unchanged; it keeps what the client said.
struct ManInTheMiddle {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<u8>>>,
}

impl ManInTheMiddle {
    fn before(target: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (address, seen) = (listener.local_addr().unwrap(), Arc::new(Mutex::new(Vec::new())));
        let certified = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let key = PrivateKeyDer::try_from(certified.signing_key.serialize_der()).unwrap();
        let config = ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certified.cert.der().clone()], key)
            .unwrap();
        let (config, keep) = (Arc::new(config), Arc::clone(&seen));
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let (config, keep) = (Arc::clone(&config), Arc::clone(&keep));
                thread::spawn(move || relay(client, target, config, &keep));
            }
        });
        Self { address, seen }
    }

    fn seen(&self) -> Vec<u8> {
        self.seen.lock().unwrap().clone()
    }
}

/// In turns, a request and its answer: as long as both sides keep to that.
fn relay(client: TcpStream, target: SocketAddr, config: Arc<ServerConfig>, keep: &Mutex<Vec<u8>>) {
    client.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let mut client = StreamOwned::new(ServerConnection::new(config).unwrap(), client);
    let onward = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Anyone))
        .with_no_client_auth();
    let onward = ClientConnection::new(Arc::new(onward), ServerName::try_from("localhost").unwrap()).unwrap();
    let mut server = StreamOwned::new(onward, TcpStream::connect(target).unwrap());
    while let Some(request) = message(&mut client) {
        keep.lock().unwrap().extend_from_slice(&request);
        server.write_all(&request).unwrap();
        let Some(answer) = message(&mut server) else { return };
        if client.write_all(&answer).and_then(|()| client.flush()).is_err() {
            return;
        }
    }
}

/// One HTTP message with a length.
fn message(from: &mut impl std::io::Read) -> Option<Vec<u8>> {
    let (mut bytes, mut byte) = (Vec::new(), [0]);
    while !bytes.ends_with(b"\r\n\r\n") {
        from.read_exact(&mut byte).ok()?;
        bytes.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&bytes).to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.trim().parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    from.read_exact(&mut body).ok()?;
    bytes.extend_from_slice(&body);
    Some(bytes)
}

/// Whom a man in the middle asks is all the same to him.
#[derive(Debug)]
struct Anyone;

impl ServerCertVerifier for Anyone {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &rustls::DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &rustls::DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<rustls::SignatureScheme> {
        rustls::crypto::ring::default_provider().signature_verification_algorithms.supported_schemes()
    }
}
