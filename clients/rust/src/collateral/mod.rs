//! DCAP collateral on its way from Intel to an enclave, for operators (ATTESTATION.md section 10).
//!
//! Nobody trusts this: the enclave judges what it is handed with a quote of its own, and clients judge it again. It is
//! judged here as well, by the same code, so that whoever runs it learns early what is wrong, and from whom it came.
//!
//! Not here: when to do it again is in [`schedule`], a pure function; what is said about it is the command's.

mod failure;
mod pcs;
pub mod schedule;
mod recovery;

pub use failure::{FetchError, Whom};
pub use pcs::{Defect, Document, PCS, ROOT_CRL, Source, SourceDefect, Update};
pub use recovery::{Early, Level, Recovery};

use crate::{
    clock::Clock,
    connection::{Ask, Connection, Reply},
    private_file::Draft,
    service_url::ServiceUrl,
};
use attestation::{
    ClaimedPlatform, Collateral, DcapCollateral, Policy, Roots, Tee, claimed_platform, limits,
    verify_evidence,
};
use core::time::Duration;
use hyper::{HeaderMap, Method};
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// The name under which an enclave that reads a directory looks.
const FILE: &str = "collateral.json";
/// An answer of Intel's service: its largest document has some ten thousand bytes.
const ANSWER_BYTES_MAX: usize = limits::COLLATERAL;
/// A sentence of the enclave's listener.
const WORDS_BYTES_MAX: usize = 4096;
const WITHIN: Duration = Duration::from_secs(30);

/// Who gives the quote that says which platform it is, and takes the collateral.
#[derive(Clone, Debug)]
pub enum For {
    /// An enclave, at its operator listener.
    Enclave(ServiceUrl),
    /// Nobody: a quote that was saved.
    Quote(Vec<u8>),
}

/// Fetches collateral for one platform.
#[derive(Clone, Debug)]
pub struct Fetcher {
    /// Where from.
    pub source: Source,
    /// Who for.
    pub whom: For,
    /// Where `collateral.json` is written, too.
    pub directory: Option<PathBuf>,
    /// Whose signatures count.
    pub roots: Roots,
    /// The roots are those of development: the quote proves nothing about hardware.
    pub development: bool,
    /// When it is judged.
    pub clock: Clock,
}

/// Collateral that was fetched, and what became of it.
#[derive(Debug)]
pub struct Round {
    /// What it says.
    pub judged: Judged,
    /// What the enclave did with it; none if it was not asked.
    pub handed_in: Option<HandedIn>,
    /// The file that was written.
    pub written: Option<PathBuf>,
    /// What Intel's early data set says of the same platform.
    pub early: Early,
}

/// What an enclave did with collateral that verifies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HandedIn {
    /// It serves it.
    Kept,
    /// It serves a newer one.
    Older,
}

/// Collateral that verifies a quote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// As an enclave takes it.
    pub json: String,
    /// Whose it is.
    pub platform: ClaimedPlatform,
    /// What it says of the platform.
    pub level: Level,
    /// `issueDate` of the TCB info.
    pub tcb_info_issued: String,
    /// `issueDate` of the QE identity.
    pub qe_identity_issued: String,
    /// When the first of its parts ends, Unix seconds.
    pub ends_at: u64,
}

impl Fetcher {
    /// Once: quote, documents, judgement, and only then the enclave and the directory.
    ///
    /// # Errors
    /// What stood in the way; no file was written then. What goes wrong with the early data set is no error.
    pub async fn round(&self) -> Result<Round, FetchError> {
        // Before anything else: whoever cannot write need not ask.
        let draft = self.directory.as_deref().map(draft).transpose()?;
        let quote = match &self.whom {
            For::Enclave(enclave) => sample(enclave).await?,
            For::Quote(quote) => quote.clone(),
        };
        let platform = claimed_platform(&quote).ok_or(FetchError::NoQuote)?;
        let collateral = self.fetch(&platform).await?;
        let judged = self.judge(&quote, platform, &collateral)?;
        let handed_in = match &self.whom {
            For::Enclave(enclave) => Some(hand_in(enclave, judged.json.clone()).await?),
            For::Quote(_) => None,
        };
        let newer = handed_in != Some(HandedIn::Older);
        let written = match draft.filter(|_| newer) {
            Some((draft, place)) => {
                draft.save(judged.json.as_bytes()).map_err(|error| FetchError::Write(error.kind()))?;
                Some(place)
            }
            None => None,
        };
        let early = self.early(&quote, platform, collateral, &judged.level).await;
        Ok(Round { judged, handed_in, written, early })
    }

