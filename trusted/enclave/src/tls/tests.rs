//! The enclave's TLS keys against an authority of the test's own (rcgen, ring) and a client that judges by its root.

use super::*;
use rcgen::{CertificateParams, CertificateSigningRequestParams, Issuer, KeyPair};
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, ServerConnection,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    pki_types::{ServerName, UnixTime, pem::PemObject as _},
    server::ParsedCertificate,
};

const DAY_S: u64 = 86_400;
/// 2026-11-24T12:00:00Z
const NOW_S: u64 = 1_795_521_600;

fn tls() -> Arc<Tls> {
    Arc::new(Tls::new(names("enclave.example,192.0.2.7").unwrap(), NOW_S).unwrap())
}

/// Takes a certificate and shows it.
fn load(tls: &Tls, pem: &[u8], now_s: u64) -> Result<Loaded, CertificateError> {
    tls.load(pem, now_s).map(|(own, loaded)| {
        tls.show(own);
        loaded
    })
}

/// An authority that signs what is asked for.
struct Authority {
    certificate: rcgen::Certificate,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        Self { certificate, issuer: Issuer::new(params, key) }
    }

    /// A certificate for the request, valid for some days around `from_s`.
    fn sign(&self, request: &str, from_s: u64, days: u64) -> String {
        let request =
            CertificateSigningRequestParams::from_pem(request).expect("a sound request, signed by its key");
        let mut params = request.params;
        let at = |unix_s| rcgen::date_time_ymd(1970, 1, 1) + core::time::Duration::from_secs(unix_s);
        params.not_before = at(from_s);
        params.not_after = at(from_s + days * DAY_S);
        params.signed_by(&request.public_key, &self.issuer).unwrap().pem()
    }
}

/// Believes any certificate and keeps it, as a client does that goes by evidence.
#[derive(Debug, Default)]
struct Believer(Mutex<Vec<u8>>);

impl ServerCertVerifier for Believer {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let spki = ParsedCertificate::try_from(end_entity).unwrap().subject_public_key_info();
        *self.0.lock().unwrap() = spki.to_vec();
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &rustls::DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = rustls::crypto::ring::default_provider().signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, cert, dss, &algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &rustls::DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = rustls::crypto::ring::default_provider().signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, cert, dss, &algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        rustls::crypto::ring::default_provider().signature_verification_algorithms.supported_schemes()
    }
}

