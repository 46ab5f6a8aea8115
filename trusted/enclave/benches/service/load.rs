//! Who asks: some connections that are kept open, each with one request at a time, in one thread, which does little beside
//! reading and writing.

use core::cell::Cell;
use std::{
    net::SocketAddr,
    rc::Rc,
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    task::{JoinSet, LocalSet},
};

const CONNECTIONS: usize = 32;

/// One question; its whole answer.
pub(crate) fn ask(to: SocketAddr, path: &str) -> Vec<u8> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut stream = TcpStream::connect(to).await.unwrap();
        stream.write_all(&request(path)).await.unwrap();
        let mut answer = Vec::new();
        whole(&mut stream, &mut answer).await;
        answer
    })
}

/// The body of an answer.
pub(crate) fn body(answer: &[u8]) -> &[u8] {
    &answer[head_len(answer).unwrap()..]
}

/// Answers a second while each of these paths is asked again and again.
pub(crate) fn per_second(to: SocketAddr, paths: &[String], lasts: Duration) -> f64 {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    LocalSet::new().block_on(&runtime, async {
        let (count, start) = (Rc::new(Cell::new(0_u32)), Instant::now());
        let mut asking = JoinSet::new();
        for number in 0..CONNECTIONS {
            let (count, request) = (Rc::clone(&count), request(&paths[number % paths.len()]));
            asking.spawn_local(async move {
                let mut stream = TcpStream::connect(to).await.unwrap();
                stream.set_nodelay(true).unwrap();
                let mut answer = Vec::new();
                while start.elapsed() < lasts {
                    stream.write_all(&request).await.unwrap();
                    whole(&mut stream, &mut answer).await;
                    count.set(count.get() + 1);
                }
            });
        }
        asking.join_all().await;
        f64::from(count.get()) / start.elapsed().as_secs_f64()
    })
}

fn request(path: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nhost: a\r\nperfagg-nonce: a-nonce-of-some-length\r\n\r\n").into_bytes()
}

/// Reads an answer, which must be a good one.
async fn whole(stream: &mut TcpStream, answer: &mut Vec<u8>) {
    answer.clear();
    let mut length = None;
    while length.is_none_or(|length| answer.len() < length) {
        assert!(stream.read_buf(answer).await.unwrap() > 0, "cut off: {}", String::from_utf8_lossy(answer));
        if length.is_none()
            && let Some(head) = head_len(answer)
        {
            assert!(answer.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(answer));
            length = Some(head + content_length(&answer[..head]));
        }
    }
}

fn head_len(answer: &[u8]) -> Option<usize> {
    answer.windows(4).position(|four| four == b"\r\n\r\n").map(|at| at + 4)
}

fn content_length(head: &[u8]) -> usize {
    const NAME: &[u8] = b"content-length: ";
    let at = head.windows(NAME.len()).position(|name| name.eq_ignore_ascii_case(NAME)).unwrap() + NAME.len();
    head[at..]
        .iter()
        .take_while(|byte| byte.is_ascii_digit())
        .fold(0, |sum, digit| sum * 10 + usize::from(digit - b'0'))
}
