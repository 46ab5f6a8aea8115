//! TCB info of version 3 and QE identity of version 2, signed over their exact text, and the collateral they stand in.

use super::pki::Pki;
use super::quote::QE_MR_SIGNER;
use super::{Dates, Forged, Knobs, TdxKnobs};
use crate::backend::BackendError;
use crate::evidence::DcapCollateral;
use serde_json::{Value, json};

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
    let level = |svns, tdx_svns, pce_svn: u8, status: &str, advisories: &[&str]| {
        let mut tcb = json!({ "sgxtcbcomponents": components(svns), "pcesvn": pce_svn });
        if let (Value::Object(tcb), true) = (&mut tcb, knobs.tdx.is_some()) {
            tcb.insert("tdxtcbcomponents".to_owned(), components(tdx_svns).into());
        }
        json!({
            "tcb": tcb,
            "tcbDate": rfc3339(day.from), "tcbStatus": status, "advisoryIDs": advisories,
        })
    };
    let tdx_svn = knobs.tdx.as_ref().map_or([0; 16], |tdx| tdx.level_svn);
    let mut levels = vec![level(knobs.level_svn, tdx_svn, 13, knobs.tcb_status, &knobs.advisories)];
    if knobs.level_svn.first().is_some_and(|&svn| svn <= 11) {
        levels.push(level([0; 16], [0; 16], 0, "OutOfDate", &["INTEL-SA-00001"]));
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
            let level = |svn: u8, status: &str, advisories: &[&str]| {
                json!({
                    "tcb": { "isvsvn": svn }, "tcbDate": rfc3339(day.from), "tcbStatus": status,
                    "advisoryIDs": advisories,
                })
            };
            let levels = json!([
                level(tdx.module_level_svn, tdx.module_status, &tdx.module_advisories),
                level(2, "OutOfDate", &["INTEL-SA-00002"]),
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
    let level = |svn: u16, status: &str| json!({ "tcb": { "isvsvn": svn }, "tcbDate": rfc3339(day.from), "tcbStatus": status });
    json!({
        "id": knobs.qe_identity_id.unwrap_or(usual_id), "version": 2,
        "issueDate": rfc3339(dates.from), "nextUpdate": rfc3339(dates.until),
        "tcbEvaluationDataNumber": knobs.evaluation_number,
        "miscselect": "00000000", "miscselectMask": "FFFFFFFF",
        "attributes": "11000000000000000000000000000000", "attributesMask": "FBFFFFFFFFFFFFFF0000000000000000",
        "mrsigner": hex::encode(QE_MR_SIGNER), "isvprodid": 1,
        "tcbLevels": [level(8, knobs.qe_status), level(2, "OutOfDate")],
    })
}

/// `2025-08-15T05:08:18Z` (days to a date after Hinnant, `civil_from_days`).
fn rfc3339(unix: u64) -> String {
    let (days, second) = (unix / 86_400 + 719_468, unix % 86_400);
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}
