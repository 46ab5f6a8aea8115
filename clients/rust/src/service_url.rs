//! Where the service is: `https://` anywhere, `http://` on this machine only.
//!
//! Confidentiality never rests on TLS, but over plain HTTP anyone on the way could keep calls from arriving.

use core::fmt;
use hyper::Uri;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// The address of an enclave or of a main service: scheme, host and port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceUrl {
    pub(crate) tls: bool,
    /// Without the brackets of an IPv6 address.
    pub(crate) host: String,
    pub(crate) port: u16,
}

/// Why an address cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UrlDefect {
    /// Not a URL with scheme and host.
    Form,
    /// Neither https nor http.
    Scheme,
    /// Plain http to another machine.
    PlainHttp,
    /// A user name or password.
    UserInfo,
    /// More than scheme, host and port.
    Path,
}

impl fmt::Display for UrlDefect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Form => "a service URL reads https://HOST, or http://localhost:3000 for an enclave on this machine",
            Self::Scheme => "a service URL begins with https://, or http:// for an enclave on this machine",
            Self::PlainHttp => {
                "plain http:// is for this machine only (localhost, 127.0.0.1, [::1]); use https:// for another one"
            }
            Self::UserInfo => "a service URL holds no user name and no password; the service takes none",
            Self::Path => "a service URL ends after the host and port, without a path or query",
        })
    }
}

impl std::error::Error for UrlDefect {}

impl ServiceUrl {
    /// Reads an address. Its text is never repeated in an error: it may hold a password.
    ///
    /// # Errors
    /// What stands in the way of using it.
    pub fn parse(text: &str) -> Result<Self, UrlDefect> {
        let text = text.trim();
        let uri: Uri = text.parse().map_err(|_| UrlDefect::Form)?;
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return Err(UrlDefect::Form);
        };
        let tls = match scheme {
            "https" => true,
            "http" => false,
            _ => return Err(UrlDefect::Scheme),
        };
        if authority.as_str().contains('@') {
            return Err(UrlDefect::UserInfo);
        }
        // The parser drops a fragment without a word.
        if !matches!(uri.path(), "" | "/") || uri.query().is_some() || text.contains('#') {
            return Err(UrlDefect::Path);
        }
        let host = authority.host().trim_matches(['[', ']']).to_ascii_lowercase();
        // `host:` and ports beyond 65535 have no port in the parser's eyes.
        let names_a_port = authority.as_str().len() > authority.host().len();
        let port = match authority.port_u16() {
            Some(port) => port,
            None if names_a_port => return Err(UrlDefect::Form),
            None if tls => 443,
            None => 80,
        };
        let url = Self { tls, host, port };
        if url.host.is_empty() || url.port == 0 {
            return Err(UrlDefect::Form);
        }
        if !tls && url.loopback().is_empty() {
            return Err(UrlDefect::PlainHttp);
        }
        Ok(url)
    }

    /// The addresses on this machine that it names; none if it names another one. A name is never looked up for this:
    /// whoever answers look-ups would decide what is local.
    pub(crate) fn loopback(&self) -> Vec<SocketAddr> {
        let addresses = match self.host.as_str() {
            "localhost" => vec![IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)],
            host => host.parse().into_iter().filter(IpAddr::is_loopback).collect(),
        };
        addresses.into_iter().map(|address| SocketAddr::new(address, self.port)).collect()
    }

    /// Host and port, as the header `host` has them.
    pub(crate) fn authority(&self) -> String {
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        match (self.tls, self.port) {
            (true, 443) | (false, 80) => host,
            (_, port) => format!("{host}:{port}"),
        }
    }
}

impl fmt::Display for ServiceUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", if self.tls { "https" } else { "http" }, self.authority())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn https_goes_anywhere_and_http_stays_on_this_machine() {
        for (text, shown) in [
            ("https://enclave.example", "https://enclave.example"),
            ("https://Enclave.example:8443/", "https://enclave.example:8443"),
            ("http://localhost:3000", "http://localhost:3000"),
            ("http://127.0.0.1:3000/", "http://127.0.0.1:3000"),
            ("http://127.8.9.1", "http://127.8.9.1"),
            ("http://[::1]:3000", "http://[::1]:3000"),
            ("https://[2001:db8::1]:8443", "https://[2001:db8::1]:8443"),
            (" https://enclave.example:443 ", "https://enclave.example"),
        ] {
            assert_eq!(ServiceUrl::parse(text).unwrap().to_string(), shown, "{text}");
        }
    }

    #[test]
    fn plain_http_to_another_machine_is_refused() {
        for text in [
            "http://enclave.example",
            "http://10.0.0.1:3000",
            "http://0.0.0.0:3000",
            "http://localhost.example:3000",
            "http://127.0.0.1.example",
            "http://[::ffff:127.0.0.1]:3000",
            "http://127.1:3000",
        ] {
            assert_eq!(ServiceUrl::parse(text), Err(UrlDefect::PlainHttp), "{text}");
        }
    }

    #[test]
    fn what_is_not_an_address_says_what_one_looks_like() {
        for (text, defect) in [
            ("", UrlDefect::Form),
            ("localhost:3000", UrlDefect::Form),
            ("enclave.example", UrlDefect::Form),
            ("/somewhere", UrlDefect::Form),
            ("https://", UrlDefect::Form),
            ("https://host:", UrlDefect::Form),
            ("https://host:70000", UrlDefect::Form),
            ("https://host:0", UrlDefect::Form),
            ("ftp://host", UrlDefect::Scheme),
            ("https://user:planted@host", UrlDefect::UserInfo),
            ("https://host/path", UrlDefect::Path),
            ("https://host/?query", UrlDefect::Path),
            ("https://host/#fragment", UrlDefect::Path),
        ] {
            let refused = ServiceUrl::parse(text).unwrap_err();
            assert_eq!(refused, defect, "{text}");
            assert!(!refused.to_string().contains("planted"));
        }
    }
}
