//! Passes a call on to the enclave and its answer back: the same path and query, the body as it is, and of the
//! headers those that are named here. An answer passes through piece by piece; nothing of it is kept.

use crate::{
    limits::{self, Call},
    problem::{Failure, own_answer},
    route,
};
use core::{
    fmt,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited, combinators::BoxBody};
use hyper::{
    HeaderMap, Method, Request, Response, Uri,
    body::{Body, Bytes, Frame, Incoming, SizeHint},
    header::CONTENT_TYPE,
    http::uri::{Authority, Scheme},
};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::time::{Instant, Sleep, sleep, timeout};

/// What goes back to a caller.
pub(crate) type Answer = Response<BoxBody<Bytes, CutOff>>;

/// Headers of a request that the enclave may need. Cookies, the caller's address and what else a browser tells stay
/// here, and hop-by-hop headers are each hop's own.
const REQUEST_HEADERS: [&str; 8] = [
    "accept",
    "access-control-request-headers",
    "access-control-request-method",
    "authorization",
    "content-type",
    "last-event-id",
    "origin",
    "perfagg-nonce",
];

/// Headers of an answer that a client may need.
const ANSWER_HEADERS: [&str; 14] = [
    "access-control-allow-headers",
    "access-control-allow-methods",
    "access-control-allow-origin",
    "access-control-expose-headers",
    "access-control-max-age",
    "allow",
    "cache-control",
    "content-digest",
    "content-type",
    "retry-after",
    "signature",
    "signature-input",
    "vary",
    "x-request-id",
];

/// The way to one enclave.
pub(crate) struct Relay {
    client: Client<HttpConnector, Full<Bytes>>,
    backend: Authority,
    bounds: Call,
    calls: AtomicU64,
}

impl Relay {
    pub(crate) fn new(backend: Authority, bounds: Call) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_connect_timeout(Some(limits::CONNECT_TIMEOUT));
        connector.set_nodelay(true);
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(limits::BACKEND_IDLE)
            .build(connector);
        Self { client, backend, bounds, calls: AtomicU64::new(0) }
    }

    /// Answers a request, and logs it: the route by its name, the status, and the time until the answer began.
    pub(crate) async fn answer(&self, request: Request<Incoming>) -> Answer {
        let began = Instant::now();
        let request_id = format!("main-{}", self.calls.fetch_add(1, Ordering::Relaxed));
        let route = route::find(request.uri().path());
        let outcome = match route {
            None => Err(Failure::NotFound),
            Some(route::LIVE) => live(request.method()),
            Some(_) => self.pass_on(request).await,
        };
        let (answer, code) = match outcome {
            Ok(answer) => (answer, ""),
            Err(failure) => (failure.answer(&request_id), failure.code()),
        };
        let (route, status, ms) =
            (route.unwrap_or("(none)"), answer.status().as_u16(), began.elapsed().as_millis());
        tracing::info!(route, status, ms, code, request_id, "call");
        answer
    }

    async fn pass_on(&self, request: Request<Incoming>) -> Result<Answer, Failure> {
        let (head, body) = request.into_parts();
        let body = self.read(body).await?;
        let mut call = Request::new(Full::new(body));
        *call.method_mut() = head.method;
        *call.uri_mut() = self.address(&head.uri)?;
        *call.headers_mut() = only(&REQUEST_HEADERS, &head.headers);

        let answer = timeout(self.bounds.answer_timeout, self.client.request(call)).await;
        let (head, body) =
            answer.map_err(|_| Failure::Timeout)?.map_err(|_| Failure::BackendUnreachable)?.into_parts();
        let too_large = body.size_hint().lower() > as_u64(self.bounds.answer_bytes_max);
        if too_large || head.status.is_informational() {
            return Err(Failure::BackendUnreachable);
        }
        let (life, silence) = match is_stream(&head.headers) {
            true => (self.bounds.stream_life, Some(self.bounds.stream_silence)),
            false => (self.bounds.passing_timeout, None),
        };
        let deadline = Instant::now().checked_add(life).ok_or(Failure::Internal)?;
        let passing = Passing {
            body,
            left: self.bounds.answer_bytes_max,
            deadline,
            silence,
            alarm: Box::pin(sleep(silence.map_or(life, |silence| silence.min(life)))),
        };
        let mut answer = Response::new(passing.boxed());
        *answer.status_mut() = head.status;
        *answer.headers_mut() = only(&ANSWER_HEADERS, &head.headers);
        Ok(answer)
    }

    async fn read(&self, body: Incoming) -> Result<Bytes, Failure> {
        let max = self.bounds.request_bytes_max;
        if body.size_hint().lower() > as_u64(max) {
            return Err(Failure::TooLarge);
        }
        match timeout(self.bounds.request_timeout, Limited::new(body, max).collect()).await {
            Ok(Ok(whole)) => Ok(whole.to_bytes()),
            Ok(Err(error)) if error.is::<LengthLimitError>() => Err(Failure::TooLarge),
            _ => Err(Failure::Broken),
        }
    }

    /// The same path and query at the enclave.
    fn address(&self, uri: &Uri) -> Result<Uri, Failure> {
        let mut parts = hyper::http::uri::Parts::default();
        parts.scheme = Some(Scheme::HTTP);
        parts.authority = Some(self.backend.clone());
        parts.path_and_query = uri.path_and_query().cloned();
        Uri::from_parts(parts).map_err(|_| Failure::NotFound)
    }
}

