//! TLS in front of a service, with a key of its own: the enclave's where the evidence names it, and that of a man in the
//! middle where it does not.
#![allow(dead_code, reason = "each test file uses its part")]

use rustls::{ServerConfig, pki_types::PrivateKeyDer};
use sha2::{Digest as _, Sha256};
use std::{
    net::{SocketAddr, TcpListener},
    sync::{Arc, Mutex},
    thread,
};
use tokio_rustls::TlsAcceptor;

/// Ends TLS and passes all on in clear.
pub(crate) struct Front {
    pub(crate) address: SocketAddr,
    config: Arc<Mutex<Arc<ServerConfig>>>,
    spki: Mutex<[u8; 32]>,
}

impl Front {
    pub(crate) fn before(target: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (config, spki) = born();
        let config = Arc::new(Mutex::new(config));
        let present = Arc::clone(&config);
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(serve(listener, target, &present));
        });
        Self { address, config, spki: Mutex::new(spki) }
    }

    pub(crate) fn url(&self) -> String {
        format!("https://{}", self.address)
    }

    /// SHA-256 of the SubjectPublicKeyInfo of its key.
    pub(crate) fn spki(&self) -> [u8; 32] {
        *self.spki.lock().unwrap()
    }

    /// Another key from now on.
    pub(crate) fn turn(&self) {
        let (config, spki) = born();
        *self.config.lock().unwrap() = config;
        *self.spki.lock().unwrap() = spki;
    }
}

fn born() -> (Arc<ServerConfig>, [u8; 32]) {
    let certified = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let spki = rcgen::PublicKeyData::subject_public_key_info(&certified.signing_key);
    let key = PrivateKeyDer::try_from(certified.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certified.cert.der().clone()], key)
        .unwrap();
    (Arc::new(config), Sha256::digest(spki).into())
}

#[expect(clippy::disallowed_methods, reason = "a test's own server")]
async fn serve(listener: TcpListener, target: SocketAddr, config: &Mutex<Arc<ServerConfig>>) {
    listener.set_nonblocking(true).unwrap();
    let listener = tokio::net::TcpListener::from_std(listener).unwrap();
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let acceptor = TlsAcceptor::from(Arc::clone(&config.lock().unwrap()));
        tokio::spawn(async move {
            let Ok(mut stream) = acceptor.accept(stream).await else { return };
            let mut onward = tokio::net::TcpStream::connect(target).await.unwrap();
            let _ = tokio::io::copy_bidirectional(&mut stream, &mut onward).await;
        });
    }
}