    async fn fetch(&self, platform: &ClaimedPlatform) -> Result<DcapCollateral, FetchError> {
        let standard = Update::Standard;
        let (tcb_info, tcb_info_issuer_chain) = self.signed(Document::TcbInfo, platform, standard).await?;
        let (qe_identity, qe_identity_issuer_chain) =
            self.signed(Document::QeIdentity, platform, standard).await?;
        let (pck_crl, pck_crl_issuer_chain) = {
            let (headers, body) = self.answer(Document::PckCrl, platform, standard).await?;
            (list(Document::PckCrl, &body)?, chain(Document::PckCrl, &headers)?)
        };
        let (_, root_ca_crl) = self.answer(Document::RootCrl, platform, standard).await?;
        Ok(DcapCollateral {
            pck_crl_issuer_chain,
            root_ca_crl: list(Document::RootCrl, &root_ca_crl)?,
            pck_crl,
            tcb_info_issuer_chain,
            tcb_info: tcb_info.text,
            tcb_info_signature: tcb_info.signature,
            qe_identity_issuer_chain,
            qe_identity: qe_identity.text,
            qe_identity_signature: qe_identity.signature,
            pck_certificate_chain: None,
        })
    }

    /// The same quote judged with what will hold: a TCB recovery is published there first.
    async fn early(
        &self,
        quote: &[u8],
        platform: ClaimedPlatform,
        standard: DcapCollateral,
        level: &Level,
    ) -> Early {
        let fetched = async {
            let (tcb, tcb_chain) = self.signed(Document::TcbInfo, &platform, Update::Early).await?;
            let (qe, qe_chain) = self.signed(Document::QeIdentity, &platform, Update::Early).await?;
            Ok::<_, FetchError>(DcapCollateral {
                tcb_info_issuer_chain: tcb_chain,
                tcb_info: tcb.text,
                tcb_info_signature: tcb.signature,
                qe_identity_issuer_chain: qe_chain,
                qe_identity: qe.text,
                qe_identity_signature: qe.signature,
                ..standard
            })
        };
        match fetched.await {
            Ok(early) => recovery::compare(level, self.judge(quote, platform, &early)),
            Err(error) => Early::Unknown(error),
        }
    }

    /// What the collateral says, judged as the enclave and every client will: from the bytes that are handed on.
    fn judge(
        &self,
        quote: &[u8],
        platform: ClaimedPlatform,
        collateral: &DcapCollateral,
    ) -> Result<Judged, FetchError> {
        // Strings and hex always serialise.
        let json = serde_json::to_string(collateral).unwrap_or_default();
        if json.len() > limits::COLLATERAL {
            return Err(FetchError::TooLarge);
        }
        let parsed = Collateral::parse(json.as_bytes())?;
        let tee = match (platform.tee, self.development) {
            (Tee::Tdx, true) => Tee::DevTdx,
            (_, true) => Tee::DevSgx,
            (tee, false) => tee,
        };
        let now = self.clock.now().unix_s;
        let policy = Policy::dangerous_claims_only();
        let verified = verify_evidence(tee, quote, Some(&parsed), &policy, &self.roots, None, now)?;
        let (Some(status), Some(evaluation)) = (verified.tcb_status(), verified.tcb_evaluation_number())
        else {
            return Err(FetchError::NoQuote);
        };
        Ok(Judged {
            platform,
            level: Level { status, advisories: verified.advisories().to_vec(), evaluation },
            tcb_info_issued: issued(Document::TcbInfo, &collateral.tcb_info)?,
            qe_identity_issued: issued(Document::QeIdentity, &collateral.qe_identity)?,
            ends_at: verified.earliest_expiration(),
            json,
        })
    }

    async fn signed(
        &self,
        document: Document,
        platform: &ClaimedPlatform,
        update: Update,
    ) -> Result<(pcs::Signed, String), FetchError> {
        let (headers, body) = self.answer(document, platform, update).await?;
        let signed = pcs::signed(document, &body).map_err(|defect| FetchError::Form(document, defect))?;
        Ok((signed, chain(document, &headers)?))
    }

