//! Incoming sockets: accepts connections, bounds them, and hands calls over. A call that panics is one failed
//! answer, not the end of the service.

use super::{Answer, Call, Plain};
use crate::{failure::Failure, random, service::Service};
use core::{
    future::poll_fn,
    net::SocketAddr,
    panic::AssertUnwindSafe,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};
use http_body_util::{BodyExt, Full, Limited};
use hyper::{
    Request, Response, StatusCode,
    body::{Bytes, Frame, Incoming, SizeHint},
    header::{self, HeaderName, HeaderValue},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use protocol::{Code, Secret, limits};
use rustls::ServerConfig;
use std::{borrow::Cow, convert::Infallible, io, panic::catch_unwind, sync::Arc};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpListener,
    sync::{Semaphore, mpsc, watch},
    task::JoinSet,
};
use tokio_rustls::TlsAcceptor;

/// Connections open at once; more wait to be accepted.
const CONNECTIONS_MAX: usize = 1024;
/// A request head must have come by then.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// A body must have come by then.
const BODY_TIMEOUT: Duration = Duration::from_secs(20);
/// A stop waits so long for calls under way.
const STOP_TIMEOUT: Duration = Duration::from_secs(10);

/// A bound address, and how it speaks.
pub(crate) struct Listener {
    socket: TcpListener,
    tls: Option<TlsAcceptor>,
}

impl Listener {
    /// Binds. Plain HTTP binds to loopback only: beyond it, whoever is on the way could read plain answers.
    pub(crate) async fn bind_plain(address: SocketAddr) -> io::Result<Self> {
        if !address.ip().is_loopback() {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "plain HTTP is for loopback only: set ENCLAVE_HOST=127.0.0.1",
            ));
        }
        Self::bind(address, None).await
    }

    /// Binds, and speaks TLS.
    pub(crate) async fn bind_tls(address: SocketAddr, tls: Arc<ServerConfig>) -> io::Result<Self> {
        Self::bind(address, Some(TlsAcceptor::from(tls))).await
    }

    #[expect(clippy::disallowed_methods, reason = "this is the place for incoming sockets")]
    async fn bind(address: SocketAddr, tls: Option<TlsAcceptor>) -> io::Result<Self> {
        Ok(Self { socket: TcpListener::bind(address).await?, tls })
    }

    /// Where it listens, as a URL.
    pub(crate) fn url(&self) -> io::Result<String> {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        Ok(format!("{scheme}://{}", self.socket.local_addr()?))
    }
}

/// Serves calls until `stop` says so; then lets those under way end.
pub(crate) async fn serve(listener: Listener, service: Arc<Service>, stop: watch::Receiver<bool>) {
    accept(listener, stop, move |source, request| {
        let service = Arc::clone(&service);
        isolated(async move { handle(&service, source, request).await })
    })
    .await;
}

/// Does the work so that a panic in it is one failed answer. What cannot be answered at once goes on in a task of its own:
/// it comes to its end, even if nobody waits for it any more.
async fn isolated(work: impl Future<Output = Answer> + Send + 'static) -> Answer {
    let mut work = Box::pin(work);
    let attempt =
        poll_fn(|context| Poll::Ready(catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(context))).ok()));
    let answer = match attempt.await {
        Some(Poll::Ready(answer)) => Some(answer),
        Some(Poll::Pending) => tokio::spawn(work).await.ok(),
        None => None,
    };
    answer.unwrap_or_else(|| {
        let request_id = protocol::wire::encode(&random::bytes::<9>());
        tracing::error!(request_id, "a call failed: see the panic's place above");
        Answer::problem(&Failure::from(Code::Internal), &request_id)
    })
}

/// Serves the operator, on loopback.
pub(crate) async fn serve_metrics(listener: Listener, service: Arc<Service>, stop: watch::Receiver<bool>) {
    accept(listener, stop, move |_, request: Request<Incoming>| {
        let service = Arc::clone(&service);
        isolated(async move { super::operator::answer(&service, request).await })
    })
    .await;
}

