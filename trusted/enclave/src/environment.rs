//! What figures are stamped with: `live`, `sandbox` or `development`. A release enclave serves live accounts and those of test
//! systems, and the registration chooses; a development build tells nothing but its own, whatever it reads.

use exchange::Site;

/// Money was at work.
pub(crate) const LIVE: &str = "live";
/// None was: the account is at a venue's test system.
const SANDBOX: &str = "sandbox";
/// Everything may be invented.
#[cfg(feature = "development")]
pub(crate) const DEVELOPMENT: &str = "development";

/// What an enclave of this environment serves.
pub(crate) fn served(environment: &str) -> Vec<&str> {
    if environment == LIVE { vec![LIVE, SANDBOX] } else { vec![environment] }
}

/// What figures of a site are stamped with by an enclave of this environment.
pub(crate) fn of(site: Site, environment: &str) -> &str {
    if environment == LIVE && site.is_sandbox() { SANDBOX } else { environment }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_of_a_test_system_are_never_live_and_a_development_build_has_no_live_ones() {
        for name in ["binance/testnet", "okx/demo"] {
            let site = Site::from_name(name).unwrap();
            assert_eq!((of(site, LIVE), of(site, "development")), ("sandbox", "development"));
        }
        let site = Site::from_name("binance").unwrap();
        assert_eq!((of(site, LIVE), of(site, "development")), ("live", "development"));
        assert_eq!((served(LIVE), served("development")), (vec!["live", "sandbox"], vec!["development"]));
    }
}
