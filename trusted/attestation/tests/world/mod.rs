//! A development world with everything in order, in which tests change one thing.
#![allow(dead_code, reason = "each test binary uses a part")]

use attestation::development::{DevelopmentBackend, Knobs, TdxKnobs};
use attestation::{
    Backend, Binding, Bundle, ChallengeProof, Class, Collateral, Config, DcapCollateral, EnclaveTime,
    Evidence, Expected, Failure, Policy, Release, Roots, SgxRelease, TdxRelease, Validity, VerifiedEvidence,
    verify_evidence,
};
use dcap_qvl::QuoteCollateralV3;
use dcap_qvl::verify::QuoteVerifier;

/// 2026-11-24T12:00:00Z
pub(crate) const NOW: u64 = 1_795_521_600;
pub(crate) const NONCE: [u8; 32] = [7; 32];
pub(crate) const SEED: [u8; 32] = [1; 32];
pub(crate) const EXECUTABLE: [u8; 32] = [2; 32];

pub(crate) fn expected() -> Expected {
    Expected { nonce: Some(NONCE), asked_at: NOW - 1, ..Expected::default() }
}

pub(crate) fn config() -> Config {
    let text = r#"{"environment":["development"],"lease_max":7776000,"limits":{},"release_set":null,"session_ttl":{"default":86400,"max":604800},"venues":["binance"],"version":"0.1.0"}"#;
    Config::parse(text).expect("the text is canonical")
}

/// The parts of Intel's collateral.
pub(crate) fn dcap(collateral: Option<Collateral>) -> DcapCollateral {
    match collateral {
        Some(Collateral::Dcap(collateral)) => collateral,
        other => panic!("not DCAP collateral: {other:?}"),
    }
}

pub(crate) struct World {
    pub(crate) backend: DevelopmentBackend,
    pub(crate) config: Config,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with(Knobs::default())
    }

    pub(crate) fn with(knobs: Knobs) -> Self {
        let backend = DevelopmentBackend::with_knobs(SEED, EXECUTABLE, knobs).expect("certificates encode");
        Self { backend, config: config() }
    }

    pub(crate) fn roots(&self) -> Roots {
        Roots::dangerous_development(self.backend.root_der()).expect("the root is one")
    }

    pub(crate) fn policy(&self) -> Policy {
        Policy::dangerous_development()
    }

    /// The release that the default knobs are: what a pinned policy names.
    pub(crate) fn release(&self) -> SgxRelease {
        let usual = Knobs::default();
        SgxRelease {
            name: None,
            mr_enclave: self.backend.mr_enclave(),
            mr_signer: usual.mr_signer,
            isv_prod_id: usual.isv_prod_id,
            min_isv_svn: usual.isv_svn,
            accepted_advisories: Vec::new(),
            xfrm_mask: usual.xfrm,
            miscselect: usual.misc_select,
            not_after: None,
        }
    }

    /// The same for a trust domain.
    pub(crate) fn tdx_release(&self) -> TdxRelease {
        let [rtmr0, rtmr1, rtmr2, rtmr3] = TdxKnobs::default().rtmr.map(Some);
        let mr_td = self.backend.mr_td();
        TdxRelease {
            name: None,
            mr_td,
            rtmr0,
            rtmr1,
            rtmr2,
            rtmr3,
            accepted_advisories: Vec::new(),
            not_after: None,
        }
    }

    /// The policy of a client that knows which program must run; strict in everything else.
    pub(crate) fn pinned(&self, release: SgxRelease) -> Policy {
        self.pinned_to(Release::Sgx(release))
    }

    /// The same for any family.
    pub(crate) fn pinned_to(&self, release: Release) -> Policy {
        let mut policy = Policy::default();
        policy.tee = vec![self.backend.tee()];
        policy.environment = vec!["development".to_owned()];
        policy.releases = vec![release];
        policy
    }

    /// Steps 1 to 14 over this world's evidence.
    pub(crate) fn judge(&self, policy: &Policy) -> Result<VerifiedEvidence, Failure> {
        let Evidence { evidence, collateral } = self.evidence(&self.binding());
        verify_evidence(self.backend.tee(), &evidence, collateral.as_ref(), policy, &self.roots(), None, NOW)
    }

    pub(crate) fn binding(&self) -> Binding {
        let mut binding = Binding {
            tee: self.backend.tee(),
            epoch: 42,
            hpke: [3; 32],
            result_key: [4; 32],
            tls_spki: None,
            config: self.config.sha256(),
            log: None,
            validity: Validity { not_before: NOW - 60, not_after: NOW + 86_400 },
            challenge: None,
            channel: None,
        };
        binding.answer(&NONCE);
        binding
    }

    pub(crate) fn evidence(&self, binding: &Binding) -> Evidence {
        self.backend.evidence(binding.report_data(), NOW).expect("evidence is made")
    }

    pub(crate) fn json(&self, binding: &Binding) -> String {
        let time = EnclaveTime { enclave: NOW, ..EnclaveTime::default() };
        Bundle::encode(binding, Some(ChallengeProof::lone()), self.evidence(binding), &self.config, time)
    }

    pub(crate) fn bundle(&self) -> Bundle {
        Bundle::parse(self.json(&self.binding()).as_bytes()).expect("our own bundle parses")
    }
}

/// What is wrong, the knobs that make it so, the step that refuses, the class, and whether `dcap-qvl` refuses too.
pub(crate) type Wrong = (&'static str, Knobs, u8, Class, bool);

/// Each is refused by its step, with its class, after every step before it has passed.
pub(crate) fn each_is_refused_by_its_step(wrong: impl IntoIterator<Item = Wrong>) {
    for (what, knobs, step, class, _) in wrong {
        let world = World::with(knobs);
        let failure = world.judge(&world.policy()).expect_err(what);
        assert_eq!((failure.step.number(), failure.class), (step, class), "{what}: {failure}");
        let passed: Vec<u8> = failure.passed.iter().map(|passed| passed.step.number()).collect();
        assert_eq!(passed, (1..step).collect::<Vec<_>>(), "{what}: every step before it had passed");
    }
}

/// The library alone says of each what stands beside it.
pub(crate) fn the_library_alone_says(wrong: impl IntoIterator<Item = Wrong>) {
    for (what, knobs, step, class, refused) in wrong {
        let world = World::with(knobs);
        let Evidence { evidence, collateral } = world.evidence(&world.binding());
        let json = serde_json::to_vec(&collateral).unwrap();
        let collateral: QuoteCollateralV3 = serde_json::from_slice(&json).unwrap();
        let second = QuoteVerifier::new(world.backend.root_der().to_vec());
        let verdict = second.verify(&evidence, &collateral, NOW);
        assert_eq!(verdict.is_err(), refused, "{what}, step {step}, {class}: {verdict:?}");
    }
}
