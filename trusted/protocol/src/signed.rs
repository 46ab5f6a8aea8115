//! Signed answers: HTTP Message Signatures (RFC 9421) over status, Content-Digest (RFC 9530), and the request's method,
//! path and nonce. A signed answer can be kept, and judged later by someone who was not there.
//!
//! Answers and receipts have different tags, which are signed: nobody can show one as the other.
//!
//! Not here: the keys. Whoever signs or verifies has one.

use crate::wire;
use alloc::{format, string::String, vec::Vec};
use base64ct::{Base64, Encoding};
use core::fmt;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// What a signature is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tag {
    /// An answer to a read.
    Answer,
    /// What was done, once and for all.
    Receipt,
}

impl Tag {
    /// As it stands among the signature's parameters.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Answer => "perf-aggregator/answer/v1",
            Self::Receipt => "perf-aggregator/receipt/v1",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        [Self::Answer, Self::Receipt].into_iter().find(|tag| tag.as_str() == text)
    }
}

/// What is signed of an answer and its request.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    /// Of the answer.
    pub status: u16,
    /// Of the request.
    pub method: &'a str,
    /// Of the request.
    pub path: &'a str,
    /// `Perfagg-Nonce` of the request, if it had one.
    pub nonce: Option<&'a str>,
    /// Of the answer, to the letter.
    pub body: &'a [u8],
}

/// The headers of a signed answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Headers {
    /// `content-digest`
    pub content_digest: String,
    /// `signature-input`
    pub signature_input: String,
    /// `signature`
    pub signature: String,
}

/// What a signature says of itself.
struct Parameters<'a> {
    has_nonce: bool,
    created_s: i64,
    key_id: &'a str,
    tag: Tag,
}

impl Message<'_> {
    /// Signs it: `sign` makes the Ed25519 signature of the key that `key_id` names.
    pub fn sign(
        &self,
        tag: Tag,
        created_s: i64,
        key_id: &str,
        sign: impl FnOnce(&[u8]) -> [u8; 64],
    ) -> Headers {
        let content_digest = digest(self.body);
        let has_nonce = self.nonce.is_some();
        let parameters = Parameters { has_nonce, created_s, key_id, tag }.text();
        let signature = Base64::encode_string(&sign(self.base(&content_digest, &parameters).as_bytes()));
        Headers {
            content_digest,
            signature_input: format!("result={parameters}"),
            signature: format!("result=:{signature}:"),
        }
    }

    /// The signature base of RFC 9421 section 2.5.
    fn base(&self, content_digest: &str, parameters: &str) -> String {
        let Self { status, method, path, nonce, body: _ } = self;
        let nonce = nonce.map(|nonce| format!("\"perfagg-nonce\";req: {nonce}\n")).unwrap_or_default();
        format!(
            "\"@status\": {status}\n\"content-digest\": {content_digest}\n\"@method\";req: {method}\n\
             \"@path\";req: {path}\n{nonce}\"@signature-params\": {parameters}"
        )
    }
}

/// The `Content-Digest` of a body.
fn digest(body: &[u8]) -> String {
    format!("sha-256=:{}:", Base64::encode_string(&Sha256::digest(body)))
}

impl<'a> Parameters<'a> {
    /// The one way that they are written.
    fn text(&self) -> String {
        let Self { has_nonce, created_s, key_id, tag } = self;
        let nonce = if *has_nonce { " \"perfagg-nonce\";req" } else { "" };
        format!(
            "(\"@status\" \"content-digest\" \"@method\";req \"@path\";req{nonce});created={created_s};\
             keyid=\"{key_id}\";alg=\"ed25519\";tag=\"{}\"",
            tag.as_str()
        )
    }

