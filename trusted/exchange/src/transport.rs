//! The one place that sends (EXCHANGES.md section 1, rules 1, 10, 11): HTTP/1.1, one connection a request at a
//! time, kept for the next one. What does not exist here: redirects, proxies, cookies, compression.
//!
//! Logs are public: path, status and our own error, never a query, header or body.

use crate::{
    Clock, ExchangeConnector, Finding, Hosts, Next, Progress, Refusal, Reply, Request, Task, Venue,
    VenueError,
    clock::{later, within},
    hosts::Stream,
    pace::{Asker, Class, Paces},
    retry::{self, Jitter, Patience},
};
use core::error::Error;
use http::{HeaderValue, header};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::{body::Bytes, client::conn::http1};
use hyper_util::rt::TokioIo;
use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

/// From the first byte sent, or the connection's making, to the last byte of the answer.
const REPLY_MS_MAX: u64 = 20_000;
/// An answer. The longest known, all instruments of a venue, has half of it.
const REPLY_BYTES_MAX: usize = 32 * 1024 * 1024;
/// Somebody waits for the answer to a registration.
const CHECK_KEY_MS_MAX: u64 = 35_000;
/// Connections kept for each host.
const IDLE_MAX: usize = 32;

type Connection = http1::SendRequest<Full<Bytes>>;

/// Takes connectors' requests to their venues. One for all sessions: they share the venues' budgets.
pub struct Transport {
    hosts: Hosts,
    paces: Paces,
    jitter: Jitter,
    idle: Mutex<BTreeMap<&'static str, Vec<Connection>>>,
}

impl Transport {
    /// To these hosts. The seed spreads waits, and needs not be secret.
    pub fn new(hosts: Hosts, seed: u64) -> Self {
        Self { hosts, paces: Paces::default(), jitter: Jitter::new(seed), idle: Mutex::default() }
    }

    /// The budgets of our address at the venues: host, name, and the weight used in the minute that was counted last.
    pub fn budgets(&self) -> Vec<(&'static str, &'static str, u32)> {
        self.paces.shared()
    }

    /// Has a connector do a task, and hands on what it finds.
    ///
    /// # Errors
    /// What the venue said last, when trying again is over.
    pub async fn converse(
        &self,
        connector: &mut dyn ExchangeConnector,
        clock: &dyn Clock,
        task: Task,
        on_findings: &mut (dyn FnMut(Vec<Finding>, Progress) + Send),
    ) -> Result<(), VenueError> {
        let class = if task == Task::CheckKey { Class::Newcomer } else { Class::Live };
        self.converse_as(class, connector, clock, task, on_findings).await
    }

    /// The same of somebody whose class does not follow from the task.
    ///
    /// # Errors
    /// What the venue said last, when trying again is over.
    pub async fn converse_as(
        &self,
        class: Class,
        connector: &mut dyn ExchangeConnector,
        clock: &dyn Clock,
        task: Task,
        on_findings: &mut (dyn FnMut(Vec<Finding>, Progress) + Send),
    ) -> Result<(), VenueError> {
        clock.refresh().await;
        let deadline = (class == Class::Newcomer).then(|| later(clock.now(), CHECK_KEY_MS_MAX));
        let asker = Asker { clock, deadline, class };
        let mut patience = Patience::default();
        connector.start(task);
        loop {
            let request = match connector.next(clock.now()) {
                Next::Ask(request) => request,
                Next::Found(findings) => {
                    on_findings(findings, connector.progress());
                    continue;
                }
                Next::Failed(refusal) => return Err(VenueError::Permanent(refusal)),
                Next::Finished => return Ok(()),
            };
            let (host, path) = (request.host, request.path);
            match self.exchange(connector, request, asker).await {
                Ok(None) => {}
                Ok(Some(findings)) => {
                    let told = findings.iter().find_map(|finding| match finding {
                        Finding::VenueTime(at) => Some(*at),
                        _ => None,
                    });
                    if let Some(at) = told {
                        self.paces.heard_time(host, at, clock.now());
                    }
                    patience.answered(told.is_some());
                    on_findings(findings, connector.progress());
                }
                Err(error) => {
                    tracing::warn!(path, ?error, "a venue did not answer as hoped");
                    let wait_ms = patience.wait_ms(error, &self.jitter)?;
                    asker.wait_until(later(clock.now(), wait_ms), error).await?;
                    if error == VenueError::FixClock {
                        clock.refresh().await;
                    }
                }
            }
        }
    }

