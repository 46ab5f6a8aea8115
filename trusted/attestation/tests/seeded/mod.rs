//! Random choices that are the same in each run, and how long a long run goes on.
#![allow(dead_code, reason = "each test binary uses a part")]

/// Knuth's linear congruential generator.
pub(crate) struct Seeded(pub(crate) u64);

impl Seeded {
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % limit.max(1)
    }

    pub(crate) fn byte(&mut self) -> u8 {
        u8::try_from(self.below(256)).unwrap()
    }
}

/// A number that a long run gives in the environment.
pub(crate) fn asked(variable: &str) -> Option<u64> {
    #[expect(clippy::disallowed_methods, reason = "how a long run is asked for")]
    let number = std::env::var(variable).ok()?;
    number.parse().ok()
}
