//! Calls in, answers out: which route a call means, who may ask how often, and what a relay may see.
//!
//! Not here: sockets (`server.rs`), and what a route does (`intake.rs`, `publish.rs`).

mod limiter;
mod problem;
mod operator;
mod server;
mod signature;
#[cfg(test)]
mod description;

pub(crate) use limiter::Limiter;
pub(crate) use server::{Listener, serve, serve_metrics};

use crate::{
    events::{Listener as EventListener, Voice},
    failure::Failure,
    intake, publish, random,
    service::Service,
    session::Session,
};
use core::net::IpAddr;
use hyper::body::Bytes;
use protocol::{Code, Secret, countersign::CountersignCall, limits, sse};
use std::{borrow::Cow, sync::Arc};
use tokio::sync::mpsc;

/// A request, taken apart. What may name a session is a secret.
pub(crate) struct Call {
    pub(crate) method: String,
    pub(crate) path: Secret,
    pub(crate) query: Option<String>,
    /// What follows `Authorization: Bearer`.
    pub(crate) bearer: Option<Secret>,
    /// `Perfagg-Nonce`: bound into the signature of a plain answer.
    pub(crate) nonce: Option<String>,
    /// `Last-Event-ID`: where a plain stream of events goes on.
    pub(crate) last_event_id: Option<String>,
    /// Of the routes that have one; `None` when it was larger than it may be.
    pub(crate) body: Option<Vec<u8>>,
}

/// An answer.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) content_type: &'static str,
    pub(crate) body: Vec<u8>,
    /// What follows the body, piece by piece, until it ends.
    pub(crate) stream: Option<mpsc::Receiver<Bytes>>,
    /// Names in lower case.
    pub(crate) headers: Vec<(&'static str, Cow<'static, str>)>,
    /// For the log: which code, if it failed.
    pub(crate) code: Option<Code>,
}

impl Answer {
    pub(crate) fn new(status: u16, content_type: &'static str, body: Vec<u8>) -> Self {
        Self { status, content_type, body, stream: None, headers: Vec::new(), code: None }
    }

    fn events(pieces: mpsc::Receiver<Bytes>) -> Self {
        Self { stream: Some(pieces), ..Self::new(200, sse::CONTENT_TYPE, Vec::new()) }
    }

    fn json(body: Vec<u8>) -> Self {
        Self::new(200, "application/json", body)
    }
}

/// The routes, each with the method it takes and its name in logs, which never holds a session id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Plain {
    Quote,
    Countersign,
    Sealed,
    Register,
    Summary,
    Metrics,
    Ledger,
    Events,
    Revoke,
    Sessions,
    Erase,
    Exchanges,
    Live,
    Ready,
    OpenApi,
}

impl Plain {
    pub(crate) const ALL: [Self; 15] = [
        Self::Quote,
        Self::Countersign,
        Self::Sealed,
        Self::Register,
        Self::Summary,
        Self::Metrics,
        Self::Ledger,
        Self::Events,
        Self::Revoke,
        Self::Sessions,
        Self::Erase,
        Self::Exchanges,
        Self::Live,
        Self::Ready,
        Self::OpenApi,
    ];

    /// Method and path; a last segment in braces stands for a session id, and may be left out when the id comes
    /// as `Authorization: Bearer`.
    pub(crate) const fn template(self) -> (&'static str, &'static str) {
        match self {
            Self::Quote => ("GET", "/attestation/quote"),
            Self::Countersign => ("POST", "/attestation/countersign"),
            Self::Sealed => ("POST", "/enclave/sealed"),
            Self::Register => ("POST", "/enclave/sessions"),
            Self::Summary => ("GET", "/enclave/summary/{session_id}"),
            Self::Metrics => ("GET", "/enclave/metrics/{session_id}"),
            Self::Ledger => ("GET", "/enclave/ledger/{session_id}"),
            Self::Events => ("GET", "/enclave/events/{session_id}"),
            Self::Revoke => ("DELETE", "/enclave/sessions/{session_id}"),
            Self::Sessions => ("GET", "/enclave/sessions"),
            Self::Erase => ("DELETE", "/enclave/record"),
            Self::Exchanges => ("GET", "/exchanges"),
            Self::Live => ("GET", "/health/live"),
            Self::Ready => ("GET", "/health/ready"),
            Self::OpenApi => ("GET", "/openapi.json"),
        }
    }

    /// What a body may weigh, of the routes that have one.
    pub(crate) const fn body_bytes_max(self) -> Option<usize> {
        match self {
            Self::Sealed => Some(limits::ENVELOPE_BYTES_MAX),
            Self::Countersign => Some(limits::COUNTERSIGN_CALL_BYTES_MAX),
            _ => None,
        }
    }

