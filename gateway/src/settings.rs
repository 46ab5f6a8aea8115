//! What the operator may choose (DESIGN.md section 2). The one place that reads the environment.
//!
//! Nothing here touches the promise: clients believe the enclave, not this program. Each field says what a wrong
//! value does.

use core::{
    fmt,
    net::{IpAddr, Ipv4Addr, SocketAddr},
};
use hyper::{
    Uri,
    http::uri::{Authority, Scheme},
};
use rustls::pki_types::ServerName;
use std::path::PathBuf;

/// The settings of one start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Settings {
    /// `HOST`, `PORT`: where calls come in. Wrong: nobody reaches this program.
    pub(crate) listen: SocketAddr,
    /// `BACKEND_URL`, `BACKEND_TLS_KEY`: where the enclave listens, and at which TLS key. Wrong: another enclave
    /// answers, which clients notice by its evidence, or none does. Plain reads are seen by whoever answers.
    pub(crate) backend: Backend,
    /// `ACCESS_LOG_DIR`: where the access log is kept; without it there is none. Wrong: the start fails, or a log is
    /// written where nobody looks.
    pub(crate) access_log: Option<PathBuf>,
    /// `PAGES_DIR`: the folder of the web pages; without it there are none. Wrong: the start fails, or other files are
    /// served. Hostile: the code of a page sees the key that is typed into it.
    pub(crate) pages: Option<PathBuf>,
    /// `MAIN_METRICS_ADDR`: where the operator reads counters. Loopback only; wrong: nobody reads them.
    pub(crate) metrics: SocketAddr,
    /// `RUST_LOG`: how much is logged. Wrong: more or fewer lines; none of them can hold more than `log.rs` allows.
    pub(crate) log: String,
}

/// The way to the enclave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Backend {
    pub(crate) authority: Authority,
    /// Over TLS; without it both are on one machine.
    pub(crate) tls: Option<BackendTls>,
}

/// Whom TLS must end at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BackendTls {
    /// What a certificate of the web must be for.
    pub(crate) name: ServerName<'static>,
    /// SHA-256 of the only key that is accepted, if the operator names one.
    pub(crate) key: Option<[u8; 32]>,
}

impl Backend {
    pub(crate) fn scheme(&self) -> Scheme {
        if self.tls.is_some() { Scheme::HTTPS } else { Scheme::HTTP }
    }
}

/// A setting that cannot be used. Its text names the setting and what it takes, never its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SettingError {
    name: &'static str,
    takes: &'static str,
}

impl SettingError {
    pub(crate) const fn new(name: &'static str, takes: &'static str) -> Self {
        Self { name, takes }
    }
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
        let value =
            |name: &str| variable(name).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
        let refuse = SettingError::new;
        let host = match value("HOST") {
            None => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            Some(text) => {
                text.parse().map_err(|_| refuse("HOST", "takes an IP address, such as 127.0.0.1"))?
            }
        };
        let port = match value("PORT") {
            None => 5000,
            Some(text) => {
                text.parse().map_err(|_| refuse("PORT", "takes a port from 0 to 65535; 0 is any free one"))?
            }
        };
        let backend = backend(value("BACKEND_URL"), value("BACKEND_TLS_KEY"))?;
        let metrics: SocketAddr = match value("MAIN_METRICS_ADDR") {
            None => SocketAddr::from((Ipv4Addr::LOCALHOST, 9465)),
            Some(text) => text
                .parse()
                .map_err(|_| refuse("MAIN_METRICS_ADDR", "takes an address and port on loopback"))?,
        };
        if !metrics.ip().is_loopback() {
            let takes = "must be on loopback: put a collector beside this program and let it forward";
            return Err(refuse("MAIN_METRICS_ADDR", takes));
        }
        Ok(Self {
            listen: SocketAddr::new(host, port),
            backend,
            access_log: value("ACCESS_LOG_DIR").map(PathBuf::from),
            pages: value("PAGES_DIR").map(PathBuf::from),
            metrics,
            log: value("RUST_LOG").unwrap_or_default(),
        })
    }
}

fn backend(url: Option<String>, key: Option<String>) -> Result<Backend, SettingError> {
    let takes = "takes https://HOST:PORT, or http://HOST:PORT on loopback, and nothing after it, such as http://localhost:3000";
    let url = url.unwrap_or_else(|| "http://localhost:3000".to_owned());
    let (authority, is_tls) = authority(&url).ok_or(SettingError::new("BACKEND_URL", takes))?;
    let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
    let key = key.map(|text| {
        let mut key = [0; 32];
        let takes = "takes the SHA-256 of a SubjectPublicKeyInfo, 64 hex digits";
        hex::decode_to_slice(text, &mut key).map_err(|_| SettingError::new("BACKEND_TLS_KEY", takes))?;
        Ok(key)
    });
    let key = key.transpose()?;
    if !is_tls {
        if key.is_some() {
            return Err(SettingError::new("BACKEND_TLS_KEY", "is for a BACKEND_URL with https://"));
        }
        if host != "localhost" && !host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback()) {
            let takes =
                "takes http:// on loopback only: a call and what it reads would pass a network in clear";
            return Err(SettingError::new("BACKEND_URL", takes));
        }
        return Ok(Backend { authority, tls: None });
    }
    let name = ServerName::try_from(host).map_err(|_| SettingError::new("BACKEND_URL", takes))?;
    Ok(Backend { authority, tls: Some(BackendTls { name, key }) })
}

