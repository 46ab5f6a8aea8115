//! Where the database is, as `DATABASE_URL` says it, judged before anything is sent there.
//!
//! A release connects over TLS only, to a server whose certificate and name are verified; what a URL may choose is where,
//! not how safely. Nothing here repeats the URL: it holds a password.

use core::{fmt, net::IpAddr, str::FromStr as _, time::Duration};
use std::path::PathBuf;
use tokio_postgres::{
    Config,
    config::{Host, SslMode, SslNegotiation, TargetSessionAttrs},
};

/// Hosts that a URL may name.
const HOSTS_MAX: usize = 16;
/// Until a host that does not answer is left for the next one.
const CONNECT: Duration = Duration::from_secs(3);
/// Silence after which a connection is asked whether it lives.
const KEEPALIVE: Duration = Duration::from_secs(10);
/// Data that is not acknowledged for so long ends a connection.
const UNACKNOWLEDGED: Duration = Duration::from_secs(10);

const FORM: &str = "takes postgres://user:password@host/database; several hosts stand with commas between them, \
                    and what is not a letter or digit in a password as % and two hexadecimal digits";
const NO_TLS: &str = "asks for a connection without TLS: take sslmode out (or write verify-full), and give the \
                      server a certificate";
const SSL_MODE: &str = "takes sslmode=verify-full, which is what every connection does anyway";
const NOT_LOOPBACK: &str = "asks for a connection without TLS that leaves this machine: take sslmode out, and give \
                            the server a certificate";
const SOCKET: &str = "names a Unix socket, which has no TLS: name a host";
const READ_WRITE: &str = "takes target_session_attrs=read-write, which is what every connection does anyway";

/// The database: its hosts, and who we are to it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Address {
    /// All but the host.
    config: Config,
    hosts: Vec<(Host, u16)>,
    direct: bool,
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Address").finish_non_exhaustive()
    }
}

