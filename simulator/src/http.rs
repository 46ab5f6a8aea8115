//! HTTP/1.1 on loopback: requests as they came, byte for byte, and answers that may break off or never come.

use http_body_util::{BodyExt as _, Limited};
use hyper::{
    HeaderMap, Request, Response,
    body::{Body, Bytes, Frame, Incoming as HyperBody, SizeHint},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use std::{
    future::Future,
    io,
    net::{Ipv4Addr, SocketAddr},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};
use tokio::net::TcpListener;

/// The largest body that is read.
const BODY_BYTES_MAX: usize = 1 << 20;

/// A request. The query and body are signed: they stay as they came.
pub(crate) struct Incoming {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) body: String,
    pub(crate) headers: HeaderMap,
}

/// An answer.
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) content_type: &'static str,
    pub(crate) body: String,
}

/// What comes of a request.
pub(crate) enum Outcome {
    /// An answer.
    Whole(Reply),
    /// An answer that breaks off in the middle of its body.
    Cut(Reply),
    /// The connection closes without a word.
    Dropped,
}

impl Incoming {
    /// What a header says, if it is there and not empty.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok().filter(|value| !value.is_empty())
    }
}

impl Reply {
    pub(crate) fn json(status: u16, body: impl ToString) -> Self {
        let content_type = "application/json;charset=UTF-8";
        Self { status, headers: Vec::new(), content_type, body: body.to_string() }
    }

    pub(crate) fn html(status: u16, title: &str) -> Self {
        let body = format!(
            "<html>\r\n<head><title>{status} {title}</title></head>\r\n<body>\r\n<center><h1>{status} {title}</h1></center>\r\n</body>\r\n</html>\r\n"
        );
        Self { status, headers: Vec::new(), content_type: "text/html", body }
    }

    pub(crate) fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.headers.push((name, value.to_string()));
        self
    }
}

/// Opens the port; 0 takes any free one.
pub(crate) async fn listen(port: u16) -> io::Result<TcpListener> {
    #[expect(clippy::disallowed_methods, reason = "the one listener of this program, on loopback")]
    let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await;
    listener
}

/// Serves until the process ends.
pub(crate) async fn serve<F>(listener: TcpListener, answer: impl Fn(Incoming) -> F + Send + Sync + 'static)
where
    F: Future<Output = Outcome> + Send + 'static,
{
    let answer = Arc::new(answer);
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            // Out of descriptors: others must end first.
            tokio::task::yield_now().await;
            continue;
        };
        // Small answers to a client that waits for them.
        let _ = stream.set_nodelay(true);
        let answer = Arc::clone(&answer);
        tokio::spawn(async move {
            let service = service_fn(move |request| {
                let answer = Arc::clone(&answer);
                async move { respond(request, answer.as_ref()).await }
            });
            // An error here is a client that left, or an answer that was meant to break off.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

async fn respond<F>(
    request: Request<HyperBody>,
    answer: &impl Fn(Incoming) -> F,
) -> io::Result<Response<Written>>
where
    F: Future<Output = Outcome>,
{
    let (head, body) = request.into_parts();
    let broken = || io::Error::from(io::ErrorKind::InvalidData);
    let body = Limited::new(body, BODY_BYTES_MAX).collect().await.map_err(|_| broken())?.to_bytes();
    let outcome = answer(Incoming {
        method: head.method.as_str().to_owned(),
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        body: String::from_utf8(body.to_vec()).map_err(|_| broken())?,
        headers: head.headers,
    })
    .await;
    let (reply, cut) = match outcome {
        Outcome::Whole(reply) => (reply, false),
        Outcome::Cut(reply) => (reply, true),
        Outcome::Dropped => return Err(io::Error::from(io::ErrorKind::ConnectionReset)),
    };
    let length = reply.body.len();
    let mut response = Response::builder()
        .status(reply.status)
        .header("content-type", reply.content_type)
        .header("content-length", length);
    for (name, value) in reply.headers {
        response = response.header(name, value);
    }
    let mut bytes = Bytes::from(reply.body);
    let rest = if cut { Rest::Break } else { Rest::Nothing };
    if cut {
        bytes.truncate(length / 2);
    }
    response.body(Written { bytes: Some(bytes), rest, length }).map_err(|_| broken())
}

/// A body that is written whole, or breaks off after what was written has left.
struct Written {
    bytes: Option<Bytes>,
    rest: Rest,
    length: usize,
}

#[derive(Clone, Copy)]
enum Rest {
    Nothing,
    Break,
    Broken,
}

impl Body for Written {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        if let Some(bytes) = self.bytes.take() {
            return Poll::Ready(Some(Ok(Frame::data(bytes))));
        }
        match self.rest {
            Rest::Nothing => Poll::Ready(None),
            Rest::Break => {
                self.rest = Rest::Broken;
                context.waker().wake_by_ref();
                Poll::Pending
            }
            Rest::Broken => Poll::Ready(Some(Err(io::Error::from(io::ErrorKind::ConnectionReset)))),
        }
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(u64::try_from(self.length).unwrap_or(u64::MAX))
    }
}
