//! Sealed streams (ATTESTATION.md section 7): the chunks of one answer, numbered by the counter that is XORed into the
//! nonce. All chunks but the last have empty associated data, the last has `final`; so one that was taken out, put in,
//! moved, repeated or forged does not open, and a stream that was cut has no last chunk.

use crate::{
    answer::{AnswerError, FINAL},
    limits, wire,
};
use aes_gcm::{
    Aes256Gcm,
    aead::{Aead, Payload},
};
use alloc::{string::String, vec::Vec};
use zeroize::Zeroizing;

/// AES-GCM allows so many messages with one key (NIST SP 800-38D section 8.3); no stream comes near.
const CHUNKS_MAX: u64 = 1 << 32;

/// The cipher, and the number of the next chunk.
struct Chunks {
    cipher: Aes256Gcm,
    base_nonce: [u8; 12],
    next: u64,
}

impl Chunks {
    /// `base XOR i`, big-endian over 12 bytes, as RFC 9458 section 4.4 and RFC 9180 section 5.2 number messages.
    fn nonce(&self) -> Result<[u8; 12], AnswerError> {
        if self.next >= CHUNKS_MAX {
            return Err(AnswerError);
        }
        let mut nonce = self.base_nonce;
        for (byte, counter) in nonce.iter_mut().rev().zip(self.next.to_le_bytes()) {
            *byte ^= counter;
        }
        Ok(nonce)
    }
}

/// Seals the chunks of one answer, in their order.
pub struct StreamSealer(Chunks);

impl StreamSealer {
    pub(crate) const fn new(cipher: Aes256Gcm, base_nonce: [u8; 12]) -> Self {
        Self(Chunks { cipher, base_nonce, next: 0 })
    }

    /// The number that the next chunk will have.
    pub const fn counter(&self) -> u64 {
        self.0.next
    }

    /// A chunk that is not the last, in base64url.
    pub fn seal(&mut self, body: &[u8]) -> Result<String, AnswerError> {
        let sealed = self.chunk(body, b"")?;
        self.0.next = self.0.next.saturating_add(1);
        Ok(sealed)
    }

    /// The last chunk, in base64url.
    pub fn seal_last(self, body: &[u8]) -> Result<String, AnswerError> {
        self.chunk(body, FINAL)
    }

    fn chunk(&self, body: &[u8], aad: &[u8]) -> Result<String, AnswerError> {
        let plaintext = wire::padded(body);
        let payload = Payload { msg: &plaintext, aad };
        let sealed = self.0.cipher.encrypt(&self.0.nonce()?.into(), payload).map_err(|_| AnswerError)?;
        Ok(wire::encode(&sealed))
    }
}

/// Opens the chunks of one answer, in their order. After a chunk that does not open, none does.
pub struct StreamOpener {
    chunks: Chunks,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    Complete,
    Broken,
}

impl StreamOpener {
    pub(crate) const fn new(cipher: Aes256Gcm, base_nonce: [u8; 12]) -> Self {
        Self { chunks: Chunks { cipher, base_nonce, next: 0 }, state: State::Open }
    }

    /// What a chunk says, without padding. Whether it is the last one is what its frame claims, and its seal proves.
    ///
    /// # Errors
    /// If it is not the next chunk of this stream, or the stream is over.
    pub fn open(&mut self, chunk: &str, last: bool) -> Result<Zeroizing<Vec<u8>>, AnswerError> {
        let opened = self.opened(chunk, last);
        self.state = match (&opened, last) {
            (Err(_), _) => State::Broken,
            (Ok(_), true) => State::Complete,
            (Ok(_), false) => State::Open,
        };
        self.chunks.next = self.chunks.next.saturating_add(1);
        opened
    }

    fn opened(&self, chunk: &str, last: bool) -> Result<Zeroizing<Vec<u8>>, AnswerError> {
        if self.state != State::Open || chunk.len() > limits::EVENT_FRAME_BYTES_MAX {
            return Err(AnswerError);
        }
        let ciphertext = wire::decode(chunk).ok_or(AnswerError)?;
        let payload = Payload { msg: &ciphertext, aad: if last { FINAL } else { b"" } };
        let opened =
            self.chunks.cipher.decrypt(&self.chunks.nonce()?.into(), payload).map_err(|_| AnswerError)?;
        Ok(wire::unpadded(opened))
    }

    /// The last chunk was opened. A stream that ends before was cut.
    pub fn is_complete(&self) -> bool {
        self.state == State::Complete
    }
}

