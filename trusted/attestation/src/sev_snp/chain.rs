//! Steps 4, 5, 7, 9 and 10: from AMD's root to the key that signed the report, and whether that key is of the platform
//! the report names (AMD document 57230, "VCEK Certificate and KDS Interface").

use super::product::tcb_component;
use super::report::Report;
use crate::evidence::{Collateral, SnpCollateral, limits};
use crate::failure::{Checked, Class, Refusal, ensure, refuse};
use crate::genuine::SnpSigningKey;
use crate::policy::SnpProduct;
use crate::roots::Roots;
use crate::x509::{Certificate, RevocationList, ia5_string, small_integer};
use x509_cert::der::oid::ObjectIdentifier;

/// The stepping a VCEK was made for, or the product line; as in `Milan-B0`.
const PRODUCT_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.3704.1.2");
/// The chip of a VCEK.
const HARDWARE_ID: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.3704.1.4");

/// The certificates, from the root that is trusted.
pub(super) struct Chain {
    pub(super) product: SnpProduct,
    ark: Certificate,
    ask: Certificate,
    vek: Certificate,
    crl: Option<RevocationList>,
}

/// Step 4: everything parses; the root is one of those compiled in, byte for byte and so key for key, and says which
/// product it is; its revocation list, if one is sent, is signed by it.
pub(super) fn complete(collateral: Option<&Collateral>, roots: &Roots) -> Checked<Chain> {
    let Some(Collateral::Snp(collateral)) = collateral else {
        return refuse(Class::Malformed, "no VEK, ASK and ARK certificates came with the report");
    };
    let SnpCollateral { vek, ask, ark, crl } = collateral;
    let lengths = [vek, ask, ark].into_iter().chain(crl).map(Vec::len);
    ensure(lengths.sum::<usize>() <= limits::COLLATERAL, Class::Malformed, "the collateral is too large")?;
    let product = SnpProduct::ALL.into_iter().find(|&product| roots.amd(product) == ark);
    let chain = Chain {
        ark: certificate(ark, "the ARK certificate does not parse")?,
        ask: certificate(ask, "the ASK certificate does not parse")?,
        vek: certificate(vek, "the VEK certificate does not parse")?,
        crl: match crl {
            None => None,
            Some(crl) => match RevocationList::parse(crl) {
                Some(crl) => Some(crl),
                None => return refuse(Class::Malformed, "the revocation list does not parse"),
            },
        },
        product: match product {
            Some(product) => product,
            None => return refuse(Class::UntrustedRoot, "the chain leads to none of AMD's roots"),
        },
    };
    let signed = chain.crl.as_ref().is_none_or(|crl| crl.is_issued_by(&chain.ark));
    ensure(signed, Class::CollateralSignature, "the revocation list is not signed by the root")?;
    let crl = if chain.crl.is_some() { "its revocation list" } else { "no revocation list was sent" };
    let seen = format!("chain to ARK-{}, compiled in; {crl}", chain.product.name());
    Ok((chain, seen))
}

impl Chain {
    /// Step 5: certificates and revocation list within their dates. AMD's lists say themselves how long they live; there
    /// are no issue dates whose age a policy could bound.
    pub(super) fn dates(&self, now: u64) -> Checked<u64> {
        for certificate in [&self.ark, &self.ask, &self.vek] {
            let valid = certificate.not_before() <= now && now <= certificate.not_after();
            ensure(valid, Class::Expired, "a certificate is outside its dates")?;
        }
        let listed = self.crl.as_ref().is_none_or(|crl| crl.this_update <= now && now < crl.next_update);
        ensure(listed, Class::Expired, "the revocation list is outside its dates")?;
        let ends = [&self.ark, &self.ask, &self.vek].map(Certificate::not_after);
        let earliest = ends.into_iter().chain(self.crl.as_ref().map(|crl| crl.next_update)).min();
        Ok((earliest.unwrap_or(now), format!("everything valid at {now}")))
    }

