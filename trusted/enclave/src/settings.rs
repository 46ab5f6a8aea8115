//! What the host may choose (DESIGN.md section 2). The one place that reads the environment.
//!
//! The host is hostile: a setting may make the service slower or quieter, never weaker. Each field says what a
//! hostile value can do. What touches the promise stands in the attested configuration document.

use crate::tls::{Names, names};
use core::{
    fmt,
    net::{IpAddr, Ipv4Addr, SocketAddr},
};
use protocol::limits;
use std::path::PathBuf;

/// The settings of one start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Settings {
    /// `ENCLAVE_HOST`, `ENCLAVE_PORT`: where calls come in. Hostile: nobody reaches the service. A release speaks TLS
    /// only; the plain HTTP of development builds refuses any address but loopback.
    pub(crate) listen: SocketAddr,
    /// `ENCLAVE_TLS_NAMES`: the hosts that its certificates are for. Hostile: a certificate for another host, which no
    /// authority should sign; clients that verify evidence go by the key and read no name.
    pub(crate) tls_names: Names,
    /// `ENCLAVE_METRICS_ADDR`: where the operator reads counters. Hostile: counters of calls and failures are
    /// seen by others; they name no session, account or amount. Loopback only.
    pub(crate) metrics: SocketAddr,
    /// `ENCLAVE_PRIVATE_KEY`: file that keeps the result key and the last epoch. Hostile: another file means a
    /// new result key, and verifiers see one they do not know. Only a development build reads it in clear.
    pub(crate) private_key: Option<PathBuf>,
    /// `ENCLAVE_PUBLIC_KEY`: file to which the result key's public half is written. Hostile: a file that the
    /// host could write itself is overwritten with a public key.
    pub(crate) public_key: Option<PathBuf>,
    /// `ENCLAVE_DATA_DIR`: where sealed rows will be kept. This release keeps everything in memory and writes
    /// nothing there. Hostile: no effect.
    pub(crate) data_dir: Option<PathBuf>,
    /// `ENCLAVE_COLLATERAL_DIR`: where a fetcher outside writes DCAP collateral; only read. Hostile: collateral is
    /// withheld, and clients cannot judge evidence. It is served only if it verifies this platform's own evidence.
    pub(crate) collateral_dir: Option<PathBuf>,
    /// `SESSION_TTL_DEFAULT`, seconds. Hostile: sessions end sooner or later, between five minutes and a week;
    /// the value is attested, and each trader may ask for another.
    pub(crate) session_ttl_default_s: u64,
    /// `SESSION_TTL_MAX`, seconds. Hostile: as above; never above a week, which is compiled in.
    pub(crate) session_ttl_max_s: u64,
}

/// A setting that cannot be used. Its text names the setting and what it takes, never its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SettingError {
    name: &'static str,
    takes: &'static str,
}

impl fmt::Display for SettingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.name, self.takes)
    }
}

impl std::error::Error for SettingError {}

impl Settings {
    /// The settings of this process.
    #[expect(clippy::disallowed_methods, reason = "this is the place")]
    pub(crate) fn from_environment() -> Result<Self, SettingError> {
        Self::read(|name| std::env::var(name).ok())
    }

    /// The settings as `variable` tells them; an empty value counts as absent.
    pub(crate) fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Self, SettingError> {
        let value = |name: &str| variable(name).filter(|text| !text.is_empty());
        let host = parsed(value("ENCLAVE_HOST"), "ENCLAVE_HOST", "takes an IP address, such as 127.0.0.1")?
            .unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
        let port =
            parsed(value("ENCLAVE_PORT"), "ENCLAVE_PORT", "takes a port from 0 to 65535; 0 is any free one")?
                .unwrap_or(3000);
        let tls_names = value("ENCLAVE_TLS_NAMES").map(|text| {
            let takes = "takes up to 16 host names or addresses, separated by commas";
            names(&text).ok_or(SettingError { name: "ENCLAVE_TLS_NAMES", takes })
        });
        let tls_names = tls_names.transpose()?.unwrap_or_default();
        let metrics: SocketAddr = parsed(
            value("ENCLAVE_METRICS_ADDR"),
            "ENCLAVE_METRICS_ADDR",
            "takes an address and port on loopback",
        )?
        .unwrap_or(SocketAddr::from((Ipv4Addr::LOCALHOST, 9464)));
        if !metrics.ip().is_loopback() {
            let takes = "must be on loopback: put a collector beside the enclave and let it forward";
            return Err(SettingError { name: "ENCLAVE_METRICS_ADDR", takes });
        }
        if value("DATABASE_URL").is_some() {
            // Starting without the store that the operator meant would lose what they believe is kept.
            let takes = "is set, but this release keeps everything in memory: unset it";
            return Err(SettingError { name: "DATABASE_URL", takes });
        }
        let seconds = "takes whole seconds from 300 (5 minutes) to 604800 (7 days)";
        let ttl = |name: &'static str, default: u64| -> Result<u64, SettingError> {
            let ttl = parsed(value(name), name, seconds)?.unwrap_or(default);
            let fits = (limits::SESSION_TTL_S_MIN..=limits::SESSION_TTL_S_MAX).contains(&ttl);
            if fits { Ok(ttl) } else { Err(SettingError { name, takes: seconds }) }
        };
        let session_ttl_max_s = ttl("SESSION_TTL_MAX", limits::SESSION_TTL_S_MAX)?;
        let session_ttl_default_s =
            ttl("SESSION_TTL_DEFAULT", limits::SESSION_TTL_S_DEFAULT.min(session_ttl_max_s))?;
        if session_ttl_default_s > session_ttl_max_s {
            return Err(SettingError {
                name: "SESSION_TTL_DEFAULT",
                takes: "must not exceed SESSION_TTL_MAX",
            });
        }
        Ok(Self {
            listen: SocketAddr::new(host, port),
            tls_names,
            metrics,
            private_key: value("ENCLAVE_PRIVATE_KEY").map(PathBuf::from),
            public_key: value("ENCLAVE_PUBLIC_KEY").map(PathBuf::from),
            data_dir: value("ENCLAVE_DATA_DIR").map(PathBuf::from),
            collateral_dir: value("ENCLAVE_COLLATERAL_DIR").map(PathBuf::from),
            session_ttl_default_s,
            session_ttl_max_s,
        })
    }
}