/// The host and port of a URL without user, path or query, and whether it is for TLS.
fn authority(url: &str) -> Option<(Authority, bool)> {
    let uri: Uri = url.parse().ok()?;
    let is_tls = match uri.scheme_str() {
        Some("http") => false,
        Some("https") => true,
        _ => return None,
    };
    let authority = uri.authority()?;
    let plain = matches!(uri.path(), "" | "/") && uri.query().is_none() && !authority.as_str().contains('@');
    (plain && !authority.host().is_empty()).then(|| (authority.clone(), is_tls))
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
        let error = read(&[(name, value)]).expect_err(value).to_string();
        assert!(error.starts_with(name), "{error}");
        assert!(!error.contains("planted"), "a value is never repeated: {error}");
    }

    #[test]
    fn without_settings_the_documented_defaults_hold() {
        let settings = read(&[("HOST", ""), ("PORT", " ")]).unwrap();
        assert_eq!(settings.listen, "0.0.0.0:5000".parse().unwrap());
        assert_eq!(settings.backend.authority, "localhost:3000");
        assert_eq!((settings.backend.tls, settings.access_log, settings.pages), (None, None, None));
        assert_eq!(settings.metrics, "127.0.0.1:9465".parse().unwrap());
    }

    #[test]
    fn host_and_port_are_where_calls_come_in() {
        assert_eq!(read(&[("HOST", "::1"), ("PORT", "0")]).unwrap().listen, "[::1]:0".parse().unwrap());
        refused("HOST", "planted.example");
        refused("PORT", "70000");
        refused("PORT", "http");
    }

    #[test]
    fn backend_url_is_a_host_and_a_port() {
        for (url, backend, tls) in [
            ("http://127.0.0.1:3443", "127.0.0.1:3443", false),
            ("http://[::1]:3000/", "[::1]:3000", false),
            ("http://localhost", "localhost", false),
            ("https://enclave.example", "enclave.example", true),
            ("https://203.0.113.7:3000/", "203.0.113.7:3000", true),
            ("https://[2001:db8::1]:3000", "[2001:db8::1]:3000", true),
        ] {
            let settings = read(&[("BACKEND_URL", url)]).unwrap();
            assert_eq!((settings.backend.authority.as_str(), settings.backend.tls.is_some()), (backend, tls));
        }
        for url in [
            "planted",
            "ftp://planted",
            "http://",
            "https://",
            "http://user:planted@localhost",
            "https://user:planted@h",
            "http://localhost/planted",
            "https://h/?planted",
            "https://planted_name!",
        ] {
            refused("BACKEND_URL", url);
        }
    }

    #[test]
    fn without_tls_the_enclave_is_on_this_machine() {
        for url in [
            "http://enclave.planted",
            "http://203.0.113.7:3000",
            "http://[2001:db8::1]",
            "http://localhost.planted",
            "http://127.0.0.1.planted",
            "http://0.0.0.0:3000",
        ] {
            refused("BACKEND_URL", url);
        }
    }

    #[test]
    fn a_pin_is_the_hash_of_a_key_and_needs_tls() {
        let key = "0a".repeat(32);
        let settings = read(&[("BACKEND_URL", "https://h"), ("BACKEND_TLS_KEY", &key)]).unwrap();
        assert_eq!(settings.backend.tls.unwrap().key, Some([0x0a; 32]));
        refused("BACKEND_TLS_KEY", &key);
        for key in ["planted", "0a", &"0a".repeat(33), &format!("{}zz", "0a".repeat(31))] {
            let error = read(&[("BACKEND_URL", "https://h"), ("BACKEND_TLS_KEY", key)]).expect_err(key);
            assert!(error.to_string().starts_with("BACKEND_TLS_KEY takes"), "{error}");
        }
    }

    #[test]
    fn counters_never_leave_loopback() {
        assert_eq!(read(&[("MAIN_METRICS_ADDR", "[::1]:0")]).unwrap().metrics.port(), 0);
        refused("MAIN_METRICS_ADDR", "0.0.0.0:9465");
        refused("MAIN_METRICS_ADDR", "planted");
    }
}