    /// Step 7: ARK, then ASK and VCEK or ASVK and VLEK, and the report names the kind of key that this is.
    pub(super) fn issued(&self, signing_key: SnpSigningKey) -> Checked<()> {
        let Self { ark, ask, vek, crl, product } = self;
        ensure(ask.is_issued_by(ark, 1), Class::CertChain, "the ASK is not issued by the root")?;
        ensure(vek.is_issued_by(ask, 0), Class::CertChain, "the VEK is not issued by the ASK")?;
        ensure(!vek.is_ca, Class::CertChain, "the VEK is a certificate authority")?;
        let revoked = crl.as_ref().is_some_and(|crl| [ark, ask, vek].into_iter().any(|one| crl.revokes(one)));
        ensure(!revoked, Class::Revoked, "a certificate of the chain is revoked")?;
        let has_chip = vek.extension(HARDWARE_ID).is_some();
        let (kind, issuer) = match vek.common_name() {
            Some("SEV-VCEK") if has_chip => (SnpSigningKey::Vcek, format!("SEV-{}", product.name())),
            Some("SEV-VLEK") if !has_chip => (SnpSigningKey::Vlek, format!("SEV-VLEK-{}", product.name())),
            _ => return refuse(Class::CertChain, "the VEK is neither a VCEK of a chip nor a VLEK"),
        };
        let fits = ask.common_name() == Some(&issuer);
        ensure(fits, Class::CertChain, "the VEK is issued by the key for the other kind of VEK")?;
        let meant = kind == signing_key;
        ensure(
            meant,
            Class::CollateralMismatch,
            "the report names another kind of signing key than the VEK",
        )?;
        Ok(((), format!("ARK-{}, {issuer}, {}", product.name(), name(kind))))
    }

    /// Step 9: the report is signed by the VEK, ECDSA P-384 over everything before the signature.
    pub(super) fn signature(&self, evidence: &[u8], report: &Report) -> Checked<()> {
        let signed = evidence.get(..super::report::SIGNED);
        let valid = signed.is_some_and(|signed| self.vek.has_signed(signed, &report.signature));
        ensure(valid, Class::QuoteSignature, "the report is not signed by the VEK")?;
        Ok(((), "the report is signed by the VEK".to_owned()))
    }

    /// Step 10: the VEK is of this product, of exactly the TCB that the report names, and, if of a chip, of this one.
    pub(super) fn fits(&self, report: &Report) -> Checked<()> {
        let of = self.vek.extension(PRODUCT_NAME).and_then(ia5_string);
        let product = of.and_then(|name| name.split('-').next()) == Some(self.product.name());
        ensure(product, Class::CollateralMismatch, "the VEK is of another product")?;
        let mut certified = Vec::new();
        for (id, value) in self.vek.extensions() {
            let Some(arc) = tcb_component(id) else { continue };
            let Some(value) = small_integer(value) else {
                return refuse(Class::Malformed, "a TCB component of the VEK is not a small number");
            };
            certified.push((arc, value));
        }
        certified.sort_unstable();
        let mut reported: Vec<_> = self.product.components(report.reported_tcb).collect();
        reported.sort_unstable();
        ensure(certified == reported, Class::CollateralMismatch, "the VEK is of another TCB than reported")?;
        if report.signing_key == SnpSigningKey::Vlek {
            return Ok(((), "the VLEK is of the reported TCB; it names no chip".to_owned()));
        }
        let (chip, zeros) =
            report.chip_id.split_at_checked(self.product.chip_id_length()).unwrap_or((&report.chip_id, &[]));
        let same = self.vek.extension(HARDWARE_ID) == Some(chip) && zeros.iter().all(|&byte| byte == 0);
        ensure(same, Class::CollateralMismatch, "the VCEK is of another chip")?;
        Ok(((), "the VCEK is of the reported TCB and chip".to_owned()))
    }
}

pub(super) fn name(kind: SnpSigningKey) -> &'static str {
    match kind {
        SnpSigningKey::Vcek => "VCEK",
        SnpSigningKey::Vlek => "VLEK",
    }
}

fn certificate(der: &[u8], text: &str) -> Result<Certificate, Refusal> {
    Certificate::parse(der).map_or_else(|| refuse(Class::Malformed, text), Ok)
}
