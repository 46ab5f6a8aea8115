//! What `perfagg collateral` takes. It is for operators: no key, no session, nothing that anybody trusts.

use clap::{Args, Subcommand};
use perfagg::collateral::{PCS, ROOT_CRL, schedule};
use std::path::PathBuf;

/// An enclave's operator listener, where no other is said.
pub(crate) const ENCLAVE: &str = "http://127.0.0.1:9464";

pub(super) const COLLATERAL: &str = "\
For operators. Intel's evidence (SGX, TDX) is judged with documents that Intel signs: TCB info, the
quoting enclave's identity, two revocation lists. Clients get them from the enclave, and something
outside must bring them there. Nobody trusts it: the enclave judges what it is handed by itself.";

const FETCH: &str = "\
Asks the enclave for a quote, reads which platform it names, fetches what Intel says of that, judges
the quote with it, and hands it in. Exit code 0: the enclave serves it, or a newer one. 3: it does
not verify the quote. 4: the enclave refused it, or Intel does not know the platform. 6: try later.
A coming TCB recovery that puts the platform lower is a warning on stderr.

If nothing else is said the documents come from https://api.trustedservices.intel.com and
https://certificates.trustedservices.intel.com/IntelSGXRootCA.der. A cache has the second one at
/sgx/certification/v4/rootcacrl. Plain http:// is for this machine only.";

const WATCH: &str = "\
Does what perfagg collateral fetch does, again and again: sooner when what is served ends soon, and
after a failure in growing pauses, or when the service says so. One line each time. Ctrl-C or
SIGTERM ends it with exit code 0.";

/// What is done with collateral.
#[derive(Debug, Subcommand)]
pub(crate) enum Collateral {
    /// Fetch it once and hand it to the enclave
    #[command(after_help = FETCH)]
    Fetch(Fetch),
    /// Keep it fresh, and warn before a TCB recovery puts the platform lower
    #[command(after_help = WATCH)]
    Watch {
        /// How often, 10m to 24h: 6h, 90m or seconds
        #[arg(long, value_name = "TIME", default_value = "6h", value_parser = every)]
        every: u64,
        #[command(flatten)]
        fetch: Fetch,
    },
}

/// What fetching takes.
#[derive(Debug, Args)]
pub(crate) struct Fetch {
    /// The enclave's operator listener [default: http://127.0.0.1:9464]
    #[arg(long, value_name = "URL")]
    pub(crate) enclave: Option<String>,
    /// A saved quote in its place; then nothing is handed in
    #[arg(long, value_name = "FILE", conflicts_with = "enclave", requires = "out")]
    pub(crate) quote: Option<PathBuf>,
    /// Write collateral.json into this directory as well
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Where the documents are: Intel's service, or a cache of it (PCCS)
    #[arg(long, value_name = "URL", default_value = PCS, hide_default_value = true)]
    pub(crate) pcs: String,
    /// Where the revocation list of Intel's root is, DER or hex
    #[arg(long, value_name = "URL", default_value = ROOT_CRL, hide_default_value = true)]
    pub(crate) root_crl: String,
}

fn every(text: &str) -> Result<u64, String> {
    let seconds = super::seconds(text).ok_or_else(|| "takes 6h, 90m or seconds".to_owned())?;
    let fits = (schedule::EVERY_S_MIN..=schedule::EVERY_S_MAX).contains(&seconds);
    if fits { Ok(seconds) } else { Err("takes 10m to 24h".to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_often_is_from_ten_minutes_to_a_day() {
        assert_eq!(every("6h"), Ok(schedule::EVERY_S));
        assert_eq!((every("10m"), every("600"), every("1d")), (Ok(600), Ok(600), Ok(86_400)));
        for text in ["", "9m", "599", "25h", "2d", "-6h", "6 h", "6H"] {
            assert!(every(text).is_err(), "{text}");
        }
    }
}
