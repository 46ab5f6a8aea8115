//! What a key may do (EXCHANGES.md section 5, Key rights).

use super::result;
use crate::dialect::{Cell, wrong};
use crate::{KeyRights, VenueError, Verdict};

const READ: [&str; 6] = [
    "query-funds",
    "query-open-trades",
    "query-closed-trades",
    "query-ledger",
    "export-data",
    "create-ws-token",
];
const TRADE: [&str; 2] = ["modify-trades", "close-trades"];
const WITHDRAW: &str = "withdraw-funds";

/// Reads `POST /0/private/GetApiKeyInfo`, whose fields are documented in either spelling. Each right that is not known to read
/// refuses, whatever it is; and so does a span of time that queries are bound to (0 is none): what lies before or after it is
/// hidden, and a part of a history may look better than the whole.
///
/// ```json
/// {"error":[],"result":{"permissions":["query-funds","query-closed-trades","query-ledger"],"query_from":"0","query_to":"0",
///  "ip_allowlist":[""]}}
/// {"error":[],"result":{"permissions":["query-funds"],"queryFrom":"0","queryTo":"0","ipAllowlist":[]}}
/// ```
pub(super) fn spot(body: &[u8]) -> Result<KeyRights, VenueError> {
    const AT: &str = "GetApiKeyInfo";
    let told = result(AT, body)?.row()?;
    let cells = told.cell("permissions")?.cells()?;
    let rights = cells.into_iter().map(Cell::text).collect::<Result<Vec<_>, _>>()?;
    let addresses = told.maybe_first(&["ip_allowlist", "ipAllowlist"]).map(Cell::cells).transpose()?;
    let addresses =
        addresses.map(|cells| cells.into_iter().map(Cell::maybe_text).collect::<Result<Vec<_>, _>>());
    let mut whole = true;
    for bound in [["query_from", "queryFrom"], ["query_to", "queryTo"]] {
        let bound = told.maybe_first(&bound).map_or(Ok(None), Cell::maybe_decimal)?;
        whole &= bound.is_none_or(|bound| bound.is_zero());
    }
    let read = whole && rights.iter().any(|right| right.starts_with("query-"));
    let harmless = rights.iter().all(|right| READ.contains(&&**right));
    Ok(KeyRights {
        read,
        trade: Some(rights.iter().any(|right| TRADE.contains(&&**right))),
        withdraw: Some(rights.iter().any(|right| right == WITHDRAW)),
        transfer: None,
        ip_restricted: addresses.transpose()?.map(|addresses| addresses.iter().any(Option::is_some)),
        verdict: if read && harmless { Verdict::Accept } else { Verdict::Refuse },
    })
}

