//! TCB info of version 3 and QE identity of version 2, signed over their exact text, and the collateral they stand in.

use super::pki::Pki;
use super::quote::QE_MR_SIGNER;
use super::{Dates, Forged, Knobs, TdxKnobs};
use crate::backend::BackendError;
use crate::evidence::DcapCollateral;
use crate::instant::rfc3339;
use serde_json::{Value, json};

/// How much older the lower levels of each part are than the day: each differently, so that a date tells the part.
const PLATFORM_BEHIND_S: u64 = 365 * 86_400;
const MODULE_BEHIND_S: u64 = 200 * 86_400;
const QE_BEHIND_S: u64 = 100 * 86_400;

pub(super) fn collateral(pki: &Pki, knobs: &Knobs, day: Dates) -> Result<DcapCollateral, BackendError> {
    let [root_ca_crl, pck_crl] = pki.crls(knobs, day)?;
    let tcb_info = tcb_info(knobs, day).to_string();
    let qe_identity = qe_identity(knobs, day).to_string();
    let sign = |forged, text: &str| {
        let key = if knobs.forged == Some(forged) { &pki.stranger } else { &pki.tcb_signer_key };
        key.sign_raw(text.as_bytes()).to_vec()
    };
    Ok(DcapCollateral {
        pck_crl_issuer_chain: pki.pck_crl_chain(),
        root_ca_crl,
        pck_crl,
        tcb_info_issuer_chain: pki.tcb_chain(),
        tcb_info_signature: sign(Forged::TcbInfo, &tcb_info),
        tcb_info,
        qe_identity_issuer_chain: pki.tcb_chain(),
        qe_identity_signature: sign(Forged::QeIdentity, &qe_identity),
        qe_identity,
        pck_certificate_chain: None,
    })
}

fn tcb_info(knobs: &Knobs, day: Dates) -> Value {
    let dates = knobs.tcb_info_dates.unwrap_or(day);
    let components = |svns: [u8; 16]| svns.iter().map(|svn| json!({ "svn": svn })).collect::<Vec<_>>();
    let level = |svns, tdx_svns, pce_svn: u8, date, status: &str, advisories: &[&str]| {
        let mut tcb = json!({ "sgxtcbcomponents": components(svns), "pcesvn": pce_svn });
        if let (Value::Object(tcb), true) = (&mut tcb, knobs.tdx.is_some()) {
            tcb.insert("tdxtcbcomponents".to_owned(), components(tdx_svns).into());
        }
        json!({
            "tcb": tcb,
            "tcbDate": rfc3339(date), "tcbStatus": status, "advisoryIDs": advisories,
        })
    };
    let tdx_svn = knobs.tdx.as_ref().map_or([0; 16], |tdx| tdx.level_svn);
    let mut levels = vec![level(knobs.level_svn, tdx_svn, 13, day.from, knobs.tcb_status, &knobs.advisories)];
    if knobs.level_svn.first().is_some_and(|&svn| svn <= 11) {
        levels.push(level(
            [0; 16],
            [0; 16],
            0,
            behind(day, PLATFORM_BEHIND_S),
            "OutOfDate",
            &["INTEL-SA-00001"],
        ));
    }
    let usual_id = if knobs.tdx.is_some() { "TDX" } else { "SGX" };
    let mut info = json!({
        "id": knobs.tcb_info_id.unwrap_or(usual_id), "version": 3,
        "issueDate": rfc3339(dates.from), "nextUpdate": rfc3339(dates.until),
        "fmspc": hex::encode(knobs.tcb_info_fmspc.unwrap_or(knobs.fmspc)),
        "pceId": hex::encode(knobs.tcb_info_pce_id.unwrap_or(knobs.pce_id)),
        "tcbType": 0, "tcbEvaluationDataNumber": knobs.evaluation_number, "tcbLevels": levels,
    });
    if let (Value::Object(info), Some(tdx)) = (&mut info, &knobs.tdx) {
        info.extend(tdx_modules(tdx, day));
    }
    info
}

/// What TCB info says of TDX modules: the first one, and those that have an identity of their own.
fn tdx_modules(tdx: &TdxKnobs, day: Dates) -> [(String, Value); 2] {
    let module = |id: Option<&str>| {
        let mut module = json!({
            "mrsigner": "00".repeat(48), "attributes": "00".repeat(8), "attributesMask": "FF".repeat(8),
        });
        if let (Value::Object(module), Some(id)) = (&mut module, id) {
            let level = |svn: u8, date, status: &str, advisories: &[&str]| {
                json!({
                    "tcb": { "isvsvn": svn }, "tcbDate": rfc3339(date), "tcbStatus": status,
                    "advisoryIDs": advisories,
                })
            };
            let levels = json!([
                level(tdx.module_level_svn, day.from, tdx.module_status, &tdx.module_advisories),
                level(2, behind(day, MODULE_BEHIND_S), "OutOfDate", &["INTEL-SA-00002"]),
            ]);
            module.insert("id".to_owned(), id.into());
            module.insert("tcbLevels".to_owned(), levels);
        }
        module
    };
    [
        ("tdxModule".to_owned(), module(None)),
        ("tdxModuleIdentities".to_owned(), json!([module(Some(tdx.module_id))])),
    ]
}

fn qe_identity(knobs: &Knobs, day: Dates) -> Value {
    let dates = knobs.qe_identity_dates.unwrap_or(day);
    let usual_id = if knobs.tdx.is_some() { "TD_QE" } else { "QE" };
    let level = |svn: u16, date, status: &str| json!({ "tcb": { "isvsvn": svn }, "tcbDate": rfc3339(date), "tcbStatus": status });
    json!({
        "id": knobs.qe_identity_id.unwrap_or(usual_id), "version": 2,
        "issueDate": rfc3339(dates.from), "nextUpdate": rfc3339(dates.until),
        "tcbEvaluationDataNumber": knobs.evaluation_number,
        "miscselect": "00000000", "miscselectMask": "FFFFFFFF",
        "attributes": "11000000000000000000000000000000", "attributesMask": "FBFFFFFFFFFFFFFF0000000000000000",
        "mrsigner": hex::encode(QE_MR_SIGNER), "isvprodid": 1,
        "tcbLevels": [level(8, day.from, knobs.qe_status), level(2, behind(day, QE_BEHIND_S), "OutOfDate")],
    })
}

fn behind(day: Dates, by_s: u64) -> u64 {
    day.from.saturating_sub(by_s)
}
