//! Incoming sockets: accepts connections, bounds them, and hands requests over. A request that panics is one failed
//! answer, not the end of the service.

use crate::{
    limits,
    problem::Failure,
    relay::{Answer, Peer, is_stream},
};
use core::{
    net::{IpAddr, SocketAddr},
    pin::pin,
};
use hyper::{Request, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::{
    convert::Infallible,
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Semaphore, watch},
    task::JoinSet,
    time::{sleep, timeout},
};

/// A bound address.
pub(crate) struct Listener(TcpListener);

impl Listener {
    #[expect(clippy::disallowed_methods, reason = "this is the place for incoming sockets")]
    pub(crate) async fn bind(address: SocketAddr) -> io::Result<Self> {
        TcpListener::bind(address).await.map(Self)
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

/// Serves until `stop` says so; then lets the calls under way end.
pub(crate) async fn serve<F, W>(listener: Listener, mut stop: watch::Receiver<bool>, handler: F)
where
    F: Fn(Request<Incoming>) -> W + Clone + Send + 'static,
    W: Future<Output = Answer> + Send + 'static,
{
    let room = Arc::new(Semaphore::new(limits::CONNECTIONS_MAX));
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            _ = stop.wait_for(|stop| *stop) => break,
            accepted = async {
                let permit = Arc::clone(&room).acquire_owned().await;
                (listener.0.accept().await, permit)
            } => accepted,
        };
        while connections.try_join_next().is_some() {}
        match accepted {
            (Ok((stream, peer)), Ok(permit)) => {
                let serving = connection(stream, peer.ip(), stop.clone(), handler.clone());
                connections.spawn(async move {
                    serving.await;
                    drop(permit);
                });
            }
            // Out of file descriptors, as a rule: some are free again when connections end.
            _ => sleep(limits::ACCEPT_PAUSE).await,
        }
    }
    drop(listener);
    let ended = async { while connections.join_next().await.is_some() {} };
    let _ = timeout(limits::STOP_TIMEOUT, ended).await;
}

/// One connection, until it ends, has lived long enough, or the program stops.
async fn connection<F, W>(stream: TcpStream, peer: IpAddr, mut stop: watch::Receiver<bool>, handler: F)
where
    F: Fn(Request<Incoming>) -> W + Clone + Send + 'static,
    W: Future<Output = Answer> + Send + 'static,
{
    let _ = stream.set_nodelay(true);
    let streams = Arc::new(AtomicBool::new(false));
    let noted = Arc::clone(&streams);
    let answer = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(Peer(peer));
        // A task of its own: a panic in it ends there.
        let (work, streams) = (tokio::spawn(handler(request)), Arc::clone(&noted));
        async move {
            let answer = work.await.unwrap_or_else(|_| Failure::Internal.answer(""));
            streams.store(is_stream(answer.headers()), Ordering::Relaxed);
            Ok::<_, Infallible>(answer)
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits::HEAD_TIMEOUT)
        .max_buf_size(limits::HEAD_BYTES_MAX)
        .serve_connection(TokioIo::new(stream), answer);
    let mut connection = pin!(connection);
    let stops = tokio::select! {
        // A connection that breaks is its peer's affair.
        _ = connection.as_mut() => return,
        _ = stop.wait_for(|stop| *stop) => true,
        () = sleep(limits::CONNECTION_LIFE) => false,
    };
    let is_stream = streams.load(Ordering::Relaxed);
    if stops && is_stream {
        // It would go on: its reader sees the cut, and comes again where it was.
        return;
    }
    connection.as_mut().graceful_shutdown();
    let ended = timeout(limits::CALL.longest(is_stream), connection.as_mut());
    tokio::select! {
        _ = ended => {}
        _ = stop.wait_for(|stop| *stop), if !stops && is_stream => {}
    }
}
