//! A TLS handshake as a witness: whose key signed it, and whether the web's roots vouch that it is the host's.
//!
//! Any certificate may end it, because an enclave signs its own and evidence vouches for the key. That the other side
//! holds the key is checked here as everywhere; what the key is worth is judged with the evidence (`attestation`, step
//! 17), and refused there if it is neither the attested one nor certified.

use crate::failure::Unreachable;
use attestation::Connection;
use rustls::{
    ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
    client::{
        Resumption, WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    pki_types::{CertificateDer, ServerName, UnixTime},
    server::ParsedCertificate,
};
use sha2::{Digest as _, Sha256};
use std::sync::{Arc, OnceLock};

/// A configuration for one connection, and who will have seen its handshake.
pub(crate) fn config() -> Result<(Arc<ClientConfig>, Arc<Witness>), Unreachable> {
    let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let web = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
        .build()
        .map_err(|_| Unreachable::Tls)?;
    let witness = Arc::new(Witness { web, seen: OnceLock::new() });
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|_| Unreachable::Tls)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::<Witness>::clone(&witness))
        .with_no_client_auth();
    // A resumed session would show no certificate.
    config.resumption = Resumption::disabled();
    Ok((Arc::new(config), witness))
}

/// Keeps what a handshake showed.
#[derive(Debug)]
pub(crate) struct Witness {
    web: Arc<WebPkiServerVerifier>,
    seen: OnceLock<Connection>,
}

impl Witness {
    /// After the handshake: its key and what the web says of it.
    pub(crate) fn seen(&self) -> Option<Connection> {
        self.seen.get().copied()
    }
}

impl ServerCertVerifier for Witness {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let key = ParsedCertificate::try_from(end_entity)?.subject_public_key_info();
        let judged = self.web.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now);
        let seen = Connection::Tls { spki: Sha256::digest(&key).into(), certified: judged.is_ok() };
        // A connection has one handshake: a second certificate would be another server's.
        self.seen.set(seen).map_err(|_| Error::General("a second certificate".to_owned()))?;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.web.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.web.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.web.supported_verify_schemes()
    }
}
