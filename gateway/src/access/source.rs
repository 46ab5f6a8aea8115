//! Addresses as the access log tells them: a keyed hash, by which the calls of one source on one day can be told from
//! those of others, and nothing more. The key is born in memory, lives for a day, and is never written.

use core::net::{IpAddr, Ipv6Addr};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use std::sync::{Mutex, PoisonError};

/// The key of the present day.
#[derive(Default)]
pub(crate) struct Sources(Mutex<Option<(u64, [u8; 32])>>);

impl Sources {
    /// `None`: the machine has no randomness, and nothing is better than what could be guessed.
    pub(crate) fn of(&self, address: IpAddr, at_s: u64) -> Option<[u8; 8]> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let today = at_s / 86_400;
        let key = match *kept {
            // A call that came in before midnight and ends after it is told under the newer key: the older is gone.
            Some((day, key)) if day == today || day == today.saturating_add(1) => key,
            _ => {
                let mut key = [0; 32];
                getrandom::fill(&mut key).ok()?;
                *kept = Some((today, key));
                key
            }
        };
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).ok()?;
        mac.update(&told(address));
        mac.finalize().into_bytes().first_chunk().copied()
    }
}

/// What of an address tells sources apart: all of IPv4; of IPv6 the part that a network gives to one customer.
fn told(address: IpAddr) -> Vec<u8> {
    match address.to_canonical() {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).octets().to_vec()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn one_source_is_told_from_others_for_a_day_and_no_longer() {
        let (sources, day) = (Sources::default(), 86_400);
        let of = |text, at| sources.of(address(text), at).unwrap();
        let first = of("203.0.113.7", day);
        assert_eq!(of("203.0.113.7", day + 86_399), first);
        assert_eq!(of("::ffff:203.0.113.7", day), first);
        assert_ne!(of("203.0.113.8", day), first);
        assert_eq!(of("2001:db8::1", day), of("2001:db8::ffff:1", day));
        assert_ne!(of("2001:db8::1", day), of("2001:db8:0:1::1", day));
        let next = of("203.0.113.7", 2 * day);
        assert_ne!(next, first);
        assert_eq!(of("203.0.113.7", day), next, "yesterday's key is gone");
        assert_ne!(
            Sources::default().of(address("203.0.113.7"), day).unwrap(),
            first,
            "and so is a process's"
        );
    }
}
