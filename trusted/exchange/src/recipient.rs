//! A server that is no venue: where it is, and one POST to it, on a connection of its own. Over TLS, judged by the web's roots
//! as compiled in; development builds may do without on loopback. There are no redirects, proxies, cookies or compression here
//! either.

use crate::hosts::{self, Stream};
use core::{fmt, net::IpAddr, time::Duration};
use http::{HeaderValue, Uri, header};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::{Method, Request, body::Bytes, client::conn::http1};
use hyper_util::rt::TokioIo;
use std::io;

/// From the name's lookup to the last byte of the answer.
const LIMIT: Duration = Duration::from_secs(10);
/// The head of an answer.
const HEAD_BYTES_MAX: usize = 16 * 1024;

/// Where a server is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipient {
    #[cfg(feature = "development")]
    plain: bool,
    host: String,
    port: u16,
    /// As it stands in the request.
    authority: String,
    /// Without the slash at its end.
    path: String,
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posted {
    /// Its status.
    pub status: u16,
    /// What it calls its body; empty if it does not say.
    pub content_type: String,
    /// Its body.
    pub body: Vec<u8>,
}

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PostError {
    /// Nobody is there, or not under a certificate for that name.
    Unreachable,
    /// It broke off, or what came is not HTTP.
    Broken,
    /// It was longer than it may be.
    TooLong,
    /// It took longer than it may.
    Late,
}

impl fmt::Display for PostError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unreachable => "nobody is there whom the web's authorities vouch for",
            Self::Broken => "the answer broke off, or is not HTTP",
            Self::TooLong => "the answer is longer than it may be",
            Self::Late => "there was no answer in time",
        })
    }
}

impl core::error::Error for PostError {}

impl Recipient {
    /// What a URL says: `https://host[:port][/path]`, nothing more. Only a development build takes `http`, and only on
    /// loopback.
    pub fn parse(url: &str) -> Option<Self> {
        let uri: Uri = url.parse().ok().filter(|_| !url.contains(['#', '@', '?']))?;
        let host = uri.host()?.trim_start_matches('[').trim_end_matches(']').to_owned();
        let is_loopback = || host.parse().is_ok_and(|address: IpAddr| address.is_loopback());
        let plain = match uri.scheme_str()? {
            "https" => false,
            "http" if cfg!(feature = "development") && is_loopback() => true,
            _ => return None,
        };
        let port = match uri.authority()?.as_str().rsplit_once(':').filter(|(_, port)| !port.ends_with(']')) {
            Some((_, port)) => port.parse().ok().filter(|port| *port != 0)?,
            None if plain => 80,
            None => 443,
        };
        let authority = uri.authority()?.as_str().to_owned();
        let path = uri.path().trim_end_matches('/').to_owned();
        Some(Self {
            #[cfg(feature = "development")]
            plain,
            host,
            port,
            authority,
            path,
        })
    }

    /// Sends a text to a path below its own. The answer's body has at most so many bytes.
    ///
    /// # Errors
    /// If no whole answer came.
    pub async fn post(&self, path: &str, text: String, bytes_max: usize) -> Result<Posted, PostError> {
        tokio::time::timeout(LIMIT, self.send(path, text, bytes_max)).await.unwrap_or(Err(PostError::Late))
    }

    async fn send(&self, path: &str, text: String, bytes_max: usize) -> Result<Posted, PostError> {
        let stream = self.connect().await.map_err(|_| PostError::Unreachable)?;
        let request = Request::builder()
            .method(Method::POST)
            .uri(format!("{}{path}", self.path))
            .header(header::HOST, &self.authority)
            .header(header::USER_AGENT, concat!("perf-aggregator/", env!("CARGO_PKG_VERSION")))
            .header(header::CONTENT_TYPE, "text/plain; charset=utf-8")
            .header(header::CONNECTION, "close")
            .body(Full::new(Bytes::from(text)))
            .map_err(|_| PostError::Broken)?;
        let mut client = http1::Builder::new();
        client.max_buf_size(HEAD_BYTES_MAX);
        let (mut connection, driver) =
            client.handshake(TokioIo::new(stream)).await.map_err(|_| PostError::Broken)?;
        let asked = async {
            let (head, body) =
                connection.send_request(request).await.map_err(|_| PostError::Broken)?.into_parts();
            let body = Limited::new(body, bytes_max).collect().await.map_err(|error| {
                let is_long = error.downcast_ref::<LengthLimitError>().is_some();
                if is_long { PostError::TooLong } else { PostError::Broken }
            })?;
            let text = |value: &HeaderValue| value.to_str().unwrap_or_default().to_owned();
            Ok(Posted {
                status: head.status.as_u16(),
                content_type: head.headers.get(header::CONTENT_TYPE).map(text).unwrap_or_default(),
                body: body.to_bytes().into(),
            })
        };
        // The connection ends with the answer, or with who waits for it.
        tokio::select! {
            answer = asked => answer,
            Err(_) = driver => Err(PostError::Broken),
        }
    }

