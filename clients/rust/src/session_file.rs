//! Where a session is kept between calls: one file, readable by its owner alone. It holds what reads need, never a
//! key or a secret of an exchange.
//!
//! It also remembers the environment and the highest epoch seen at the deployment, so that nobody can take a client
//! back to older keys.

use crate::{Known, holder::HolderKey, private_file};
use core::fmt;
use protocol::{Secret, api::Checkpoint};
use serde::{Deserialize, Serialize};
use std::{
    fs::{self, File},
    io::{self, Read as _},
    path::{Path, PathBuf},
    sync::Arc,
};
use zeroize::Zeroizing;

const VERSION: u8 = 1;
/// A session is some hundred bytes.
const BYTES_MAX: u64 = 64 * 1024;

/// A session as it is kept.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Session {
    v: u8,
    /// Where it was opened.
    pub service_url: String,
    /// The right to read. Whoever has it reads.
    pub session_id: Secret,
    /// When it ends, RFC 3339.
    pub expires_at: String,
    /// Which venue.
    pub venue: String,
    /// `live`, `sandbox` or `development`.
    pub environment: String,
    /// The highest epoch seen at this deployment.
    pub epoch: u64,
    /// The keys of that epoch, hex.
    pub keyset_hash: String,
    /// SHA-256 of the policy that the enclave was believed under, hex; none for the one built in.
    #[serde(default)]
    pub policy: Option<String>,
    /// The fingerprint of its account; none if an earlier version kept it.
    #[serde(default)]
    pub account: Option<String>,
    /// The holder's key that it was registered with.
    #[serde(default)]
    pub holder: Option<Held>,
    /// The last checkpoint that was seen in its answers.
    #[serde(default)]
    pub checkpoint: Option<Checkpoint>,
}

/// Which holder's key a session needs, and where it was kept. Never the key itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Held {
    /// The file of the key.
    pub file: PathBuf,
    /// Its public half, base64url.
    pub public_key: String,
}

#[derive(Serialize)]
struct Kept<'a> {
    v: u8,
    service_url: &'a str,
    session_id: &'a str,
    expires_at: &'a str,
    venue: &'a str,
    environment: &'a str,
    epoch: u64,
    keyset_hash: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    policy: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    holder: Option<&'a Held>,
    #[serde(skip_serializing_if = "Option::is_none")]
    checkpoint: Option<&'a Checkpoint>,
}

impl Session {
    /// A session that was just opened, at the keys that were verified for it.
    pub fn opened(
        service_url: String,
        opened: &protocol::api::SessionOpened,
        enclave: &attestation::VerifiedEnclave,
    ) -> Self {
        Self {
            v: VERSION,
            service_url,
            session_id: Secret::new(opened.session_id.clone()),
            expires_at: opened.expires_at.clone(),
            venue: opened.account.venue.clone(),
            environment: opened.environment.clone(),
            epoch: enclave.epoch(),
            keyset_hash: hex::encode(enclave.keyset_hash()),
            policy: None,
            account: Some(opened.account.fingerprint.clone()),
            holder: None,
            checkpoint: opened.checkpoint.clone(),
        }
    }

    /// The same session, which is to be read under this policy: its SHA-256, hex.
    #[must_use]
    pub fn under(mut self, policy: Option<String>) -> Self {
        self.policy = policy;
        self
    }

    /// The same session, which answers only what this key signs.
    #[must_use]
    pub fn held(mut self, holder: Option<Held>) -> Self {
        self.holder = holder;
        self
    }

    /// What a client is to know of it, with the key that it needs.
    pub fn known(&self, holder: Option<Arc<HolderKey>>) -> Known {
        Known { holder, account: self.account.clone(), checkpoint: self.checkpoint.clone() }
    }

    /// Notes a checkpoint; false if it is known.
    pub fn saw_checkpoint(&mut self, checkpoint: Option<&Checkpoint>) -> bool {
        let newer = checkpoint.is_some() && self.checkpoint.as_ref() != checkpoint;
        if newer {
            self.checkpoint = checkpoint.cloned();
        }
        newer
    }

    /// Notes the keys of a newer epoch; false if there is nothing new.
    pub fn saw(&mut self, enclave: &attestation::VerifiedEnclave) -> bool {
        let newer = enclave.epoch() > self.epoch;
        if newer {
            self.epoch = enclave.epoch();
            self.keyset_hash = hex::encode(enclave.keyset_hash());
        }
        newer
    }