impl Address {
    /// What a URL says, or what it should say. Only a development build may do without TLS, and only on this machine.
    pub(crate) fn parse(url: &str, development: bool) -> Result<Self, &'static str> {
        if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
            return Err(FORM);
        }
        // A question mark may stand in a password; those that are after it are rare.
        let (main, query) = url.rsplit_once('?').unwrap_or((url, ""));
        let (main, query) = if query.contains(['@', '/']) { (url, "") } else { (main, query) };
        let mut plain = false;
        let mut kept = Vec::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            match pair.split_once('=').ok_or(FORM)? {
                ("sslmode", "require" | "verify-ca" | "verify-full") => {}
                ("sslmode", "disable") if development => plain = true,
                ("sslmode", "disable" | "allow" | "prefer") => return Err(NO_TLS),
                ("sslmode", _) => return Err(SSL_MODE),
                ("target_session_attrs", "read-write") => {}
                ("target_session_attrs", _) => return Err(READ_WRITE),
                _ => kept.push(pair),
            }
        }
        let said = Config::from_str(&format!("{main}?{}", kept.join("&"))).map_err(|_| FORM)?;
        Self::judged(&said, plain)
    }

    fn judged(said: &Config, plain: bool) -> Result<Self, &'static str> {
        let hosts = said.get_hosts();
        let known = !hosts.is_empty() && hosts.len() <= HOSTS_MAX && said.get_hostaddrs().is_empty();
        let Some(user) = said.get_user().filter(|_| known) else { return Err(FORM) };
        let mut config = Config::new();
        config.user(user).dbname(said.get_dbname().unwrap_or(user));
        if let Some(password) = said.get_password() {
            config.password(password);
        }
        if let Some(options) = said.get_options() {
            config.options(options);
        }
        config
            .application_name(said.get_application_name().unwrap_or("perf-aggregator"))
            .ssl_mode(if plain { SslMode::Disable } else { SslMode::Require })
            .channel_binding(said.get_channel_binding())
            .ssl_negotiation(said.get_ssl_negotiation())
            .target_session_attrs(TargetSessionAttrs::ReadWrite)
            .connect_timeout(CONNECT)
            .keepalives_idle(KEEPALIVE)
            .tcp_user_timeout(UNACKNOWLEDGED);
        for host in hosts {
            match host {
                Host::Unix(_) if !plain => return Err(SOCKET),
                Host::Tcp(name) if plain && !is_loopback(name) => return Err(NOT_LOOPBACK),
                Host::Unix(_) | Host::Tcp(_) => {}
            }
        }
        let ports = said.get_ports();
        if ports.len() > 1 && ports.len() != hosts.len() {
            return Err(FORM);
        }
        let port = |at: usize| ports.get(at).or(ports.first()).copied().unwrap_or(5432);
        let hosts = hosts.iter().enumerate().map(|(at, host)| (host.clone(), port(at))).collect();
        let direct = said.get_ssl_negotiation() == SslNegotiation::Direct;
        Ok(Self { config, hosts, direct })
    }

    /// How to connect to each host, in the order of the URL.
    pub(super) fn hosts(&self) -> Vec<Config> {
        let one = |(host, port): &(Host, u16)| {
            let mut config = self.config.clone();
            match host {
                Host::Tcp(name) => config.host(name),
                Host::Unix(path) => config.host_path::<PathBuf>(path.clone()),
            };
            config.port(*port);
            config
        };
        self.hosts.iter().map(one).collect()
    }

    /// Whether TLS begins with the first byte, which needs a protocol's name in it.
    pub(super) fn is_direct(&self) -> bool {
        self.direct
    }
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_refuses_every_url_without_tls_and_a_development_build_those_that_leave_the_machine() {
        for (url, release, development) in [
            ("postgres://u:p@db.example/d", None, None),
            ("postgresql://u:p@a.example,b.example:6432/d?sslmode=verify-full", None, None),
            ("postgres://u:p@db.example/d?sslmode=require&target_session_attrs=read-write", None, None),
            ("postgres://u:p?p@db.example/d", None, None),
            ("postgres://u:p@db.example/d?sslmode=disable", Some(NO_TLS), Some(NOT_LOOPBACK)),
            ("postgres://u:p@127.0.0.1,db.example/d?sslmode=disable", Some(NO_TLS), Some(NOT_LOOPBACK)),
            ("postgres://u:p@127.0.0.1/d?sslmode=disable", Some(NO_TLS), None),
            ("postgres://u:p@localhost/d?sslmode=disable", Some(NO_TLS), None),
            ("postgres://u@%2Frun%2Fpostgresql/d?sslmode=disable", Some(NO_TLS), None),
            ("postgres://u@%2Frun%2Fpostgresql/d", Some(SOCKET), Some(SOCKET)),
            ("postgres://u:p@127.0.0.1/d?sslmode=prefer", Some(NO_TLS), Some(NO_TLS)),
            ("postgres://u:p@db.example/d?sslmode=allow", Some(NO_TLS), Some(NO_TLS)),
            ("postgres://u:p@db.example/d?sslmode=DISABLE", Some(SSL_MODE), Some(SSL_MODE)),
            ("postgres://u:p@db.example/d?sslmode=require&sslmode=disable", Some(NO_TLS), Some(NOT_LOOPBACK)),
            ("postgres://u:p@db.example/d?target_session_attrs=any", Some(READ_WRITE), Some(READ_WRITE)),
            ("postgres://u:p@db.example/d?planted=1", Some(FORM), Some(FORM)),
            ("postgres://u:p@db.example/d?hostaddr=10.0.0.1", Some(FORM), Some(FORM)),
            ("postgres://db.example/d", Some(FORM), Some(FORM)),
            ("postgres://u:p@/d", Some(FORM), Some(FORM)),
            ("mysql://u:p@db.example/d", Some(FORM), Some(FORM)),
            ("host=db.example user=u sslmode=disable", Some(FORM), Some(FORM)),
        ] {
            assert_eq!(Address::parse(url, false).err(), release, "{url}");
            assert_eq!(Address::parse(url, true).err(), development, "{url}");
        }
    }

    #[test]
    fn every_connection_asks_for_tls_and_for_a_server_that_writes_and_hosts_keep_their_ports() {
        let address =
            Address::parse("postgres://u:p@a.example:1,b.example:2/d?sslmode=require", false).unwrap();
        let hosts = address.hosts();
        let found: Vec<_> =
            hosts.iter().map(|host| (host.get_hosts().to_vec(), host.get_ports().to_vec())).collect();
        let host = |name: &str| vec![Host::Tcp(name.to_owned())];
        assert_eq!(found, [(host("a.example"), vec![1]), (host("b.example"), vec![2])]);
        for host in hosts {
            assert_eq!(host.get_ssl_mode(), SslMode::Require);
            assert_eq!(host.get_target_session_attrs(), TargetSessionAttrs::ReadWrite);
        }
    }

    #[test]
    fn neither_password_nor_host_is_shown() {
        let address = Address::parse("postgres://someone:planted@db.example/d", false).unwrap();
        assert_eq!(format!("{address:?} {address:#?}"), "Address { .. } Address { .. }");
    }
}
