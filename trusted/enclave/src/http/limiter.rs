//! How often each source, and all together, may ask for something: a bucket of tokens each.

use core::net::IpAddr;
use ledger::Timestamp;
use protocol::limits::{self, Rate};
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

/// The buckets of one kind of call.
pub(crate) struct Limiter {
    rate: Rate,
    buckets: Mutex<Buckets>,
}

#[derive(Default)]
struct Buckets {
    total: Option<Bucket>,
    sources: HashMap<IpAddr, Bucket>,
}

/// Tokens are counted in 60,000ths, so that one millisecond refills `per_minute` of them, without fractions.
#[derive(Clone, Copy)]
struct Bucket {
    tokens: i64,
    at_ms: i64,
}

const TOKEN: i64 = 60_000;

impl Limiter {
    /// A limiter that allows `rate`, with a minute's worth at once.
    pub(crate) fn new(rate: Rate) -> Self {
        Self { rate, buckets: Mutex::default() }
    }

    /// Takes a token; without one, says after how many seconds there will be.
    pub(crate) fn take(&self, source: IpAddr, now: Timestamp) -> Result<(), u64> {
        let source = network(source);
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let now_ms = now.millis();
        if buckets.sources.len() >= limits::SOURCES_MAX && !buckets.sources.contains_key(&source) {
            let full = i64::from(self.rate.per_source) * TOKEN;
            buckets.sources.retain(|_, bucket| refilled(*bucket, self.rate.per_source, now_ms).tokens < full);
        }
        // When even the busy ones are too many, all newcomers share the bucket of no address.
        let source =
            match buckets.sources.len() >= limits::SOURCES_MAX && !buckets.sources.contains_key(&source) {
                true => IpAddr::from([0, 0, 0, 0]),
                false => source,
            };
        let of_source = bucket(buckets.sources.get(&source).copied(), self.rate.per_source, now_ms);
        let of_all = bucket(buckets.total, self.rate.total, now_ms);
        for (bucket, per_minute) in [(of_source, self.rate.per_source), (of_all, self.rate.total)] {
            if bucket.tokens < TOKEN {
                let wait_ms = (TOKEN - bucket.tokens).div_euclid(i64::from(per_minute)) + 1;
                return Err(u64::try_from(wait_ms.div_euclid(1000) + 1).unwrap_or(60));
            }
        }
        buckets.sources.insert(source, Bucket { tokens: of_source.tokens - TOKEN, ..of_source });
        buckets.total = Some(Bucket { tokens: of_all.tokens - TOKEN, ..of_all });
        Ok(())
    }
}

/// One source: an IPv4 address, or the /64 that one IPv6 host can choose its addresses from.
fn network(source: IpAddr) -> IpAddr {
    match source.to_canonical() {
        IpAddr::V6(address) => IpAddr::from((address.to_bits() & !u128::from(u64::MAX)).to_be_bytes()),
        address @ IpAddr::V4(_) => address,
    }
}

fn bucket(known: Option<Bucket>, per_minute: u32, now_ms: i64) -> Bucket {
    match known {
        Some(bucket) => refilled(bucket, per_minute, now_ms),
        None => Bucket { tokens: i64::from(per_minute) * TOKEN, at_ms: now_ms },
    }
}

fn refilled(bucket: Bucket, per_minute: u32, now_ms: i64) -> Bucket {
    // After a minute a bucket is full; more time adds nothing and must not overflow.
    let elapsed_ms = now_ms.saturating_sub(bucket.at_ms).clamp(0, 60_000);
    let tokens = (bucket.tokens + elapsed_ms * i64::from(per_minute)).min(i64::from(per_minute) * TOKEN);
    Bucket { tokens, at_ms: now_ms.max(bucket.at_ms) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate { per_source: 3, total: 5 };

    #[test]
    fn a_source_has_its_share_and_all_have_theirs() {
        let (limiter, at) = (Limiter::new(RATE), Timestamp::from_millis);
        let (a, b) = (IpAddr::from([127, 0, 0, 1]), IpAddr::from([127, 0, 0, 2]));
        for _ in 0..3 {
            assert_eq!(limiter.take(a, at(0)), Ok(()));
        }
        assert_eq!(limiter.take(a, at(0)), Err(21), "one token comes back in 20 seconds");
        assert_eq!(limiter.take(b, at(0)), Ok(()));
        assert_eq!(limiter.take(b, at(0)), Ok(()));
        assert!(limiter.take(b, at(0)).is_err(), "five in total");
        assert_eq!(limiter.take(b, at(12_000)), Ok(()), "one of the total came back");
        assert!(limiter.take(a, at(12_000)).is_err());
        assert_eq!(limiter.take(a, at(600_000)), Ok(()));
    }

    #[test]
    fn the_addresses_of_one_ipv6_network_share_a_bucket() {
        let (limiter, at) = (Limiter::new(RATE), Timestamp::from_millis(0));
        let address = |text: &str| text.parse::<IpAddr>().unwrap();
        for host in ["2001:db8::1", "2001:db8::2", "2001:db8::ffff:0:3"] {
            assert_eq!(limiter.take(address(host), at), Ok(()));
        }
        assert!(limiter.take(address("2001:db8::4"), at).is_err());
        assert_eq!(limiter.take(address("2001:db8:0:1::1"), at), Ok(()), "another network");
        assert_eq!(network(address("::ffff:127.0.0.1")), address("127.0.0.1"));
    }

    #[test]
    fn a_clock_that_stands_or_falls_back_gives_no_tokens() {
        let (limiter, at) = (Limiter::new(RATE), Timestamp::from_millis);
        let a = IpAddr::from([127, 0, 0, 1]);
        for _ in 0..3 {
            assert_eq!(limiter.take(a, at(1_000_000)), Ok(()));
        }
        assert!(limiter.take(a, at(0)).is_err());
        assert!(limiter.take(a, at(1_000_000)).is_err());
    }
}
