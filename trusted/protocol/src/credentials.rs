//! What is inside an envelope: a secret, and the credentials made of them.

use alloc::{borrow::ToOwned, string::String};
use core::fmt;
use serde::{Deserialize, Deserializer, de};
use zeroize::Zeroizing;

/// The one wrapper of secrets: no Clone, Display or Serialize, redacted Debug, wiped on drop.
///
/// ```compile_fail,E0599
/// let copy = protocol::Secret::new(String::new()).clone();
/// ```
/// ```compile_fail,E0277
/// println!("{}", protocol::Secret::new(String::new()));
/// ```
/// ```compile_fail,E0277
/// let json = serde_json::to_string(&protocol::Secret::new(String::new()));
/// ```
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes possession of a secret.
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The secret in clear. Every use of this word is a place to look at.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = Secret;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Secret, E> {
                Ok(Secret::new(text.to_owned()))
            }
            fn visit_string<E: de::Error>(self, text: String) -> Result<Secret, E> {
                Ok(Secret::new(text))
            }
        }
        deserializer.deserialize_str(Visitor)
    }
}

/// What opens an exchange account for reading (DESIGN.md section 4 says what each venue puts where).
#[derive(Debug)]
pub struct Credentials {
    /// API key, key name or address.
    pub api_key: Secret,
    /// Secret, private key or signature.
    pub secret: Secret,
    /// Passphrase, where the venue has one.
    pub passphrase: Option<Secret>,
}
