//! What a key may do (EXCHANGES.md section 8, key rights): `authorities` of a classic account, `permType` and `permissions`
//! of a unified one. The codes vary: what is not known as reading refuses.

use crate::{KeyRights, VenueError, Verdict, dialect::Row};

/// Codes that read (https://www.bitget.com/api-doc/spot/account/Get-Account-Info): orders, holdings, spot, margin, copies,
/// transfers, tax, sub-accounts, peers, loans.
const READ: [&str; 12] =
    ["readonly", "read", "coor", "cpor", "stor", "smor", "ttor", "wtor", "taxr", "chor", "p2pr", "pllr"];
const TRADE: [&str; 11] = [
    "trade",
    "coow",
    "cpow",
    "stow",
    "smow",
    "ttow",
    "p2p",
    "pllw",
    "uta_trade",
    "copy_futures_position",
    "copy_futures_order",
];
/// What `permissions` of a unified account may name: the areas that `permType` is about.
const AREAS: [&str; 4] = ["uta_mgt", "uta_trade", "copy_futures_position", "copy_futures_order"];
const WITHDRAW: [&str; 2] = ["withdraw", "wwow"];
const TRANSFER: [&str; 2] = ["transfer", "wtow"];

/// Reads `GET /api/v2/spot/account/info`:
///
/// ```json
/// {"code":"00000","data":{"userId":"1","ips":"127.0.0.1","authorities":["trade","readonly"],"parentId":1}}
/// ```
///
/// or `GET /api/v3/account/info`, where `permissions` lists the areas that `permType` is about:
///
/// ```json
/// {"code":"00000","data":{"uid":"1","ips":"","permType":"read-only","permissions":["uta_mgt","uta_trade"]}}
/// ```
pub(super) fn rights(answer: &Row<'_>) -> Result<KeyRights, VenueError> {
    let data = answer.row("data")?;
    let restricted = data.maybe_text("ips")?.is_some();
    if data.maybe("authorities").is_none() && data.has("permType") {
        return unified(&data, restricted);
    }
    let codes = codes(&data, "authorities")?;
    let any = |known: &[&str]| codes.iter().any(|code| known.contains(&code.as_str()));
    let read = !codes.is_empty();
    let harmless = read && codes.iter().all(|code| READ.contains(&code.as_str()));
    Ok(KeyRights {
        read,
        trade: Some(any(&TRADE)),
        withdraw: Some(any(&WITHDRAW)),
        transfer: Some(any(&TRANSFER)),
        ip_restricted: Some(restricted),
        verdict: if harmless { Verdict::Accept } else { Verdict::Refuse },
    })
}

fn unified(data: &Row<'_>, restricted: bool) -> Result<KeyRights, VenueError> {
    let codes = if data.maybe("permissions").is_some() { codes(data, "permissions")? } else { Vec::new() };
    let kind = data.text("permType")?.to_lowercase();
    let read_only = matches!(kind.as_str(), "read-only" | "read_only" | "readonly");
    let any = |known: &[&str]| codes.iter().any(|code| known.contains(&code.as_str()));
    // Withdrawals are no way of reading, and neither is what nobody knows.
    let harmless = read_only && codes.iter().all(|code| AREAS.contains(&code.as_str()));
    Ok(KeyRights {
        read: true,
        trade: Some(!read_only && any(&TRADE)),
        withdraw: Some(any(&WITHDRAW)),
        transfer: if read_only { Some(any(&TRANSFER)) } else { None },
        ip_restricted: Some(restricted),
        verdict: if harmless { Verdict::Accept } else { Verdict::Refuse },
    })
}

fn codes(data: &Row<'_>, field: &'static str) -> Result<Vec<String>, VenueError> {
    let list = data.cell(field)?.cells()?;
    list.into_iter().map(|code| Ok(code.text()?.to_lowercase())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::Cell;

    fn told(data: &str) -> Result<KeyRights, VenueError> {
        let body = format!(r#"{{"code":"00000","data":{data}}}"#);
        rights(&Cell::whole("rights", body.as_bytes())?.row()?)
    }

    fn check(data: &str, verdict: Verdict) {
        assert_eq!(told(data).unwrap().verdict, verdict, "{data}");
    }

    #[test]
    fn only_what_is_known_as_reading_is_accepted() {
        check(r#"{"authorities":["readonly"],"ips":""}"#, Verdict::Accept);
        check(r#"{"authorities":["coor","cpor","stor","wtor"],"ips":null}"#, Verdict::Accept);
        check(r#"{"authorities":["readonly","trade"]}"#, Verdict::Refuse);
        check(r#"{"authorities":["stor","wwow"]}"#, Verdict::Refuse);
        check(r#"{"authorities":["stor","xyzw"]}"#, Verdict::Refuse);
        check(r#"{"authorities":[]}"#, Verdict::Refuse);
        check(r#"{"permType":"read-only","permissions":["uta_mgt","uta_trade"]}"#, Verdict::Accept);
        check(r#"{"permType":"read-only","permissions":["withdraw"]}"#, Verdict::Refuse);
        check(r#"{"permType":"read-only","permissions":["uta_mgt","loan_write"]}"#, Verdict::Refuse);
        check(r#"{"permType":"read-and-write","permissions":["uta_mgt"]}"#, Verdict::Refuse);
        check(r#"{"permType":"something-new","permissions":[]}"#, Verdict::Refuse);
        let rights = told(r#"{"authorities":["stow","wtow","wwow"],"ips":"1.2.3.4"}"#).unwrap();
        assert_eq!((rights.trade, rights.withdraw, rights.transfer), (Some(true), Some(true), Some(true)));
        assert_eq!(rights.ip_restricted, Some(true));
    }

    #[test]
    fn rights_that_are_not_told_are_an_error() {
        for data in [r#"{"userId":"1"}"#, r#"{"authorities":"trade"}"#, r#"{"authorities":[true]}"#, "null"] {
            assert!(told(data).is_err(), "{data}");
        }
    }
}
