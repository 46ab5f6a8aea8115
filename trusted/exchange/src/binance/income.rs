//! Which credits of the venue are income: `assetDividend` tells gifts and interest alike, and what each was for only in
//! words (`enInfo`: "ETH 2.0 Staking", "Flexible", "BNB Vault"; "HODLer Airdrops", "Cash Voucher"). A gift is a flow
//! (METRICS.md section 3.1), so in doubt it is one.

/// Words of income from what is held.
const INTEREST: [&str; 9] =
    ["interest", "staking", "savings", "earn", "vault", "flexible", "locked", "apr", "apy"];
/// Words of gifts, and of what only comes back: one of them outweighs the others ("Simple Earn Airdrop", "Learn and Earn",
/// "Locked Savings redemption").
const NO_INTEREST: [&str; 20] = [
    "airdrop",
    "airdrops",
    "bonus",
    "voucher",
    "vouchers",
    "reimbursement",
    "refund",
    "compensation",
    "campaign",
    "promotion",
    "competition",
    "referral",
    "learn",
    "launchpool",
    "launchpad",
    "megadrop",
    "hodler",
    "redemption",
    "redeem",
    "principal",
];

/// Whether the words of a credit say that it was earned by holding.
pub(crate) fn is_interest(words: &str) -> bool {
    let words = words.to_ascii_lowercase();
    let has = |list: &[&str]| words.split(|c: char| !c.is_alphanumeric()).any(|word| list.contains(&word));
    has(&INTEREST) && !has(&NO_INTEREST)
}

#[cfg(test)]
mod tests {
    use super::is_interest;

    #[test]
    fn only_what_is_called_interest_is_income() {
        for words in [
            "ETH 2.0 Staking",
            "Flexible",
            "Locked",
            "BNB Vault",
            "Simple Earn Locked Rewards",
            "Savings Interest",
            "staking",
        ] {
            assert!(is_interest(words), "{words}");
        }
        for words in [
            "",
            "BHFT distribution",
            "Launchpool distribution",
            "HODLer Airdrops",
            "Simple Earn Flexible Airdrop",
            "Learn and Earn",
            "Cash Voucher",
            "Locked Savings redemption",
            "Blocked",
            "earnings?",
            "\u{5229}\u{606f}",
        ] {
            assert!(!is_interest(words), "{words}");
        }
    }
}
