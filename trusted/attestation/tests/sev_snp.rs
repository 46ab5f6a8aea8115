//! Real SEV-SNP reports, read in place, each at its own time. What has to be built with one thing wrong is in the
//! crate's own tests: no throw-away root passes through the public interface.
#![cfg(test)]

mod vectors;

use attestation::{
    Class, Collateral, Failure, Identity, Policy, Release, Roots, SnpCollateral, SnpProduct, SnpRelease,
    SnpSigningKey, SnpTcb, Tee, VerifiedEvidence, verify_evidence,
};
use base64ct::{Base64, Encoding};
use serde_json::Value;
use std::path::Path;

struct Case {
    name: String,
    report: Vec<u8>,
    collateral: SnpCollateral,
    now: u64,
    expected: Value,
}

impl Case {
    fn read(folder: &Path) -> Self {
        let file = |name| std::fs::read(folder.join(name)).unwrap();
        let expected: Value = serde_json::from_slice(&file("expected.json")).unwrap();
        let pem = String::from_utf8(file("chain.pem")).unwrap();
        let blocks = pem.split("-----BEGIN CERTIFICATE-----").skip(1);
        let ders = blocks.map(|block| {
            let body = block.split("-----END").next().unwrap();
            Base64::decode_vec(&body.split_whitespace().collect::<String>()).unwrap()
        });
        let [ask, ark] = ders.collect::<Vec<_>>().try_into().unwrap();
        Self {
            name: folder.file_name().unwrap().to_string_lossy().into_owned(),
            report: file("report.bin"),
            collateral: SnpCollateral { vek: file("vek.der"), ask, ark, crl: None },
            now: expected["verification_time"].as_u64().unwrap(),
            expected,
        }
    }

    fn all() -> Vec<Self> {
        vectors::shared_folders("attestation/snp").iter().map(|folder| Self::read(folder)).collect()
    }

    fn named(name: &str) -> Option<Self> {
        Self::all().into_iter().find(|case| case.name == name)
    }

    fn judge(&self, policy: &Policy) -> Result<VerifiedEvidence, Failure> {
        self.judge_at(policy, self.now)
    }

    fn judge_at(&self, policy: &Policy, now: u64) -> Result<VerifiedEvidence, Failure> {
        let collateral = Collateral::Snp(self.collateral.clone());
        let roots = Roots::default();
        verify_evidence(Tee::SevSnp, &self.report, Some(&collateral), policy, &roots, None, now)
    }

    fn class(&self) -> Result<(), Class> {
        self.judge(&Policy::dangerous_claims_only()).map(drop).map_err(|failure| failure.class)
    }

    fn decoded<const N: usize>(&self, name: &str) -> [u8; N] {
        hex::decode(self.expected["decoded"][name].as_str().unwrap()).unwrap().try_into().unwrap()
    }

    /// Strict, with the case's own program as the one release.
    fn strict(&self) -> Policy {
        let mut policy = Policy::default();
        policy.tee = vec![Tee::SevSnp];
        policy.releases = vec![Release::Snp(SnpRelease {
            name: None,
            measurement: self.decoded("measurement"),
            host_data: Some(self.decoded("host_data")),
            not_after: None,
        })];
        policy
    }
}

fn check_fields(case: &Case, verified: &VerifiedEvidence) {
    let (name, decoded) = (&case.name, &case.expected["decoded"]);
    let Identity::Snp(guest) = verified.identity() else { panic!("{name}: an SNP guest") };
    assert_eq!(guest.measurement, case.decoded("measurement"), "{name}");
    assert_eq!(guest.host_data, case.decoded("host_data"), "{name}");
    assert_eq!(guest.chip_id, case.decoded("chip_id"), "{name}");
    assert_eq!(verified.report_data(), case.decoded::<64>("report_data"), "{name}");
    assert_eq!(u64::from(guest.vmpl), decoded["vmpl"].as_u64().unwrap(), "{name}");
    assert_eq!(u64::from(guest.guest_svn), decoded["guest_svn"].as_u64().unwrap(), "{name}");
    assert_eq!(format!("{:#x}", guest.policy), decoded["policy"].as_str().unwrap(), "{name}");
    assert_eq!(verified.debug(), decoded["debug_allowed"] == true, "{name}");
    let key = if decoded["signing_key"] == "VLEK" { SnpSigningKey::Vlek } else { SnpSigningKey::Vcek };
    assert_eq!(guest.signing_key, key, "{name}");
    assert_eq!(format!("{:?}", guest.product).to_lowercase(), case.expected["product"].as_str().unwrap());
    let tcb: [u8; 8] = case.decoded("reported_tcb");
    let own = match guest.product {
        SnpProduct::Turin => {
            SnpTcb { fmc: Some(tcb[0]), bootloader: tcb[1], tee: tcb[2], snp: tcb[3], microcode: tcb[7] }
        }
        _ => SnpTcb { fmc: None, bootloader: tcb[0], tee: tcb[1], snp: tcb[6], microcode: tcb[7] },
    };
    assert_eq!(guest.reported_tcb, own, "{name}");
}

