//! The one place that opens sockets: HTTP/1.1 to one service, over TLS with the web's roots compiled in, or plain on
//! this machine. No proxy, no redirect, no cookie; every answer has a bound and a time.
//!
//! A handshake may end at a certificate that nobody vouches for: an enclave signs its own. What was seen of it goes into
//! the verification of the evidence, which decides; until then nothing is sent but the request for that evidence.

use crate::{failure::Unreachable, handshake, service_url::ServiceUrl};
use core::time::Duration;
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::{
    HeaderMap, Method, Request, Response,
    body::{Bytes, Incoming},
    client::conn::http1::{self, SendRequest},
    header,
};
use hyper_util::rt::TokioIo;
use protocol::{limits, sse};
use rustls::pki_types::ServerName;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    task::JoinHandle,
    time::timeout,
};
use tokio_rustls::TlsConnector;

/// Name look-up, connection and handshake together.
const OPEN_TIMEOUT: Duration = Duration::from_secs(15);
/// A stream says something every 15 seconds; one that says nothing for so long is dead.
const SILENCE: Duration = Duration::from_secs(3 * limits::EVENT_HEARTBEAT_S);
/// Bytes of a response's head; hyper's own buffer may hold more than one needs.
const HEAD_BYTES_MAX: usize = 64 * 1024;

/// A request of ours.
#[derive(Clone)]
pub(crate) struct Ask {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) body: String,
    /// The answer's bound.
    pub(crate) bytes_max: usize,
    /// The answer's time.
    pub(crate) within: Duration,
}

/// An answer as it came: nobody's word yet.
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) retry_after_s: Option<u64>,
    pub(crate) body: Vec<u8>,
}

/// What came: an answer, or one that comes piece by piece.
pub(crate) enum Heard {
    Reply(Reply),
    Stream(Stream),
}

/// An answer that comes piece by piece, on a connection of its own.
pub(crate) struct Stream {
    body: Incoming,
    _connection: Connection,
}

impl Stream {
    /// The next bytes; none after the last.
    pub(crate) async fn piece(&mut self) -> Result<Option<Bytes>, Unreachable> {
        loop {
            let frame = timeout(SILENCE, self.body.frame()).await.map_err(|_| Unreachable::Timeout)?;
            match frame {
                None => return Ok(None),
                Some(Err(_)) => return Err(Unreachable::Broken),
                // Trailers say nothing that anyone sealed.
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(bytes) => return Ok(Some(bytes)),
                    Err(_) => continue,
                },
            }
        }
    }
}

/// An open connection to the service.
pub(crate) struct Connection {
    sender: SendRequest<Full<Bytes>>,
    driver: JoinHandle<()>,
    host: String,
    /// Who ends it, as far as a handshake tells.
    pub(crate) seen: attestation::Connection,
}

impl Connection {
    /// Opens one.
    pub(crate) async fn open(url: &ServiceUrl) -> Result<Self, Unreachable> {
        timeout(OPEN_TIMEOUT, Self::connect(url)).await.unwrap_or(Err(Unreachable::Timeout))
    }

    /// Opens one to a host that the web vouches for, or on this machine: no evidence will vouch for this one.
    pub(crate) async fn open_certified(url: &ServiceUrl) -> Result<Self, Unreachable> {
        match Self::open(url).await? {
            Self { seen: attestation::Connection::Tls { certified: false, .. }, .. } => Err(Unreachable::Tls),
            connection => Ok(connection),
        }
    }

    async fn connect(url: &ServiceUrl) -> Result<Self, Unreachable> {
        let stream = dial(url).await?;
        // Small calls, each waited for: nothing is gained by gathering them.
        let _ = stream.set_nodelay(true);
        if !url.tls {
            return Self::speak(stream, url, attestation::Connection::Plain).await;
        }
        let name = ServerName::try_from(url.host.clone()).map_err(|_| Unreachable::Name)?;
        let (config, witness) = handshake::config()?;
        let stream = TlsConnector::from(config).connect(name, stream).await.map_err(|_| Unreachable::Tls)?;
        Self::speak(stream, url, witness.seen().ok_or(Unreachable::Tls)?).await
    }