fn parsed<T: core::str::FromStr>(
    text: Option<String>,
    name: &'static str,
    takes: &'static str,
) -> Result<Option<T>, SettingError> {
    text.map(|text| text.trim().parse().map_err(|_| SettingError { name, takes })).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<Settings, SettingError> {
        Settings::read(|name| {
            pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        })
    }

    fn refused(name: &str, value: &str) {
        let error = read(&[(name, value)]).expect_err(name).to_string();
        assert!(error.starts_with(name), "{error}");
        assert!(!error.contains("planted"), "a value is never repeated: {error}");
    }

    #[test]
    fn without_settings_the_documented_defaults_hold() {
        let settings = read(&[]).unwrap();
        assert_eq!(settings.listen, "0.0.0.0:3000".parse().unwrap());
        assert_eq!(settings.metrics, "127.0.0.1:9464".parse().unwrap());
        assert_eq!((settings.session_ttl_default_s, settings.session_ttl_max_s), (86_400, 604_800));
        assert_eq!((settings.private_key, settings.public_key, settings.data_dir), (None, None, None));
    }

    #[test]
    fn enclave_host_and_port_are_where_calls_come_in() {
        let settings = read(&[("ENCLAVE_HOST", "::1"), ("ENCLAVE_PORT", "3443")]).unwrap();
        assert_eq!(settings.listen, "[::1]:3443".parse().unwrap());
        refused("ENCLAVE_HOST", "planted.example");
        refused("ENCLAVE_PORT", "70000");
    }

    #[test]
    fn enclave_tls_names_are_hosts() {
        assert_eq!(
            read(&[("ENCLAVE_TLS_NAMES", "a.example,::1")]).unwrap().tls_names,
            names("a.example,::1").unwrap()
        );
        refused("ENCLAVE_TLS_NAMES", "planted..example");
    }

    #[test]
    fn enclave_metrics_addr_never_leaves_loopback() {
        assert_eq!(read(&[("ENCLAVE_METRICS_ADDR", "[::1]:0")]).unwrap().metrics.port(), 0);
        refused("ENCLAVE_METRICS_ADDR", "0.0.0.0:9464");
        refused("ENCLAVE_METRICS_ADDR", "planted");
    }

    #[test]
    fn key_files_and_the_data_directory_are_paths() {
        let settings = read(&[
            ("ENCLAVE_PRIVATE_KEY", "/keys/result"),
            ("ENCLAVE_PUBLIC_KEY", "/keys/result.pub"),
            ("ENCLAVE_DATA_DIR", "/data"),
            ("ENCLAVE_COLLATERAL_DIR", "/fetched"),
        ])
        .unwrap();
        assert_eq!(settings.private_key, Some("/keys/result".into()));
        assert_eq!(settings.public_key, Some("/keys/result.pub".into()));
        assert_eq!(settings.data_dir, Some("/data".into()));
        assert_eq!(settings.collateral_dir, Some("/fetched".into()));
        assert_eq!(read(&[("ENCLAVE_PRIVATE_KEY", "")]).unwrap().private_key, None);
    }

    #[test]
    fn a_database_that_would_not_be_used_is_refused() {
        refused("DATABASE_URL", "postgres://planted@host/db");
    }

    #[test]
    fn session_ttl_max_bounds_the_default() {
        let settings = read(&[("SESSION_TTL_MAX", "3600")]).unwrap();
        assert_eq!((settings.session_ttl_default_s, settings.session_ttl_max_s), (3600, 3600));
        refused("SESSION_TTL_MAX", "604801");
        refused("SESSION_TTL_MAX", "299");
        assert!(read(&[("SESSION_TTL_MAX", "3600"), ("SESSION_TTL_DEFAULT", "3601")]).is_err());
    }

    #[test]
    fn session_ttl_default_is_whole_seconds_in_bounds() {
        assert_eq!(read(&[("SESSION_TTL_DEFAULT", "300")]).unwrap().session_ttl_default_s, 300);
        refused("SESSION_TTL_DEFAULT", "24h");
        refused("SESSION_TTL_DEFAULT", "0");
        refused("SESSION_TTL_DEFAULT", "-1");
    }
}
