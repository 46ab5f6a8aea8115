//! One sealed call: sealed to the verified key, and its answer judged. What did not open is nobody's word.

use crate::{
    connection::Reply,
    failure::{Failure, OnTheWay, Refused},
    holder::HolderKey,
};
use attestation::VerifiedEnclave;
use getrandom::SysRng;
use protocol::{AnswerOpener, Header, Problem, Route, StreamOpener, seal, wire};
use rand_core::{Rng as _, UnwrapErr};
use serde::de::IgnoredAny;
use std::collections::BTreeMap;
use zeroize::Zeroizing;

/// Long enough for a slow network, and half of what the enclave allows.
const LIFE_S: u64 = 300;

/// A call on its way: what is sent, and what opens the answer.
pub(crate) struct SealedCall {
    pub(crate) json: String,
    opener: AnswerOpener,
}

impl SealedCall {
    /// Seals `body` for `route` to the keys of a verified enclave, whose time is `enclave_s` now; signed by its holder, if it
    /// has one.
    pub(crate) fn new(
        enclave: &VerifiedEnclave,
        enclave_s: u64,
        route: Route,
        body: &[u8],
        holder: Option<&HolderKey>,
    ) -> Result<Self, Failure> {
        let header = Header {
            envelope_id: random(),
            route,
            keyset_hash: enclave.keyset_hash(),
            expires_at: enclave_s.saturating_add(LIFE_S),
        };
        let signed = match holder {
            Some(holder) => Some(holder.signed(&header.envelope_id, body).ok_or(Failure::AnswerForm)?),
            None => None,
        };
        let body = signed.as_ref().map_or(body, |signed| signed.as_slice());
        let (envelope, opener) = seal(enclave.hpke_public_key(), header, body, &mut system())
            .map_err(|_| Failure::CallTooLarge)?;
        Ok(Self { json: envelope.to_json(), opener })
    }

    /// What opens the chunks of an answer that comes piece by piece, under the nonce that it begins with.
    pub(crate) fn stream(&self, nonce: &str) -> Result<StreamOpener, Failure> {
        let nonce = wire::decode_array(nonce).ok_or(Failure::NotSealed)?;
        self.opener.stream(&nonce).map_err(|_| Failure::NotSealed)
    }

    /// The inner answer, if the enclave sealed one that is no problem. The HTTP status stands outside the seal: it
    /// decides nothing about what opened.
    pub(crate) fn open(&self, reply: &Reply) -> Result<Zeroizing<Vec<u8>>, Failure> {
        let Ok(inner) = self.opener.open(&reply.body) else { return Err(unopened(reply)) };
        match serde_json::from_slice::<Problem>(&inner) {
            Ok(problem) => {
                Err(Failure::Refused(Box::new(Refused { problem, retry_after_s: reply.retry_after_s })))
            }
            Err(_) => Ok(inner),
        }
    }
}

/// What an answer means that the enclave did not seal for this call.
pub(crate) fn unopened(reply: &Reply) -> Failure {
    if matches!(reply.status, 200..300) || looks_sealed(&reply.body) {
        return Failure::NotSealed;
    }
    on_the_way(reply)
}

/// What an answer in clear says, without believing it.
pub(crate) fn on_the_way(reply: &Reply) -> Failure {
    Failure::OnTheWay(Box::new(OnTheWay {
        status: reply.status,
        problem: serde_json::from_slice(&reply.body).ok(),
        retry_after_s: reply.retry_after_s,
    }))
}

/// Someone changed a sealed answer, or gave one to another call.
fn looks_sealed(body: &[u8]) -> bool {
    let members: Option<BTreeMap<String, IgnoredAny>> = serde_json::from_slice(body).ok();
    members.is_some_and(|members| members.contains_key("ciphertext") && members.contains_key("nonce"))
}

/// Bytes that nobody can guess.
pub(crate) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    system().fill_bytes(&mut bytes);
    bytes
}

/// The system's source. A machine that has none has no business sealing: it stops.
fn system() -> UnwrapErr<SysRng> {
    UnwrapErr(SysRng)
}
