//! How fetching collateral ends that did not succeed: exit code, and what to do next.

use crate::complaint::{Complaint, exit};
use attestation::Class;
use perfagg::{
    Unreachable,
    collateral::{Defect, FetchError, Whom},
};

/// How a failure ends the command, and what to do about it.
pub(super) fn complaint(error: FetchError) -> Complaint {
    let (exit, advice) = match &error {
        FetchError::Unreachable(Whom::Enclave, why) => (exit::TRY_LATER, enclave_unreachable(*why)),
        FetchError::Unreachable(Whom::Service(_), why) => (exit::TRY_LATER, service_unreachable(*why)),
        FetchError::Status { whom, status, .. } => (exit::TRY_LATER, status_advice(*whom, *status)),
        FetchError::UnknownPlatform(_) => (
            exit::REFUSED,
            "Is it a production platform, and does the service have this kind (SGX or TDX)? A cache may have to be \
             filled first.",
        ),
        FetchError::Form(_, defect) => (exit::TRY_LATER, form_advice(*defect)),
        FetchError::NoQuote => (
            exit::TRY_LATER,
            "Check that --enclave is the operator listener of an enclave on SGX or TDX (ENCLAVE_METRICS_ADDR); others \
             need no collateral.",
        ),
        FetchError::NotVerified(failure) => (exit::NOT_VERIFIED, verdict_advice(failure.class)),
        FetchError::TooLarge => (exit::TRY_LATER, "Check --pcs: Intel's documents are far smaller."),
        FetchError::Refused(_) => (
            exit::REFUSED,
            "It verifies here, so look at the enclave's clock and at whether its build trusts the same root.",
        ),
        FetchError::Write(_) => (exit::INTERNAL, "Check the directory of --out and its rights."),
    };
    let retry_after_s = error.retry_after_s();
    let complaint = Complaint::new(exit, error.code(), &error.to_string(), advice);
    let complaint = match &error {
        FetchError::NotVerified(failure) => complaint.with("class", failure.class.as_str()),
        FetchError::Status { status, .. } => complaint.with("status", *status),
        _ => complaint,
    };
    match retry_after_s {
        Some(seconds) => complaint.and(&format!("Try again in {seconds} s.")).with("retry_after_s", seconds),
        None => complaint,
    }
}

const fn enclave_unreachable(why: Unreachable) -> &'static str {
    match why {
        Unreachable::TooLarge | Unreachable::Broken => {
            "Check that --enclave is an enclave's operator listener (ENCLAVE_METRICS_ADDR)."
        }
        _ => {
            "Check that the enclave runs, and that --enclave is its operator listener (ENCLAVE_METRICS_ADDR)."
        }
    }
}

const fn service_unreachable(why: Unreachable) -> &'static str {
    match why {
        Unreachable::Name | Unreachable::Connect => {
            "Check --pcs and --root-crl, and that this machine may reach them; no proxy is used."
        }
        Unreachable::Tls | Unreachable::OtherKey => {
            "Check the clock of this machine. A cache needs a certificate that the web trusts, or plain http on this \
             machine."
        }
        Unreachable::TooLarge => "Check --pcs and --root-crl: Intel's documents are far smaller.",
        Unreachable::Broken | Unreachable::Timeout => "Try again later.",
    }
}

const fn status_advice(whom: Whom, status: u16) -> &'static str {
    match (whom, status) {
        (_, 300..=399) => "Redirects are not followed: give the address that serves it itself.",
        (Whom::Enclave, 503) => {
            "The platform gives no quote now, or needs no collateral (SEV-SNP): the enclave's log says which."
        }
        (Whom::Enclave, _) => {
            "Check that --enclave is an enclave's operator listener (ENCLAVE_METRICS_ADDR)."
        }
        (Whom::Service(_), 429 | 500..=599) => {
            "The service is busy or down; an enclave goes on serving what it has."
        }
        (Whom::Service(_), _) => "Check --pcs and --root-crl; a cache must speak version 4.",
    }
}

const fn form_advice(defect: Defect) -> &'static str {
    match defect {
        Defect::WebPage => {
            "Something in between answers in its place: a proxy, or a log-in page of the network."
        }
        Defect::CutShort | Defect::Empty => "Try again; if it stays so, something in between cuts answers.",
        Defect::NoChain | Defect::ChainTooLong | Defect::ChainForm => {
            "A proxy may drop headers; a cache must speak version 4."
        }
        Defect::Form | Defect::NoDocument | Defect::Signature => {
            "Check --pcs and --root-crl; a cache must speak version 4."
        }
    }
}

const fn verdict_advice(class: Class) -> &'static str {
    match class {
        Class::Expired => "Check the clock of this machine; a cache may serve old documents.",
        Class::UntrustedRoot | Class::CertChain => {
            "Nothing was handed in. It leads to another root than Intel's; for development only: \
             --dangerous-development-root PEM."
        }
        Class::Debug => "Nothing was handed in. This is a debug enclave: no client accepts it.",
        Class::TcbNoLevel | Class::TcbStatus | Class::Revoked => {
            "Nothing was handed in. Intel does not vouch for this platform: update its firmware, or use another."
        }
        _ => {
            "Nothing was handed in. If it stays so with Intel's own service, this platform cannot be judged."
        }
    }
}
