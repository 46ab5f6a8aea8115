//! Seeded mutations of real calls and answers: no bytes of a stranger make the parsers panic.
//! `PERFAGG_FUZZ_ROUNDS` multiplies the rounds.
#![cfg(test)]

mod records;
mod vectors;

use protocol::{fuzz_answer, fuzz_envelope, fuzz_stream, ledger_file::fuzz_ledger_file, sse};
use records::{record, text as text_of};
use sha2::{Digest as _, Sha256};
use vectors::{sealed_calls, text};

/// What JSON and base64url are made of.
const ALPHABET: &[u8] = b"\"{}[]:,\\0-_ AZaz9u";

/// How many rounds a test of random inputs makes: its own number times `PERFAGG_FUZZ_ROUNDS`.
fn rounds(usual: u64) -> u64 {
    #[expect(clippy::disallowed_methods, reason = "how a long run is asked for")]
    let times = std::env::var("PERFAGG_FUZZ_ROUNDS").ok().and_then(|times| times.parse().ok());
    usual * times.unwrap_or(1_u64)
}

/// Knuth's linear congruential generator: the same mutations in each run.
struct Seeded(u64);

impl Seeded {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % limit.max(1)
    }

    /// Some bytes changed, cut off, doubled, removed or put in.
    fn bite(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut bytes = bytes.to_vec();
        for _ in 0..=self.below(3) {
            let at = self.below(bytes.len());
            match self.below(7) {
                0 => bytes.truncate(at),
                1 => bytes.insert(at, ALPHABET[self.below(ALPHABET.len())]),
                2 => drop(bytes.splice(at..bytes.len().min(at + 1), [])),
                3 => {
                    let piece: Vec<u8> = bytes.iter().skip(at).take(self.below(40)).copied().collect();
                    bytes.splice(at..at, piece);
                }
                4 if !bytes.is_empty() => bytes[at] = ALPHABET[self.below(ALPHABET.len())],
                _ if !bytes.is_empty() => bytes[at] ^= 1 << self.below(8),
                _ => {}
            }
        }
        bytes
    }
}

fn mutate(corpus: &[Vec<u8>], seed: u64, usual: u64, target: fn(&[u8])) {
    corpus.iter().for_each(|input| target(input));
    let mut random = Seeded(seed);
    for _ in 0..rounds(usual) {
        let input = &corpus[random.below(corpus.len())];
        target(&random.bite(input));
    }
}

#[test]
fn calls_of_any_bytes() {
    let vectors = sealed_calls();
    let all = vectors["cases"].as_array().unwrap().iter();
    let corpus: Vec<_> = all.map(|case| text(&case["envelope"]).as_bytes().to_vec()).collect();
    let small: Vec<_> = corpus.into_iter().filter(|call| call.len() < 8192).collect();
    mutate(&small, 1, 20_000, fuzz_envelope);
}

#[test]
fn answers_of_any_bytes() {
    let vectors = sealed_calls();
    let good = vectors["cases"].as_array().unwrap().iter().map(|case| &case["answer"]);
    let bad = vectors["bad_answers"].as_array().unwrap().iter().map(|case| &case["answer"]);
    let answers = good.chain(bad).filter_map(|answer| answer.as_str());
    let corpus: Vec<_> = answers.map(|answer| answer.as_bytes().to_vec()).collect();
    mutate(&corpus, 2, 50_000, fuzz_answer);
}

#[test]
fn streams_of_any_bytes() {
    let chunks = ["AAAA", "_-_-", ""].map(|piece| sse::frame(sse::SEALED, Some(7), &piece.repeat(400)));
    let frames = format!("{}{}{}", sse::frame(sse::OPENED, None, "AAAA"), chunks.concat(), sse::HEARTBEAT);
    mutate(&[frames.into_bytes(), chunks[0].clone().into_bytes()], 5, 20_000, |data| {
        fuzz_stream(data);
        let mut pieces = sse::Reader::default();
        let by_byte: Vec<_> = data.iter().flat_map(|byte| pieces.read(&[*byte]).unwrap()).collect();
        assert_eq!(sse::Reader::default().read(data), Ok(by_byte), "pieces do not matter");
    });
}

#[test]
fn ledger_files_of_any_bytes() {
    let corpus: Vec<_> = (1..=4).map(|seed| text_of(&record(seed, 12 * seed)).into_bytes()).collect();
    mutate(&corpus, 3, 10_000, |data| {
        fuzz_ledger_file(data);
    });
    // A changed file seldom has the right checksum: it gets one, so that what is read in spite of the change is
    // written again too.
    let mut random = Seeded(4);
    let mut read = 0;
    for _ in 0..rounds(10_000) {
        let input = &corpus[random.below(corpus.len())];
        let bitten = random.bite(input);
        read += usize::from(fuzz_ledger_file(&resealed(&bitten)));
    }
    assert!(read > 100, "only {read} files were read");
}

/// The same text with the checksum that belongs to it.
fn resealed(text: &[u8]) -> Vec<u8> {
    let end = text.windows(8).rposition(|window| window == b"\n[\"end\",").map_or(text.len(), |at| at + 1);
    let (rows, last) = text.split_at(end);
    let counts = last.split(|byte| *byte == b'"').nth(2).unwrap_or_default();
    [rows, b"[\"end\"", counts, format!("\"{}\"]\n", hex::encode(Sha256::digest(rows))).as_bytes()].concat()
}
