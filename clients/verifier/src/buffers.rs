//! The memory that a caller from outside writes requests into and reads answers from.

/// Requests that may be written at a time. A caller needs one.
const GIVEN_MAX: usize = 4;

/// Buffers that were given out, and the last answer.
#[derive(Debug)]
pub struct Buffers {
    bytes_max: usize,
    given: Vec<(usize, Vec<u8>)>,
    answer: Vec<u8>,
}

impl Buffers {
    /// None given out, nothing answered. No buffer will be larger than `bytes_max`.
    pub const fn new(bytes_max: usize) -> Self {
        Self { bytes_max, given: Vec::new(), answer: Vec::new() }
    }

    /// The address of a buffer for one request of exactly `length` bytes; 0 where there is none to have.
    pub fn allocate(&mut self, length: usize) -> usize {
        let mut buffer = Vec::new();
        let refused = length > self.bytes_max || self.given.len() >= GIVEN_MAX;
        if refused || buffer.try_reserve_exact(length.max(1)).is_err() {
            return 0;
        }
        buffer.resize(length, 0);
        // The address is told to whoever writes there, which the compiler cannot see.
        let address = buffer.as_mut_ptr().expose_provenance();
        self.given.push((address, buffer));
        address
    }

    /// Answers the request that was written there; the address of the answer. A buffer that was not given out holds no
    /// request.
    pub fn verify(&mut self, address: usize, length: usize, answer: fn(&[u8]) -> String) -> usize {
        let found = self.given.iter().position(|(given, buffer)| *given == address && buffer.len() == length);
        let request = found.map(|at| self.given.swap_remove(at).1).unwrap_or_default();
        self.answer = answer(&request).into_bytes();
        self.answer.as_ptr().expose_provenance()
    }

    /// Bytes of the last answer.
    pub const fn answer_length(&self) -> usize {
        self.answer.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{REQUEST_BYTES_MAX, answer};

    #[test]
    fn a_buffer_holds_one_request_and_is_given_back_with_it() {
        let mut buffers = Buffers::new(REQUEST_BYTES_MAX);
        for _ in 0..3 {
            let given: Vec<_> = (0..GIVEN_MAX).map(|_| buffers.allocate(REQUEST_BYTES_MAX)).collect();
            assert!(given.iter().all(|&address| address != 0), "{given:?}");
            assert_eq!(buffers.allocate(1), 0, "no more are out at a time");
            for address in given {
                assert_ne!(buffers.verify(address, REQUEST_BYTES_MAX, answer), 0);
                assert!(buffers.answer_length() > 0);
            }
        }
    }

    #[test]
    fn what_is_too_large_for_a_request_gets_no_buffer() {
        let mut buffers = Buffers::new(REQUEST_BYTES_MAX);
        for length in [REQUEST_BYTES_MAX + 1, 10_000_000, u32::MAX as usize] {
            assert_eq!(buffers.allocate(length), 0);
        }
    }

    /// A pointer that was made up, or a length that was not asked for, reads nobody's memory.
    #[test]
    fn what_was_not_given_out_holds_no_request() {
        let mut buffers = Buffers::new(REQUEST_BYTES_MAX);
        let address = buffers.allocate(16);
        for (address, length) in [(0, 0), (1, 16), (address + 1, 15), (address, 17), (usize::MAX, usize::MAX)]
        {
            assert_ne!(buffers.verify(address, length, answer), 0);
            assert_eq!(buffers.answer, answer(b"").into_bytes());
        }
        assert_eq!(buffers.given.len(), 1, "it is still its caller's");
    }
}