async fn accept<F, W>(listener: Listener, mut stop: watch::Receiver<bool>, handler: F)
where
    F: Fn(SocketAddr, Request<Incoming>) -> W + Clone + Send + 'static,
    W: Future<Output = Answer> + Send + 'static,
{
    let room = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            () = told(&mut stop) => break,
            accepted = async {
                let permit = Arc::clone(&room).acquire_owned().await;
                (listener.socket.accept().await, permit)
            } => accepted,
        };
        while connections.try_join_next().is_some() {}
        let (Ok((stream, source)), Ok(permit)) = accepted else { continue };
        let (handler, stopping, tls) = (handler.clone(), stop.clone(), listener.tls.clone());
        connections.spawn(async move {
            let _permit = permit;
            // Small answers, each waited for: nothing is gained by gathering them.
            let _ = stream.set_nodelay(true);
            let handler = move |request| handler(source, request);
            let Some(tls) = tls else { return speak(stream, stopping, handler).await };
            // A handshake that fails or takes too long is its peer's affair.
            if let Ok(Ok(stream)) = tokio::time::timeout(HEAD_TIMEOUT, tls.accept(stream)).await {
                speak(stream, stopping, handler).await;
            }
        });
    }
    drop(listener);
    let _ =
        tokio::time::timeout(STOP_TIMEOUT, async { while connections.join_next().await.is_some() {} }).await;
}

