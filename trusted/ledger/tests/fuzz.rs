//! The fuzz functions over seeded bytes. `PERFAGG_FUZZ_ROUNDS` multiplies how many.
#![allow(clippy::indexing_slicing, clippy::cast_possible_truncation, reason = "test code")]

mod common;

use common::rounds;
use ledger::{fuzz_decimal, fuzz_ledger_apply};

/// Bytes from a seed: Marsaglia's xorshift.
struct Bytes(u64);

impl Bytes {
    fn next(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % below
    }
}

#[test]
fn bytes_as_numbers_never_panic_and_print_what_they_read() {
    let mut bytes = Bytes(1);
    let corpus = [
        "0",
        "-0",
        "0.5",
        "-12.50",
        "2.288e-5",
        "1e76",
        "9e75",
        "1e-76",
        "0.0000000001",
        "123456789012.12345678",
        "1.",
        ".5",
        "+1",
        "1e",
        "e5",
        "1e999",
        "0e-999",
        "00012.300",
        "1 2",
        "-",
        "1.2.3",
        "1e-77",
        "10e-77",
        "१",
    ];
    for _ in 0..20_000 * rounds() {
        let mut text = Vec::new();
        for _ in 0..bytes.next(4) + 1 {
            text.extend_from_slice(corpus[bytes.next(corpus.len())].as_bytes());
            // A mutation or two, then the next number.
            for _ in 0..bytes.next(3) {
                let at = bytes.next(text.len());
                match bytes.next(4) {
                    0 => text[at] = b"0123456789.eE+- "[bytes.next(16)],
                    1 => text.insert(at, b'0' + bytes.next(10) as u8),
                    2 => {
                        let digits: Vec<u8> =
                            (0..bytes.next(80)).map(|_| b'0' + bytes.next(10) as u8).collect();
                        text.splice(at..at, digits);
                    }
                    _ => text[at] = bytes.next(256) as u8,
                }
            }
            text.push(b' ');
        }
        fuzz_decimal(&text);
    }
}

#[test]
fn bytes_as_fills_never_panic_and_conserve_what_moves() {
    let mut bytes = Bytes(2);
    let mut matches = 0;
    for _ in 0..1_500 * rounds() {
        let tame = bytes.next(3) > 0;
        let fills = bytes.next(40) + 1;
        let data: Vec<u8> = (0..fills * 16)
            .map(|at| match at % 16 {
                // Mostly numbers that fit, so that ledgers grow; sometimes any.
                5 | 7 | 9 if tame => bytes.next(200) as u8,
                13 if tame => 0,
                _ => bytes.next(256) as u8,
            })
            .collect();
        matches += fuzz_ledger_apply(&data);
    }
    assert!(matches > 1_000, "the bytes reach {matches} matches only");
}
