//! What another enclave must be to share keys with this one (ATTESTATION.md section 14): the same program in the same
//! configuration, on a platform of the same kind that is no worse. Each side judges the other by this.

use crate::genuine::Identity;
use crate::policy::{Policy, SnpMinTcb, SnpProduct};
use crate::release::{NitroRelease, Release, SgxRelease, SnpRelease, TdxRelease};
use crate::verify::VerifiedEnclave;

impl Policy {
    /// The policy for peers of this enclave. `own` is its own evidence, verified with [`Policy::dangerous_claims_only`]: who
    /// runs knows no list of releases, but which program it is. Patch levels are enforced as clients do by default; an
    /// advisory counts as mitigated if this enclave's own platform has it, since keys are there already.
    pub fn of_peers(own: &VerifiedEnclave) -> Self {
        let evidence = own.evidence();
        Self {
            tee: vec![evidence.tee()],
            releases: release(evidence.identity(), evidence.advisories()).into_iter().collect(),
            // The number of the collateral that this enclave itself was judged by: it only rises.
            min_tcb_evaluation_number: evidence.tcb_evaluation_number().unwrap_or(0),
            snp_min_tcb: snp_min_tcb(evidence.identity()),
            environment: own.environment().to_vec(),
            pinned_config: Some(own.config().sha256()),
            ..Self::default()
        }
    }
}

/// This very build; none for a Nitro enclave without registers, which no evidence that verifies is.
fn release(identity: &Identity, advisories: &[String]) -> Option<Release> {
    let accepted_advisories = advisories.to_vec();
    Some(match identity {
        Identity::Sgx(enclave) => Release::Sgx(SgxRelease {
            name: None,
            mr_enclave: enclave.mr_enclave,
            mr_signer: enclave.mr_signer,
            isv_prod_id: enclave.isv_prod_id,
            min_isv_svn: enclave.isv_svn,
            accepted_advisories,
            xfrm_mask: enclave.xfrm,
            miscselect: enclave.misc_select,
            not_after: None,
        }),
        Identity::Tdx(domain) => {
            let [rtmr0, rtmr1, rtmr2, rtmr3] = domain.rtmr.map(Some);
            Release::Tdx(Box::new(TdxRelease {
                name: None,
                mr_td: domain.mr_td,
                rtmr0,
                rtmr1,
                rtmr2,
                rtmr3,
                accepted_advisories,
                not_after: None,
            }))
        }
        Identity::Snp(guest) => Release::Snp(SnpRelease {
            name: None,
            measurement: guest.measurement,
            host_data: Some(guest.host_data),
            not_after: None,
        }),
        Identity::Nitro(enclave) => {
            let register = |number: u8| <[u8; 48]>::try_from(enclave.pcrs.get(&number)?.as_slice()).ok();
            Release::Nitro(Box::new(NitroRelease {
                name: None,
                pcr0: register(0)?,
                pcr1: register(1)?,
                pcr2: register(2)?,
                pcr8: register(8),
                not_after: None,
            }))
        }
    })
}

/// At least this platform's own versions. Another product has versions that cannot be compared, and none is high enough.
fn snp_min_tcb(identity: &Identity) -> SnpMinTcb {
    let Identity::Snp(guest) = identity else { return SnpMinTcb::default() };
    let mut none = guest.reported_tcb;
    (none.bootloader, none.tee, none.snp, none.microcode) = (u8::MAX, u8::MAX, u8::MAX, u8::MAX);
    let of = |product| Some(if product == guest.product { guest.reported_tcb } else { none });
    SnpMinTcb { milan: of(SnpProduct::Milan), genoa: of(SnpProduct::Genoa), turin: of(SnpProduct::Turin) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::Backend as _;
    use crate::binding::{Binding, Validity};
    use crate::development::DevelopmentBackend;
    use crate::evidence::{Bundle, Config, EnclaveTime};
    use crate::nonce_tree::ChallengeProof;
    use crate::{Class, Expected, Failure, Roots, verify};
    use std::collections::BTreeMap;

    const NOW: u64 = 1_795_305_600;
    const NONCE: [u8; 32] = [9; 32];

    /// Evidence of a program in a configuration, over [`NONCE`].
    fn bundle(program: u8, version: &str) -> (Bundle, Roots) {
        let backend = DevelopmentBackend::new([1; 32], [program; 32]).unwrap();
        let document = serde_json::json!({ "environment": ["development"], "version": version });
        let config = Config::from_document(&document).unwrap();
        let mut binding = Binding {
            tee: backend.tee(),
            epoch: 1,
            hpke: [3; 32],
            result_key: [4; 32],
            tls_spki: None,
            config: config.sha256(),
            log: None,
            validity: Validity { not_before: NOW, not_after: NOW + 1 },
            challenge: None,
            channel: None,
        };
        binding.answer(&NONCE);
        let evidence = backend.evidence(binding.report_data(), NOW).unwrap();
        let time = EnclaveTime { enclave: NOW, venues: BTreeMap::new() };
        let text = Bundle::encode(&binding, Some(ChallengeProof::lone()), evidence, &config, time);
        let roots = Roots::dangerous_development(backend.root_der()).unwrap();
        (Bundle::parse(text.as_bytes()).unwrap(), roots)
    }

    fn judged(program: u8, version: &str) -> Result<VerifiedEnclave, Failure> {
        let (own, roots) = bundle(7, "1");
        let expected = Expected { nonce: Some(NONCE), asked_at: NOW, ..Expected::default() };
        let own = verify(&own, &Policy::dangerous_claims_only(), &roots, &expected, NOW).unwrap();
        let (other, roots) = bundle(program, version);
        verify(&other, &Policy::of_peers(&own), &roots, &expected, NOW)
    }

    #[test]
    fn a_peer_is_the_same_program_in_the_same_configuration() {
        assert!(judged(7, "1").unwrap().evidence().measurement_checked());
        assert_eq!(judged(8, "1").unwrap_err().class, Class::Measurement);
        assert_eq!(judged(7, "2").unwrap_err().class, Class::Config);
    }

    #[test]
    fn a_peer_proves_that_it_is_there_now() {
        let (own, roots) = bundle(7, "1");
        let expected = Expected { nonce: Some(NONCE), asked_at: NOW, ..Expected::default() };
        let verified = verify(&own, &Policy::dangerous_claims_only(), &roots, &expected, NOW).unwrap();
        let policy = Policy::of_peers(&verified);
        for stale in [
            Expected { nonce: None, ..expected.clone() },
            Expected { nonce: Some([8; 32]), ..expected.clone() },
            Expected { asked_at: NOW - 60, ..expected.clone() },
        ] {
            assert_eq!(verify(&own, &policy, &roots, &stale, NOW).unwrap_err().class, Class::Freshness);
        }
    }
}