    fn parse(text: &'a str) -> Option<Self> {
        let (components, rest) = text.split_once(");created=")?;
        let (created, rest) = rest.split_once(";keyid=\"")?;
        let (key_id, rest) = rest.split_once("\";alg=\"ed25519\";tag=\"")?;
        let parameters = Self {
            has_nonce: components.ends_with(" \"perfagg-nonce\";req"),
            created_s: created.parse().ok()?,
            key_id,
            tag: Tag::parse(rest.strip_suffix('"')?)?,
        };
        // What is written in another way covers other things.
        (parameters.text() == text).then_some(parameters)
    }
}

/// A signed answer as it is kept: the request's part, the answer's, and what vouches for both.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedAnswer {
    /// Of the request.
    pub method: String,
    /// Of the request.
    pub path: String,
    /// Of the request.
    pub nonce: Option<String>,
    /// Of the answer.
    pub status: u16,
    /// Header of the answer.
    pub content_digest: String,
    /// Header of the answer.
    pub signature_input: String,
    /// Header of the answer.
    pub signature: String,
    /// To the letter.
    pub body: String,
}

/// A signature that fits its answer, once somebody with the key has verified it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// What it is for.
    pub tag: Tag,
    /// When it was made, Unix seconds by the signer's clock.
    pub created_s: i64,
    /// The public key that it names.
    pub key: [u8; 32],
    /// What is signed.
    pub base: Vec<u8>,
    /// The Ed25519 signature over it.
    pub signature: [u8; 64],
}

/// Why a signed answer is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignedError {
    /// The signature's parameters are not written as ours are.
    Parameters,
    /// The body is not the one that was signed.
    Digest,
    /// The signature or its key is not one by its form.
    Signature,
}

impl SignedError {
    /// For people.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Parameters => "the signature's parameters are not those of an answer of this service",
            Self::Digest => "the body is not the one that was signed",
            Self::Signature => "the signature or the name of its key has not its form",
        }
    }
}

impl fmt::Display for SignedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl core::error::Error for SignedError {}

impl SignedAnswer {
    /// An answer with what signs it.
    pub fn new(message: &Message<'_>, headers: Headers, body: String) -> Self {
        let Message { status, method, path, nonce, body: _ } = *message;
        let Headers { content_digest, signature_input, signature } = headers;
        let (method, path, nonce) = (method.into(), path.into(), nonce.map(Into::into));
        Self { method, path, nonce, status, content_digest, signature_input, signature, body }
    }

    /// What must be verified with the key, if everything else fits.
    ///
    /// # Errors
    /// What does not.
    pub fn signed(&self) -> Result<Signed, SignedError> {
        let Self { method, path, nonce, status, content_digest, signature_input, signature, body } = self;
        if *content_digest != digest(body.as_bytes()) {
            return Err(SignedError::Digest);
        }
        let text = signature_input.strip_prefix("result=").ok_or(SignedError::Parameters)?;
        let parameters = Parameters::parse(text).ok_or(SignedError::Parameters)?;
        // A line end in a component would be another component.
        let components = [method.as_str(), path, nonce.as_deref().unwrap_or_default()];
        let is_line = |text: &&str| text.bytes().all(|byte| (0x20..0x7f).contains(&byte));
        if parameters.has_nonce != nonce.is_some() || !components.iter().all(is_line) {
            return Err(SignedError::Parameters);
        }
        let message =
            Message { status: *status, method, path, nonce: nonce.as_deref(), body: body.as_bytes() };
        let encoded = signature.strip_prefix("result=:").and_then(|text| text.strip_suffix(':'));
        let bytes = encoded.and_then(|text| Base64::decode_vec(text).ok());
        Ok(Signed {
            tag: parameters.tag,
            created_s: parameters.created_s,
            key: wire::decode_array(parameters.key_id).ok_or(SignedError::Signature)?,
            base: message.base(content_digest, text).into_bytes(),
            signature: bytes.and_then(|bytes| bytes.try_into().ok()).ok_or(SignedError::Signature)?,
        })
    }
}

