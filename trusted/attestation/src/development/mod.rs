//! Development evidence (ATTESTATION.md section 9): SGX and TDX quotes of the real structure under a root that anyone
//! can make, verified by the same code as the vendor's. It proves nothing about hardware and says so in its `tee`.
//!
//! Compiled only with the feature `development`, which release images leave out.

mod keys;
mod pki;
mod documents;
mod domain;
mod quote;

use crate::backend::{Backend, BackendError, Evidence};
use crate::evidence::{DcapCollateral, Tee};
use keys::Key;
use pki::Pki;
use sha2::{Digest, Sha256, Sha384};
use std::sync::Mutex;

/// The seed of `development-root.pem`. Public by definition: whoever has this constant can sign anything under it.
pub const PUBLIC_DEVELOPMENT_SEED: [u8; 32] = *b"perf-aggregator PUBLIC dev seed!";

const DAY_S: u64 = 86_400;
/// How long a day's collateral is valid.
const COLLATERAL_LIFE_S: u64 = 30 * DAY_S;
/// 2020-01-01 and 2049-12-31: the last year that certificates write in two digits.
const CERTIFICATES: Dates = Dates { from: 1_577_836_800, until: 2_524_521_600 };

/// First and last second, Unix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dates {
    /// First second.
    pub from: u64,
    /// Last second.
    pub until: u64,
}

/// One signature that is made with a stranger's key instead of the right one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each names what is signed wrongly")]
pub enum Forged {
    PckCa,
    Pck,
    TcbSigner,
    RootCrl,
    PckCrl,
    TcbInfo,
    QeIdentity,
    QeReport,
    AttestationKey,
    Quote,
}

/// One certificate that its issuer has revoked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each names a certificate")]
pub enum Revoked {
    Pck,
    PckCa,
    TcbSigner,
}

/// Everything that evidence can say or get wrong. The default is what the verifier accepts; each field is one knob.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each names a field of quote, certificate or document")]
pub struct Knobs {
    /// Present for a trust domain, absent for an enclave.
    pub tdx: Option<TdxKnobs>,
    // The enclave; of a trust domain only `debug`.
    pub debug: bool,
    pub initialised: bool,
    pub provision_key: bool,
    pub einittoken_key: bool,
    pub xfrm: u64,
    pub misc_select: u32,
    pub mr_signer: [u8; 32],
    pub isv_prod_id: u16,
    pub isv_svn: u16,
    // The platform. Without `platform_ca` the certificate carries no flags.
    pub platform_ca: bool,
    pub dynamic_platform: bool,
    pub cached_keys: bool,
    pub smt: bool,
    pub fmspc: [u8; 6],
    pub pce_id: [u8; 2],
    pub cpu_svn: [u8; 16],
    pub pce_svn: u8,
    // The vendor's judgement. The platform above reaches the level `tcb_status` at `level_svn`.
    pub tcb_status: &'static str,
    pub advisories: Vec<&'static str>,
    pub level_svn: [u8; 16],
    pub evaluation_number: u32,
    pub tcb_info_id: Option<&'static str>,
    pub tcb_info_fmspc: Option<[u8; 6]>,
    pub tcb_info_pce_id: Option<[u8; 2]>,
    // The quoting enclave.
    pub qe_identity_id: Option<&'static str>,
    pub qe_debug: bool,
    pub qe_isv_svn: u16,
    pub qe_isv_prod_id: u16,
    pub qe_status: &'static str,
    // Certificates and dates; none takes the usual ones.
    pub signer_is_ca: bool,
    pub pck_ca_is_ca: bool,
    pub pck_dates: Option<Dates>,
    pub root_crl_dates: Option<Dates>,
    pub pck_crl_dates: Option<Dates>,
    pub tcb_info_dates: Option<Dates>,
    pub qe_identity_dates: Option<Dates>,
    pub revoked: Option<Revoked>,
    pub forged: Option<Forged>,
}

