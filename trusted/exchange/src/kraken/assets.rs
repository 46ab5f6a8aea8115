//! Names of assets and pairs. Kraken's oldest assets have names of four letters, of which the first says coin (`X`) or
//! money (`Z`); all others, and the `altname` of these, are plain. `XBT` and `XDG` are its names of Bitcoin and Dogecoin.
//!
//! A suffix tells where an amount is: `.S` staked, `.M` opt-in rewards, `.B` and `.F` earning, `.P` parachain, `.T` tokenized,
//! `.HOLD` not settled. It stays: `BTC.F` is not at hand as `BTC` is, and how it counts is for who reads on.

use crate::dialect::{Board, Listings};
use ledger::Asset;

/// All assets with a first letter of that kind. The list is closed: `XTZ`, `XCN`, `ZRX` or `ZEUS` are names of their own.
const LEGACY: [&str; 22] = [
    "XDAO", "XETC", "XETH", "XICN", "XLTC", "XMLN", "XNMC", "XREP", "XXBT", "XXDG", "XXLM", "XXMR", "XXRP",
    "XXVN", "XZEC", "ZAUD", "ZCAD", "ZEUR", "ZGBP", "ZJPY", "ZKRW", "ZUSD",
];

/// Kraken's name of what others call otherwise. `LUNA`, `UST` and `REP` are still the first coins of that name.
const RENAMED: [(&str, &str); 8] = [
    ("XBT", "BTC"),
    ("XDG", "DOGE"),
    ("LUNA", "LUNC"),
    ("LUNA2", "LUNA"),
    ("UST", "USTC"),
    ("REP", "REPV1"),
    ("REPV2", "REP"),
    ("FEE", "KFEE"),
];

/// Our name of an asset, of any of Kraken's.
pub(super) fn unified(native: &str) -> Asset {
    let upper = native.to_ascii_uppercase();
    let (name, suffix) = upper.split_at(upper.find('.').unwrap_or(upper.len()));
    let plain = altname(name);
    let renamed = RENAMED.iter().find(|(own, _)| *own == plain).map_or(plain, |(_, ours)| ours);
    Asset::from(format!("{renamed}{suffix}"))
}

/// An asset wherever its amount is: staked, earning or at hand, it is the same holding. What is staked for a time has the days
/// of it in its name: `DOT28.S` is `DOT` for 28 days. `ETH2` is an asset of its own.
pub(super) fn plain(asset: &Asset) -> Asset {
    let name = asset.as_str();
    match name.split_once('.') {
        Some((staked, "S")) => Asset::from(without_days(staked)),
        Some((plain, "M" | "B" | "F" | "P" | "T" | "HOLD")) => Asset::from(plain),
        _ => asset.clone(),
    }
}

/// `DOT` of `DOT28`: two digits behind a letter.
fn without_days(staked: &str) -> &str {
    let Some((name, days)) = staked.split_at_checked(staked.len().saturating_sub(2)) else { return staked };
    let is_days = days.bytes().all(|byte| byte.is_ascii_digit());
    if is_days && name.ends_with(|char: char| char.is_ascii_alphabetic()) { name } else { staked }
}

fn altname(name: &str) -> &str {
    if LEGACY.contains(&name) { name.get(1..).unwrap_or(name) } else { name }
}

/// The long name, if it has one.
fn legacy(altname: &str) -> Option<&'static str> {
    LEGACY.into_iter().find(|name| name.get(1..) == Some(altname))
}

/// What pairs are quoted in; longer names before those that they end with. `TUSD` is not among them: `XBTUSD` ends so.
const QUOTES: [&str; 33] = [
    "PYUSD", "RLUSD", "EUROP", "ZUSD", "ZEUR", "ZGBP", "ZCAD", "ZJPY", "ZAUD", "ZKRW", "XXBT", "XETH",
    "USDT", "USDC", "USDG", "USDQ", "USDR", "USD1", "EURQ", "EURR", "EURC", "DAI", "USD", "EUR", "GBP",
    "CAD", "JPY", "AUD", "CHF", "AED", "XBT", "ETH", "DOT",
];

/// A pair by the name that lists have it under: trades may name it by its `altname` (`XBTUSD`) or as `XBT/USD`.
pub(super) struct Pair {
    pub(super) id: String,
    pub(super) quote: Option<Asset>,
}

