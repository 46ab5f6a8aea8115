//! Budgets that come back with time: so many requests a second or an hour, and no punishment but the refusal.
//! See <https://docs.cdp.coinbase.com/coinbase-app/advanced-trade-apis/rest-api> and
//! <https://docs.cdp.coinbase.com/coinbase-app/api-architecture/rate-limiting>.

use super::refusal::Refusal;

/// Whose requests are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Of an address, without a key.
    Public,
    /// Of a key, on v3.
    Private,
    /// Of a key, on v2.
    Wallet,
}

/// What was used of all budgets.
pub(crate) struct Budgets {
    public: Budget,
    private: Budget,
    wallet: Budget,
}

struct Budget {
    /// In how much time one request comes back.
    step_us: i64,
    most: i64,
    /// When all of it is back.
    free_us: i64,
}

impl Budgets {
    pub(crate) const fn new() -> Self {
        const fn budget(step_us: i64, most: i64) -> Budget {
            Budget { step_us, most, free_us: 0 }
        }
        Self { public: budget(100_000, 10), private: budget(33_333, 30), wallet: budget(360_000, 10_000) }
    }

    /// Takes one request, and tells how many there may be at once and how many of them are left.
    pub(crate) fn take(&mut self, kind: Kind, now_ms: i64) -> Result<(i64, i64), Refusal> {
        match kind {
            Kind::Public => self.public.take(now_ms * 1000),
            Kind::Private => self.private.take(now_ms * 1000),
            Kind::Wallet => self.wallet.take(now_ms * 1000),
        }
    }
}

impl Budget {
    fn take(&mut self, now_us: i64) -> Result<(i64, i64), Refusal> {
        let free_us = self.free_us.max(now_us) + self.step_us;
        let used = (free_us - now_us + self.step_us - 1).div_euclid(self.step_us);
        if used > self.most {
            return Err(Refusal::Limited { wait_s: None });
        }
        self.free_us = free_us;
        Ok((self.most, self.most - used))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thirty_a_second_and_each_comes_back_by_itself() {
        let mut budgets = Budgets::new();
        assert!((0..30).all(|used| budgets.take(Kind::Private, 1_000) == Ok((30, 29 - used))));
        assert!(budgets.take(Kind::Private, 1_000).is_err());
        assert!(budgets.take(Kind::Private, 1_033).is_err());
        assert_eq!(budgets.take(Kind::Private, 1_034), Ok((30, 0)));
        assert_eq!(budgets.take(Kind::Wallet, 1_034), Ok((10_000, 9_999)), "v2 has its own");
        assert!((0..10).all(|_| budgets.take(Kind::Public, 1_034).is_ok()));
        assert!(budgets.take(Kind::Public, 1_034).is_err());
        assert_eq!(budgets.take(Kind::Private, 3_000), Ok((30, 29)));
    }
}