#[test]
fn real_reports_say_what_amd_signed() {
    for case in Case::all() {
        let name = &case.name;
        assert_eq!(case.expected["expected"]["accept_crypto"], true, "{name}");
        let verified =
            case.judge(&Policy::dangerous_claims_only()).unwrap_or_else(|why| panic!("{name}: {why}"));
        check_fields(&case, &verified);
        assert_eq!(verified.passed().len(), 14, "{name}");

        let strict = case.judge(&case.strict()).map(drop).map_err(|failure| failure.class);
        let wanted = match name.as_str() {
            "milan-v2-debug-policy" => Err(Class::Debug),
            "milan-v3-vlek" => Err(Class::Attributes),
            _ => Ok(()),
        };
        assert_eq!(strict, wanted, "{name}");
        assert_eq!(wanted.is_ok(), case.expected["expected"]["accept_default_policy"] == true, "{name}");

        let mut unlisted = case.strict();
        unlisted.releases.clear();
        let class = wanted.err().unwrap_or(Class::Measurement);
        assert_eq!(case.judge(&unlisted).unwrap_err().class, class, "{name}");
        assert_eq!(case.judge(&Policy::default()).unwrap_err().class, Class::UntrustedRoot, "{name}");
    }
}

#[test]
fn real_reports_expire_with_their_certificates() {
    for case in Case::all() {
        let claims = Policy::dangerous_claims_only();
        let end = case.judge(&claims).unwrap().earliest_expiration();
        let class = |now| case.judge_at(&claims, now).map(drop).map_err(|failure| failure.class);
        assert_eq!(class(end), Ok(()), "{}", case.name);
        for now in [end + 1, end + 86_400, 0, u64::MAX] {
            assert_eq!(class(now), Err(Class::Expired), "{} at {now}", case.name);
        }
    }
}

#[test]
fn real_reports_altered_or_with_another_chain_are_refused() {
    let cases = Case::all();
    for case in &cases {
        let mut altered = Case { report: case.report.clone(), ..Case::named(&case.name).unwrap() };
        altered.report[0x90] ^= 1;
        assert_eq!(altered.class(), Err(Class::QuoteSignature), "{}", case.name);
        altered.report.truncate(0x2a0);
        assert_eq!(altered.class(), Err(Class::Malformed), "{}: without its signature", case.name);
        for other in cases.iter().filter(|other| other.collateral.vek != case.collateral.vek) {
            let with = |collateral: SnpCollateral| {
                let expected = Value::Null;
                let (name, report) = (String::new(), case.report.clone());
                Case { name, report, collateral, now: case.now, expected }.class().unwrap_err()
            };
            let whole = with(other.collateral.clone());
            let classes = [Class::QuoteSignature, Class::Expired, Class::CollateralMismatch];
            assert!(classes.contains(&whole), "{} with {}: {whole}", case.name, other.name);
            if other.collateral.ark != case.collateral.ark {
                let mixed = SnpCollateral { vek: case.collateral.vek.clone(), ..other.collateral.clone() };
                let class = with(mixed);
                assert_eq!(class, Class::CertChain, "{} below {}", case.name, other.name);
            }
        }
        let roots = [&case.collateral.ask, &case.collateral.vek];
        for ark in roots {
            let collateral = SnpCollateral { ark: ark.clone(), ..case.collateral.clone() };
            let other = Case { collateral, ..Case::named(&case.name).unwrap() };
            assert_eq!(other.class(), Err(Class::UntrustedRoot), "{}", case.name);
        }
    }
    if let [Some(chip), Some(other)] = ["milan-v3-vcek", "milan-v2-vcek"].map(Case::named) {
        let foreign = Case { collateral: other.collateral, ..chip };
        assert_eq!(foreign.class(), Err(Class::QuoteSignature), "the VEK of another chip");
    }
}

#[test]
fn truncation_anywhere_is_refused() {
    let Some(mut case) = Case::named("turin-v5-vcek") else { return };
    let whole = case.report.clone();
    for length in 0..whole.len() {
        case.report = whole[..length].to_vec();
        assert_eq!(case.class(), Err(Class::Malformed), "report of {length}");
    }
    case.report = whole;
    let chain = case.collateral.clone();
    for length in (0..chain.vek.len()).step_by(7) {
        case.collateral.vek.truncate(chain.vek.len() - 1 - length);
        assert_eq!(case.class(), Err(Class::Malformed), "VEK shorter by {length}");
    }
    case.collateral = SnpCollateral { crl: Some(b"12345".to_vec()), ..chain };
    assert_eq!(case.class(), Err(Class::Malformed), "a list of five garbage bytes");
}