/// Reads `GET /api/auth/v1/api-keys/v3/check`. `transfer` moves money out of the futures wallet.
///
/// ```json
/// {"accountUid":"3c90…","permissions":{"general":"READ_ONLY","transfer":"NO_ACCESS"},"allowedCidrBlocks":[]}
/// ```
pub(super) fn futures(body: &[u8]) -> Result<KeyRights, VenueError> {
    const AT: &str = "api-keys/v3/check";
    let told = Cell::whole(AT, body)?.row()?;
    let permissions = told.row("permissions")?;
    let level = |name: &'static str| permissions.maybe_text(name);
    let general = level("general")?.ok_or_else(|| wrong(AT, "general"))?;
    let transfer = level("transfer")?;
    let reads_at_most = |level: &str| matches!(level, "NO_ACCESS" | "READ_ONLY");
    let mut harmless = true;
    for (_, cell) in permissions.all() {
        harmless &= cell.maybe_text()?.is_some_and(|level| reads_at_most(&level));
    }
    let read = matches!(&*general, "READ_ONLY" | "FULL_ACCESS");
    let addresses = told.maybe("allowedCidrBlocks").map(Cell::cells).transpose()?;
    let may_move = transfer.map(|level| !reads_at_most(&level));
    let verdict = match may_move {
        _ if !read || !harmless => Verdict::Refuse,
        None => Verdict::Undecided,
        Some(_) => Verdict::Accept,
    };
    Ok(KeyRights {
        read,
        trade: Some(!reads_at_most(&general)),
        withdraw: may_move,
        transfer: may_move,
        ip_restricted: addresses.map(|addresses| !addresses.is_empty()),
        verdict,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_spot(permissions: &str) -> KeyRights {
        spot(
            format!(r#"{{"error":[],"result":{{"permissions":{permissions},"ip_allowlist":["1.2.3.4"]}}}}"#)
                .as_bytes(),
        )
        .unwrap()
    }

    #[test]
    fn a_spot_key_that_only_reads_is_accepted() {
        let rights = of_spot(
            r#"["query-funds","query-open-trades","query-closed-trades","query-ledger","export-data"]"#,
        );
        assert_eq!((rights.verdict, rights.read, rights.trade), (Verdict::Accept, true, Some(false)));
        assert_eq!((rights.withdraw, rights.transfer, rights.ip_restricted), (Some(false), None, Some(true)));
    }

    #[test]
    fn each_other_right_of_a_spot_key_refuses() {
        for right in
            ["modify-trades", "close-trades", "add-funds", "withdraw-funds", "earn-funds", "something-new"]
        {
            let rights = of_spot(&format!(r#"["query-funds","query-ledger","{right}"]"#));
            assert_eq!(rights.verdict, Verdict::Refuse, "{right}");
            assert_eq!(rights.withdraw, Some(right == "withdraw-funds"), "{right}");
            assert_eq!(rights.trade, Some(right.ends_with("-trades")), "{right}");
        }
        assert_eq!(of_spot("[]").verdict, Verdict::Refuse);
        assert_eq!(of_spot(r#"["create-ws-token"]"#).verdict, Verdict::Refuse);
        assert!(spot(br#"{"error":[],"result":{}}"#).is_err());
    }

    #[test]
    fn a_key_that_reads_a_part_of_the_history_is_refused() {
        let read = |fields: &str| {
            let body = format!(r#"{{"error":[],"result":{{"permissions":["query-ledger"],{fields}}}}}"#);
            spot(body.as_bytes()).map(|rights| (rights.read, rights.verdict, rights.ip_restricted))
        };
        let accepted = |bound| Ok((true, Verdict::Accept, bound));
        let refused = Ok((false, Verdict::Refuse, None));
        assert_eq!(read(r#""query_from":"0","query_to":0,"ip_allowlist":[]"#), accepted(Some(false)));
        assert_eq!(read(r#""queryFrom":"0","queryTo":"0","ipAllowlist":["1.2.3.4"]"#), accepted(Some(true)));
        assert_eq!(read(r#""query_from":null,"query_to":"""#), accepted(None));
        for bound in ["query_from", "query_to", "queryFrom", "queryTo"] {
            assert_eq!(read(&format!(r#""{bound}":"1700000000""#)), refused, "{bound}");
            assert_eq!(read(&format!(r#""{bound}":1700000000"#)), refused, "{bound}");
        }
        assert_eq!(read(r#""query_from":"ever""#), Err(wrong("GetApiKeyInfo", "query_from")));
    }

    #[test]
    fn a_futures_key_is_judged_by_its_levels() {
        let verdict = |permissions: &str| {
            futures(format!(r#"{{"permissions":{permissions}}}"#).as_bytes()).map(|rights| rights.verdict)
        };
        assert_eq!(verdict(r#"{"general":"READ_ONLY","transfer":"NO_ACCESS"}"#), Ok(Verdict::Accept));
        assert_eq!(verdict(r#"{"general":"READ_ONLY"}"#), Ok(Verdict::Undecided));
        for refused in [
            r#"{"general":"FULL_ACCESS","transfer":"NO_ACCESS"}"#,
            r#"{"general":"READ_ONLY","transfer":"FULL_ACCESS"}"#,
            r#"{"general":"NO_ACCESS","transfer":"NO_ACCESS"}"#,
            r#"{"general":"READ_ONLY","transfer":"NO_ACCESS","options":"FULL_ACCESS"}"#,
            r#"{"general":"SUPER","transfer":"NO_ACCESS"}"#,
        ] {
            assert_eq!(verdict(refused), Ok(Verdict::Refuse), "{refused}");
        }
        assert!(verdict("{}").is_err());
    }
}
