//! Signatures of answers by the attested result key; `protocol::signed` says over what.

use super::{Answer, Call};
use crate::identity::Identity;
use ledger::Timestamp;
use protocol::signed::{Headers, Message, Tag};

/// Adds `content-digest`, `signature-input` and `signature`.
pub(crate) fn sign(answer: &mut Answer, call: &Call, identity: &Identity, now: Timestamp) {
    let tag = if call.method == "DELETE" { Tag::Receipt } else { Tag::Answer };
    let message = Message {
        status: answer.status,
        method: &call.method,
        path: call.path.expose(),
        nonce: call.nonce.as_deref(),
        body: &answer.body,
    };
    let Headers { content_digest, signature_input, signature } = identity.signed(&message, tag, now);
    answer.headers.push(("content-digest", content_digest.into()));
    answer.headers.push(("signature-input", signature_input.into()));
    answer.headers.push(("signature", signature.into()));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{keys::ResultKey, settings::Settings};
    use attestation::development::DevelopmentBackend;
    use base64ct::{Base64, Encoding};
    use ed25519_dalek::{Signature, VerifyingKey};
    use protocol::Secret;

    fn identity() -> Identity {
        let backend = Box::new(DevelopmentBackend::new([1; 32], [2; 32]).unwrap());
        let key = ResultKey::open(&Settings::read(|_| None).unwrap(), None).unwrap();
        let configuration =
            crate::service::configuration("development", "process", (86_400, 604_800), "none", None, &[]);
        Identity::new(backend, &configuration, key, None, Timestamp::from_millis(1_770_000_000_000)).unwrap()
    }

    fn header<'a>(answer: &'a Answer, name: &str) -> &'a str {
        &answer.headers.iter().find(|(key, _)| *key == name).unwrap().1
    }

    #[test]
    fn the_signature_is_over_the_base_that_rfc_9421_builds_from_the_message() {
        let identity = identity();
        let mut answer = Answer::new(200, "application/json", b"{\"hello\": \"world\"}".to_vec());
        let call = Call {
            method: "GET".to_owned(),
            path: Secret::new("/enclave/summary/x".to_owned()),
            query: None,
            bearer: None,
            nonce: Some("n-1".to_owned()),
            last_event_id: None,
            body: None,
        };
        sign(&mut answer, &call, &identity, Timestamp::from_millis(1_770_000_000_999));
        // RFC 9530 appendix D gives the digest of this very body.
        assert_eq!(
            header(&answer, "content-digest"),
            "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:"
        );
        let parameters = header(&answer, "signature-input").strip_prefix("result=").unwrap();
        // Written out as section 2.5 shows it.
        let base = format!(
            "\"@status\": 200\n\"content-digest\": sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:\n\
             \"@method\";req: GET\n\"@path\";req: /enclave/summary/x\n\"perfagg-nonce\";req: n-1\n\
             \"@signature-params\": {parameters}"
        );
        assert!(parameters.contains(";created=1770000000;"), "{parameters}");
        let id = parameters.split_once("keyid=\"").unwrap().1.split_once('"').unwrap().0;
        let key: [u8; 32] = protocol::wire::decode_array(id).unwrap();
        let signature =
            header(&answer, "signature").strip_prefix("result=:").unwrap().strip_suffix(':').unwrap();
        let signature: [u8; 64] = Base64::decode_vec(signature).unwrap().try_into().unwrap();
        let key = VerifyingKey::from_bytes(&key).unwrap();
        key.verify_strict(base.as_bytes(), &Signature::from_bytes(&signature)).unwrap();
    }
}
