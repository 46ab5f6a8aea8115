//! What the host may choose (DESIGN.md section 2). The one place that reads the environment.
//!
//! The host is hostile: a setting may make the service slower or quieter, never weaker. Each field says what a
//! hostile value can do. What touches the promise stands in the attested configuration document.

use crate::{
    store::Address,
    tls::{Names, names},
    witness::{Witness, WitnessKey},
};
use core::{
    fmt,
    net::{IpAddr, Ipv4Addr, SocketAddr},
};
use protocol::limits;
use std::{collections::BTreeSet, path::PathBuf};

/// The settings of one start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Settings {
    /// `ENCLAVE_HOST`, `ENCLAVE_PORT`: where calls come in. Hostile: nobody reaches the service. A release speaks TLS
    /// only; the plain HTTP of development builds refuses any address but loopback.
    pub(crate) listen: SocketAddr,
    /// `ENCLAVE_TLS_NAMES`: the hosts that its certificates are for. Hostile: a certificate for another host, which no
    /// authority should sign; clients that verify evidence go by the key and read no name.
    pub(crate) tls_names: Names,
    /// `ENCLAVE_EGRESS_ADDRESSES`: from where exchanges see it ask, for keys that are bound to addresses. Hostile: a trader
    /// binds a key to addresses that are not ours, and the exchange refuses us. The value is attested.
    pub(crate) egress: Vec<IpAddr>,
    /// `ENCLAVE_METRICS_ADDR`: where the operator reads counters. Hostile: counters of calls and failures are
    /// seen by others; they name no session, account or amount. Loopback only.
    pub(crate) metrics: SocketAddr,
    /// `ENCLAVE_PRIVATE_KEY`: file that keeps the result key and the last epoch. Hostile: another file means a
    /// new result key, and verifiers see one they do not know. Only a development build reads it in clear.
    pub(crate) private_key: Option<PathBuf>,
    /// `ENCLAVE_PUBLIC_KEY`: file to which the result key's public half is written. Hostile: a file that the
    /// host could write itself is overwritten with a public key.
    pub(crate) public_key: Option<PathBuf>,
    /// `ENCLAVE_DATA_DIR`: where the keys of the rows and, without a database, the rows are kept, sealed. Hostile: rows are
    /// withheld, or older ones put back, which checkpoints tell; they can be neither read nor made there.
    pub(crate) data_dir: Option<PathBuf>,
    /// `DATABASE_URL`: the database that several enclaves share. Hostile: rows are withheld, or older ones put back,
    /// which checkpoints tell; they can be neither read nor made there. A release speaks TLS with it only.
    pub(crate) database: Option<Address>,
    /// `DATABASE_CA_FILE`: the authorities that vouch for the database, PEM, instead of the web's. Hostile: another
    /// database, as above.
    pub(crate) database_ca: Option<PathBuf>,
    /// `WITNESS_URL`, `WITNESS_KEY`: who outside remembers how far the store has come. Hostile: the service waits for a
    /// witness that nobody is, or an accomplice vouches for an older store. Its key is attested, and each client judges it.
    pub(crate) witness: Option<Witness>,
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
        let egress = value("ENCLAVE_EGRESS_ADDRESSES").map(|text| {
            let takes = "takes up to 16 different public IP addresses, separated by commas";
            addresses(&text).ok_or(SettingError { name: "ENCLAVE_EGRESS_ADDRESSES", takes })
        });
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
        let database = value("DATABASE_URL").map(|url| Address::parse(&url, cfg!(feature = "development")));
        let database = database.transpose().map_err(|takes| SettingError { name: "DATABASE_URL", takes })?;
        let database_ca = value("DATABASE_CA_FILE").map(PathBuf::from);
        if database_ca.is_some() && database.is_none() {
            let takes = "is of no use without DATABASE_URL: set that too, or unset this";
            return Err(SettingError { name: "DATABASE_CA_FILE", takes });
        }
        let witness = witness(value("WITNESS_URL"), value("WITNESS_KEY"))?;
        if witness.is_some() && value("ENCLAVE_DATA_DIR").is_none() {
            let takes =
                "is of no use without ENCLAVE_DATA_DIR: what ends with the process is put back by nobody";
            return Err(SettingError { name: "WITNESS_URL", takes });
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
            egress: egress.transpose()?.unwrap_or_default(),
            metrics,
            private_key: value("ENCLAVE_PRIVATE_KEY").map(PathBuf::from),
            public_key: value("ENCLAVE_PUBLIC_KEY").map(PathBuf::from),
            data_dir: value("ENCLAVE_DATA_DIR").map(PathBuf::from),
            database,
            database_ca,
            witness,
            collateral_dir: value("ENCLAVE_COLLATERAL_DIR").map(PathBuf::from),
            session_ttl_default_s,
            session_ttl_max_s,
        })
    }
}

