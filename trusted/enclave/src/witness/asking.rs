//! What is asked of a witness, and what its answer means (c2sp.org/tlog-witness, `add-checkpoint`).

use super::{
    note::{LogKey, WitnessKey},
    tree::{Hash, Range},
};
use base64ct::{Base64, Encoding as _};
use core::fmt;
use exchange::{PostError, Posted, Recipient};
use protocol::limits;

/// One that watches the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Witness {
    /// Where it is.
    pub(crate) at: Recipient,
    /// What it signs with.
    pub(crate) key: WitnessKey,
}

/// What a witness makes of a leaf that was added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It cosigned the log with that leaf, and knows no larger one.
    Cosigned,
    /// It knows a larger log, or one with another root.
    Otherwise,
}

/// Why a witness does not help. Its text is safe in logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unhelpful {
    /// There was no answer.
    Silent(PostError),
    /// It does not know the log, or the log's key.
    Stranger,
    /// It has forgotten what it cosigned.
    Forgetful,
    /// It did not cosign with its key.
    Unsigned,
    /// It answered something else.
    Status(u16),
}

impl fmt::Display for Unhelpful {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Silent(error) => write!(f, "WITNESS_URL: {error}"),
            Self::Stranger => f.write_str(
                "the witness does not know this log: have its operator add the key that the line `anchoring` of this log \
                 names, also to be read at /log.vkey on the operator's listener",
            ),
            Self::Forgetful => f.write_str(
                "the witness has forgotten what it cosigned, and cannot say that there is no later state: its operator \
                 restores it, or another one is named",
            ),
            Self::Unsigned => f.write_str("what the witness answered is not signed with WITNESS_KEY"),
            Self::Status(status) => write!(f, "the witness answered with status {status}"),
        }
    }
}

/// What one answer says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Said {
    Cosigned,
    /// How many leaves the log has that it knows.
    Knows(u64),
    /// The log that it knows is not the beginning of this one.
    Another,
}

impl Witness {
    /// Asks about a log with one leaf more.
    pub(super) async fn ask(
        &self,
        log: &LogKey,
        cosigned: &Range,
        leaf: &Hash,
    ) -> Result<Verdict, Unhelpful> {
        let next = cosigned.and(leaf);
        let checkpoint = log.checkpoint(next.size(), &next.root());
        let signed = log.signed(&checkpoint);
        let first = self.said(&request(cosigned.size(), &cosigned.proof(leaf), &signed), &checkpoint).await?;
        match first {
            Said::Cosigned => Ok(Verdict::Cosigned),
            Said::Another => Ok(Verdict::Otherwise),
            // It was asked before, and we did not hear its answer: the same log once more, or another one of the same size.
            Said::Knows(size) if size == next.size() => {
                match self.said(&request(size, &[], &signed), &checkpoint).await? {
                    Said::Cosigned => Ok(Verdict::Cosigned),
                    Said::Knows(less) if less < size => Err(Unhelpful::Forgetful),
                    Said::Knows(_) | Said::Another => Ok(Verdict::Otherwise),
                }
            }
            Said::Knows(size) if size > next.size() => Ok(Verdict::Otherwise),
            Said::Knows(size) if size < cosigned.size() => Err(Unhelpful::Forgetful),
            // What we said is what it knows.
            Said::Knows(_) => Err(Unhelpful::Status(409)),
        }
    }

    async fn said(&self, request: &str, checkpoint: &str) -> Result<Said, Unhelpful> {
        let posted =
            self.at.post("/add-checkpoint", request.to_owned(), limits::WITNESS_ANSWER_BYTES_MAX).await;
        said(&self.key, &posted.map_err(Unhelpful::Silent)?, checkpoint)
    }
}