    /// The route of a call, and the session id in its path.
    fn find<'a>(method: &str, path: &'a str) -> Result<(Self, Option<&'a str>), Code> {
        let mut found = Err(Code::NotFound);
        for route in Self::ALL {
            let (takes, template) = route.template();
            let id = match template.strip_suffix("/{session_id}") {
                Some(fixed) => match path.strip_prefix(fixed) {
                    Some("") => None,
                    Some(rest) => {
                        match rest.strip_prefix('/').filter(|id| !id.is_empty() && !id.contains('/')) {
                            Some(id) => Some(id),
                            None => continue,
                        }
                    }
                    None => continue,
                },
                None if template == path => None,
                None => continue,
            };
            // `/health/live` and the like also answer HEAD; the server leaves the body out.
            if takes == method || (takes == "GET" && method == "HEAD") {
                return Ok((route, id));
            }
            found = Err(Code::MethodNotAllowed);
        }
        found
    }

    /// The methods that a path takes, as `Allow` lists them.
    fn methods(path: &str) -> String {
        let methods = ["DELETE", "GET", "HEAD", "POST"].into_iter();
        methods.filter(|method| Self::find(method, path).is_ok()).collect::<Vec<_>>().join(", ")
    }

    fn name(self) -> &'static str {
        self.template().1
    }
}

/// Answers a call. `source` is the address it came from.
pub(crate) async fn answer(service: &Arc<Service>, source: IpAddr, call: Call) -> Answer {
    let request_id = protocol::wire::encode(&random::bytes::<9>());
    let route = Plain::find(&call.method, call.path.expose()).map(|(route, _)| route);
    let name = route.map_or("(none)", Plain::name);
    let mut answer = match respond(service, source, &call, &request_id).await {
        Ok(answer) => answer,
        Err(failure) => Answer::problem(&failure, &request_id),
    };
    if call.path.expose().starts_with("/attestation") || call.path.expose().starts_with("/enclave") {
        cors(&mut answer, call.method == "OPTIONS");
    }
    if answer.code == Some(Code::MethodNotAllowed) {
        // RFC 9110 section 15.5.6.
        answer.headers.push(("allow", Plain::methods(call.path.expose()).into()));
    }
    match answer.code {
        Some(code) => {
            tracing::info!(
                route = name,
                status = answer.status,
                code = code.as_str(),
                request_id,
                "a call failed"
            )
        }
        // Those are counted; a line each would tell no more.
        None => tracing::debug!(route = name, status = answer.status, request_id, "call"),
    }
    service.counters.call(name, answer.status);
    answer.headers.push(("x-request-id", request_id.into()));
    answer
}