fn witness(url: Option<String>, key: Option<String>) -> Result<Option<Witness>, SettingError> {
    let (url, key) = match (url, key) {
        (Some(url), Some(key)) => (url, key),
        (None, None) => return Ok(None),
        (Some(_), None) => {
            return Err(SettingError { name: "WITNESS_KEY", takes: "must be set with WITNESS_URL" });
        }
        (None, Some(_)) => {
            return Err(SettingError { name: "WITNESS_URL", takes: "must be set with WITNESS_KEY" });
        }
    };
    let private = cfg!(feature = "development") || url.starts_with("https://");
    let at = exchange::Recipient::parse(&url).filter(|_| private).ok_or(SettingError {
        name: "WITNESS_URL",
        takes: "takes https://host/path, to which /add-checkpoint is added",
    })?;
    let key = WitnessKey::parse(&key).ok_or(SettingError {
        name: "WITNESS_KEY",
        takes: "takes name+hash+key as the witness's operator tells it: Ed25519, for cosignature/v1 (type 04)",
    })?;
    Ok(Some(Witness { at, key }))
}

/// Addresses that an exchange can see: no other would ever be right.
fn addresses(text: &str) -> Option<Vec<IpAddr>> {
    const MAX: usize = 16;
    let all: Vec<IpAddr> =
        text.split(',').map(|address| address.trim().parse().ok()).collect::<Option<_>>()?;
    let distinct: BTreeSet<IpAddr> = all.iter().copied().collect();
    let fits =
        distinct.len() == all.len() && all.len() <= MAX && all.iter().all(|address| is_public(*address));
    // In one order, however they were written: it is attested.
    fits.then(|| distinct.into_iter().collect())
}

fn is_public(address: IpAddr) -> bool {
    let own = match address {
        IpAddr::V4(address) => address.is_private() || address.is_link_local() || address.is_broadcast(),
        IpAddr::V6(address) => address.is_unique_local() || address.is_unicast_link_local(),
    };
    !own && !address.is_loopback() && !address.is_unspecified() && !address.is_multicast()
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
    fn enclave_egress_addresses_are_public_and_in_one_order() {
        let read = |text| read(&[("ENCLAVE_EGRESS_ADDRESSES", text)]).map(|settings| settings.egress);
        let of = |all: &[&str]| all.iter().map(|address| address.parse().unwrap()).collect::<Vec<IpAddr>>();
        assert_eq!(read("").unwrap(), of(&[]));
        assert_eq!(read("203.0.113.9").unwrap(), of(&["203.0.113.9"]));
        let two = of(&["203.0.113.9", "2001:db8::1"]);
        assert_eq!(read("2001:db8::1, 203.0.113.9").unwrap(), two);
        assert_eq!(read("203.0.113.9,2001:DB8:0::1").unwrap(), two);
        let many: Vec<String> = (0..17).map(|last| format!("203.0.113.{last}")).collect();
        for value in [
            "planted",
            "203.0.113.9,",
            "203.0.113.9,203.0.113.9",
            "203.0.113.0/24",
            "10.0.0.1",
            "192.168.1.1",
            "127.0.0.1",
            "0.0.0.0",
            "::1",
            "fe80::1",
            "fd00::1",
            "224.0.0.1",
            &many.join(","),
        ] {
            refused("ENCLAVE_EGRESS_ADDRESSES", value);
        }
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
    fn database_url_is_where_rows_are_shared_and_is_never_shown() {
        let url = "postgres://someone:planted@db.example,other.example/d?sslmode=verify-full";
        let settings = read(&[("DATABASE_URL", url), ("DATABASE_CA_FILE", "/ca.pem")]).unwrap();
        assert_eq!(settings.database, Address::parse(url, false).ok());
        assert_eq!(settings.database_ca, Some("/ca.pem".into()));
        assert!(!format!("{settings:?}").contains("planted"));
        refused("DATABASE_URL", "mysql://someone:planted@db.example/d");
        refused("DATABASE_URL", "postgres://someone:planted@db.example/d?sslmode=disable");
        refused("DATABASE_URL", "postgres://someone:planted@db.example/d?sslmode=prefer");
        refused("DATABASE_CA_FILE", "/planted.pem");
    }

    #[test]
    fn a_database_without_tls_is_for_development_on_this_machine() {
        let plain = read(&[("DATABASE_URL", "postgres://someone:planted@127.0.0.1/d?sslmode=disable")]);
        assert_eq!(plain.is_ok(), cfg!(feature = "development"));
    }

    #[test]
    fn witness_url_and_witness_key_come_together_and_with_a_store() {
        let key = "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2";
        let witness = |url, key| {
            read(&[("WITNESS_URL", url), ("WITNESS_KEY", key), ("ENCLAVE_DATA_DIR", "/data")])
                .map(|settings| settings.witness)
        };
        let set = witness("https://w.example/a", key).unwrap().unwrap();
        assert_eq!(set.key.as_str(), key);
        assert_eq!(Some(set.at), exchange::Recipient::parse("https://w.example/a"));
        assert_eq!(witness("", "").unwrap(), None);
        for (url, key, name) in [
            ("http://planted.example", key, "WITNESS_URL"),
            ("https://planted@w.example", key, "WITNESS_URL"),
            ("", key, "WITNESS_URL"),
            ("https://w.example", "planted+00000000+AAAA", "WITNESS_KEY"),
            ("https://w.example", "", "WITNESS_KEY"),
        ] {
            let error = witness(url, key).unwrap_err().to_string();
            assert!(error.starts_with(name) && !error.contains("planted"), "{error}");
        }
        assert!(read(&[("WITNESS_URL", "https://w.example"), ("WITNESS_KEY", key)]).is_err(), "no store");
        let plain = witness("http://127.0.0.1:8080", key);
        assert_eq!(plain.is_ok(), cfg!(feature = "development"));
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
