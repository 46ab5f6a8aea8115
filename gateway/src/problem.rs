//! What the relay says in its own name: problem documents (RFC 9457), unsigned, and saying so.

use crate::relay::Answer;
use http_body_util::{BodyExt as _, Full};
use hyper::{
    Response, StatusCode,
    body::Bytes,
    header::{ALLOW, HeaderValue},
};
use protocol::{Code, Problem};

/// Why a call was not passed on, or its answer not passed back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// No answer from the enclave that could be relayed.
    BackendUnreachable,
    /// TLS there ends at a key that the enclave does not claim.
    BackendKey,
    /// The enclave did not answer in time.
    Timeout,
    /// A key or a secret came in clear.
    ClearCredentials,
    /// The request body is larger than any call.
    TooLarge,
    /// The request body broke off or took too long.
    Broken,
    /// No such route.
    NotFound,
    /// The route takes another method.
    MethodNotAllowed,
    /// Our fault.
    Internal,
}

impl Failure {
    /// All of them, for who describes them.
    #[cfg(test)]
    pub(crate) const ALL: [Self; 9] = [
        Self::BackendUnreachable,
        Self::BackendKey,
        Self::Timeout,
        Self::ClearCredentials,
        Self::TooLarge,
        Self::Broken,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::Internal,
    ];

    /// Code, status, what happened, what to do.
    const fn parts(self) -> (&'static str, u16, &'static str, &'static str) {
        match self {
            Self::BackendUnreachable => (
                "RELAY_BACKEND_UNREACHABLE",
                502,
                "The main service gets no answer from the enclave",
                "Try again later; the operator checks BACKEND_URL and that the enclave runs.",
            ),
            Self::BackendKey => (
                "RELAY_BACKEND_KEY",
                502,
                "TLS at the enclave's address ends at another key than the enclave's",
                "Nothing was passed on. Try again later; the operator looks at what stands between, and at \
                 BACKEND_TLS_KEY if it is set.",
            ),
            Self::Timeout => (
                "RELAY_TIMEOUT",
                504,
                "The enclave did not answer in time",
                "Try again with a new envelope: the enclave may have worked on this one.",
            ),
            Self::ClearCredentials => (
                "RELAY_CLEAR_CREDENTIALS",
                422,
                "The call carries a key or a secret in clear",
                "The key has travelled in clear: delete it at the exchange now and make a new one. Nothing of it was \
                 passed on or kept here, but whoever is on the way may have read it. Register with perfagg, \
                 SecureClient or register-user.ps1: they seal it to the enclave before it leaves your machine.",
            ),
            Self::TooLarge => (
                "RELAY_TOO_LARGE",
                413,
                "The request is larger than any call",
                "A call has at most 32 KiB. Make the body smaller.",
            ),
            Self::Broken => {
                own(Code::RequestMalformed, "The body broke off or took too long. Send it again.")
            }
            Self::NotFound => own(Code::NotFound, "See /openapi.json for the routes."),
            Self::MethodNotAllowed => {
                own(Code::MethodNotAllowed, "See /openapi.json for the methods of this route.")
            }
            Self::Internal => {
                own(Code::Internal, "Try again. If it stays so, tell the operator the request_id.")
            }
        }
    }

    #[cfg(test)]
    pub(crate) const fn status(self) -> u16 {
        self.parts().1
    }

    /// As clients and the log read it.
    pub(crate) const fn code(self) -> &'static str {
        self.parts().0
    }

    /// The problem document, with an id that the log has too.
    pub(crate) fn answer(self, request_id: &str) -> Answer {
        let (code, status, title, what_to_do) = self.parts();
        let problem = Problem {
            kind: format!("urn:perf-aggregator:problem:{}", code.to_ascii_lowercase().replace('_', "-")),
            title: title.to_owned(),
            status,
            code: code.to_owned(),
            detail: format!("{what_to_do} This is the word of the main service: no enclave signed it."),
            request_id: request_id.to_owned(),
        };
        let body = serde_json::to_vec(&problem).unwrap_or_default();
        let mut answer = own_answer(status, "application/problem+json", body);
        if self == Self::MethodNotAllowed {
            // What this program answers itself is read and nothing else (RFC 9110 section 15.5.6).
            answer.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        }
        if let Some(id) = Some(request_id).filter(|id| !id.is_empty()).and_then(|id| id.parse().ok()) {
            answer.headers_mut().insert("x-request-id", id);
        }
        answer
    }
}

/// One of the protocol's codes; what happened is said by the protocol too.
const fn own(code: Code, what_to_do: &'static str) -> (&'static str, u16, &'static str, &'static str) {
    (code.as_str(), code.status(), code.title(), what_to_do)
}

/// An answer of this program itself: readable from any origin, as the enclave's, and never stored.
pub(crate) fn own_answer(status: u16, content_type: &'static str, body: Vec<u8>) -> Answer {
    let mut answer = Response::new(Full::new(Bytes::from(body)).map_err(|never| match never {}).boxed());
    *answer.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = answer.headers_mut();
    for (name, value) in [
        ("content-type", content_type),
        ("cache-control", "no-store"),
        ("access-control-allow-origin", "*"),
        ("access-control-expose-headers", "x-request-id"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    answer
}
