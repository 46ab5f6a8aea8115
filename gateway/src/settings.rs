//! What the operator may choose (DESIGN.md section 2). The one place that reads the environment.
//!
//! Nothing here touches the promise: clients believe the enclave, not this program. Each field says what a wrong
//! value does.

use core::{
    fmt,
    net::{IpAddr, Ipv4Addr, SocketAddr},
};
use hyper::{Uri, http::uri::Authority};

/// The settings of one start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Settings {
    /// `HOST`, `PORT`: where calls come in. Wrong: nobody reaches this program.
    pub(crate) listen: SocketAddr,
    /// `BACKEND_URL`: where the enclave listens. Wrong: another enclave answers, which clients notice by its
    /// evidence, or none does.
    pub(crate) backend: Authority,
    /// `RUST_LOG`: how much is logged. Wrong: more or fewer lines; none of them can hold more than `log.rs` allows.
    pub(crate) log: String,
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
        let backend = value("BACKEND_URL").unwrap_or_else(|| "http://localhost:3000".to_owned());
        let backend = authority(&backend).ok_or_else(|| {
            refuse(
                "BACKEND_URL",
                "takes http://HOST:PORT and nothing after it, such as http://localhost:3000",
            )
        })?;
        Ok(Self { listen: SocketAddr::new(host, port), backend, log: value("RUST_LOG").unwrap_or_default() })
    }
}

/// The host and port of a plain URL without user, path or query.
fn authority(url: &str) -> Option<Authority> {
    let uri: Uri = url.parse().ok()?;
    let plain = uri.scheme_str() == Some("http") && matches!(uri.path(), "" | "/") && uri.query().is_none();
    let authority = uri.authority()?;
    (plain && !authority.as_str().contains('@') && !authority.host().is_empty()).then(|| authority.clone())
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
        assert_eq!(settings.backend, "localhost:3000");
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
        for (url, backend) in [
            ("http://127.0.0.1:3443", "127.0.0.1:3443"),
            ("http://[::1]:3000/", "[::1]:3000"),
            ("http://enclave.internal", "enclave.internal"),
        ] {
            assert_eq!(read(&[("BACKEND_URL", url)]).unwrap().backend, backend);
        }
        for url in [
            "planted",
            "https://planted",
            "http://",
            "http://user:planted@h",
            "http://h/planted",
            "http://h/?planted",
        ] {
            refused("BACKEND_URL", url);
        }
    }
}