/// A handshake in memory, over one version of TLS: what ended it, or the key that signed it.
fn handshake(
    tls: &Arc<Tls>,
    verifier: Option<Arc<dyn ServerCertVerifier>>,
    authority: Option<&Authority>,
    version: &'static rustls::SupportedProtocolVersion,
) -> Result<(), rustls::Error> {
    let mut roots = RootCertStore::empty();
    if let Some(authority) = authority {
        roots.add(authority.certificate.der().clone()).unwrap();
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_protocol_versions(&[version]).unwrap();
    let config = match verifier {
        Some(verifier) => config.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth(),
        None => config.with_root_certificates(roots).with_no_client_auth(),
    };
    let name = ServerName::try_from("enclave.example").unwrap();
    let mut client = ClientConnection::new(Arc::new(config), name).unwrap();
    let mut server = ServerConnection::new(tls.config().unwrap()).unwrap();
    while client.is_handshaking() || server.is_handshaking() {
        let mut wire = Vec::new();
        client.write_tls(&mut wire).unwrap();
        server.read_tls(&mut wire.as_slice()).unwrap();
        server.process_new_packets()?;
        let mut wire = Vec::new();
        server.write_tls(&mut wire).unwrap();
        client.read_tls(&mut wire.as_slice()).unwrap();
        client.process_new_packets()?;
    }
    Ok(())
}

fn seen(tls: &Arc<Tls>) -> [u8; 32] {
    let keys = [&rustls::version::TLS13, &rustls::version::TLS12].map(|version| {
        let believer = Arc::new(Believer::default());
        handshake(tls, Some(Arc::<Believer>::clone(&believer)), None, version).unwrap();
        let spki = believer.0.lock().unwrap();
        <[u8; 32]>::from(Sha256::digest(&*spki))
    });
    assert_eq!(keys[0], keys[1]);
    keys[0]
}

/// The machine's own time, by which an authority of the web would be judged.
fn today_s() -> u64 {
    UnixTime::now().as_secs()
}

#[test]
fn a_handshake_is_signed_by_the_key_that_the_binding_names() {
    let (tls, other) = (tls(), tls());
    assert_eq!(seen(&tls), tls.shown().spki_sha256());
    assert_ne!(tls.shown().spki_sha256(), other.shown().spki_sha256(), "born anew");
    let refused = handshake(&tls, None, None, &rustls::version::TLS13);
    assert!(
        matches!(refused, Err(rustls::Error::InvalidCertificate(_))),
        "no authority vouches: {refused:?}"
    );
}

#[test]
fn a_certificate_of_its_own_names_the_hosts_and_holds_by_itself() {
    let key = Key::born(NOW_S).unwrap();
    let der =
        certificate::self_signed(&key.secret, &names("enclave.example,192.0.2.7").unwrap(), NOW_S).unwrap();
    // rcgen's reader is another implementation than its maker's.
    let read = ParsedCertificate::try_from(&der).unwrap();
    assert_eq!(read.subject_public_key_info().to_vec(), key.spki);
    for name in ["enclave.example", "192.0.2.7"] {
        rustls::client::verify_server_name(&read, &ServerName::try_from(name).unwrap()).unwrap();
    }
    assert!(rustls::client::verify_server_name(&read, &ServerName::try_from("b.example").unwrap()).is_err());
    let mut roots = RootCertStore::empty();
    assert!(roots.add(der).is_ok());
}

#[test]
fn an_authoritys_certificate_replaces_key_and_certificate_at_once() {
    let (tls, authority, now_s) = (
        Arc::new(Tls::new(names("enclave.example").unwrap(), today_s()).unwrap()),
        Authority::new(),
        today_s(),
    );
    let own = tls.shown().spki_sha256();
    let request = tls.request(now_s).unwrap();
    assert_eq!(tls.request(now_s).unwrap(), request, "the key waits");
    assert_eq!(tls.shown().spki_sha256(), own, "a request changes nothing");
    let pem = authority.sign(&request, now_s - 60, 90);
    assert_eq!(load(&tls, pem.as_bytes(), now_s), Ok(Loaded::Next));
    assert_ne!(tls.shown().spki_sha256(), own);
    assert_eq!(seen(&tls), tls.shown().spki_sha256());
    for version in [&rustls::version::TLS13, &rustls::version::TLS12] {
        handshake(&tls, None, Some(&authority), version).expect("a client of the web trusts it");
    }
    assert!(handshake(&tls, None, Some(&Authority::new()), &rustls::version::TLS13).is_err());
    let renewed = authority.sign(&request, now_s - 60, 120);
    assert_eq!(load(&tls, renewed.as_bytes(), now_s), Ok(Loaded::Present), "the same key once more");
}

#[test]
fn a_key_turns_daily_unless_a_certificate_for_it_lasts() {
    let (tls, authority) = (tls(), Authority::new());
    let first = tls.shown().spki_sha256();
    tls.show(tls.due(NOW_S + DAY_S));
    let second = tls.shown().spki_sha256();
    assert_ne!(first, second, "signed by itself: a key a day");
    let request = tls.request(NOW_S + DAY_S).unwrap();
    tls.show(tls.due(NOW_S + 2 * DAY_S));
    let pem = authority.sign(&request, NOW_S, 30);
    assert_eq!(
        load(&tls, pem.as_bytes(), NOW_S + 2 * DAY_S),
        Ok(Loaded::Next),
        "the request outlived a turn"
    );
    let certified = tls.shown().spki_sha256();
    assert_eq!(tls.warning(NOW_S + 10 * DAY_S), None);
    assert_eq!(tls.warning(NOW_S + 17 * DAY_S), Some("tls-certificate-ends-soon"));
    tls.show(tls.due(NOW_S + 28 * DAY_S));
    assert_eq!(tls.shown().spki_sha256(), certified);
    tls.show(tls.due(NOW_S + 29 * DAY_S));
    assert_ne!(tls.shown().spki_sha256(), certified, "its certificate would end within the day");
    assert_eq!(tls.warning(NOW_S + 29 * DAY_S), None);
}

#[test]
fn no_key_lives_longer_than_a_hundred_days() {
    let (tls, authority) = (tls(), Authority::new());
    let pem = authority.sign(&tls.request(NOW_S).unwrap(), NOW_S, 3650);
    assert_eq!(load(&tls, pem.as_bytes(), NOW_S + 1), Ok(Loaded::Next));
    let certified = tls.shown().spki_sha256();
    tls.show(tls.due(NOW_S + 98 * DAY_S));
    assert_eq!(tls.shown().spki_sha256(), certified);
    assert!(tls.warning(NOW_S + 98 * DAY_S).is_some());
    tls.show(tls.due(NOW_S + 99 * DAY_S));
    assert_ne!(tls.shown().spki_sha256(), certified);
}

#[test]
fn what_is_no_certificate_for_a_key_of_ours_is_refused_and_changes_nothing() {
    let (tls, other, authority) = (tls(), tls(), Authority::new());
    let own = tls.shown().spki_sha256();
    let good = authority.sign(&tls.request(NOW_S).unwrap(), NOW_S, 30);
    let of_another = authority.sign(&other.request(NOW_S).unwrap(), NOW_S, 30);
    let private = KeyPair::generate().unwrap().serialize_pem();
    let root = authority.certificate.pem();
    for (pem, now_s, expected) in [
        (String::new(), NOW_S, CertificateError::Form),
        ("planted".to_owned(), NOW_S, CertificateError::Form),
        (good.replace("CERTIFICATE", "CERT"), NOW_S, CertificateError::Form),
        (good.replacen("MII", "MIJ", 1), NOW_S, CertificateError::Form),
        (format!("{good}{private}"), NOW_S, CertificateError::Form),
        ([good.as_str(); 6].concat(), NOW_S, CertificateError::Form),
        (good.clone() + &" ".repeat(PEM_BYTES_MAX), NOW_S, CertificateError::Form),
        (of_another, NOW_S, CertificateError::OtherKey),
        (format!("{root}{good}"), NOW_S, CertificateError::OtherKey),
        (good.clone(), NOW_S + 30 * DAY_S, CertificateError::Dates),
        (good.clone(), NOW_S - 1, CertificateError::Dates),
    ] {
        assert_eq!(load(&tls, pem.as_bytes(), now_s), Err(expected), "{pem}");
        assert_eq!(tls.shown().spki_sha256(), own);
    }
    assert_eq!(load(&tls, format!("{good}{root}").as_bytes(), NOW_S), Ok(Loaded::Next));
}

#[test]
fn nothing_of_a_key_is_printed() {
    let tls = tls();
    assert_eq!(format!("{tls:?} {:?}", tls.keys().present.key), "Tls { .. } Key");
    assert!(CertificateDer::pem_slice_iter(tls.request(NOW_S).unwrap().as_bytes()).next().is_none());
}

#[test]
fn what_is_shown_goes_to_another_enclave_in_parts() {
    let (tls, authority) = (tls(), Authority::new());
    let pem = authority.sign(&tls.request(NOW_S).unwrap(), NOW_S, 30);
    load(&tls, pem.as_bytes(), NOW_S).unwrap();
    let other = Tls::new(names("enclave.example").unwrap(), NOW_S).unwrap();
    other.show(Own::of_parts(tls.shown().parts()).unwrap());
    let other = Arc::new(other);
    assert_eq!(other.shown().spki_sha256(), tls.shown().spki_sha256());
    assert_eq!(handshake(&other, None, Some(&authority), &rustls::version::TLS13), Ok(()));
    assert_eq!(other.due(NOW_S + DAY_S).spki_sha256(), tls.shown().spki_sha256(), "it lasts there too");
    let nothing = Parts { secret: Zeroizing::new([0; 32]), ..tls.shown().parts() };
    assert!(Own::of_parts(nothing).is_none());
}
