//! Frames of server-sent events (the HTML standard, section 9.2): how they are written, and a reader of bytes as they
//! come. Sealed streams use the same frames: `opened` with the nonce, `sealed` with a chunk, `final` with the last one.

use crate::limits;
use alloc::{borrow::ToOwned, format, string::String, vec::Vec};

/// The name of the frame that begins a sealed stream; its data is the nonce, in base64url.
pub const OPENED: &str = "opened";
/// The name of a frame with a chunk; its id is the chunk's counter.
pub const SEALED: &str = "sealed";
/// The name of the frame with the last chunk.
pub const FINAL: &str = "final";
/// A comment: it keeps a stream alive and says nothing.
pub const HEARTBEAT: &str = ":\n\n";
/// The content type of a stream.
pub const CONTENT_TYPE: &str = "text/event-stream";

/// A frame as it is sent. `data` is one line.
pub fn frame(event: &str, id: Option<u64>, data: &str) -> String {
    let id = id.map_or(String::new(), |id| format!("id: {id}\n"));
    format!("event: {event}\n{id}data: {data}\n\n")
}

/// A frame as it was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frame {
    /// Its name.
    pub event: String,
    /// Its id, if it has one.
    pub id: Option<String>,
    /// Its data; several lines are joined by line ends.
    pub data: String,
}

/// A frame is longer than one may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameTooLong;

/// Reads frames from bytes, in whatever pieces they come.
#[derive(Clone, Debug, Default)]
pub struct Reader {
    line: Vec<u8>,
    frame: Frame,
    has_data: bool,
    after_return: bool,
}

impl Reader {
    /// The frames that are whole with these bytes.
    ///
    /// # Errors
    /// When a frame grows too long.
    pub fn read(&mut self, bytes: &[u8]) -> Result<Vec<Frame>, FrameTooLong> {
        let mut frames = Vec::new();
        for byte in bytes {
            match byte {
                b'\n' if self.after_return => self.after_return = false,
                b'\n' | b'\r' => {
                    self.after_return = *byte == b'\r';
                    frames.extend(self.end_of_line());
                }
                byte => {
                    self.after_return = false;
                    self.line.push(*byte);
                    if self.line.len() > limits::EVENT_FRAME_BYTES_MAX {
                        return Err(FrameTooLong);
                    }
                }
            }
            if self.frame.data.len() > limits::EVENT_FRAME_BYTES_MAX {
                return Err(FrameTooLong);
            }
        }
        Ok(frames)
    }

    fn end_of_line(&mut self) -> Option<Frame> {
        let line = core::mem::take(&mut self.line);
        if line.is_empty() {
            let frame = core::mem::take(&mut self.frame);
            return core::mem::take(&mut self.has_data).then_some(frame);
        }
        let text = String::from_utf8_lossy(&line);
        let (field, value) = text.split_once(':').unwrap_or((&text, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => self.frame.event = value.to_owned(),
            "id" => self.frame.id = Some(value.to_owned()),
            "data" => {
                if core::mem::replace(&mut self.has_data, true) {
                    self.frame.data.push('\n');
                }
                self.frame.data.push_str(value);
            }
            // Comments and fields that nobody asked for.
            _ => {}
        }
        None
    }
}

impl core::fmt::Display for FrameTooLong {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("a frame of the stream is longer than one may be")
    }
}

impl core::error::Error for FrameTooLong {}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    #[test]
    fn what_was_written_is_read_in_whatever_pieces_it_comes() {
        let text =
            format!("{}{HEARTBEAT}{}", frame("sync", Some(7), r#"{"a":": "}"#), frame("opened", None, "x"));
        let expected = vec![
            Frame { event: "sync".into(), id: Some("7".into()), data: r#"{"a":": "}"#.into() },
            Frame { event: "opened".into(), id: None, data: "x".into() },
        ];
        for size in 1..text.len() {
            let mut reader = Reader::default();
            let pieces = text.as_bytes().chunks(size);
            let read: Vec<Frame> = pieces.flat_map(|piece| reader.read(piece).unwrap()).collect();
            assert_eq!(read, expected, "pieces of {size}");
        }
    }

    #[test]
    fn lines_end_as_the_standard_allows_and_strange_fields_are_left_alone() {
        let text =
            "retry: 3\r\nevent:a\r\ndata:1\rdata: 2\ndata\r\n\r\nevent: nothing\n\n: comment\n\ndata: 3\n\n";
        let read = Reader::default().read(text.as_bytes()).unwrap();
        assert_eq!(read.len(), 2, "a frame without data is none: {read:?}");
        assert_eq!((read[0].event.as_str(), read[0].data.as_str()), ("a", "1\n2\n"));
        assert_eq!((read[1].event.as_str(), read[1].data.as_str()), ("", "3"));
    }

    #[test]
    fn a_frame_without_end_is_refused() {
        let mut reader = Reader::default();
        assert_eq!(reader.read(&vec![b'a'; limits::EVENT_FRAME_BYTES_MAX + 1]), Err(FrameTooLong));
        let line = [b"data: ".to_vec(), vec![b'a'; 1000], b"\n".to_vec()].concat();
        let mut reader = Reader::default();
        assert!((0..100).any(|_| reader.read(&line).is_err()), "nor one of many lines");
    }
}
