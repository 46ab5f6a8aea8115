//! The way to the enclave: in clear on one machine, else over TLS that ends at the enclave's key.
//!
//! Over TLS a connection is used only if its key is one of these: the key that the operator names (then no other); a
//! key that the web's roots vouch for the host; a key that whoever holds it claims, in an evidence bundle that was
//! read over a connection to that very key. The evidence is not judged: nobody believes this program, and clients
//! judge it themselves. So a stranger who passes the enclave's own bundle on is not called, and neither is a server
//! that has none. A stranger who makes up a bundle for a key of their own is: they get sealed bytes, which they cannot
//! read, and plain reads, which they can.

mod claim;

#[cfg(test)]
pub(crate) use claim::tests::bundle;

use crate::{
    clock::Clock,
    limits,
    settings::{Backend, BackendTls},
};
use core::{
    fmt,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper::{
    Request, Uri,
    body::Bytes,
    client::conn::http1,
    header::HOST,
    http::uri::Authority,
    rt::{Read, ReadBufCursor, Write},
};
use hyper_util::{
    client::legacy::connect::{Connected, Connection, HttpConnector},
    rt::TokioIo,
};
use rustls::{
    ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
    client::{
        Resumption, WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    pki_types::{CertificateDer, ServerName, UnixTime},
    server::ParsedCertificate,
};
use sha2::{Digest as _, Sha256};
use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::{TlsConnector, client::TlsStream};
use tower_service::Service;

/// Why a connection to the enclave is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoWay {
    /// Nobody takes it, or what is there speaks no TLS.
    Unreachable,
    /// TLS ends at a key that is not the enclave's.
    OtherKey,
}

impl fmt::Display for NoWay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unreachable => "no connection to the enclave",
            Self::OtherKey => "TLS ends at another key than the enclave's",
        })
    }
}

impl std::error::Error for NoWay {}

impl NoWay {
    /// Whether this is why a call failed.
    pub(crate) fn is_other_key(error: &(dyn std::error::Error + 'static)) -> bool {
        let mut next = Some(error);
        while let Some(error) = next {
            if error.downcast_ref() == Some(&Self::OtherKey) {
                return true;
            }
            next = error.source();
        }
        false
    }
}

/// Opens connections to one enclave.
#[derive(Clone)]
pub(crate) struct Connector {
    sockets: HttpConnector,
    tls: Option<Arc<Tls>>,
}

impl Connector {
    /// # Errors
    /// If the roots of the web cannot be used, which would be a mistake of ours.
    pub(crate) fn new(backend: &Backend, clock: Clock) -> Result<Self, rustls::Error> {
        Self::with_roots(backend, clock, RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() })
    }

    pub(crate) fn with_roots(
        backend: &Backend,
        clock: Clock,
        roots: RootCertStore,
    ) -> Result<Self, rustls::Error> {
        let mut sockets = HttpConnector::new();
        sockets.set_connect_timeout(Some(limits::CONNECT_TIMEOUT));
        sockets.set_nodelay(true);
        // Host and port are all it needs; what is spoken there is decided here.
        sockets.enforce_http(false);
        let tls = backend.tls.as_ref().map(|tls| Tls::new(tls, backend.authority.clone(), clock, roots));
        Ok(Self { sockets, tls: tls.transpose()?.map(Arc::new) })
    }

    pub(crate) async fn connect(mut self, uri: Uri) -> Result<Stream, NoWay> {
        let Some(tls) = self.tls.clone() else {
            return Ok(Stream::new(self.socket(uri).await?));
        };
        let stream = tls.handshake(self.socket(uri.clone()).await?).await?;
        let key = tls.key(&stream);
        if tls.accepts(key) {
            return Ok(Stream::new(stream));
        }
        tls.learn(stream, key).await?;
        // What was used to ask is not used for calls: nothing of that answer can be taken for one of theirs.
        let stream = tls.handshake(self.socket(uri).await?).await?;
        if tls.accepts(tls.key(&stream)) { Ok(Stream::new(stream)) } else { Err(NoWay::OtherKey) }
    }

    async fn socket(&mut self, uri: Uri) -> Result<TcpStream, NoWay> {
        self.sockets.call(uri).await.map(TokioIo::into_inner).map_err(|_| NoWay::Unreachable)
    }
}

impl Service<Uri> for Connector {
    type Response = Stream;
    type Error = NoWay;
    type Future = Pin<Box<dyn Future<Output = Result<Stream, NoWay>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), NoWay>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        Box::pin(self.clone().connect(uri))
    }
}

/// The key of a connection, and whether the web vouches that it is the host's.
#[derive(Clone, Copy)]
struct Key {
    spki_sha256: [u8; 32],
    certified: bool,
}

/// TLS to one enclave.
struct Tls {
    config: Arc<ClientConfig>,
    web: Arc<WebPkiServerVerifier>,
    name: ServerName<'static>,
    authority: Authority,
    pin: Option<[u8; 32]>,
    clock: Clock,
    /// The key that was claimed last. Whoever completes a handshake with it holds it. Enclaves turn theirs daily.
    claimed: Mutex<Option<[u8; 32]>>,
    /// One at a time asks for a claim; the others find what it learnt.
    asking: tokio::sync::Mutex<()>,
}

