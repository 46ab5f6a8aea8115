//! What is traded: spot pairs of tokens, and perpetuals, which settle in the venue's money. What is not traded any more is
//! listed still.

use super::USDC;
use crate::{
    Board, Listing, VenueError,
    dialect::{Cell, Row},
};
use ledger::{Asset, Decimal};
use std::collections::BTreeMap;

const SPOT: &str = "/info spotMeta";
const PERPS: &str = "/info meta";

/// Reads `spotMeta` or `meta`. A pair names its tokens by their `index`, which is not their place in the list.
///
/// ```json
/// {"tokens":[{"name":"USDC","szDecimals":8,"weiDecimals":8,"index":0,"tokenId":"0x6d1e…","isCanonical":true},
///            {"name":"PURR","szDecimals":0,"weiDecimals":5,"index":1,"tokenId":"0xc1fb…","isCanonical":true}],
///  "universe":[{"name":"PURR/USDC","tokens":[1,0],"index":0,"isCanonical":true}]}
/// {"universe":[{"name":"BTC","szDecimals":5,"maxLeverage":40},{"name":"LOOM","szDecimals":1,"isDelisted":true}]}
/// ```
pub(super) fn listings(body: &[u8]) -> Result<Vec<Listing>, VenueError> {
    let answer = Cell::whole(PERPS, body)?.row()?;
    if answer.maybe("tokens").is_none() {
        return answer.rows("universe")?.iter().map(perpetual).collect();
    }
    let answer = Cell::whole(SPOT, body)?.row()?;
    let tokens: BTreeMap<String, Asset> = answer
        .rows("tokens")?
        .iter()
        .map(|token| Ok((token.string("index")?, token.asset("name")?)))
        .collect::<Result<_, VenueError>>()?;
    answer.rows("universe")?.iter().map(|row| pair(row, &tokens)).collect()
}

fn perpetual(row: &Row<'_>) -> Result<Listing, VenueError> {
    Ok(Listing {
        id: row.string("name")?,
        board: Board::Contract,
        base: row.asset("name")?,
        quote: Asset::from(USDC),
        settle: Some(Asset::from(USDC)),
        contract_size: Decimal::ONE,
        inverse: false,
        expires: None,
    })
}

fn pair(row: &Row<'_>, tokens: &BTreeMap<String, Asset>) -> Result<Listing, VenueError> {
    let wrong = || row.wrong("tokens");
    let of = row.maybe("tokens").ok_or_else(wrong)?.cells()?;
    let [base, quote] = of.as_slice() else { return Err(wrong()) };
    let token = |cell: &Cell<'_>| tokens.get(&*cell.text()?).cloned().ok_or_else(wrong);
    Ok(Listing {
        id: row.string("name")?,
        board: Board::Spot,
        base: token(base)?,
        quote: token(quote)?,
        settle: None,
        contract_size: Decimal::ONE,
        inverse: false,
        expires: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Refusal;

    #[test]
    fn a_pair_names_its_tokens_by_their_numbers() {
        let body = br#"{"tokens":[{"name":"USDC","index":0},{"name":"HYPE","index":150},{"name":"PURR","index":1}],
            "universe":[{"name":"PURR/USDC","tokens":[1,0],"index":0},{"name":"@107","tokens":[150,0],"index":107}]}"#;
        let found = listings(body).unwrap();
        let told: Vec<_> =
            found.iter().map(|one| (one.id.as_str(), one.base.as_str(), one.quote.as_str())).collect();
        assert_eq!(told, [("PURR/USDC", "PURR", "USDC"), ("@107", "HYPE", "USDC")]);
        assert!(found.iter().all(|one| one.board == Board::Spot && one.settle.is_none()));
    }

    #[test]
    fn perpetuals_settle_in_the_money_of_the_venue() {
        let found =
            listings(br#"{"universe":[{"name":"kPEPE"},{"name":"LOOM","isDelisted":true}]}"#).unwrap();
        let told: Vec<_> = found.iter().map(|one| (one.id.as_str(), one.board, one.settle.clone())).collect();
        let settle = Some(Asset::from("USDC"));
        assert_eq!(told, [("kPEPE", Board::Contract, settle.clone()), ("LOOM", Board::Contract, settle)]);
    }

    #[test]
    fn a_list_that_is_not_as_documented_is_refused() {
        let wrong = |endpoint, field| Err(VenueError::Permanent(Refusal::Answer { endpoint, field }));
        for (body, expected) in [
            ("{}", wrong(PERPS, "universe")),
            (r#"{"universe":[{}]}"#, wrong(PERPS, "name")),
            (r#"{"tokens":[],"universe":[{"name":"@1","tokens":[1,0]}]}"#, wrong(SPOT, "tokens")),
            (
                r#"{"tokens":[{"name":"A","index":1}],"universe":[{"name":"@1","tokens":[1]}]}"#,
                wrong(SPOT, "tokens"),
            ),
            (r#"{"tokens":[{"index":1}],"universe":[]}"#, wrong(SPOT, "name")),
        ] {
            assert_eq!(listings(body.as_bytes()), expected, "{body}");
        }
        assert_eq!(
            listings(b"[]").unwrap_err(),
            VenueError::Permanent(Refusal::Answer { endpoint: PERPS, field: "the answer" })
        );
    }
}
