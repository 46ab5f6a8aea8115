//! A credential lease: how long the enclave may use a key (DESIGN.md section 3). It ends with the session unless the trader
//! asked for longer at registration, and then it is written, sealed, so that it outlives the process.
//!
//! `until` stands inside the sealed row: whoever puts an older row back revives no key past it. Credentials are wiped with the
//! last that holds them, the lease or the connector that signs with them.

use crate::{
    account::AccountKey,
    session::SessionKey,
    store::{Expect, Table, Writes},
};
use core::fmt;
use exchange::{ExchangeConnector, SharedMarkets, Site};
use ledger::Timestamp;
use protocol::{Credentials, Secret};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// The right to use a key.
pub(crate) struct Lease {
    /// The session that it was given with.
    pub(crate) session: SessionKey,
    /// Which venue, or which test system of one, the key is for.
    pub(crate) site: Site,
    /// Until when.
    pub(crate) until: Timestamp,
    /// A key that can trade was accepted.
    pub(crate) trading_accepted: bool,
    /// The account types that it is to read; none: all.
    pub(crate) types: Vec<String>,
    /// The key.
    pub(crate) credentials: Credentials,
}

impl fmt::Debug for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Lease(…)")
    }
}

#[derive(Serialize)]
struct Written<'a> {
    v: u8,
    venue: &'a str,
    until: i64,
    trading_accepted: bool,
    types: &'a [String],
    api_key: &'a str,
    secret: &'a str,
    passphrase: Option<&'a str>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Read {
    v: u8,
    venue: String,
    until: i64,
    trading_accepted: bool,
    #[serde(default)]
    types: Vec<String>,
    api_key: Secret,
    secret: Secret,
    passphrase: Option<Secret>,
}

/// Under which a lease is kept: those of an account stand together.
pub(crate) fn row_key(account: &AccountKey, session: &SessionKey) -> Vec<u8> {
    [&account[..], &session[..]].concat()
}

impl Lease {
    /// Keeps it beyond the process.
    pub(crate) fn keep(&self, account: &AccountKey, writes: &mut Writes) {
        let Self { session, site, until, trading_accepted, types, credentials } = self;
        let Credentials { api_key, secret, passphrase } = credentials;
        let written = Written {
            v: 1,
            venue: site.name(),
            until: until.millis(),
            trading_accepted: *trading_accepted,
            types,
            api_key: api_key.expose(),
            secret: secret.expose(),
            passphrase: passphrase.as_ref().map(Secret::expose),
        };
        // As long as the longest can be: a text that grows leaves copies behind.
        let mut bytes = Zeroizing::new(Vec::with_capacity(BYTES_MAX));
        // Texts, numbers and flags always serialise.
        let _ = serde_json::to_writer(&mut *bytes, &written);
        writes.put(Table::Lease, &row_key(account, session), Expect::Absent, bytes);
    }

    /// The account and the lease of a row; `None` if it is none.
    pub(crate) fn read(key: &[u8], bytes: &[u8]) -> Option<(AccountKey, Self)> {
        let (account, session) = key.split_first_chunk::<32>()?;
        let Read { v: 1, venue, until, trading_accepted, types, api_key, secret, passphrase } =
            serde_json::from_slice(bytes).ok()?
        else {
            return None;
        };
        let lease = Self {
            session: session.try_into().ok()?,
            site: Site::from_name(&venue)?,
            until: Timestamp::from_millis(until),
            trading_accepted,
            types,
            credentials: Credentials { api_key, secret, passphrase },
        };
        Some((*account, lease))
    }

    /// A connector that reads with the key.
    pub(crate) fn connector(&self, markets: &SharedMarkets) -> Box<dyn ExchangeConnector> {
        let types: Vec<&str> = self.types.iter().map(String::as_str).collect();
        self.site.connector(self.copied(), markets, &types)
    }

    /// The key, for a connector: a copy, wiped with it.
    fn copied(&self) -> Credentials {
        let Credentials { api_key, secret, passphrase } = &self.credentials;
        let copied = |secret: &Secret| Secret::new(secret.expose().to_owned());
        Credentials {
            api_key: copied(api_key),
            secret: copied(secret),
            passphrase: passphrase.as_ref().map(copied),
        }
    }

    /// Whether the key may no longer be used.
    pub(crate) fn is_over(&self, now: Timestamp) -> bool {
        now >= self.until
    }
}

/// Three parts of a credential, each with every byte escaped, and what stands around them.
const BYTES_MAX: usize = 3 * 6 * protocol::limits::CREDENTIAL_BYTES_MAX + 1024;