impl Default for Knobs {
    fn default() -> Self {
        Self {
            tdx: None,
            debug: false,
            initialised: true,
            provision_key: false,
            einittoken_key: false,
            xfrm: 0xe7,
            misc_select: 0,
            mr_signer: Sha256::digest("development signer").into(),
            isv_prod_id: 0,
            isv_svn: 1,
            platform_ca: false,
            dynamic_platform: false,
            cached_keys: false,
            smt: false,
            fmspc: [0xd0, 0xe0, 0xf0, 0, 0, 1],
            pce_id: [0, 0],
            cpu_svn: [11, 11, 2, 2, 255, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
            pce_svn: 13,
            tcb_status: "UpToDate",
            advisories: Vec::new(),
            level_svn: [11, 11, 2, 2, 255, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
            evaluation_number: 20,
            tcb_info_id: None,
            tcb_info_fmspc: None,
            tcb_info_pce_id: None,
            qe_identity_id: None,
            qe_debug: false,
            qe_isv_svn: 8,
            qe_isv_prod_id: 1,
            qe_status: "UpToDate",
            signer_is_ca: false,
            pck_ca_is_ca: true,
            pck_dates: None,
            root_crl_dates: None,
            pck_crl_dates: None,
            tcb_info_dates: None,
            qe_identity_dates: None,
            revoked: None,
            forged: None,
        }
    }
}

/// What is a trust domain's own. The default is a domain of TDX 1.0 that the verifier accepts.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each names a field of quote or document")]
pub struct TdxKnobs {
    /// 4, or 5 with a body type.
    pub quote_version: u16,
    /// 2 is TDX 1.0, 3 is 1.5, 4 is 1.5 with what service domains add.
    pub body_type: u16,
    /// ATTRIBUTES without DEBUG.
    pub attributes: u64,
    pub xfam: u64,
    pub rtmr: [[u8; 48]; 4],
    pub tee_tcb_svn: [u8; 16],
    // TDX 1.5.
    pub tee_tcb_svn2: [u8; 16],
    pub mr_service_td: [u8; 48],
    // The module, and what the vendor says of it.
    pub mr_signer_seam: [u8; 48],
    pub seam_attributes: u64,
    pub module_id: &'static str,
    pub module_level_svn: u8,
    pub module_status: &'static str,
    pub module_advisories: Vec<&'static str>,
    /// `tdxtcbcomponents` of the level that `tcb_status` is said of.
    pub level_svn: [u8; 16],
}

impl Default for TdxKnobs {
    fn default() -> Self {
        let svn = [5, 1, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        // The first two are the module's, which its identity judges.
        let level_svn = [0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        Self {
            quote_version: 4,
            body_type: 2,
            attributes: 1 << 28, // SEPT_VE_DISABLE
            xfam: 0xe7,
            rtmr: [[0x70; 48], [0x71; 48], [0x72; 48], [0x73; 48]],
            tee_tcb_svn: svn,
            tee_tcb_svn2: svn,
            mr_service_td: [0; 48],
            mr_signer_seam: [0; 48],
            seam_attributes: 0,
            module_id: "TDX_01",
            module_level_svn: 4,
            module_status: "UpToDate",
            module_advisories: Vec::new(),
            level_svn,
        }
    }
}

/// Evidence under a root made from a seed: the same seed, executable and day give the same bytes.
pub struct DevelopmentBackend {
    knobs: Knobs,
    executable_sha256: [u8; 32],
    pki: Pki,
    /// Chain and report of the quoting enclave: what follows the signature in every quote.
    certification: Vec<u8>,
    attestation_key: Key,
    /// The collateral of one day; made anew when the day changes.
    today: Mutex<Option<(u64, DcapCollateral)>>,
}

impl DevelopmentBackend {
    /// A platform under the root of `seed` that runs the program of this SHA-256.
    ///
    /// # Errors
    /// If a certificate cannot be encoded.
    pub fn new(seed: [u8; 32], executable_sha256: [u8; 32]) -> Result<Self, BackendError> {
        Self::with_knobs(seed, executable_sha256, Knobs::default())
    }

    /// The same with everything adjustable: for tests of verifiers.
    ///
    /// # Errors
    /// If a certificate cannot be encoded.
    pub fn with_knobs(
        seed: [u8; 32],
        executable_sha256: [u8; 32],
        knobs: Knobs,
    ) -> Result<Self, BackendError> {
        let pki = Pki::new(&seed, &knobs)?;
        let attestation_key = Key::derive(&seed, "attestation");
        let certification = quote::certification(&pki, &attestation_key, &knobs);
        Ok(Self { executable_sha256, certification, attestation_key, pki, knobs, today: Mutex::new(None) })
    }

    /// The root certificate, DER, for `Roots::dangerous_development`.
    pub fn root_der(&self) -> &[u8] {
        self.pki.root_der()
    }

    /// The root certificate, PEM.
    pub fn root_pem(&self) -> String {
        self.pki.root_pem()
    }

    /// What stands for the measurement of an enclave.
    pub fn mr_enclave(&self) -> [u8; 32] {
        measurement(&self.executable_sha256)
    }

    /// What stands for the measurement of a trust domain.
    pub fn mr_td(&self) -> [u8; 48] {
        Sha384::new().chain_update("dev-tdx").chain_update(self.executable_sha256).finalize().into()
    }

    /// Collateral issued at the start of the day of `now`, so that it is never older than a day.
    fn collateral(&self, now: u64) -> Result<DcapCollateral, BackendError> {
        let from = now - now % DAY_S;
        let mut today = self.today.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some((_, collateral)) = today.as_ref().filter(|(day, _)| *day == from) {
            return Ok(collateral.clone());
        }
        let day = Dates { from, until: from.saturating_add(COLLATERAL_LIFE_S) };
        let collateral = documents::collateral(&self.pki, &self.knobs, day)?;
        *today = Some((from, collateral.clone()));
        Ok(collateral)
    }
}

impl Backend for DevelopmentBackend {
    fn tee(&self) -> Tee {
        if self.knobs.tdx.is_some() { Tee::DevTdx } else { Tee::DevSgx }
    }

    fn evidence(&self, report_data: [u8; 64], now: u64) -> Result<Evidence, BackendError> {
        let collateral = Some(self.collateral(now)?.into());
        let body = match &self.knobs.tdx {
            Some(tdx) => domain::signed_part(&self.mr_td(), &report_data, self.knobs.debug, tdx),
            None => quote::signed_part(&self.mr_enclave(), &report_data, &self.knobs),
        };
        let key =
            if self.knobs.forged == Some(Forged::Quote) { &self.pki.stranger } else { &self.attestation_key };
        let assemble = if self.knobs.tdx.is_some() { domain::assemble } else { quote::assemble };
        let evidence = assemble(&body, key, &self.attestation_key, &self.certification);
        Ok(Evidence { evidence, collateral })
    }
}

/// SHA-256("dev-sgx" || SHA-256(executable)): development measurements can be pinned like real ones.
pub fn measurement(executable_sha256: &[u8; 32]) -> [u8; 32] {
    Sha256::new().chain_update("dev-sgx").chain_update(executable_sha256).finalize().into()
}
