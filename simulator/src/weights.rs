//! Budgets: 6000 weight a minute for `/api`, 2400 for each of `/fapi` and `/dapi`, and one of its own for each endpoint of `/sapi`. Who goes on after a 429
//! is banned with 418.

use std::collections::BTreeMap;

const MINUTE_MS: i64 = 60_000;
/// Refused requests in one minute before a ban.
const PATIENCE: u32 = 5;
/// The first ban; each further one is twice as long, up to three days.
const BAN_MS: i64 = 120_000;
const BAN_MS_MAX: i64 = 3 * 86_400_000;

/// What a request takes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Budget {
    /// All of `/api` together, by address.
    Spot,
    /// All of `/fapi` together, by address.
    Usdm,
    /// All of `/dapi` together, by address.
    Coinm,
    /// One endpoint of `/sapi`, by address.
    Ip,
    /// One endpoint of `/sapi`, by account.
    Uid,
}

/// What was used of all budgets.
#[derive(Default)]
pub(crate) struct Weights {
    used: BTreeMap<&'static str, Used>,
    banned_until_ms: i64,
    bans: u32,
}

#[derive(Clone, Copy, Default)]
struct Used {
    minute: i64,
    weight: u32,
    refused: u32,
}

/// A request that costs too much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// Over the budget; seconds until the next minute.
    TooMany { wait_s: i64, limit: u32 },
    /// Banned, until an instant.
    Banned { wait_s: i64, until_ms: i64 },
}

impl Budget {
    pub(crate) const fn limit(self) -> u32 {
        match self {
            Self::Spot => 6_000,
            Self::Usdm | Self::Coinm => 2_400,
            Self::Ip => 12_000,
            Self::Uid => 180_000,
        }
    }

    /// What all that take from it have in common; none where each endpoint has its own.
    const fn shared(self) -> Option<&'static str> {
        match self {
            Self::Spot => Some("/api"),
            Self::Usdm => Some("/fapi"),
            Self::Coinm => Some("/dapi"),
            Self::Ip | Self::Uid => None,
        }
    }

    /// The header that tells what is used.
    pub(crate) const fn header(self) -> &'static str {
        match self {
            Self::Spot | Self::Usdm | Self::Coinm => "X-MBX-USED-WEIGHT-1M",
            Self::Ip => "X-SAPI-USED-IP-WEIGHT-1M",
            Self::Uid => "X-SAPI-USED-UID-WEIGHT-1M",
        }
    }
}

impl Weights {
    /// Takes `weight` for a request to `path`. Tells what is used of its budget this minute, and whether that is too much.
    pub(crate) fn take(
        &mut self,
        budget: Budget,
        path: &'static str,
        weight: u32,
        now_ms: i64,
    ) -> (u32, Result<(), Refused>) {
        let used = self.used.entry(budget.shared().unwrap_or(path)).or_default();
        let minute = now_ms.div_euclid(MINUTE_MS);
        if used.minute != minute {
            *used = Used { minute, ..Used::default() };
        }
        used.weight = used.weight.saturating_add(weight);
        let told = used.weight;
        if now_ms < self.banned_until_ms {
            return (told, Err(self.banned(now_ms)));
        }
        if told <= budget.limit() {
            return (told, Ok(()));
        }
        used.refused += 1;
        if used.refused > PATIENCE {
            let length = BAN_MS.saturating_mul(2_i64.saturating_pow(self.bans)).min(BAN_MS_MAX);
            self.bans += 1;
            self.banned_until_ms = now_ms + length;
            return (told, Err(self.banned(now_ms)));
        }
        let wait_s = ((minute + 1) * MINUTE_MS - now_ms).div_euclid(1000) + 1;
        (told, Err(Refused::TooMany { wait_s, limit: budget.limit() }))
    }

    const fn banned(&self, now_ms: i64) -> Refused {
        let until_ms = self.banned_until_ms;
        Refused::Banned { wait_s: (until_ms - now_ms).div_euclid(1000) + 1, until_ms }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_is_full_again_in_the_next_minute_and_who_does_not_wait_is_banned() {
        let mut weights = Weights::default();
        assert_eq!(weights.take(Budget::Spot, "/a", 6_000, 59_000), (6_000, Ok(())));
        let refused = weights.take(Budget::Spot, "/b", 1, 59_000);
        assert_eq!(refused, (6_001, Err(Refused::TooMany { wait_s: 2, limit: 6_000 })));
        assert_eq!(weights.take(Budget::Spot, "/b", 1, 60_000), (1, Ok(())));
        assert!(weights.take(Budget::Spot, "/b", 6_000, 61_000).1.is_err());
        let last = (0..PATIENCE).map(|_| weights.take(Budget::Spot, "/b", 1, 62_000).1).last();
        assert_eq!(last, Some(Err(Refused::Banned { wait_s: 121, until_ms: 182_000 })));
        assert!(weights.take(Budget::Ip, "/c", 1, 181_999).1.is_err(), "a ban is for everything");
        assert_eq!(weights.take(Budget::Ip, "/c", 1, 182_000).1, Ok(()));
    }

    #[test]
    fn endpoints_of_the_wallet_have_budgets_of_their_own() {
        let mut weights = Weights::default();
        assert_eq!(weights.take(Budget::Uid, "/a", 180_000, 0).1, Ok(()));
        assert_eq!(weights.take(Budget::Uid, "/b", 18_000, 0), (18_000, Ok(())));
        assert!(weights.take(Budget::Uid, "/a", 1, 0).1.is_err());
    }
}