pub(super) fn pair(named: &str, listings: &Listings) -> Pair {
    if let Some(listing) = listings.find(named, Board::Spot) {
        return Pair { id: named.to_owned(), quote: Some(listing.quote.clone()) };
    }
    // `.d` is the dark pool of the same pair.
    let plain = named.strip_suffix(".d").unwrap_or(named);
    let parts = plain.split_once('/').or_else(|| {
        let quote = QUOTES.into_iter().find(|quote| plain.len() > quote.len() && plain.ends_with(quote))?;
        Some((plain.strip_suffix(quote)?, quote))
    });
    let Some((base, quote)) = parts else { return Pair { id: named.to_owned(), quote: None } };
    let (base, quote) = (altname(base), altname(quote));
    let long = |name| legacy(name).unwrap_or(name);
    let spelt = [format!("{}{}", long(base), long(quote)), format!("{base}{quote}"), plain.to_owned()];
    let id = spelt.into_iter().find(|id| listings.find(id, Board::Spot).is_some());
    Pair { id: id.unwrap_or_else(|| named.to_owned()), quote: Some(unified(quote)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::Listing;
    use ledger::Decimal;

    #[test]
    fn assets_lose_their_first_letter_only_where_it_says_a_kind() {
        for (native, ours) in [
            ("XXBT", "BTC"),
            ("XBT", "BTC"),
            ("xbt", "BTC"),
            ("ZUSD", "USD"),
            ("USD", "USD"),
            ("XXDG", "DOGE"),
            ("XDG", "DOGE"),
            ("XETH", "ETH"),
            ("XTZ", "XTZ"),
            ("ZEUS", "ZEUS"),
            ("XCN", "XCN"),
            ("ZRX", "ZRX"),
            ("USDT", "USDT"),
            ("XBT.M", "BTC.M"),
            ("XXBT.F", "BTC.F"),
            ("ETH2.S", "ETH2.S"),
            ("DOT28.S", "DOT28.S"),
            ("USD.HOLD", "USD.HOLD"),
            ("LUNA", "LUNC"),
            ("LUNA2", "LUNA"),
            ("KFEE", "KFEE"),
            ("FEE", "KFEE"),
        ] {
            assert_eq!(unified(native).as_str(), ours, "{native}");
        }
    }

    #[test]
    fn an_amount_is_of_its_asset_wherever_it_is() {
        for (held, plain_name) in [
            ("DOT.S", "DOT"),
            ("DOT28.S", "DOT"),
            ("SOL03.S", "SOL"),
            ("XBT.M", "BTC"),
            ("USDT.F", "USDT"),
            ("AAPLX.T", "AAPLX"),
            ("USD.HOLD", "USD"),
            ("ETH2.S", "ETH2"),
            ("LUNA2.S", "LUNA"),
            ("DOT28", "DOT28"),
            ("100.S", "100"),
            ("S.S", "S"),
            ("DOT.X", "DOT.X"),
        ] {
            assert_eq!(plain(&unified(held)).as_str(), plain_name, "{held}");
        }
    }

    #[test]
    fn pairs_are_found_under_each_of_their_names() {
        let listing = |id: &str, base: &str, quote: &str| Listing {
            id: id.to_owned(),
            board: Board::Spot,
            base: Asset::from(base),
            quote: Asset::from(quote),
            settle: None,
            contract_size: Decimal::ONE,
            inverse: false,
            expires: None,
        };
        let listings = Listings::new([listing("XXBTZUSD", "BTC", "USD"), listing("SOLUSDT", "SOL", "USDT")]);
        let found = |named: &str| {
            let Pair { id, quote } = pair(named, &listings);
            (id, quote.map(|quote| quote.as_str().to_owned()).unwrap_or_default())
        };
        for (named, id, quote) in [
            ("XXBTZUSD", "XXBTZUSD", "USD"),
            ("XBTUSD", "XXBTZUSD", "USD"),
            ("XBT/USD", "XXBTZUSD", "USD"),
            ("XXBTZUSD.d", "XXBTZUSD", "USD"),
            ("SOL/USDT", "SOLUSDT", "USDT"),
            ("XICNXETH", "XICNXETH", "ETH"),
            ("PEPEEUR", "PEPEEUR", "EUR"),
            ("WHAT", "WHAT", ""),
        ] {
            assert_eq!(found(named), (id.to_owned(), quote.to_owned()), "{named}");
        }
    }
}