/// For fuzzing: whatever the bytes, opening ends in an error, for no stranger can seal.
#[doc(hidden)]
pub fn fuzz_stream(data: &[u8]) {
    use aes_gcm::KeyInit as _;
    let mut opener = StreamOpener::new(Aes256Gcm::new(&[1; 32].into()), [2; 12]);
    for chunk in data.split(|byte| *byte == b'\n') {
        let text = String::from_utf8_lossy(chunk);
        for last in [false, true] {
            assert!(opener.open(&text, last).is_err(), "a chunk that nobody sealed opened");
        }
    }
    assert!(!opener.is_complete());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AnswerOpener, AnswerSealer};
    use alloc::vec;

    const NONCE: [u8; 32] = [9; 32];

    fn opener() -> StreamOpener {
        AnswerOpener::new(Zeroizing::new([7; 32]), [8; 32]).stream(&NONCE).unwrap()
    }

    /// Chunks that say `0`, `1` and so on; the last one is final.
    fn chunks(count: u8) -> Vec<String> {
        let mut sealer = AnswerSealer::new(Zeroizing::new([7; 32]), [8; 32]).stream(NONCE).unwrap();
        let mut all = Vec::new();
        for number in 0..count - 1 {
            assert_eq!(sealer.counter(), u64::from(number));
            all.push(sealer.seal(&[b'0' + number]).unwrap());
        }
        all.push(sealer.seal_last(&[b'0' + count - 1]).unwrap());
        all
    }

    /// How many of these chunks open, and whether the stream is complete then.
    fn read(chunks: &[String]) -> (usize, bool) {
        let mut opener = opener();
        let opened = chunks
            .iter()
            .enumerate()
            .take_while(|(at, chunk)| opener.open(chunk, at + 1 == chunks.len()).is_ok())
            .count();
        (opened, opener.is_complete())
    }

    #[test]
    fn a_stream_opens_chunk_by_chunk_and_knows_its_end() {
        let (chunks, mut opener) = (chunks(3), opener());
        assert_eq!(**opener.open(&chunks[0], false).unwrap(), *b"0");
        assert_eq!(**opener.open(&chunks[1], false).unwrap(), *b"1");
        assert!(!opener.is_complete(), "it may have been cut here");
        assert_eq!(**opener.open(&chunks[2], true).unwrap(), *b"2");
        assert!(opener.is_complete());
        assert!(opener.open(&chunks[2], true).is_err(), "nothing comes after the end");
    }

    #[test]
    fn chunks_that_were_moved_repeated_dropped_or_cut_are_seen() {
        let all = chunks(4);
        assert_eq!(read(&all), (4, true));
        let pick = |order: &[usize]| order.iter().map(|at| all[*at].clone()).collect::<Vec<_>>();
        assert_eq!(read(&pick(&[1, 0, 2, 3])), (0, false), "moved");
        assert_eq!(read(&pick(&[0, 0, 1, 2, 3])), (1, false), "repeated");
        assert_eq!(read(&pick(&[0, 2, 3])), (1, false), "dropped");
        assert_eq!(read(&pick(&[0, 1, 3])), (2, false), "the end moved forward");
        assert_eq!(read(&pick(&[0, 1, 2])), (2, false), "a middle chunk called the last");
        let mut cut = opener();
        assert!(all[..3].iter().all(|chunk| cut.open(chunk, false).is_ok()));
        assert!(!cut.is_complete(), "cut before the end");
        assert!(cut.open(&all[3], false).is_err(), "the last chunk called a middle one");
    }

    #[test]
    fn a_forged_chunk_ends_the_stream_for_good() {
        let all = chunks(3);
        let mut bytes = wire::decode(&all[1]).unwrap();
        for at in [0, bytes.len() / 2, bytes.len() - 1] {
            bytes[at] ^= 1;
            let mut opener = opener();
            opener.open(&all[0], false).unwrap();
            assert!(opener.open(&wire::encode(&bytes), false).is_err());
            assert!(opener.open(&all[1], false).is_err(), "not even the true one");
            bytes[at] ^= 1;
        }
        // Of another stream: another nonce, another secret.
        let other = AnswerOpener::new(Zeroizing::new([7; 32]), [8; 32]);
        assert!(other.stream(&[1; 32]).unwrap().open(&all[0], false).is_err());
        let other = AnswerOpener::new(Zeroizing::new([1; 32]), [8; 32]);
        assert!(other.stream(&NONCE).unwrap().open(&all[0], false).is_err());
    }

    #[test]
    fn one_chunk_is_an_answer() {
        let whole = AnswerSealer::new(Zeroizing::new([7; 32]), [8; 32]).seal(b"{}", NONCE).unwrap();
        let only = AnswerSealer::new(Zeroizing::new([7; 32]), [8; 32]).stream(NONCE).unwrap();
        let chunk = only.seal_last(b"{}").unwrap();
        assert!(whole.contains(&chunk), "the same rule for both");
    }

    #[test]
    fn the_counter_is_in_the_last_bytes_of_the_nonce() {
        let chunks = Chunks {
            cipher: aes_gcm::KeyInit::new(&[0; 32].into()),
            base_nonce: [0xff; 12],
            next: 0x0001_0203,
        };
        let expected = [vec![0xff; 9], vec![0xfe, 0xfd, 0xfc]].concat();
        assert_eq!(chunks.nonce().unwrap().to_vec(), expected);
        assert!(Chunks { next: CHUNKS_MAX, ..chunks }.nonce().is_err());
    }
}