    /// One request, its answer and what was in it. `None`: it had to wait, and is another one by now.
    async fn exchange(
        &self,
        connector: &mut dyn ExchangeConnector,
        mut request: Request,
        asker: Asker<'_>,
    ) -> Result<Option<Vec<Finding>>, VenueError> {
        let path = request.path;
        if !Venue::ALL.iter().any(|venue| venue.allows(request.method, request.host, path)) {
            tracing::error!(path, "a request that is not in the allow-list was not sent");
            return Err(VenueError::Permanent(Refusal::Request { code: 0 }));
        }
        let mut ticket = self.paces.admit(&request, asker).await?;
        if ticket.waited {
            // The signature has aged.
            match connector.next(asker.clock.now()) {
                Next::Ask(again) if again.path == path && again.cost == request.cost => request = again,
                _ => return Ok(None),
            }
        }
        ticket.sent();
        let limit = later(asker.clock.now(), REPLY_MS_MAX);
        let limit = asker.deadline.map_or(limit, |deadline| deadline.min(limit));
        let reply = within(asker.clock, limit, self.send(&request)).await.ok_or(VenueError::Retry)??;
        let now = asker.clock.now();
        ticket.answered(reply.header(request.cost.used_header).and_then(|used| used.parse().ok()));
        tracing::debug!(path, status = reply.status, "a venue answered");
        let findings = connector.take(&reply, now).map_err(|error| match (error, reply.retry_after_ms()) {
            // Whoever is busy may say for how long, with whatever status.
            (VenueError::Retry, Some(wait_ms @ 1..)) => VenueError::BackOff { retry_after_ms: Some(wait_ms) },
            (error, _) => error,
        });
        if let Err(VenueError::BackOff { retry_after_ms }) = findings {
            let until = later(now, retry_after_ms.unwrap_or(retry::UNTOLD_MS));
            self.paces.block(&request, reply.status == 418, until);
        }
        findings.map(Some)
    }

    async fn send(&self, request: &Request) -> Result<Reply, VenueError> {
        // A kept connection may have been closed meanwhile: that costs a second attempt, not a retry.
        let kept = self.idle().get_mut(request.host).and_then(Vec::pop);
        if let Some(mut connection) = kept
            && connection.ready().await.is_ok()
            && let Ok(head) = connection.send_request(message(request)?).await
        {
            return self.receive(request, connection, head).await;
        }
        let stream = self.hosts.connect(request.host).await.map_err(|_| VenueError::Retry)?;
        let mut connection = open(stream).await?;
        let head = connection.send_request(message(request)?).await.map_err(|_| VenueError::Retry)?;
        self.receive(request, connection, head).await
    }

    async fn receive(
        &self,
        request: &Request,
        connection: Connection,
        head: http::Response<hyper::body::Incoming>,
    ) -> Result<Reply, VenueError> {
        let (head, body) = head.into_parts();
        let body = Limited::new(body, REPLY_BYTES_MAX).collect().await.map_err(|error| {
            if (&*error as &(dyn Error + 'static)).is::<LengthLimitError>() {
                VenueError::Permanent(Refusal::Answer { endpoint: request.path, field: "more than 32 MiB" })
            } else {
                // Cut off: shorter than its content-length, or the last chunk is missing.
                VenueError::Retry
            }
        })?;
        let mut idle = self.idle();
        let kept = idle.entry(request.host).or_default();
        if kept.len() < IDLE_MAX && !connection.is_closed() {
            kept.push(connection);
        }
        let text = |value: &HeaderValue| value.to_str().unwrap_or_default().to_owned();
        let headers =
            head.headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect();
        Ok(Reply { status: head.status.as_u16(), headers, body: body.to_bytes().into() })
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, BTreeMap<&'static str, Vec<Connection>>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn open(stream: Box<dyn Stream>) -> Result<Connection, VenueError> {
    let (connection, driver) = http1::handshake(TokioIo::new(stream)).await.map_err(|_| VenueError::Retry)?;
    // It ends with the connection, whose errors are told to whoever waits for an answer on it.
    tokio::spawn(async move {
        let _ = driver.await;
    });
    Ok(connection)
}

fn message(request: &Request) -> Result<http::Request<Full<Bytes>>, VenueError> {
    let target = request.target().ok_or(VenueError::Permanent(Refusal::Request { code: 0 }))?;
    let method = match request.method {
        crate::Method::Get => http::Method::GET,
        crate::Method::Post => http::Method::POST,
    };
    let mut message = http::Request::builder()
        .method(method)
        .uri(target.as_str())
        .header(header::HOST, request.host)
        .header(header::USER_AGENT, concat!("perf-aggregator/", env!("CARGO_PKG_VERSION")))
        .header(header::ACCEPT, "application/json");
    for (name, value) in &request.headers {
        let mut value =
            HeaderValue::from_str(value).map_err(|_| VenueError::Permanent(Refusal::Credentials))?;
        value.set_sensitive(true);
        message = message.header(*name, value);
    }
    message
        .body(Full::new(Bytes::copy_from_slice(&request.body)))
        .map_err(|_| VenueError::Permanent(Refusal::Request { code: 0 }))
}
