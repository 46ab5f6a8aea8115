//! What the wasm file exports, besides its memory. A caller asks for a buffer, writes its request into it, and hands it
//! over; it reads the answer before it calls again.
//!
//! ```text
//! allocate(length) -> pointer       0 if more than a request may have, or if too many are out
//! verify(pointer, length) -> answer
//! answer_length() -> length         of the last answer
//! ```
//!
//! All are 32 bits wide, as addresses are there. No memory is touched by pointer here: what a caller hands over is looked up among the buffers that were given out.
#![expect(
    unsafe_code,
    reason = "no_mangle: two functions of one name would be undefined; the linker refuses that"
)]

use crate::Buffers;
#[cfg(any(feature = "dcap", feature = "sev-snp", feature = "nitro"))]
use crate::REQUEST_BYTES_MAX as BYTES_MAX;
#[cfg(feature = "dcap")]
use crate::answer_dcap as answer;
#[cfg(feature = "nitro")]
use crate::answer_nitro as answer;
#[cfg(feature = "sev-snp")]
use crate::answer_sev_snp as answer;
#[cfg(not(any(feature = "dcap", feature = "sev-snp", feature = "nitro")))]
use crate::{SAVED_REQUEST_BYTES_MAX as BYTES_MAX, answer};
use core::cell::RefCell;

thread_local! {
    static BUFFERS: RefCell<Buffers> = const { RefCell::new(Buffers::new(BYTES_MAX)) };
}

/// A buffer of that length, for one request.
#[unsafe(no_mangle)]
extern "C" fn allocate(length: usize) -> usize {
    BUFFERS.with_borrow_mut(|buffers| buffers.allocate(length))
}

/// Answers the request in that buffer, which is given back. The answer stands until the next call.
#[unsafe(no_mangle)]
extern "C" fn verify(pointer: usize, length: usize) -> usize {
    BUFFERS.with_borrow_mut(|buffers| buffers.verify(pointer, length, answer))
}

/// How long the last answer is.
#[unsafe(no_mangle)]
extern "C" fn answer_length() -> usize {
    BUFFERS.with_borrow(Buffers::answer_length)
}