/// HTTP/1.1 over one connection, until it ends or all does.
async fn speak<S, F, W>(stream: S, mut stopping: watch::Receiver<bool>, handler: F)
where
    S: AsyncRead + AsyncWrite + Unpin,
    F: Fn(Request<Incoming>) -> W,
    W: Future<Output = Answer>,
{
    let answer = service_fn(move |request: Request<Incoming>| {
        let work = handler(request);
        async move { Ok::<_, Infallible>(response(work.await)) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_buf_size(64 * 1024)
        .serve_connection(TokioIo::new(stream), answer);
    let mut connection = core::pin::pin!(connection);
    // A connection that breaks is its peer's affair.
    tokio::select! {
        _ = connection.as_mut() => {}
        () = told(&mut stopping) => {
            connection.as_mut().graceful_shutdown();
            let _ = connection.await;
        }
    }
}

/// Completes when it is time to stop, and when nobody is left to say so.
async fn told(stop: &mut watch::Receiver<bool>) {
    // The guard that this gives is dropped here: it must not be held while something is awaited.
    let _ = stop.wait_for(|stop| *stop).await;
}

async fn handle(service: &Arc<Service>, source: SocketAddr, request: Request<Incoming>) -> Answer {
    let (head, body) = request.into_parts();
    let text = |name: &str| head.headers.get(name).and_then(|value| value.to_str().ok());
    let route = Plain::find(head.method.as_str(), head.uri.path()).map(|(route, _)| route);
    let body_bytes_max = route.ok().and_then(Plain::body_bytes_max);
    let bearer = text(header::AUTHORIZATION.as_str())
        .and_then(|value| value.strip_prefix("Bearer "))
        .map(|id| Secret::new(id.trim().to_owned()));
    let call = Call {
        method: head.method.as_str().to_owned(),
        path: Secret::new(head.uri.path().to_owned()),
        query: head.uri.query().map(str::to_owned),
        bearer,
        nonce: text("perfagg-nonce")
            .filter(|nonce| nonce.len() <= limits::NONCE_CHARS_MAX)
            .map(str::to_owned),
        last_event_id: text("last-event-id").map(str::to_owned),
        // No other route has a body; what comes is left unread.
        body: match body_bytes_max {
            Some(bytes_max) => read(body, bytes_max).await,
            None => None,
        },
    };
    let is_head = head.method == hyper::Method::HEAD;
    let mut answer = super::answer(service, source.ip(), call).await;
    if is_head {
        answer.body.clear();
    }
    answer
}

/// All of a body; `None` if it is longer than `bytes_max`.
pub(super) async fn read(body: Incoming, bytes_max: usize) -> Option<Vec<u8>> {
    let limited = Limited::new(body, bytes_max);
    match tokio::time::timeout(BODY_TIMEOUT, limited.collect()).await {
        Ok(Ok(collected)) => Some(collected.to_bytes().to_vec()),
        Ok(Err(error)) if error.is::<http_body_util::LengthLimitError>() => None,
        // A body that broke off is no envelope.
        _ => Some(Vec::new()),
    }
}

/// What an answer says, at once or piece by piece.
enum Body {
    Whole(Full<Bytes>),
    Pieces(mpsc::Receiver<Bytes>),
}

impl hyper::body::Body for Body {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match self.get_mut() {
            Self::Whole(body) => Pin::new(body).poll_frame(context),
            Self::Pieces(pieces) => {
                pieces.poll_recv(context).map(|piece| piece.map(|piece| Ok(Frame::data(piece))))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Whole(body) => body.is_end_stream(),
            Self::Pieces(_) => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(body) => body.size_hint(),
            Self::Pieces(_) => SizeHint::default(),
        }
    }
}

fn response(answer: Answer) -> Response<Body> {
    let Answer { status, content_type, body, stream, headers, code: _ } = answer;
    let body = match stream {
        Some(pieces) => Body::Pieces(pieces),
        None => Body::Whole(Full::new(Bytes::from(body))),
    };
    let mut response = Response::new(body);
    let told = response.headers_mut();
    told.reserve(headers.len().saturating_add(3));
    told.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    told.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let mut whole = true;
    for (name, value) in headers {
        let value = match value {
            Cow::Borrowed(value) => Ok(HeaderValue::from_static(value)),
            Cow::Owned(value) => HeaderValue::try_from(value),
        };
        match value {
            Ok(value) => drop(told.insert(HeaderName::from_static(name), value)),
            Err(_) => whole = false,
        }
    }
    match StatusCode::from_u16(status) {
        Ok(status) if whole => *response.status_mut() = status,
        _ => {
            response = Response::new(Body::Whole(Full::default()));
            *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
        }
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::TcpStream,
    };

    /// One request over a connection of its own; the whole answer as text.
    #[expect(clippy::disallowed_methods, reason = "a test's own client")]
    async fn ask(to: SocketAddr, path: &str) -> String {
        let mut stream = TcpStream::connect(to).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }

    #[tokio::test]
    async fn a_worker_that_panics_takes_down_one_request_and_tells_nothing() {
        let listener = Listener::bind_plain("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let address = listener.socket.local_addr().unwrap();
        let (stop, stopping) = watch::channel(false);
        let serving = tokio::spawn(accept(listener, stopping, |_, request: Request<Incoming>| {
            let path = request.uri().path().to_owned();
            isolated(async move {
                assert_ne!(path, "/panic", "planted-in-a-panic");
                Answer::new(200, "text/plain", b"well".to_vec())
            })
        }));
        assert!(ask(address, "/").await.ends_with("well"));
        let failed = ask(address, "/panic").await;
        assert!(failed.starts_with("HTTP/1.1 500") && failed.contains("\"code\":\"INTERNAL\""), "{failed}");
        assert!(!failed.contains("planted"), "{failed}");
        assert!(ask(address, "/").await.ends_with("well"), "the next one is served");
        stop.send_replace(true);
        serving.await.unwrap();
    }

    #[tokio::test]
    async fn a_call_that_waits_comes_to_its_end_though_nobody_waits_for_it() {
        let (begun, begins) = tokio::sync::oneshot::channel();
        let (release, released) = tokio::sync::oneshot::channel::<()>();
        let (ended, ends) = tokio::sync::oneshot::channel();
        let call = tokio::spawn(isolated(async move {
            tokio::task::yield_now().await;
            begun.send(()).unwrap();
            released.await.unwrap();
            ended.send(()).unwrap();
            Answer::new(200, "text/plain", Vec::new())
        }));
        begins.await.unwrap();
        call.abort();
        assert!(call.await.is_err());
        release.send(()).unwrap();
        ends.await.expect("it went on");
    }

    #[tokio::test]
    async fn plain_http_binds_to_loopback_only() {
        assert!(Listener::bind_plain("0.0.0.0:0".parse().unwrap()).await.is_err());
    }
}
