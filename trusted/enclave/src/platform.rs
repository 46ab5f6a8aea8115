//! What differs between a release and a development build: where evidence, time and the venues' hosts come from.
//!
//! A release takes evidence from the hardware that is present, and refuses to start where there is none; a development
//! build refuses to start where there is some. Neither falls back to the other.

mod files;
mod trouble;
mod report;
mod gramine;
mod certificates;
mod tsm;
mod collateral;
mod hardware;
#[cfg(any(not(feature = "development"), test))]
mod system_clock;
#[cfg(test)]
mod imitation;

#[cfg(feature = "development")]
pub(crate) use development::open;
#[cfg(not(feature = "development"))]
pub(crate) use release::open;

use attestation::{Backend, Roots};
use exchange::{Clock, Hosts};
use std::sync::Arc;

/// The world as this build sees it.
pub(crate) struct Platform {
    pub(crate) environment: &'static str,
    pub(crate) backend: Box<dyn Backend>,
    /// Which evidence of others counts.
    pub(crate) roots: Roots,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) hosts: Hosts,
    /// Whether TLS ends in this program. Only a development build can do without.
    pub(crate) tls: bool,
}

/// A release's choice. Compiled for the tests of either build.
#[cfg(any(not(feature = "development"), test))]
mod release {
    use super::{Platform, files::Files, hardware, system_clock::SystemClock};
    use crate::{environment, settings::Settings};
    use anyhow::Context as _;
    use attestation::Roots;
    use exchange::{Clock as _, Hosts};
    use std::sync::Arc;

    /// Evidence by the hardware that is present, the host's clock, the venues by their names over TLS.
    #[cfg(not(feature = "development"))]
    pub(crate) async fn open(
        arguments: impl Iterator<Item = String>,
        settings: &Settings,
    ) -> anyhow::Result<Platform> {
        let files: Arc<dyn Files> = Arc::new(super::files::Machine);
        on(arguments, settings, &files, &hardware::Places::default())
    }

    pub(super) fn on(
        mut arguments: impl Iterator<Item = String>,
        settings: &Settings,
        files: &Arc<dyn Files>,
        places: &hardware::Places,
    ) -> anyhow::Result<Platform> {
        if arguments.next().is_some() {
            anyhow::bail!(
                "this program takes no arguments: its settings are environment variables (README.md)"
            );
        }
        let found = hardware::find(files, places, settings.collateral_dir.as_deref())
            .context("the trusted execution environment that is present cannot be used")?;
        let Some(backend) = found else {
            anyhow::bail!(
                "no trusted execution environment is present. Looked for: SGX under Gramine \
                 ({}/attestation_type, absent); TDX and SEV-SNP by the kernel's configfs-tsm ({}, absent or without a \
                 provider: Linux 6.7 or newer with tdx_guest or sev_guest loaded and configfs mounted). \
                 docs/operations.md says what each needs. To try the service without one: cargo xtask demo",
                places.gramine.display(),
                places.tsm.display(),
            )
        };
        let clock = SystemClock::new();
        tracing::info!(tee = backend.tee().name(), "evidence comes from the hardware that is present");
        backend.upkeep(u64::try_from(clock.now().seconds()).unwrap_or(0));
        Ok(Platform {
            environment: environment::LIVE,
            backend,
            roots: Roots::default(),
            clock: Arc::new(clock),
            hosts: Hosts::default(),
            tls: true,
        })
    }
}

/// A development build's choice.
#[cfg(feature = "development")]
mod development {
    use super::{Platform, files::Files, hardware};
    use crate::{environment, settings::Settings};
    use anyhow::Context as _;
    use attestation::{
        Roots,
        development::{DevelopmentBackend, PUBLIC_DEVELOPMENT_SEED},
    };
    use exchange::{Clock as _, Hosts, SimulatedClock};
    use sha2::{Digest as _, Sha256};
    use std::{net::SocketAddr, sync::Arc};

    const USAGE: &str = "a development build takes --dangerous-venue-url http://127.0.0.1:PORT, where \
                         perf-aggregator-simulator listens: venues and time come from there; and then --tls, \
                         if it shall speak TLS as a release does instead of plain HTTP on loopback";

    /// Development evidence, the simulator's venues and the simulator's time. Proves nothing about hardware.
    pub(crate) async fn open(
        mut arguments: impl Iterator<Item = String>,
        _settings: &Settings,
    ) -> anyhow::Result<Platform> {
        let (flag, url, tls) = (arguments.next(), arguments.next(), arguments.next());
        let tls = match (flag.as_deref(), tls.as_deref(), arguments.next()) {
            (Some("--dangerous-venue-url"), None, None) => false,
            (Some("--dangerous-venue-url"), Some("--tls"), None) => true,
            _ => anyhow::bail!(USAGE),
        };
        let url = url.context(USAGE)?;
        let files: Arc<dyn Files> = Arc::new(super::files::Machine);
        refuse_hardware(&files, &hardware::Places::default())?;
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
        Ok(Platform {
            environment: environment::DEVELOPMENT,
            roots: Roots::dangerous_development(backend.root_der()).context("development evidence")?,
            backend: Box::new(backend),
            clock: Arc::new(clock),
            hosts,
            tls,
        })
    }

    /// Hardware that is there and does not work counts as hardware.
    pub(super) fn refuse_hardware(files: &Arc<dyn Files>, places: &hardware::Places) -> anyhow::Result<()> {
        match hardware::find(files, places, None) {
            Ok(None) => Ok(()),
            Ok(Some(_)) => anyhow::bail!(
                "this is a trusted execution environment: a development build does not start in one"
            ),
            Err(trouble) => Err(trouble).context(
                "a trusted execution environment is here and does not work: a development build starts where there is none",
            ),
        }
    }
}

#[cfg(test)]
mod tests;