    async fn answer(
        &self,
        document: Document,
        platform: &ClaimedPlatform,
        update: Update,
    ) -> Result<(HeaderMap, Vec<u8>), FetchError> {
        let (service, path) = self.source.place(document, platform, update);
        let whom = Whom::Service(document);
        let (headers, reply) =
            call(whom, service, Method::GET, path, String::new(), ANSWER_BYTES_MAX).await?;
        match (reply.status, document) {
            (200, _) => Ok((headers, reply.body)),
            (404, Document::TcbInfo) => Err(FetchError::UnknownPlatform(platform.fmspc)),
            _ => Err(no(whom, &reply)),
        }
    }
}

/// A quote of the enclave's that vouches for nothing, and says which platform it is.
async fn sample(enclave: &ServiceUrl) -> Result<Vec<u8>, FetchError> {
    let (whom, path) = (Whom::Enclave, "/quote".to_owned());
    let (_, reply) = call(whom, enclave, Method::GET, path, String::new(), limits::EVIDENCE).await?;
    if reply.status == 200 { Ok(reply.body) } else { Err(no(whom, &reply)) }
}

/// Hands collateral to the enclave, which judges it itself.
async fn hand_in(enclave: &ServiceUrl, json: String) -> Result<HandedIn, FetchError> {
    let (whom, path) = (Whom::Enclave, "/collateral".to_owned());
    let (_, reply) = call(whom, enclave, Method::PUT, path, json, WORDS_BYTES_MAX).await?;
    match reply.status {
        200 => Ok(HandedIn::Kept),
        422 => {
            let words = String::from_utf8_lossy(&reply.body).trim().to_owned();
            let older = attestation::BackendError::Older.to_string();
            if words == older { Ok(HandedIn::Older) } else { Err(FetchError::Refused(words)) }
        }
        _ => Err(no(whom, &reply)),
    }
}

/// One request on a connection of its own: they are few, and hours apart.
async fn call(
    whom: Whom,
    service: &ServiceUrl,
    method: Method,
    path: String,
    body: String,
    bytes_max: usize,
) -> Result<(HeaderMap, Reply), FetchError> {
    let ask = Ask { method, path, body, bytes_max, within: WITHIN };
    let answered = async { Connection::open_certified(service).await?.ask_with_headers(ask).await };
    answered.await.map_err(|why| FetchError::Unreachable(whom, why))
}

fn no(whom: Whom, reply: &Reply) -> FetchError {
    FetchError::Status { whom, status: reply.status, retry_after_s: reply.retry_after_s }
}

fn list(document: Document, body: &[u8]) -> Result<Vec<u8>, FetchError> {
    pcs::list(body).map_err(|defect| FetchError::Form(document, defect))
}

fn chain(document: Document, headers: &HeaderMap) -> Result<String, FetchError> {
    let mut values = document.chain_header().into_iter().flat_map(|name| headers.get_all(name));
    let chain = match (values.next(), values.next()) {
        (Some(one), None) => pcs::chain(one.as_bytes()),
        _ => Err(Defect::NoChain),
    };
    chain.map_err(|defect| FetchError::Form(document, defect))
}

/// `issueDate` of a signed document that has been verified.
fn issued(document: Document, text: &str) -> Result<String, FetchError> {
    #[derive(Deserialize)]
    struct Issued {
        #[serde(rename = "issueDate")]
        issue_date: String,
    }
    let issued = serde_json::from_str::<Issued>(text);
    issued.map(|issued| issued.issue_date).map_err(|_| FetchError::Form(document, Defect::NoDocument))
}

/// A file that will be there whole or not at all: an enclave may read at any time.
fn draft(directory: &Path) -> Result<(Draft, PathBuf), FetchError> {
    let place = directory.join(FILE);
    let draft = Draft::readable_beside(&place).map_err(|error| FetchError::Write(error.kind()))?;
    Ok((draft, place))
}

/// See `fuzz.rs`.
pub(crate) fn fuzz_answer(data: &[u8]) {
    let text = core::str::from_utf8(data).unwrap_or_default();
    for document in [Document::TcbInfo, Document::QeIdentity] {
        if let Ok(signed) = pcs::signed(document, data) {
            assert!(text.contains(&signed.text), "the signed text stands in the answer");
        }
    }
    let _ = pcs::list(data);
    if let Ok(chain) = pcs::chain(data) {
        assert!(chain.is_ascii() && chain.len() <= data.len());
    }
    let _ = Source::new(text, text);
}
