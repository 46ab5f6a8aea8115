//! A query as it will be sent: built once, signed, and sent unchanged.

use core::fmt::{Display, Write as _};
use protocol::Secret;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

/// The parameters that a dialect knows, then those that came with the question. A name that comes with the question
/// stands for the dialect's own. `encoded` writes a value, by the name it stands under.
pub(crate) fn query(
    own: &[(&str, Option<String>)],
    with: &[(&str, String)],
    encoded: impl Fn(&str, &str) -> String,
) -> Zeroizing<String> {
    let own = own.iter().filter(|(name, _)| !with.iter().any(|(other, _)| name == other));
    let own = own.filter_map(|(name, value)| Some((*name, value.as_deref()?)));
    let mut query = Zeroizing::new(String::new());
    for (name, value) in own.chain(with.iter().map(|(name, value)| (*name, value.as_str()))) {
        let separator = if query.is_empty() { "" } else { "&" };
        // Writing to a String cannot fail.
        let _ = write!(query, "{separator}{name}={}", encoded(name, value));
    }
    query
}

/// Parameters in their order.
#[derive(Default)]
pub(crate) struct Query(Zeroizing<String>);

impl Query {
    /// One more, percent-encoded.
    pub(crate) fn with(mut self, name: &str, value: impl Display) -> Self {
        let separator = if self.0.is_empty() { "" } else { "&" };
        // Writing to a String cannot fail.
        let _ = write!(self.0, "{separator}{name}={}", percent_encoded(&value.to_string()));
        self
    }

    /// The same, if there is a value.
    pub(crate) fn maybe(self, name: &str, value: Option<impl Display>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// One more, percent-encoded.
    pub(crate) fn push(&mut self, name: &str, value: impl Display) {
        *self = core::mem::take(self).with(name, value);
    }

    /// The same for what may have no name at a call, or may not be asked for.
    pub(crate) fn push_named(&mut self, name: Option<&str>, value: Option<impl Display>) {
        if let (Some(name), Some(value)) = (name, value) {
            self.push(name, value);
        }
    }

    /// The bytes to sign and to send.
    pub(crate) fn text(self) -> Zeroizing<String> {
        self.0
    }
}

/// All but the unreserved characters (RFC 3986 section 2.3), in upper-case hex.
pub(crate) fn percent_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

/// Tells accounts' budgets apart, and tells nothing of the key.
pub(crate) fn key_hash(api_key: &Secret) -> u64 {
    let hash: [u8; 32] = Sha256::digest(api_key.expose().as_bytes()).into();
    hash.into_iter().take(8).fold(0, |word, byte| word << 8 | u64::from(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_with_the_question_stands_for_the_dialects_own() {
        let own = [("a", Some("1 2".to_owned())), ("b", None), ("c", Some("3".to_owned()))];
        let with = [("c", "4,5".to_owned()), ("d", "ä".to_owned())];
        let made = query(&own, &with, |_, value| percent_encoded(value));
        assert_eq!(*made, "a=1%202&c=4%2C5&d=%C3%A4");
        assert_eq!(*query(&[], &[], |_, value| value.to_owned()), "");
    }
}
