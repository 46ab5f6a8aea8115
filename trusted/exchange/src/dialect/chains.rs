//! What a chain is called. Some have two names: that of the coin they were made for, and that of the standard of the tokens on
//! them. A venue uses one of them for both.

/// The name of a chain for what went by it: the chain's own coin is no token.
pub(crate) fn chain<'a>(named: &'a str, coin: &str) -> &'a str {
    match (named, coin) {
        ("ETH" | "ERC20", "ETH") => "ETH",
        ("TRX" | "TRC20", "TRX") => "TRX",
        ("CRONOS" | "CRC20", "CRO") => "CRONOS",
        ("ETH", _) => "ERC20",
        ("TRX", _) => "TRC20",
        ("CRONOS", _) => "CRC20",
        (other, _) => other,
    }
}

#[cfg(test)]
mod tests {
    use super::chain;

    #[test]
    fn a_coin_goes_by_its_own_chain_and_a_token_by_its_standard() {
        for (named, coin, expected) in [
            ("ETH", "ETH", "ETH"),
            ("ERC20", "ETH", "ETH"),
            ("ETH", "USDT", "ERC20"),
            ("ERC20", "USDT", "ERC20"),
            ("TRC20", "TRX", "TRX"),
            ("TRX", "USDT", "TRC20"),
            ("CRC20", "CRO", "CRONOS"),
            ("SOL", "SOL", "SOL"),
            ("BTC", "BTC", "BTC"),
        ] {
            assert_eq!(chain(named, coin), expected, "{coin} by {named}");
        }
    }
}