/// Bytes as a signed answer: nothing panics, and what is one says of its signature what it says itself.
#[doc(hidden)]
pub fn fuzz_signed_answer(data: &[u8]) {
    let Ok(answer) = serde_json::from_slice::<SignedAnswer>(data) else { return };
    if let Ok(signed) = answer.signed() {
        assert!(answer.signature_input.contains(signed.tag.as_str()));
        assert!(signed.base.ends_with(answer.signature_input.trim_start_matches("result=").as_bytes()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    const BODY: &[u8] = b"{\"hello\": \"world\"}";

    fn message<'a>(nonce: Option<&'a str>) -> Message<'a> {
        Message { status: 200, method: "GET", path: "/enclave/summary", nonce, body: BODY }
    }

    fn kept(nonce: Option<&str>) -> SignedAnswer {
        let message = message(nonce);
        let headers = message.sign(Tag::Answer, 1_770_000_000, &wire::encode(&[7; 32]), |_| [9; 64]);
        SignedAnswer::new(&message, headers, String::from_utf8(BODY.to_vec()).unwrap())
    }

    #[test]
    fn the_base_is_the_one_that_rfc_9421_builds() {
        // RFC 9530 appendix D gives the digest of this very body; the rest is written out as RFC 9421 section 2.5 shows it.
        let digest = "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:";
        let answer = kept(Some("n-1"));
        assert_eq!(answer.content_digest, digest);
        let signed = answer.signed().unwrap();
        let parameters = "(\"@status\" \"content-digest\" \"@method\";req \"@path\";req \"perfagg-nonce\";req)\
                          ;created=1770000000;keyid=\"BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc\";alg=\"ed25519\";\
                          tag=\"perf-aggregator/answer/v1\"";
        assert_eq!(
            core::str::from_utf8(&signed.base).unwrap(),
            format!(
                "\"@status\": 200\n\"content-digest\": {digest}\n\"@method\";req: GET\n\
                 \"@path\";req: /enclave/summary\n\"perfagg-nonce\";req: n-1\n\"@signature-params\": {parameters}"
            )
        );
        assert_eq!((signed.tag, signed.created_s), (Tag::Answer, 1_770_000_000));
        assert_eq!((signed.key, signed.signature), ([7; 32], [9; 64]));
        assert!(kept(None).signed().is_ok());
    }

    #[test]
    fn what_was_changed_is_refused_or_is_another_base() {
        let whole = kept(Some("n-1"));
        let base = whole.signed().unwrap().base;
        let changed = |change: &dyn Fn(&mut SignedAnswer)| {
            let mut answer = whole.clone();
            change(&mut answer);
            answer.signed()
        };
        assert_eq!(changed(&|answer| answer.body.push(' ')), Err(SignedError::Digest));
        assert_eq!(changed(&|answer| answer.nonce = None), Err(SignedError::Parameters));
        assert_eq!(
            changed(&|answer| answer.path = "/x\n\"@status\": 500".to_string()),
            Err(SignedError::Parameters)
        );
        assert_eq!(
            changed(&|answer| answer.signature = "result=:AAAA:".to_string()),
            Err(SignedError::Signature)
        );
        for (from, to) in [
            ("\"@path\";req ", ""),
            ("alg=\"ed25519\"", "alg=\"none\""),
            ("answer/v1", "answer/v2"),
            ("created=1770000000", "created=01770000000"),
            (";created=", "; created="),
            ("result=", "other="),
        ] {
            let input = whole.signature_input.replace(from, to);
            assert_ne!(input, whole.signature_input);
            assert_eq!(
                changed(&|answer| answer.signature_input = input.clone()),
                Err(SignedError::Parameters),
                "{to}"
            );
        }
        for change in [
            (&|answer: &mut SignedAnswer| answer.status = 201) as &dyn Fn(&mut SignedAnswer),
            &|answer| answer.method = "POST".to_string(),
            &|answer| answer.nonce = Some("n-2".to_string()),
            &|answer| answer.signature_input = answer.signature_input.replace("answer/v1", "receipt/v1"),
            &|answer| answer.signature_input = answer.signature_input.replace("=1770000000", "=1770000001"),
        ] {
            assert_ne!(changed(change).unwrap().base, base);
        }
    }
}
