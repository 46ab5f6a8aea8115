//! Answers on their way through: bounded in bytes and in time, and counted for the access log.

use crate::access::{AccessLog, Called};
use core::{
    fmt,
    net::IpAddr,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};
use http_body_util::combinators::BoxBody;
use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};
use std::sync::Arc;
use tokio::time::{Instant, Sleep, sleep};

/// An answer on its way through, bounded in bytes and in time. Trailers, which nobody names, are left out.
pub(crate) struct Passing {
    body: Incoming,
    left: usize,
    /// When it must have passed.
    deadline: Instant,
    /// How long nothing may come, if that is bounded too.
    silence: Option<Duration>,
    /// At the deadline, or when nothing came for too long.
    alarm: Pin<Box<Sleep>>,
}

impl Passing {
    pub(crate) fn new(
        body: Incoming,
        left: usize,
        deadline: Instant,
        life: Duration,
        silence: Option<Duration>,
    ) -> Self {
        let alarm = Box::pin(sleep(silence.map_or(life, |silence| silence.min(life))));
        Self { body, left, deadline, silence, alarm }
    }
}

/// An answer that broke off, grew too large or took too long: the caller sees it end early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CutOff;

impl fmt::Display for CutOff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the enclave's answer was cut off")
    }
}

impl std::error::Error for CutOff {}

impl Body for Passing {
    type Data = Bytes;
    type Error = CutOff;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, CutOff>>> {
        if self.alarm.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Some(Err(CutOff)));
        }
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        if let Some(next) = self.silence.and_then(|silence| Instant::now().checked_add(silence)) {
            let deadline = self.deadline;
            self.alarm.as_mut().reset(next.min(deadline));
        }
        Poll::Ready(match frame.map(|frame| frame.map(Frame::into_data)) {
            None | Some(Ok(Err(_))) => None,
            Some(Err(_)) => Some(Err(CutOff)),
            Some(Ok(Ok(piece))) => match self.left.checked_sub(piece.len()) {
                None => Some(Err(CutOff)),
                Some(left) => {
                    self.left = left;
                    Some(Ok(Frame::data(piece)))
                }
            },
        })
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// What the access log will say of a call. It says it when the call is over, however it ends.
pub(crate) struct Record {
    log: Arc<AccessLog>,
    peer: Option<IpAddr>,
    pub(crate) began: Instant,
    pub(crate) called: Called,
}

impl Record {
    pub(crate) fn begin(log: Arc<AccessLog>, peer: Option<IpAddr>, route: &'static str) -> Self {
        let at_s = (log.clock)();
        // What ends without an answer is a mistake of ours.
        let called = Called { at_s, route, status: 500, ms: 0, bytes_in: 0, bytes_out: 0, source: None };
        Self { log, peer, began: Instant::now(), called }
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        let ms = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.log.tell(self.peer, Called { ms, ..self.called });
    }
}

/// An answer that is counted as it goes.
pub(crate) struct Recorded {
    pub(crate) body: BoxBody<Bytes, CutOff>,
    pub(crate) record: Record,
}

impl Body for Recorded {
    type Data = Bytes;
    type Error = CutOff;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, CutOff>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        if let Some(piece) = frame.as_ref().and_then(|frame| frame.as_ref().ok()?.data_ref()) {
            let bytes = &mut self.record.called.bytes_out;
            *bytes = bytes.saturating_add(u64::try_from(piece.len()).unwrap_or(u64::MAX));
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
