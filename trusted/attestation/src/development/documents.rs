//! TCB info of version 3 and QE identity of version 2, signed over their exact text, and the collateral they stand in.

use super::pki::Pki;
use super::quote::QE_MR_SIGNER;
use super::{Dates, Forged, Knobs};
use crate::backend::BackendError;
use crate::evidence::Collateral;
use serde_json::{Value, json};

pub(super) fn collateral(pki: &Pki, knobs: &Knobs, day: Dates) -> Result<Collateral, BackendError> {
    let [root_ca_crl, pck_crl] = pki.crls(knobs, day)?;
    let tcb_info = tcb_info(knobs, day).to_string();
    let qe_identity = qe_identity(knobs, day).to_string();
    let sign = |forged, text: &str| {
        let key = if knobs.forged == Some(forged) { &pki.stranger } else { &pki.tcb_signer_key };
        key.sign_raw(text.as_bytes()).to_vec()
    };
    Ok(Collateral {
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
    let level = |svns: [u8; 16], pce_svn: u8, status: &str, advisories: &[&str]| {
        let components: Vec<_> = svns.iter().map(|svn| json!({ "svn": svn })).collect();
        json!({
            "tcb": { "sgxtcbcomponents": components, "pcesvn": pce_svn },
            "tcbDate": rfc3339(day.from), "tcbStatus": status, "advisoryIDs": advisories,
        })
    };
    let mut levels = vec![level(knobs.level_svn, 13, knobs.tcb_status, &knobs.advisories)];
    if knobs.level_svn.first().is_some_and(|&svn| svn <= 11) {
        levels.push(level([0; 16], 0, "OutOfDate", &["INTEL-SA-00001"]));
    }
    json!({
        "id": knobs.tcb_info_id, "version": 3,
        "issueDate": rfc3339(dates.from), "nextUpdate": rfc3339(dates.until),
        "fmspc": hex::encode(knobs.tcb_info_fmspc.unwrap_or(knobs.fmspc)),
        "pceId": hex::encode(knobs.tcb_info_pce_id.unwrap_or(knobs.pce_id)),
        "tcbType": 0, "tcbEvaluationDataNumber": knobs.evaluation_number, "tcbLevels": levels,
    })
}

fn qe_identity(knobs: &Knobs, day: Dates) -> Value {
    let dates = knobs.qe_identity_dates.unwrap_or(day);
    let level = |svn: u16, status: &str| json!({ "tcb": { "isvsvn": svn }, "tcbDate": rfc3339(day.from), "tcbStatus": status });
    json!({
        "id": "QE", "version": 2,
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