    async fn speak<S>(stream: S, url: &ServiceUrl, seen: attestation::Connection) -> Result<Self, Unreachable>
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let (sender, connection) = http1::Builder::new()
            .max_buf_size(HEAD_BYTES_MAX)
            .handshake(TokioIo::new(stream))
            .await
            .map_err(|_| Unreachable::Broken)?;
        let driver = tokio::spawn(async move {
            // How it ends is told to whoever waits for an answer.
            let _ = connection.await;
        });
        Ok(Self { sender, driver, host: url.authority(), seen })
    }

    /// Sends a request and reads its answer.
    pub(crate) async fn ask(&mut self, ask: Ask) -> Result<Reply, Unreachable> {
        self.ask_with_headers(ask).await.map(|(_, reply)| reply)
    }

    /// The same, with the answer's headers: as much nobody's word as the answer.
    pub(crate) async fn ask_with_headers(&mut self, ask: Ask) -> Result<(HeaderMap, Reply), Unreachable> {
        let (bytes_max, within) = (ask.bytes_max, ask.within);
        let answered = async {
            let response = self.send(ask).await?;
            let headers = response.headers().clone();
            Ok((headers, read(response, bytes_max).await?))
        };
        timeout(within, answered).await.unwrap_or(Err(Unreachable::Timeout))
    }

    /// Sends a request whose answer may come piece by piece: its beginning, in time.
    pub(crate) async fn listen(mut self, ask: Ask) -> Result<Heard, Unreachable> {
        let (bytes_max, within) = (ask.bytes_max, ask.within);
        let answered = async {
            let response = self.send(ask).await?;
            let kind = response.headers().get(header::CONTENT_TYPE);
            let streams = kind.is_some_and(|kind| kind.as_bytes().starts_with(sse::CONTENT_TYPE.as_bytes()));
            if response.status() == 200 && streams {
                return Ok(Heard::Stream(Stream { body: response.into_body(), _connection: self }));
            }
            read(response, bytes_max).await.map(Heard::Reply)
        };
        timeout(within, answered).await.unwrap_or(Err(Unreachable::Timeout))
    }

    async fn send(&mut self, ask: Ask) -> Result<Response<Incoming>, Unreachable> {
        let Ask { method, path, body, bytes_max: _, within: _ } = ask;
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, &self.host)
            // Revocation lists are not JSON.
            .header(header::ACCEPT, "application/json, */*;q=0.5")
            .header(header::USER_AGENT, concat!("perfagg/", env!("CARGO_PKG_VERSION")));
        if !body.is_empty() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        let request = request.body(Full::new(Bytes::from(body))).map_err(|_| Unreachable::Name)?;
        self.sender.ready().await.map_err(|_| Unreachable::Broken)?;
        self.sender.send_request(request).await.map_err(|_| Unreachable::Broken)
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the client's place for outgoing sockets")]
async fn dial(url: &ServiceUrl) -> Result<TcpStream, Unreachable> {
    if !url.tls {
        return TcpStream::connect(url.loopback().as_slice()).await.map_err(|_| Unreachable::Connect);
    }
    let addresses: Vec<_> = tokio::net::lookup_host((url.host.as_str(), url.port))
        .await
        .map_err(|_| Unreachable::Name)?
        .collect();
    TcpStream::connect(addresses.as_slice()).await.map_err(|_| Unreachable::Connect)
}

async fn read(response: Response<Incoming>, bytes_max: usize) -> Result<Reply, Unreachable> {
    let status = response.status().as_u16();
    let retry_after_s = response
        .headers()
        .get(header::RETRY_AFTER)
        .and_then(|value| value.to_str().ok()?.trim().parse().ok());
    let body = Limited::new(response.into_body(), bytes_max).collect().await.map_err(|error| {
        if error.is::<LengthLimitError>() { Unreachable::TooLarge } else { Unreachable::Broken }
    })?;
    Ok(Reply { status, retry_after_s, body: body.to_bytes().into() })
}
