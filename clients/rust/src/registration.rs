//! What a registration says, and its body (DESIGN.md section 4). The body exists to be sealed: it is wiped, and no
//! other module can see it in clear.

use crate::holder::HolderKey;
use protocol::{Credentials, limits};
use serde::Serialize;
use std::sync::Arc;
use zeroize::Zeroizing;

/// A registration: credentials, and what the trader wants done with them.
#[derive(Debug)]
pub struct Registration {
    /// A label of the trader's choice. Never an authority.
    pub user_id: String,
    /// Which venue.
    pub exchange: String,
    /// What opens the account.
    pub credentials: Credentials,
    /// Which account types to read; empty: all that the key can read.
    pub account_types: Vec<String>,
    /// The venue's testnet.
    pub sandbox: bool,
    /// What the trader calls the account.
    pub label: Option<String>,
    /// Life of the session; the service's default if absent.
    pub ttl_seconds: Option<u64>,
    /// How long the key may be used; as long as the session lives if absent.
    pub lease_seconds: Option<u64>,
    /// Whose record the account joins. Only calls that this key signed are then answered.
    pub holder: Option<Arc<HolderKey>>,
    /// Accept a key that can trade.
    pub accept_trading_key: bool,
    /// Allow plain reads by session id.
    pub bearer: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    user_id: &'a str,
    exchange: &'a str,
    api_key: &'a str,
    secret: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    passphrase: Option<&'a str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    account_types: &'a [String],
    sandbox: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ttl_seconds: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lease_seconds: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    holder_key: Option<String>,
    accept_trading_key: bool,
    bearer: bool,
}

impl Registration {
    /// The inner body.
    pub(crate) fn body(&self) -> Zeroizing<Vec<u8>> {
        let Self { user_id, exchange, credentials, account_types, sandbox, label, ttl_seconds, .. } = self;
        let Self { lease_seconds, holder, accept_trading_key, bearer, .. } = self;
        let body = Body {
            user_id,
            exchange,
            api_key: credentials.api_key.expose(),
            secret: credentials.secret.expose(),
            passphrase: credentials.passphrase.as_ref().map(|passphrase| passphrase.expose()),
            account_types,
            sandbox: *sandbox,
            label: label.as_deref(),
            ttl_seconds: *ttl_seconds,
            lease_seconds: *lease_seconds,
            holder_key: holder.as_ref().map(|holder| holder.public_text()),
            accept_trading_key: *accept_trading_key,
            bearer: *bearer,
        };
        encode(&body)
    }
}

/// JSON in a buffer that is wiped, and large enough for any call never to move and leave a copy behind.
pub(crate) fn encode(body: &impl Serialize) -> Zeroizing<Vec<u8>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(limits::PLAINTEXT_BYTES_MAX));
    // Texts, numbers and lists always serialise.
    let _ = serde_json::to_writer(&mut *bytes, body);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::{Secret, api};

    #[test]
    fn the_enclave_reads_what_the_trader_said() {
        let secret = |text: &str| Secret::new(text.to_owned());
        let holder = Arc::new(HolderKey::generate());
        let said = Registration {
            user_id: "alice".to_owned(),
            exchange: "binance".to_owned(),
            credentials: Credentials {
                api_key: secret("key"),
                secret: secret("-----BEGIN\n\"x\"\n"),
                passphrase: Some(secret("phrase")),
            },
            account_types: vec!["spot".to_owned()],
            sandbox: true,
            label: Some("mine".to_owned()),
            ttl_seconds: Some(3600),
            lease_seconds: Some(7200),
            holder: Some(Arc::clone(&holder)),
            accept_trading_key: true,
            bearer: true,
        };
        let read: api::Registration = serde_json::from_slice(&said.body()).unwrap();
        assert_eq!((read.user_id.as_str(), read.exchange.as_str()), ("alice", "binance"));
        assert_eq!((read.api_key.expose(), read.secret.expose()), ("key", "-----BEGIN\n\"x\"\n"));
        assert_eq!(read.passphrase.unwrap().expose(), "phrase");
        assert_eq!(read.account_types, Some(vec!["spot".to_owned()]));
        assert_eq!((read.label.as_deref(), read.ttl_seconds), (Some("mine"), Some(3600)));
        assert_eq!((read.lease_seconds, read.holder_key), (Some(7200), Some(holder.public_text())));
        assert_eq!((read.sandbox, read.accept_trading_key, read.bearer), (true, true, true));
    }

    #[test]
    fn what_the_trader_did_not_say_is_left_to_the_service() {
        let secret = |text: &str| Secret::new(text.to_owned());
        let said = Registration {
            user_id: "alice".to_owned(),
            exchange: "binance".to_owned(),
            credentials: Credentials { api_key: secret("key"), secret: secret("secret"), passphrase: None },
            account_types: Vec::new(),
            sandbox: false,
            label: None,
            ttl_seconds: None,
            lease_seconds: None,
            holder: None,
            accept_trading_key: false,
            bearer: false,
        };
        let read: api::Registration = serde_json::from_slice(&said.body()).unwrap();
        assert!(read.passphrase.is_none() && read.account_types.is_none() && read.label.is_none());
        assert_eq!((read.lease_seconds, read.holder_key), (None, None));
        assert_eq!(
            (read.ttl_seconds, read.sandbox, read.accept_trading_key, read.bearer),
            (None, false, false, false)
        );
    }
}