    /// Reads the text of a session file.
    ///
    /// # Errors
    /// If it is not one of this version.
    pub fn parse(text: &[u8]) -> Result<Self, SessionFileError> {
        let session: Self = serde_json::from_slice(text).map_err(|_| SessionFileError::Malformed)?;
        if session.v == VERSION { Ok(session) } else { Err(SessionFileError::Malformed) }
    }

    fn to_json(&self) -> Zeroizing<Vec<u8>> {
        let Self { v, service_url, session_id, expires_at, venue, environment, epoch, keyset_hash, .. } =
            self;
        let Self { policy, account, holder, checkpoint, .. } = self;
        let session_id = session_id.expose();
        let (v, epoch) = (*v, *epoch);
        crate::registration::encode(&Kept {
            v,
            service_url,
            session_id,
            expires_at,
            venue,
            environment,
            epoch,
            keyset_hash,
            policy: policy.as_deref(),
            account: account.as_deref(),
            holder: holder.as_ref(),
            checkpoint: checkpoint.as_ref(),
        })
    }
}

/// Why a session file cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionFileError {
    /// There is none.
    Missing,
    /// Others can read it: these permission bits.
    Exposed(u32),
    /// It is not a session file of this version.
    Malformed,
    /// It cannot be read.
    Read(io::ErrorKind),
    /// It cannot be written.
    Write(io::ErrorKind),
}

impl SessionFileError {
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Missing => "NO_SESSION_FILE",
            Self::Exposed(_) => "SESSION_FILE_EXPOSED",
            Self::Malformed => "SESSION_FILE_MALFORMED",
            Self::Read(_) => "SESSION_FILE_UNREADABLE",
            Self::Write(_) => "SESSION_FILE_UNWRITABLE",
        }
    }
}

impl fmt::Display for SessionFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("there is no session file"),
            Self::Exposed(mode) => write!(f, "others can read the session file (its mode is {mode:03o})"),
            Self::Malformed => f.write_str("the session file is not one of this version"),
            Self::Read(kind) => write!(f, "the session file cannot be read: {kind}"),
            Self::Write(kind) => write!(f, "the session file cannot be written: {kind}"),
        }
    }
}

impl std::error::Error for SessionFileError {}

/// The place of a session file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionFile(PathBuf);

impl SessionFile {
    /// The one at `path`, which need not exist.
    pub fn at(path: PathBuf) -> Self {
        Self(path)
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The session in it.
    ///
    /// # Errors
    /// If there is none that may be used.
    pub fn read(&self) -> Result<Session, SessionFileError> {
        let file = File::open(&self.0).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => SessionFileError::Missing,
            kind => SessionFileError::Read(kind),
        })?;
        let exposed = private_file::exposed(&file).map_err(|error| SessionFileError::Read(error.kind()))?;
        if let Some(mode) = exposed {
            return Err(SessionFileError::Exposed(mode));
        }
        let mut text = Zeroizing::new(Vec::with_capacity(4096));
        file.take(BYTES_MAX).read_to_end(&mut text).map_err(|error| SessionFileError::Read(error.kind()))?;
        Session::parse(&text)
    }

    /// A file beside it that will take its place. Made before a session is opened: what cannot be kept is not opened.
    ///
    /// # Errors
    /// If nothing can be written there.
    pub fn draft(&self) -> Result<Draft, SessionFileError> {
        self.make_draft().map_err(|error| SessionFileError::Write(error.kind()))
    }

    fn make_draft(&self) -> io::Result<Draft> {
        private_file::make_directory(&self.0)?;
        private_file::Draft::beside(&self.0).map(Draft)
    }

    /// Removes it.
    ///
    /// # Errors
    /// If it is still there.
    pub fn remove(&self) -> Result<(), SessionFileError> {
        match fs::remove_file(&self.0) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(SessionFileError::Write(error.kind()))
            }
            _ => Ok(()),
        }
    }
}

/// A session file that has not taken its place yet. Dropped, it is removed.
#[derive(Debug)]
pub struct Draft(private_file::Draft);

impl Draft {
    /// Writes the session and takes the place: readers see the old file or the new one, never a half.
    ///
    /// # Errors
    /// If it could not be written; then the old file stands.
    pub fn save(self, session: &Session) -> Result<(), SessionFileError> {
        let mut text = session.to_json();
        text.push(b'\n');
        self.0.save(&text).map_err(|error| SessionFileError::Write(error.kind()))
    }
}