async fn respond(
    service: &Arc<Service>,
    source: IpAddr,
    call: &Call,
    request_id: &str,
) -> Result<Answer, Failure> {
    service.clock.refresh().await;
    if call.method == "OPTIONS" {
        return Ok(Answer::new(204, "text/plain", Vec::new()));
    }
    let (route, id) = Plain::find(&call.method, call.path.expose())?;
    match route {
        Plain::Quote => quote(service, source, call).await,
        Plain::Countersign => countersign(service, source, call),
        // Boxed: what only sealed calls need is large, and every call would carry it along.
        Plain::Sealed => Box::pin(sealed(service, source, call, request_id)).await,
        Plain::Register => Err(Failure::new(
            Code::RequestMalformed,
            "Registration exists sealed only: seal the body to a verified quote and POST it to /enclave/sealed. \
             If this request carried a key, delete that key at the exchange now: it travelled in clear.",
        )),
        Plain::Sessions | Plain::Erase => Err(Failure::new(
            Code::RequestMalformed,
            "A holder's sessions and record are served sealed and signed only: POST /enclave/sealed with this route, as perfagg does.",
        )),
        Plain::Ledger => Err(Failure::new(
            Code::RequestMalformed,
            "The ledger holds every trade and is given sealed only: POST /enclave/sealed with this route, as perfagg export does.",
        )),
        Plain::Summary | Plain::Metrics | Plain::Events | Plain::Revoke => {
            plain(service, source, call, route, id, request_id).await
        }
        Plain::Exchanges => Ok(Answer::json(service.exchanges.clone())),
        Plain::Live => Ok(Answer::json(br#"{"status":"live"}"#.to_vec())),
        Plain::Ready => service.admit().map(|()| Answer::json(br#"{"status":"ready"}"#.to_vec())),
        Plain::OpenApi => Ok(Answer::json(include_bytes!("openapi.json").to_vec())),
    }
}

async fn quote(service: &Arc<Service>, source: IpAddr, call: &Call) -> Result<Answer, Failure> {
    limit(&service.limits.quotes, source, service)?;
    let nonce = match call.query.as_deref() {
        None | Some("") => None,
        Some(query) => {
            let nonce = query
                .strip_prefix("nonce=")
                .and_then(protocol::wire::decode_array::<32>)
                .ok_or_else(|| {
                    Failure::new(
                        Code::RequestMalformed,
                        "nonce takes 32 random bytes in base64url without padding, and nothing else.",
                    )
                })?;
            Some(nonce)
        }
    };
    // Evidence may take hardware some tens of milliseconds: nobody else waits for it.
    let asked = Arc::clone(service);
    let bundle = tokio::task::spawn_blocking(move || {
        asked.identity.bundle(nonce, asked.clock.now(), &asked.venue_times.seconds())
    });
    let bundle = bundle.await.map_err(|_| Code::Internal)??;
    Ok(Answer::new(200, "application/vnd.perf-aggregator.attestation+json", bundle.into_bytes()))
}

/// Signs the head of a log. It keeps nothing, and says nothing when it does not trust its own time.
fn countersign(service: &Service, source: IpAddr, call: &Call) -> Result<Answer, Failure> {
    limit(&service.limits.countersigns, source, service)?;
    let malformed = || {
        Failure::new(
            Code::RequestMalformed,
            "Send {\"head\":\"…\"} and nothing else: the hash of the last line of a log, 32 bytes in base64url without padding.",
        )
    };
    let body = call.body.as_deref().ok_or_else(malformed)?;
    let asked: CountersignCall = serde_json::from_slice(body).map_err(|_| malformed())?;
    let head = protocol::wire::decode_array::<32>(&asked.head).ok_or_else(malformed)?;
    let now = service.clock.now();
    service.venue_times.check(now)?;
    let signed = service.identity.countersigned(&head, now);
    Ok(Answer::json(serde_json::to_vec(&signed).map_err(|_| Code::Internal)?))
}

async fn sealed(
    service: &Arc<Service>,
    source: IpAddr,
    call: &Call,
    request_id: &str,
) -> Result<Answer, Failure> {
    limit(&service.limits.envelopes, source, service)?;
    let body = call.body.as_deref().ok_or(Code::EnvelopeTooLarge)?;
    let opened = intake::open(service, body).await?;
    // From here on the answer is sealed, failures too: whoever relays it learns a status and a length.
    let limited = match opened.route {
        protocol::Route::Register => limit(&service.limits.registrations, source, service),
        _ => Ok(()),
    };
    let inner = match limited.and_then(|()| service.admit()) {
        Ok(()) if opened.route == protocol::Route::Events => match intake::listen(service, &opened).await {
            Ok(listener) => {
                let nonce = random::bytes();
                let sealer = opened.sealer.stream(nonce).map_err(|_| Code::Internal)?;
                return Ok(Answer::events(listener.listen(service, Voice::Sealed(Box::new(sealer), nonce))));
            }
            Err(failure) => Err(failure),
        },
        Ok(()) => intake::call(service, &opened).await,
        Err(failure) => Err(failure),
    };
    let mut inner = match inner {
        Ok((status, body)) => Answer::new(status, "application/json", body),
        Err(failure) => Answer::problem(&failure, request_id),
    };
    inner.body = opened.sealer.seal(&inner.body, random::bytes()).map_err(|_| Code::Internal)?.into_bytes();
    inner.content_type = "application/json";
    Ok(inner)
}

async fn plain(
    service: &Arc<Service>,
    source: IpAddr,
    call: &Call,
    route: Plain,
    id: Option<&str>,
    request_id: &str,
) -> Result<Answer, Failure> {
    limit(&service.limits.plain_reads, source, service)?;
    let id = id.or(call.bearer.as_ref().map(Secret::expose)).ok_or_else(|| {
        Failure::new(Code::SessionUnknown, "Give the session id in the path or as Authorization: Bearer.")
    })?;
    let now = service.clock.now();
    let found = match service.admit() {
        Ok(()) => service.sessions.find(id, now).await,
        Err(failure) => Err(failure),
    };
    let inner = match found {
        Ok(session) if !session.terms.bearer => Err(Failure::new(
            Code::SessionUnknown,
            "There is no session of that id that allows plain reads. Read it sealed, or register with bearer.",
        )),
        Ok(session) => match route {
            Plain::Summary => publish::summary(service, &session, None, now).await,
            Plain::Metrics => publish::metrics(service, &session, None, now).await,
            Plain::Events => match listen(service, session, call).await {
                // A stream has no digest that could be signed before it ends.
                Ok(stream) => return Ok(stream),
                Err(failure) => Err(failure),
            },
            _ => Box::pin(intake::revoke(service, &session)).await,
        },
        Err(failure) => Err(failure),
    };
    let mut answer = match inner {
        Ok(body) => Answer::json(body),
        Err(failure) => Answer::problem(&failure, request_id),
    };
    if answer.code != Some(Code::ClockUntrusted) {
        signature::sign(&mut answer, call, &service.identity, now);
    }
    Ok(answer)
}

async fn listen(service: &Arc<Service>, session: Arc<Session>, call: &Call) -> Result<Answer, Failure> {
    let after = call.last_event_id.as_deref().map(|id| {
        let id: Option<u64> = id.parse().ok();
        id.ok_or_else(|| {
            Failure::new(Code::RequestMalformed, "Last-Event-ID takes the id of an event of this stream.")
        })
    });
    if call.method == "HEAD" {
        return Ok(Answer::new(200, sse::CONTENT_TYPE, Vec::new()));
    }
    let account = service.accounts.get(session.terms.account, service.clock.now()).await?;
    let listener = EventListener::admit(service, session, account, after.transpose()?)?;
    Ok(Answer::events(listener.listen(service, Voice::Plain)))
}

fn limit(limiter: &Limiter, source: IpAddr, service: &Service) -> Result<(), Failure> {
    limiter
        .take(source, service.clock.now())
        .map_err(|seconds| Failure::from(Code::RateLimited).retry_after(seconds))
}

/// Any origin, no credentials: browsers verify and seal as every client does. What they ask before a call is told then.
fn cors(answer: &mut Answer, before: bool) {
    answer.headers.push(("access-control-allow-origin", "*".into()));
    answer.headers.extend(match before {
        true => vec![
            ("access-control-allow-methods", "GET, POST, DELETE".into()),
            (
                "access-control-allow-headers",
                "authorization, content-type, last-event-id, perfagg-nonce".into(),
            ),
            ("access-control-max-age", "86400".into()),
        ],
        false => vec![(
            "access-control-expose-headers",
            "content-digest, retry-after, signature, signature-input, x-request-id".into(),
        )],
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;
    use std::collections::BTreeSet;

    fn description() -> Value {
        serde_json::from_slice(include_bytes!("openapi.json")).unwrap()
    }

    #[test]
    fn a_path_says_which_methods_it_takes() {
        assert_eq!(Plain::methods("/enclave/sessions/abc"), "DELETE");
        assert_eq!(Plain::methods("/enclave/sessions"), "DELETE, GET, HEAD, POST");
        assert_eq!(Plain::methods("/exchanges"), "GET, HEAD");
        assert_eq!(Plain::methods("/nowhere"), "");
    }

    #[test]
    fn the_description_names_every_route_and_no_other() {
        let described: BTreeSet<(String, String)> = description()["paths"]
            .as_object()
            .unwrap()
            .iter()
            .flat_map(|(path, methods)| {
                let methods = methods.as_object().unwrap().keys();
                methods.map(|method| (method.to_ascii_uppercase(), path.clone())).collect::<Vec<_>>()
            })
            .collect();
        let served = Plain::ALL.map(|route| route.template()).map(|(m, p)| (m.to_owned(), p.to_owned()));
        assert_eq!(described, BTreeSet::from(served));
    }

    #[test]
    fn description_and_protocol_page_list_every_code_and_no_other() {
        let codes: BTreeSet<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
        let description = description();
        let listed =
            description["components"]["schemas"]["Problem"]["properties"]["code"]["enum"].as_array().unwrap();
        assert_eq!(listed.iter().map(|code| code.as_str().unwrap()).collect::<BTreeSet<_>>(), codes);
        let page = include_str!("../../../../docs/protocol.md");
        let table: BTreeSet<(&str, u16)> = page
            .lines()
            .filter_map(|line| line.strip_prefix("| `")?.split_once("` | "))
            .filter_map(|(code, rest)| Some((code, rest.strip_suffix(" |")?.parse().ok()?)))
            .collect();
        assert_eq!(table, Code::ALL.iter().map(|code| (code.as_str(), code.status())).collect());
    }

    #[test]
    fn a_session_id_is_one_segment_or_a_header() {
        let find = |method, path| Plain::find(method, path);
        assert_eq!(find("GET", "/enclave/summary/abc"), Ok((Plain::Summary, Some("abc"))));
        assert_eq!(find("GET", "/enclave/summary"), Ok((Plain::Summary, None)));
        assert_eq!(find("DELETE", "/enclave/sessions/abc"), Ok((Plain::Revoke, Some("abc"))));
        assert_eq!(find("POST", "/enclave/sessions"), Ok((Plain::Register, None)));
        assert_eq!(find("GET", "/enclave/summary/a/b"), Err(Code::NotFound));
        assert_eq!(find("GET", "/enclave/summary/"), Err(Code::NotFound));
        assert_eq!(find("GET", "/enclave/summaryabc"), Err(Code::NotFound));
        assert_eq!(find("PATCH", "/enclave/summary/abc"), Err(Code::MethodNotAllowed));
        assert_eq!(find("HEAD", "/health/live"), Ok((Plain::Live, None)));
    }
}
