//! Where a venue's host is: at its name, over TLS with compiled-in roots. Development builds may send every host
//! to a simulator on loopback instead.

use core::{future::Future, pin::Pin};
use rustls::{ClientConfig, RootCertStore, crypto::ring, pki_types::ServerName};
#[cfg(feature = "development")]
use std::net::SocketAddr;
use std::{io, sync::Arc};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};
use tokio_rustls::TlsConnector;

/// The ways to the venues. The only choice there is, and a release build has none.
pub struct Hosts(Way);

enum Way {
    Tls(TlsConnector),
    #[cfg(feature = "development")]
    Loopback(SocketAddr),
}

/// A connection, encrypted or not.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// A connection under way.
pub(crate) type Connecting<'a> = Pin<Box<dyn Future<Output = io::Result<Box<dyn Stream>>> + Send + 'a>>;

impl Default for Hosts {
    /// The hosts by their names, over TLS 1.2 or 1.3, judged by the web's roots as compiled in.
    fn default() -> Self {
        Self(Way::Tls(tls(RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() })))
    }
}

fn tls(roots: RootCertStore) -> TlsConnector {
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("ring has suites for TLS 1.2 and 1.3")
        .with_root_certificates(roots)
        .with_no_client_auth();
    TlsConnector::from(Arc::new(config))
}

impl Hosts {
    /// Every host is at `simulator`, over plain HTTP.
    ///
    /// # Errors
    /// If the address is not on loopback.
    #[cfg(feature = "development")]
    pub fn dangerous_development(simulator: SocketAddr) -> io::Result<Self> {
        if !simulator.ip().is_loopback() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "a simulator is on loopback"));
        }
        Ok(Self(Way::Loopback(simulator)))
    }

    /// A new connection to a host.
    pub(crate) fn connect(&self, host: &'static str) -> Connecting<'_> {
        Box::pin(async move {
            match &self.0 {
                Way::Tls(connector) => {
                    let name = ServerName::try_from(host).map_err(io::Error::other)?;
                    let stream = connector.connect(name, open((host, 443)).await?).await?;
                    Ok(Box::new(stream) as Box<dyn Stream>)
                }
                #[cfg(feature = "development")]
                Way::Loopback(simulator) => Ok(Box::new(open(*simulator).await?) as Box<dyn Stream>),
            }
        })
    }
}

/// A new connection to a server that is no venue, over TLS.
pub(crate) async fn private((host, port): (&str, u16)) -> io::Result<Box<dyn Stream>> {
    let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
    let connector = tls(RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() });
    Ok(Box::new(connector.connect(name, open((host, port)).await?).await?))
}

/// The same without; the caller knows that it stays on this machine.
#[cfg(feature = "development")]
pub(crate) async fn plain(to: (&str, u16)) -> io::Result<Box<dyn Stream>> {
    Ok(Box::new(open(to).await?))
}

#[expect(clippy::disallowed_methods, reason = "the one place that opens outgoing sockets, for the transport")]
async fn open(to: impl tokio::net::ToSocketAddrs) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(to).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustls::{
        ServerConfig,
        pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer},
    };

    /// A handshake with a server that has a certificate of its own making, for `certified`, by a client that asks
    /// for `asked` and trusts `way`, or that certificate if there is none.
    async fn shakes_hands(certified: &str, asked: &'static str, way: Option<TlsConnector>) -> bool {
        let made = rcgen::generate_simple_self_signed([certified.to_owned()]).unwrap();
        let certificate: CertificateDer<'static> = made.cert.der().clone();
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
        let server = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.clone()], key)
            .unwrap();
        let way = way.unwrap_or_else(|| {
            let mut roots = RootCertStore::empty();
            roots.add(certificate).unwrap();
            tls(roots)
        });
        let (ours, theirs) = tokio::io::duplex(65_536);
        let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(server));
        let (client, _server) =
            tokio::join!(way.connect(ServerName::try_from(asked).unwrap(), ours), acceptor.accept(theirs));
        client.is_ok()
    }

    #[tokio::test]
    async fn only_a_certificate_for_the_host_under_a_compiled_in_root_is_accepted() {
        let Hosts(Way::Tls(compiled_in)) = Hosts::default() else { panic!("hosts are reached over TLS") };
        assert!(shakes_hands("api.binance.com", "api.binance.com", None).await, "the test itself works");
        assert!(!shakes_hands("example.org", "api.binance.com", None).await, "another name");
        assert!(!shakes_hands("api.binance.com", "api.binance.com", Some(compiled_in)).await, "another root");
    }

    #[cfg(feature = "development")]
    #[test]
    fn a_simulator_is_on_loopback() {
        assert!(Hosts::dangerous_development(([192, 0, 2, 1], 80).into()).is_err());
        assert!(Hosts::dangerous_development(([127, 0, 0, 1], 80).into()).is_ok());
    }
}
