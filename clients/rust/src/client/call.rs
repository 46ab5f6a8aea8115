//! What a call says inside its seal. It is written anew for each envelope: a holder signs the envelope's id with it, and what
//! was seen of a store is that of the deployment which was verified for this very call.

use crate::{
    holder::HolderKey,
    registration::{self, Registration},
};
use protocol::{Secret, api::Checkpoint};
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use std::{collections::BTreeMap, sync::Arc};
use zeroize::Zeroizing;

/// What a client knows of a session besides its id.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// The key that the session was registered with.
    pub holder: Option<Arc<HolderKey>>,
    /// The fingerprint of its account.
    pub account: Option<String>,
    /// The last checkpoint that was seen in its answers.
    pub checkpoint: Option<Checkpoint>,
}

impl Known {
    /// What its checkpoints are of: the record of its holder, or its account.
    pub(crate) fn of(&self) -> Option<String> {
        let record = self.holder.as_ref().map(|holder| holder.public_text());
        record.or_else(|| self.account.clone())
    }
}

/// What is known of sessions, by a hash of their ids: nothing here lets anybody read.
#[derive(Default)]
pub(crate) struct Sessions(BTreeMap<[u8; 32], Known>);

impl Sessions {
    pub(crate) fn known(&self, session_id: &Secret) -> Option<&Known> {
        self.0.get(&name(session_id))
    }

    pub(crate) fn entry(&mut self, session_id: &Secret) -> &mut Known {
        self.0.entry(name(session_id)).or_default()
    }

    /// Forgets the sessions of a holder.
    pub(crate) fn forget(&mut self, holder: &[u8; 32]) {
        self.0.retain(|_, known| known.holder.as_ref().is_none_or(|key| key.public() != *holder));
    }
}

fn name(session_id: &Secret) -> [u8; 32] {
    Sha256::digest(session_id.expose().as_bytes()).into()
}

/// What a call says.
pub(crate) enum Said<'a> {
    Registration(&'a Registration),
    /// Of a session, and of the store behind it.
    Session(&'a Secret, Members<'a>),
    /// Of a holder's own sessions and record.
    Holder(&'a Arc<HolderKey>, Option<&'a str>),
}

/// What calls of a session may have besides its id.
#[derive(Clone, Copy, Default, Serialize)]
pub(crate) struct Members<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) sign: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) after: Option<Place<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) revision: Option<u64>,
}

/// Where a page of the ledger, or a stream of events, begins.
#[derive(Clone, Copy, Serialize)]
#[serde(untagged)]
pub(crate) enum Place<'a> {
    Page(&'a str),
    Event(u64),
}

#[derive(Serialize)]
struct SessionCall<'a> {
    session_id: &'a str,
    #[serde(flatten)]
    members: Members<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    checkpoint: Option<&'a Checkpoint>,
}

#[derive(Serialize)]
struct HolderCall<'a> {
    holder_key: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    sign: Option<&'a str>,
}

impl Said<'_> {
    /// Its text, before it is signed.
    pub(crate) fn body(&self, checkpoint: Option<&Checkpoint>) -> Zeroizing<Vec<u8>> {
        match *self {
            Said::Registration(registration) => registration.body(),
            Said::Session(session_id, members) => {
                registration::encode(&SessionCall { session_id: session_id.expose(), members, checkpoint })
            }
            Said::Holder(holder, sign) => {
                registration::encode(&HolderCall { holder_key: &holder.public_text(), sign })
            }
        }
    }

    /// Who signs it.
    pub(crate) fn holder(&self, sessions: &Sessions) -> Option<Arc<HolderKey>> {
        match self {
            Said::Registration(registration) => registration.holder.clone(),
            Said::Session(session_id, _) => sessions.known(session_id).and_then(|known| known.holder.clone()),
            Said::Holder(holder, _) => Some(Arc::clone(holder)),
        }
    }
}
