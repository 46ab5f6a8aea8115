//! Step 11, what is TDX's own: the module that runs trust domains is the vendor's, and which level it reaches.

use super::report::Domain;
use super::tcb::Level;
use crate::failure::{Class, Refusal, ensure, refuse};
use crate::outcome::TcbPart;
use dcap_qvl::tcb_info::TdxModuleIdentity;
use dcap_qvl::{TcbInfo, TcbStatus as Vendor};

/// The identity that the module's version selects; the first modules (version 0) have none of their own.
fn identity<'a>(info: &'a TcbInfo, svn: &[u8; 16]) -> Result<Option<&'a TdxModuleIdentity>, Refusal> {
    info.tdx_module_identity(svn)
        .or_else(|_| refuse(Class::TcbModule, "no identity is of this TDX module's version"))
}

/// The module's signer and attributes are those of its identity.
pub(super) fn is_the_vendors(info: &TcbInfo, domain: &Domain) -> Result<(), Refusal> {
    let Some(first) = &info.tdx_module else {
        return refuse(Class::TcbModule, "the TCB info names no TDX module");
    };
    let (signer, attributes, mask) = match identity(info, &domain.identity.tee_tcb_svn)? {
        Some(module) => (&module.mrsigner, &module.attributes, &module.attributes_mask),
        None => (&first.mrsigner, &first.attributes, &first.attributes_mask),
    };
    let is_signer = hex::decode(signer).is_ok_and(|signer| signer == domain.mr_signer_seam);
    ensure(is_signer, Class::TcbModule, "the TDX module's signer is not the vendor's")?;
    let number = |text: &str| {
        let mut bytes = [0; 8];
        hex::decode_to_slice(text, &mut bytes).ok().map(|()| u64::from_le_bytes(bytes))
    };
    let (Some(wanted), Some(mask)) = (number(attributes), number(mask)) else {
        return refuse(Class::TcbModule, "the identity of the TDX module does not parse");
    };
    // What the mask leaves out must be zero: an attribute nobody has judged is not accepted.
    let is = domain.seam_attributes;
    let same = is & mask == wanted & mask && is & !mask == 0;
    ensure(same, Class::TcbModule, "the TDX module's attributes are not the vendor's")
}

/// What the vendor says of a module of these versions, if it has an identity of its own.
pub(super) fn level(info: &TcbInfo, svn: &[u8; 16]) -> Result<Option<Level>, Refusal> {
    let Some(module) = identity(info, svn)? else { return Ok(None) };
    let Some(reached) = module.tcb_levels.iter().find(|level| level.shortfall(svn).is_none()) else {
        return refuse(Class::TcbModule, "the TDX module is older than every level of its identity");
    };
    let of_a_module = matches!(reached.tcb_status, Vendor::UpToDate | Vendor::OutOfDate | Vendor::Revoked);
    ensure(of_a_module, Class::TcbModule, "the TDX module has a status that no module has")?;
    let part = TcbPart::TdxModule;
    Ok(Some(Level::new(part, reached.tcb_status, &reached.advisory_ids, &reached.tcb_date)))
}
