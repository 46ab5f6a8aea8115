//! TLS to the database: rustls, the server's certificate and name verified, and the password bound to that certificate.
//!
//! Who answers a SCRAM login over another certificate, were it one that an authority made by mistake, learns nothing that
//! it could pass on: the login names the certificate (RFC 5929, tls-server-end-point).

use core::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};
use rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, ServerName, pem::PemObject as _},
};
use sha2::{Digest as _, Sha256, Sha384, Sha512};
use std::{io, sync::Arc};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_postgres::{
    Socket,
    tls::{ChannelBinding, MakeTlsConnect, TlsConnect, TlsStream},
};
use tokio_rustls::{TlsConnector, client};
use x509_cert::der::{Decode as _, oid::ObjectIdentifier};

/// Which authorities vouch for the database.
pub(crate) struct Trust(RootCertStore);

impl Trust {
    /// The web's, as compiled in.
    pub(crate) fn web() -> Self {
        Self(RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() })
    }

    /// Only those of a file, PEM; `None` if it holds anything else, or nothing.
    pub(crate) fn only(pem: &[u8]) -> Option<Self> {
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(pem) {
            roots.add(certificate.ok()?).ok()?;
        }
        (!roots.is_empty()).then_some(Self(roots))
    }
}

/// Makes connections private.
#[derive(Clone)]
pub(super) struct Tls(TlsConnector);

impl Tls {
    pub(super) fn new(trust: Trust, direct: bool) -> Self {
        let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("ring has suites for TLS 1.2 and 1.3")
            .with_root_certificates(trust.0)
            .with_no_client_auth();
        if direct {
            config.alpn_protocols = vec![b"postgresql".to_vec()];
        }
        Self(TlsConnector::from(Arc::new(config)))
    }
}

impl MakeTlsConnect<Socket> for Tls {
    type Stream = Private;
    type TlsConnect = Handshake;
    type Error = io::Error;

    fn make_tls_connect(&mut self, host: &str) -> io::Result<Handshake> {
        // A Unix socket has no name, and no TLS: that is judged when a handshake begins, which there is none of.
        Ok(Handshake { connector: self.0.clone(), name: ServerName::try_from(host.to_owned()).ok() })
    }
}

/// A handshake to be made with one host.
pub(super) struct Handshake {
    connector: TlsConnector,
    name: Option<ServerName<'static>>,
}

impl TlsConnect<Socket> for Handshake {
    type Stream = Private;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Private>> + Send>>;

    fn connect(self, socket: Socket) -> Self::Future {
        Box::pin(async move {
            let name = self.name.ok_or(io::ErrorKind::InvalidInput)?;
            Ok(Private(Box::new(self.connector.connect(name, socket).await?)))
        })
    }
}

/// A connection under TLS.
pub(super) struct Private(Box<client::TlsStream<Socket>>);

impl TlsStream for Private {
    fn channel_binding(&self) -> ChannelBinding {
        let certificates = self.0.get_ref().1.peer_certificates().unwrap_or_default();
        certificates
            .first()
            .and_then(|certificate| end_point(certificate))
            .map_or_else(ChannelBinding::none, ChannelBinding::tls_server_end_point)
    }
}

/// The hash of a certificate, by the function that its signature uses; where that is MD5 or SHA-1, SHA-256 (RFC 5929,
/// section 4.1). `None` where the RFC does not say.
fn end_point(certificate: &[u8]) -> Option<Vec<u8>> {
    const OID: fn(&str) -> ObjectIdentifier = ObjectIdentifier::new_unwrap;
    let algorithm = x509_cert::Certificate::from_der(certificate).ok()?.signature_algorithm().oid;
    // RSA with MD5, SHA-1 and SHA-256, and ECDSA with SHA-1 and SHA-256.
    const SHORT: [&str; 5] = [
        "1.2.840.113549.1.1.4",
        "1.2.840.113549.1.1.5",
        "1.2.840.113549.1.1.11",
        "1.2.840.10045.4.1",
        "1.2.840.10045.4.3.2",
    ];
    if SHORT.map(OID).contains(&algorithm) {
        Some(Sha256::digest(certificate).to_vec())
    } else if ["1.2.840.113549.1.1.12", "1.2.840.10045.4.3.3"].map(OID).contains(&algorithm) {
        Some(Sha384::digest(certificate).to_vec())
    } else if ["1.2.840.113549.1.1.13", "1.2.840.10045.4.3.4"].map(OID).contains(&algorithm) {
        Some(Sha512::digest(certificate).to_vec())
    } else {
        None
    }
}

impl AsyncRead for Private {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.0).poll_read(context, buffer)
    }
}

impl AsyncWrite for Private {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut *self.0).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.0).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.0).poll_shutdown(context)
    }
}
