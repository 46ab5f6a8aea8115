//! What happens to a session, as it happens: a sealed stream, opened chunk by chunk (`docs/protocol.md`, Events).
//!
//! Each chunk opens under the next counter or not at all, so whoever is on the way can cut the stream, and nothing else.

use crate::{
    client::Answer,
    connection::Stream,
    failure::{Failure, Unreachable},
    seal::SealedCall,
};
use protocol::{
    StreamOpener,
    api::Event,
    sse::{self, Frame},
};
use serde::Deserialize;
use std::collections::VecDeque;

/// A stream of events that is open.
pub struct Events {
    call: SealedCall,
    stream: Stream,
    reader: sse::Reader,
    frames: VecDeque<Frame>,
    opener: Option<StreamOpener>,
}

/// An event of a kind that this version does not know.
#[derive(Deserialize)]
struct Unknown {
    #[expect(dead_code, reason = "that it is there makes it an event")]
    id: u64,
}

impl Events {
    pub(crate) fn new(call: SealedCall, stream: Stream) -> Self {
        Self { call, stream, reader: sse::Reader::default(), frames: VecDeque::new(), opener: None }
    }

    /// The next event; none after the last one of the stream.
    ///
    /// # Errors
    /// If the stream was cut, or what came was not sealed by the enclave. Nothing comes after an error.
    pub async fn next(&mut self) -> Result<Option<Answer<Event>>, Failure> {
        loop {
            if self.opener.as_ref().is_some_and(StreamOpener::is_complete) {
                return Ok(None);
            }
            let Some(frame) = self.frames.pop_front() else {
                let bytes = self.stream.piece().await?.ok_or(Unreachable::Broken)?;
                self.frames.extend(self.reader.read(&bytes).map_err(|_| Failure::NotSealed)?);
                continue;
            };
            if let Some(event) = self.open(&frame)? {
                return Ok(Some(event));
            }
        }
    }

    /// The event of a frame, if it has one that this version knows.
    fn open(&mut self, frame: &Frame) -> Result<Option<Answer<Event>>, Failure> {
        let Some(opener) = &mut self.opener else {
            if frame.event != sse::OPENED {
                return Err(Failure::NotSealed);
            }
            self.opener = Some(self.call.stream(&frame.data)?);
            return Ok(None);
        };
        let last = match frame.event.as_str() {
            sse::SEALED => false,
            sse::FINAL => true,
            // Whoever is on the way may say what they like.
            _ => return Ok(None),
        };
        let opened = opener.open(&frame.data, last).map_err(|_| Failure::NotSealed)?;
        match Answer::read(&opened) {
            Ok(event) => Ok(Some(event)),
            Err(_) if serde_json::from_slice::<Unknown>(&opened).is_ok() => Ok(None),
            Err(failure) => Err(failure),
        }
    }
}