fn said(key: &WitnessKey, answer: &Posted, checkpoint: &str) -> Result<Said, Unhelpful> {
    match answer.status {
        200 if key.cosigned(checkpoint, &answer.body) => Ok(Said::Cosigned),
        200 => Err(Unhelpful::Unsigned),
        409 if answer.content_type == "text/x.tlog.size" => {
            size(&answer.body).map(Said::Knows).ok_or(Unhelpful::Status(409))
        }
        // Of a log of the size that it knows, a witness says either that the root is another one.
        409 | 422 => Ok(Said::Another),
        403 | 404 => Err(Unhelpful::Stranger),
        status => Err(Unhelpful::Status(status)),
    }
}

/// A number of leaves, in decimal without leading zeros, and the end of the line.
fn size(body: &[u8]) -> Option<u64> {
    let text = core::str::from_utf8(body).ok()?.strip_suffix('\n')?;
    let is_number = text == "0" || (!text.starts_with('0') && text.bytes().all(|byte| byte.is_ascii_digit()));
    text.parse().ok().filter(|_| is_number)
}

fn request(old: u64, proof: &[Hash], signed: &str) -> String {
    let proof: String = proof.iter().map(|hash| Base64::encode_string(hash) + "\n").collect();
    format!("old {old}\n{proof}\n{signed}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn key() -> WitnessKey {
        WitnessKey::parse("remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2").unwrap()
    }

    fn answer(status: u16, content_type: &str, body: &[u8]) -> Posted {
        Posted { status, content_type: content_type.to_owned(), body: body.to_vec() }
    }

    #[test]
    fn each_answer_of_the_protocol_has_its_meaning() {
        let said =
            |status, kind: &str, body: &str| said(&key(), &answer(status, kind, body.as_bytes()), "x\n");
        let size = "text/x.tlog.size";
        assert_eq!(said(409, size, "0\n"), Ok(Said::Knows(0)));
        assert_eq!(said(409, size, "20852014\n"), Ok(Said::Knows(20_852_014)));
        assert_eq!(said(409, size, "18446744073709551615\n"), Ok(Said::Knows(u64::MAX)));
        for body in ["", "7", "07\n", "+7\n", "-7\n", "7\n\n", "18446744073709551616\n", "seven\n"] {
            assert_eq!(said(409, size, body), Err(Unhelpful::Status(409)), "{body:?}");
        }
        assert_eq!(said(409, "text/plain", "7\n"), Ok(Said::Another));
        assert_eq!(said(422, "", ""), Ok(Said::Another));
        assert_eq!(said(404, "", ""), Err(Unhelpful::Stranger));
        assert_eq!(said(403, "", ""), Err(Unhelpful::Stranger));
        assert_eq!(said(200, "", ""), Err(Unhelpful::Unsigned));
        for status in [204, 301, 307, 400, 429, 500, 503] {
            assert_eq!(said(status, size, "7\n"), Err(Unhelpful::Status(status)));
        }
    }

    #[test]
    fn a_request_is_as_the_specification_shows_it() {
        let text = request(3, &[[0; 32], [255; 32]], "origin\n4\nroot\n\n— origin sig\n");
        let zeros = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
        let ones = "//////////////////////////////////////////8=";
        assert_eq!(text, format!("old 3\n{zeros}\n{ones}\n\norigin\n4\nroot\n\n— origin sig\n"));
        assert_eq!(request(0, &[], "note\n"), "old 0\n\nnote\n");
    }

    proptest! {
        #[test]
        fn no_answer_of_a_stranger_is_a_cosignature(
            status in prop_oneof![Just(200_u16), Just(409), Just(422), any::<u16>()],
            kind in prop_oneof![Just("text/x.tlog.size".to_owned()), ".*"],
            body in prop_oneof![prop::collection::vec(any::<u8>(), 0..300), "[0-9 \n—+/=a-z]{0,40}".prop_map(String::into_bytes)],
        ) {
            prop_assert_ne!(said(&key(), &answer(status, &kind, &body), "x\n"), Ok(Said::Cosigned));
        }
    }
}
