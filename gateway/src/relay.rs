//! Passes a call on to the enclave and its answer back: the same path and query, the body as it is, and of the
//! headers those that are named here. An answer passes through piece by piece; nothing of it is kept.

use crate::{
    access::AccessLog,
    backend::{Connector, NoWay},
    clear,
    counters::Counters,
    description,
    limits::{self, Call},
    pages::Pages,
    passing::{CutOff, Passing, Record, Recorded},
    problem::{Failure, own_answer},
    route,
    settings::Backend,
};
use core::net::IpAddr;
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited, combinators::BoxBody};
use hyper::{
    HeaderMap, Method, Request, Response, Uri,
    body::{Body as _, Bytes, Incoming},
    header::CONTENT_TYPE,
    http::request::Parts,
};
use hyper_util::{
    client::legacy::Client,
    rt::{TokioExecutor, TokioTimer},
};
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};
use tokio::time::{Instant, timeout};

/// Where sealed calls go.
const SEALED: &str = "/enclave/sealed";

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

/// Where a request came from; put beside it by whoever accepted the connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(pub(crate) IpAddr);

/// The way to one enclave, and what is kept of it.
pub(crate) struct Relay {
    client: Client<Connector, Full<Bytes>>,
    backend: Backend,
    bounds: Call,
    counters: Arc<Counters>,
    log: Arc<AccessLog>,
    calls: AtomicU64,
    pages: Pages,
}

impl Relay {
    /// # Errors
    /// If TLS cannot be set up, which would be a mistake of ours.
    pub(crate) fn new(
        backend: Backend,
        bounds: Call,
        counters: Arc<Counters>,
        log: Arc<AccessLog>,
    ) -> Result<Self, rustls::Error> {
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(limits::BACKEND_IDLE)
            .build(Connector::new(&backend, log.clock)?);
        let (calls, pages) = (AtomicU64::new(0), Pages::default());
        Ok(Self { client, backend, bounds, counters, log, calls, pages })
    }

    /// Beside the calls, these pages are served.
    pub(crate) fn with_pages(self, pages: Pages) -> Self {
        Self { pages, ..self }
    }

    /// Answers a request, and logs it: the route by its name, the status, and the time until the answer began.
    pub(crate) async fn answer(&self, request: Request<Incoming>) -> Answer {
        let request_id = format!("main-{}", self.calls.fetch_add(1, Ordering::Relaxed));
        let path = request.uri().path();
        let route = route::find(path).or_else(|| self.pages.has(path).then_some(route::PAGE));
        let peer = request.extensions().get::<Peer>().map(|peer| peer.0);
        let mut record = Record::begin(Arc::clone(&self.log), peer, route.unwrap_or("(none)"));
        let outcome = self.outcome(route, request, &mut record.called.bytes_in).await;
        let (answer, code) = match outcome {
            Ok(answer) => (answer, ""),
            Err(failure) => {
                self.counters.failure(failure);
                (failure.answer(&request_id), failure.code())
            }
        };
        let (route, status) = (record.called.route, answer.status().as_u16());
        record.called.status = status;
        self.counters.call(route, status);
        let ms = record.began.elapsed().as_millis();
        tracing::info!(route, status, ms, code, request_id, "call");
        answer.map(|body| Recorded { body, record }.boxed())
    }

    async fn outcome(
        &self,
        route: Option<&'static str>,
        request: Request<Incoming>,
        bytes_in: &mut u64,
    ) -> Result<Answer, Failure> {
        if request.uri().path_and_query().is_some_and(|path| clear::is_told(path.as_str().as_bytes())) {
            return Err(Failure::ClearCredentials);
        }
        match route {
            Some(route::LIVE) => return own(request.method(), br#"{"status":"live"}"#),
            Some(route::DESCRIPTION) => return own(request.method(), description::JSON),
            _ => {}
        }
        let (head, body) = request.into_parts();
        let body = self.read(body).await;
        *bytes_in = body.as_ref().map_or(0, |body| as_u64(body.len()));
        // What is sealed tells nothing, whatever its bytes look like.
        let told = |body: &Bytes| clear::is_told(body) && !(route == Some(SEALED) && is_envelope(body));
        if body.as_ref().is_ok_and(told) {
            return Err(Failure::ClearCredentials);
        }
        match route {
            Some(route::PAGE) => self.pages.answer(&head.method, head.uri.path(), &head.headers),
            Some(_) => self.pass_on(head, body?).await,
            None => Err(Failure::NotFound),
        }
    }

    async fn pass_on(&self, head: Parts, body: Bytes) -> Result<Answer, Failure> {
        let mut call = Request::new(Full::new(body));
        *call.method_mut() = head.method;
        *call.uri_mut() = self.address(&head.uri)?;
        *call.headers_mut() = only(&REQUEST_HEADERS, &head.headers);

        let answer = timeout(self.bounds.answer_timeout, self.client.request(call)).await;
        let (head, body) = answer.map_err(|_| Failure::Timeout)?.map_err(failure)?.into_parts();
        let too_large = body.size_hint().lower() > as_u64(self.bounds.answer_bytes_max);
        if too_large || head.status.is_informational() {
            return Err(Failure::BackendUnreachable);
        }
        let (life, silence) = match is_stream(&head.headers) {
            true => (self.bounds.stream_life, Some(self.bounds.stream_silence)),
            false => (self.bounds.passing_timeout, None),
        };
        let deadline = Instant::now().checked_add(life).ok_or(Failure::Internal)?;
        let passing = Passing::new(body, self.bounds.answer_bytes_max, deadline, life, silence);
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
        parts.scheme = Some(self.backend.scheme());
        parts.authority = Some(self.backend.authority.clone());
        parts.path_and_query = uri.path_and_query().cloned();
        Uri::from_parts(parts).map_err(|_| Failure::NotFound)
    }
}

/// Why the enclave gave no answer.
fn failure(error: hyper_util::client::legacy::Error) -> Failure {
    if NoWay::is_other_key(&error) { Failure::BackendKey } else { Failure::BackendUnreachable }
}

fn is_envelope(body: &[u8]) -> bool {
    protocol::Envelope::parse(body).is_ok()
}

/// What this program says itself: that it runs (`/health/ready` tells of the enclave), and what its routes are.
fn own(method: &Method, json: &[u8]) -> Result<Answer, Failure> {
    match *method {
        Method::GET => Ok(own_answer(200, "application/json", json.to_vec())),
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
