//! What a key may do (EXCHANGES.md section 4, Key rights).

use crate::{KeyRights, VenueError, Verdict};

use super::answer::Answer;

/// Reads `GET /api/v5/account/config`.
///
/// ```json
/// [{"uid":"44705892343619584","mainUid":"444810535339712570","ip":"120.255.24.182,49.245.196.13","perm":"read_only"}]
/// ```
///
/// `perm` is a list with commas. Moving between accounts of one user takes the right to trade.
pub(super) fn rights(answer: &Answer<'_>) -> Result<KeyRights, VenueError> {
    let told = answer.first()?;
    let permissions = told.text("perm")?;
    let mut permissions: Vec<&str> = permissions.split(',').map(str::trim).collect();
    permissions.retain(|word| !word.is_empty());
    let has = |word: &str| permissions.contains(&word);
    let read = has("read_only");
    let harmless = read && permissions.iter().all(|word| *word == "read_only");
    let ip_restricted = told.maybe("ip").map(|ip| Ok(ip.maybe_text()?.is_some()));
    Ok(KeyRights {
        read,
        trade: Some(has("trade")),
        withdraw: Some(has("withdraw")),
        transfer: Some(has("trade")),
        ip_restricted: ip_restricted.transpose()?,
        verdict: if harmless { Verdict::Accept } else { Verdict::Refuse },
    })
}