    async fn connect(&self) -> io::Result<Box<dyn Stream>> {
        let to = (self.host.as_str(), self.port);
        #[cfg(feature = "development")]
        if self.plain {
            return hosts::plain(to).await;
        }
        hosts::private(to).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(feature = "development")]
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::TcpListener,
    };

    #[test]
    fn a_url_names_a_host_and_perhaps_a_port_and_a_path() {
        let parsed = |url| Recipient::parse(url).map(|to| (to.host, to.port, to.authority, to.path));
        let expected = |host: &str, port, authority: &str, path: &str| {
            Some((host.to_owned(), port, authority.to_owned(), path.to_owned()))
        };
        assert_eq!(parsed("https://w.example"), expected("w.example", 443, "w.example", ""));
        assert_eq!(
            parsed("https://w.example:8443/a/b/"),
            expected("w.example", 8443, "w.example:8443", "/a/b")
        );
        assert_eq!(parsed("https://[::1]"), expected("::1", 443, "[::1]", ""));
        assert_eq!(parsed("https://[::1]:4443/"), expected("::1", 4443, "[::1]:4443", ""));
        for url in [
            "",
            "w.example",
            "/add-checkpoint",
            "ftp://w.example",
            "http://w.example",
            "http://192.0.2.1",
            "http://localhost",
            "https://user:password@w.example",
            "https://w.example?query",
            "https://w.example#part",
            "https://w.example:0",
            "https://w.example:70000",
            "https://",
        ] {
            assert_eq!(parsed(url), None, "{url}");
        }
        assert_eq!(parsed("http://127.0.0.1:80").is_some(), cfg!(feature = "development"));
    }

    /// Sends a text to somebody who says `answer` and closes; what came of it, and what was sent.
    #[cfg(feature = "development")]
    async fn posted(answer: &'static [u8]) -> (Result<Posted, PostError>, String) {
        #[expect(clippy::disallowed_methods, reason = "a test's own server")]
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/below", listener.local_addr().unwrap());
        let server = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut seen = Vec::new();
            while !seen.ends_with(b"a text") {
                assert!(stream.read_buf(&mut seen).await.unwrap() > 0);
            }
            stream.write_all(answer).await.unwrap();
            String::from_utf8(seen).unwrap()
        });
        let to = Recipient::parse(&url).unwrap();
        let outcome = to.post("/add", "a text".to_owned(), 8).await;
        (outcome, server.await.unwrap())
    }

    #[cfg(feature = "development")]
    #[tokio::test]
    async fn one_text_goes_and_one_answer_comes_whatever_its_status() {
        let (outcome, sent) =
            posted(b"HTTP/1.1 409 X\r\ncontent-type: text/x.tlog.size\r\ncontent-length: 2\r\n\r\n7\n").await;
        let content_type = "text/x.tlog.size".to_owned();
        assert_eq!(outcome, Ok(Posted { status: 409, content_type, body: b"7\n".to_vec() }));
        assert!(
            sent.starts_with("POST /below/add HTTP/1.1\r\n") && sent.ends_with("\r\n\r\na text"),
            "{sent}"
        );
        let elsewhere = b"HTTP/1.1 307 X\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n";
        assert_eq!(posted(elsewhere).await.0.map(|answer| answer.status), Ok(307), "nobody follows");
        // The end of the connection ends the body.
        let until_closed = posted(b"HTTP/1.1 200 X\r\n\r\n1234").await.0;
        assert_eq!(until_closed.map(|answer| answer.body), Ok(b"1234".to_vec()));
    }

    #[cfg(feature = "development")]
    #[tokio::test]
    async fn what_is_no_whole_answer_is_none() {
        let too_long = b"HTTP/1.1 200 X\r\ncontent-length: 9\r\n\r\n123456789";
        assert_eq!(posted(too_long).await.0, Err(PostError::TooLong));
        let chunked = b"HTTP/1.1 200 X\r\ntransfer-encoding: chunked\r\n\r\n9\r\n123456789\r\n0\r\n\r\n";
        assert_eq!(posted(chunked).await.0, Err(PostError::TooLong));
        for broken in
            [b"".as_slice(), b"SSH-2.0-x\r\n\r\n", b"HTTP/1.1 200 X\r\ncontent-length: 8\r\n\r\n123"]
        {
            assert_eq!(posted(broken).await.0, Err(PostError::Broken));
        }
        let nobody = Recipient::parse("http://127.0.0.1:1").unwrap();
        assert_eq!(nobody.post("/add", String::new(), 8).await, Err(PostError::Unreachable));
        // Whoever is asked for TLS and speaks none is nobody.
        #[expect(clippy::disallowed_methods, reason = "a test's own server")]
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let to = Recipient::parse(&format!("https://{}", listener.local_addr().unwrap())).unwrap();
        let server = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            stream.write_all(b"HTTP/1.1 200 X\r\n\r\n").await.unwrap();
        });
        assert_eq!(to.post("/add", String::new(), 8).await, Err(PostError::Unreachable));
        server.await.unwrap();
    }
}