impl Tls {
    fn new(
        tls: &BackendTls,
        authority: Authority,
        clock: Clock,
        roots: RootCertStore,
    ) -> Result<Self, rustls::Error> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let web = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
            .build()
            .map_err(|_| rustls::Error::General("no roots".to_owned()))?;
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Holder(Arc::clone(&web))))
            .with_no_client_auth();
        // A resumed session would show no certificate.
        config.resumption = Resumption::disabled();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self {
            config: Arc::new(config),
            web,
            name: tls.name.clone(),
            authority,
            pin: tls.key,
            clock,
            claimed: Mutex::new(None),
            asking: tokio::sync::Mutex::new(()),
        })
    }

    async fn handshake(&self, socket: TcpStream) -> Result<TlsStream<TcpStream>, NoWay> {
        let handshake = TlsConnector::from(Arc::clone(&self.config)).connect(self.name.clone(), socket);
        match timeout(limits::HANDSHAKE_TIMEOUT, handshake).await {
            Ok(Ok(stream)) => Ok(stream),
            _ => Err(NoWay::Unreachable),
        }
    }

    /// `None`: a certificate that cannot be read.
    fn key(&self, stream: &TlsStream<TcpStream>) -> Option<Key> {
        let (own, others) = stream.get_ref().1.peer_certificates()?.split_first()?;
        let spki = ParsedCertificate::try_from(own).ok()?.subject_public_key_info();
        let now = UnixTime::since_unix_epoch(Duration::from_secs((self.clock)()));
        let certified = self.web.verify_server_cert(own, others, &self.name, &[], now).is_ok();
        Some(Key { spki_sha256: Sha256::digest(&spki).into(), certified })
    }

    fn accepts(&self, key: Option<Key>) -> bool {
        let Some(key) = key else { return false };
        match self.pin {
            Some(pin) => key.spki_sha256 == pin,
            None => key.certified || self.is_claimed(key.spki_sha256),
        }
    }

    fn is_claimed(&self, key: [u8; 32]) -> bool {
        *self.claimed.lock().unwrap_or_else(PoisonError::into_inner) == Some(key)
    }

    /// Asks who holds the key whether the enclave's evidence names it.
    async fn learn(&self, stream: TlsStream<TcpStream>, key: Option<Key>) -> Result<(), NoWay> {
        let key = key.filter(|_| self.pin.is_none()).ok_or(NoWay::OtherKey)?.spki_sha256;
        let asking = timeout(limits::CLAIM_TIMEOUT, async {
            let _one = self.asking.lock().await;
            if self.is_claimed(key) {
                return Ok(());
            }
            let bundle = self.bundle(stream).await.ok_or(NoWay::Unreachable)?;
            if claim::claimed(&bundle) != Some(key) {
                return Err(NoWay::OtherKey);
            }
            *self.claimed.lock().unwrap_or_else(PoisonError::into_inner) = Some(key);
            Ok(())
        });
        let learnt = asking.await.unwrap_or(Err(NoWay::Unreachable));
        match learnt {
            Ok(()) => tracing::info!("the enclave shows a TLS key that its evidence names"),
            Err(NoWay::OtherKey) => tracing::warn!("TLS ends at a key that the evidence there does not name"),
            Err(NoWay::Unreachable) => {}
        }
        learnt
    }

    /// What is answered at `/attestation/quote`, over this connection.
    async fn bundle(&self, stream: TlsStream<TcpStream>) -> Option<Bytes> {
        let request = Request::get("/attestation/quote").header(HOST, self.authority.as_str());
        let request = request.body(Empty::<Bytes>::new()).ok()?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.ok()?;
        let answer = async move {
            let answer = sender.send_request(request).await.ok()?;
            let is_good = answer.status() == 200;
            let body = Limited::new(answer.into_body(), limits::BUNDLE_BYTES_MAX).collect().await.ok()?;
            is_good.then(|| body.to_bytes())
        };
        // The connection ends when the sender is gone.
        tokio::join!(connection, answer).1
    }
}

/// Checks that the other side holds the key it shows, and nothing else: what the key is worth is judged afterwards,
/// before anything is sent.
#[derive(Debug)]
struct Holder(Arc<WebPkiServerVerifier>);

impl ServerCertVerifier for Holder {
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
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.0.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.0.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_verify_schemes()
    }
}

trait Bytewise: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Bytewise for T {}

/// A connection to the enclave.
pub(crate) struct Stream(TokioIo<Box<dyn Bytewise>>);

impl Stream {
    fn new(stream: impl Bytewise + 'static) -> Self {
        Self(TokioIo::new(Box::new(stream)))
    }
}

impl Connection for Stream {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}

impl Read for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buf)
    }
}

impl Write for Stream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}