/// This program runs; `/health/ready` tells of the enclave.
fn live(method: &Method) -> Result<Answer, Failure> {
    match *method {
        Method::GET => Ok(own_answer(200, "application/json", br#"{"status":"live"}"#.to_vec())),
        Method::HEAD => Ok(own_answer(200, "application/json", Vec::new())),
        _ => Err(Failure::MethodNotAllowed),
    }
}

fn only(names: &[&'static str], headers: &HeaderMap) -> HeaderMap {
    let mut kept = HeaderMap::new();
    for name in names {
        for value in headers.get_all(*name) {
            kept.append(*name, value.clone());
        }
    }
    kept
}

/// Whether an answer is a stream of events, which lasts.
pub(crate) fn is_stream(headers: &HeaderMap) -> bool {
    headers.get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes() == protocol::sse::CONTENT_TYPE.as_bytes())
}

fn as_u64(bytes: usize) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX)
}

/// An answer on its way through, bounded in bytes and in time. Trailers, which nobody names, are left out.
struct Passing {
    body: Incoming,
    left: usize,
    /// When it must have passed.
    deadline: Instant,
    /// How long nothing may come, if that is bounded too.
    silence: Option<Duration>,
    /// At the deadline, or when nothing came for too long.
    alarm: Pin<Box<Sleep>>,
}

/// An answer that broke off, grew too large or took too long: the caller sees it end early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CutOff;

impl fmt::Display for CutOff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the enclave's answer was cut off")
    }
}

impl std::error::Error for CutOff {}

impl Body for Passing {
    type Data = Bytes;
    type Error = CutOff;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, CutOff>>> {
        if self.alarm.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Some(Err(CutOff)));
        }
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        if let Some(next) = self.silence.and_then(|silence| Instant::now().checked_add(silence)) {
            let deadline = self.deadline;
            self.alarm.as_mut().reset(next.min(deadline));
        }
        Poll::Ready(match frame.map(|frame| frame.map(Frame::into_data)) {
            None | Some(Ok(Err(_))) => None,
            Some(Err(_)) => Some(Err(CutOff)),
            Some(Ok(Ok(piece))) => match self.left.checked_sub(piece.len()) {
                None => Some(Err(CutOff)),
                Some(left) => {
                    self.left = left;
                    Some(Ok(Frame::data(piece)))
                }
            },
        })
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
