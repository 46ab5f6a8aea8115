//! What differs between a release and a development build: where evidence, time and the venues' hosts come from.
//!
//! A release build has no platform yet: it refuses to start rather than serve without evidence.

#[cfg(feature = "development")]
pub(crate) use development::open;
#[cfg(not(feature = "development"))]
pub(crate) use release::open;

use attestation::Backend;
use exchange::{Clock, Hosts};
use std::sync::Arc;

/// The world as this build sees it.
pub(crate) struct Platform {
    pub(crate) environment: &'static str,
    pub(crate) backend: Box<dyn Backend>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) hosts: Hosts,
}

#[cfg(not(feature = "development"))]
mod release {
    use super::Platform;

    /// Evidence by the hardware that is present; none is known to this release.
    pub(crate) async fn open(mut arguments: impl Iterator<Item = String>) -> anyhow::Result<Platform> {
        if arguments.next().is_some() {
            anyhow::bail!(
                "this program takes no arguments: its settings are environment variables (README.md)"
            );
        }
        anyhow::bail!(
            "no trusted execution environment that this release can use: its evidence for SGX, TDX and SEV-SNP is not \
             built yet. To try the service without one: cargo xtask demo"
        )
    }
}

#[cfg(feature = "development")]
mod development {
    use super::Platform;
    use anyhow::Context as _;
    use attestation::development::{DevelopmentBackend, PUBLIC_DEVELOPMENT_SEED};
    use exchange::{Clock as _, Hosts, SimulatedClock};
    use sha2::{Digest as _, Sha256};
    use std::{net::SocketAddr, path::Path, sync::Arc};

    const USAGE: &str = "a development build takes --dangerous-venue-url http://127.0.0.1:PORT, where \
                         perf-aggregator-simulator listens: venues and time come from there";

    /// Development evidence, the simulator's venues and the simulator's time. Proves nothing about hardware.
    pub(crate) async fn open(mut arguments: impl Iterator<Item = String>) -> anyhow::Result<Platform> {
        let (Some(flag), Some(url), None) = (arguments.next(), arguments.next(), arguments.next()) else {
            anyhow::bail!(USAGE)
        };
        if flag != "--dangerous-venue-url" {
            anyhow::bail!(USAGE)
        }
        if Path::new("/dev/attestation/attestation_type").exists() {
            anyhow::bail!(
                "this is a trusted execution environment: a development build does not start in one"
            );
        }
        let address: SocketAddr = url
            .strip_prefix("http://")
            .and_then(|rest| rest.trim_end_matches('/').parse().ok())
            .context(USAGE)?;
        let hosts = Hosts::dangerous_development(address).context(USAGE)?;
        let clock = SimulatedClock::dangerous_development(address).context(USAGE)?;
        clock.refresh().await;
        if clock.now().millis() == 0 {
            anyhow::bail!("no simulator answers at {url}: start perf-aggregator-simulator first");
        }
        let program =
            std::env::current_exe().and_then(std::fs::read).context("this program cannot read itself")?;
        let backend = DevelopmentBackend::new(PUBLIC_DEVELOPMENT_SEED, Sha256::digest(&program).into())
            .context("development evidence")?;
        Ok(Platform { environment: "development", backend: Box::new(backend), clock: Arc::new(clock), hosts })
    }
}
