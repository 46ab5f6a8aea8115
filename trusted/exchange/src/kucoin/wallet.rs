//! Balances, deposits and withdrawals.

use super::envelope::{asset, data, either, instant, rows};
use crate::{
    Asked, Crossing, Holding, Status, VenueError,
    dialect::{Row, one_each, wrong},
};
use ledger::{Asset, Decimal};

const BALANCES: &str = "/api/v1/accounts";
const DEPOSITS: &str = "/api/v1/deposits";
const WITHDRAWALS: &str = "/api/v1/withdrawals";

/// Reads the balances of all kinds of accounts. One currency may be in several of them: then they are added up.
///
/// ```json
/// {"code":"200000","data":[{"id":"5bd6…","currency":"BTC","type":"trade","balance":"2","available":"1.5","holds":"0.5"}]}
/// {"code":"200000","data":{"accountEquity":99.89,"unrealisedPNL":0,"availableBalance":99.89,"currency":"XBT"}}
/// {"code":"200000","data":{"debtRatio":"0","accounts":[{"currency":"USDT","total":"5","available":"5","hold":"0",
///  "liability":"0"}]}}
/// {"code":"200000","data":{"assets":[{"symbol":"BTC-USDT","baseAsset":{"currency":"BTC","total":"0","available":"0",
///  "hold":"0","liability":"0","interest":"0"},"quoteAsset":{}}]}}
/// {"code":"200000","data":{"ts":1768216134336,"accounts":[{"accountSubtype":"","currencies":[{"currency":"USDT",
///  "hold":"0","available":"5","equity":"5","liability":"0"}]}]}}
/// ```
pub(super) fn balances(body: &[u8], asked: Asked<'_>) -> Result<Vec<Holding>, VenueError> {
    let told = data(BALANCES, body)?;
    let held = match told.rows() {
        Ok(rows) => of_type(&rows, asked.market)?.into_iter().map(holding).collect(),
        Err(_) => other(&told.row()?),
    };
    one_each(held?).ok_or_else(|| wrong(BALANCES, "balance"))
}

/// Of which type rows are is asked for; without that, the market tells which are meant.
fn of_type<'a, 'b>(rows: &'b [Row<'a>], market: &str) -> Result<Vec<&'b Row<'a>>, VenueError> {
    let wanted = match market {
        "spot" => "trade",
        "spot-hf" => "trade_hf",
        "margin" => "margin",
        "main" | "funding" => "main",
        _ => return Ok(rows.iter().collect()),
    };
    let types = rows.iter().map(|row| row.maybe_string("type")).collect::<Result<Vec<_>, _>>()?;
    let mixed = types.windows(2).any(|pair| pair.first() != pair.last());
    let meant = rows.iter().zip(&types).filter(|(_, kind)| !mixed || kind.as_deref() == Some(wanted));
    Ok(meant.map(|(row, _)| row).collect())
}

fn other(told: &Row<'_>) -> Result<Vec<Holding>, VenueError> {
    if let Some(pairs) = told.maybe("assets") {
        let mut held = Vec::new();
        for pair in pairs.rows()? {
            held.push(holding(&pair.row("baseAsset")?)?);
            held.push(holding(&pair.row("quoteAsset")?)?);
        }
        return Ok(held);
    }
    let Some(accounts) = told.maybe("accounts") else {
        return Ok(vec![Holding {
            asset: asset(&told.text("currency")?),
            free: Some(told.decimal("availableBalance")?),
            used: None,
            total: Some(told.decimal("accountEquity")?),
            debt: None,
        }]);
    };
    let mut held = Vec::new();
    for account in accounts.rows()? {
        match account.maybe("currencies") {
            Some(currencies) => {
                for row in currencies.rows()? {
                    held.push(holding(&row)?);
                }
            }
            None => held.push(holding(&account)?),
        }
    }
    Ok(held)
}

fn holding(row: &Row<'_>) -> Result<Holding, VenueError> {
    let number = |names: &[&'static str]| {
        names.iter().find_map(|name| row.maybe(name)).map_or(Ok(None), |cell| cell.maybe_decimal())
    };
    let (free, used) =
        (number(&["available", "availableBalance"])?, number(&["hold", "holds", "holdBalance"])?);
    let total = number(&["total", "totalBalance", "balance", "equity"])?;
    if free.is_none() && total.is_none() {
        return Err(row.wrong("available"));
    }
    let debt = match (number(&["liability"])?, number(&["interest"])?) {
        (Some(debt), Some(interest)) => Some(sum(debt, interest)?),
        (debt, interest) => debt.or(interest),
    };
    Ok(Holding { asset: asset(&row.text("currency")?), free, used, total, debt })
}

fn sum(a: Decimal, b: Decimal) -> Result<Decimal, VenueError> {
    a.checked_add(b).map_err(|_| wrong(BALANCES, "balance"))
}

/// Reads deposits, which have no id, or withdrawals; before 2019 in seconds, and with the address within the transaction.
///
/// ```json
/// {"code":"200000","data":{"items":[{"id":"63564dbbd17bef00019371fb","currency":"XRP","chain":"xrp","status":"SUCCESS",
///  "address":"rNFu…","memo":"1919537769","isInner":false,"amount":"20.50000000","fee":"0.50000000","walletTxId":"2C24…",
///  "createdAt":1666600379000,"updatedAt":1666600511000,"remark":"test"}]}}
/// {"code":"200000","data":{"items":[{"currency":"BTC","createAt":1528536998,"amount":"0.03266638",
///  "walletTxId":"55c6…@12ffGWmMMD1zA1WbFm7Ho3JZ1w6NYXjpFk@234","isInner":false,"status":"SUCCESS"}]}}
/// ```
pub(super) fn crossings(body: &[u8], incoming: bool) -> Result<Vec<Crossing>, VenueError> {
    let endpoint = if incoming { DEPOSITS } else { WITHDRAWALS };
    rows(endpoint, body)?.iter().map(|row| crossing(row, incoming)).collect()
}

fn crossing(row: &Row<'_>, incoming: bool) -> Result<Crossing, VenueError> {
    let asset = asset(&row.text("currency")?);
    let told = row.maybe_string("walletTxId")?;
    let mut parts = told.as_deref().unwrap_or_default().split('@');
    let (transaction, to) = (parts.next().filter(|id| !id.is_empty()), parts.next());
    let address = row.maybe_string("address")?.or_else(|| to.filter(|to| to.len() > 1).map(str::to_owned));
    let fee = row.maybe_decimal("fee")?;
    Ok(Crossing {
        id: row.maybe_string("id")?,
        transaction: transaction.map(str::to_owned),
        incoming,
        amount: row.decimal("amount")?,
        status: status(&row.text("status")?),
        time: instant(either(row, &["createdAt", "createAt"])?)?,
        address,
        tag: row.maybe_string("memo")?,
        network: row.maybe_text("chain")?.map(|chain| network(&chain, &asset)),
        internal: row.maybe_flag("isInner")?,
        fee: fee.map(|fee| (asset.clone(), fee)),
        asset,
    })
}

fn status(word: &str) -> Status {
    match word {
        "SUCCESS" => Status::Ok,
        "PROCESSING" | "WALLET_PROCESSING" => Status::Pending,
        "FAILURE" => Status::Failed,
        other => Status::Other(other.to_owned()),
    }
}

/// Chains by the names that all venues' are compared by.
fn network(chain: &str, asset: &Asset) -> String {
    match (chain, asset.as_str()) {
        ("eth", "ETH") => "ETH",
        ("eth", _) => "ERC20",
        ("trx", "TRX") => "TRX",
        ("trx", _) => "TRC20",
        ("bsc", _) => "BEP20",
        ("bnb", _) => "BEP2",
        ("heco", _) => "HRC20",
        ("arbitrum", _) => "ARBITRUM",
        ("optimism", _) => "OP",
        ("avax", _) => "AVAXX",
        ("aptos", _) => "APT",
        ("bech32", _) => "BTCNATIVESEGWIT",
        ("bchsv", _) => "BSV",
        ("bchabc", _) => "BCHA",
        ("waxp", _) => "WAX",
        ("iotx", _) => "IOTEX",
        ("oas", _) => "OASYS",
        ("kai", _) => "KARDIA",
        (other, _) => return other.to_ascii_uppercase(),
    }
    .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Need;

    fn held(data: &str, market: &'static str) -> Vec<Holding> {
        let asked =
            Asked { need: Need::Balances, market, path: "", symbol: None, currency: None, account: None };
        balances(format!("{{\"code\":\"200000\",\"data\":{data}}}").as_bytes(), asked).unwrap()
    }

    fn number(text: &str) -> Option<Decimal> {
        Some(text.parse().unwrap())
    }

    #[test]
    fn accounts_of_several_types_are_told_apart_or_added_up() {
        let rows = "[{\"currency\":\"BTC\",\"type\":\"main\",\"balance\":\"2\",\"available\":\"2\",\"holds\":\"0\"},\
                    {\"currency\":\"BTC\",\"type\":\"trade\",\"balance\":\"3\",\"available\":\"1\",\"holds\":\"2\"}]";
        assert_eq!(held(rows, "spot")[0].total, number("3"));
        assert_eq!(held(rows, "main")[0].total, number("2"));
        let all = held(rows, "all");
        assert_eq!((all.len(), all[0].total, all[0].used), (1, number("5"), number("2")));
        assert_eq!(held(&rows.replace("main", "trade"), "margin")[0].total, number("5"), "as asked for");
    }

    #[test]
    fn what_is_owed_holds_its_interest() {
        let isolated = "{\"assets\":[{\"symbol\":\"BTC-USDT\",\"baseAsset\":{\"currency\":\"BTC\",\"total\":\"1\",\
             \"available\":\"1\",\"hold\":\"0\",\"liability\":\"0.4\",\"interest\":\"0.1\"},\
             \"quoteAsset\":{\"currency\":\"USDT\",\"total\":\"0\",\"available\":\"0\",\"hold\":\"0\"}}]}";
        let rows = held(isolated, "isolated");
        assert_eq!((rows[0].debt, rows[1].debt), (number("0.5"), None));
        let cross = "{\"accounts\":[{\"currency\":\"USDT\",\"totalBalance\":\"5\",\"availableBalance\":\"4\",\
                     \"holdBalance\":\"1\",\"liability\":\"2\"}]}";
        assert_eq!(held(cross, "margin")[0].debt, number("2"));
        let unified = "{\"ts\":1,\"accounts\":[{\"currencies\":[{\"currency\":\"USDT\",\"equity\":\"5\",\
                       \"available\":\"4\",\"hold\":\"1\"}]}]}";
        assert_eq!(held(unified, "unified")[0].total, number("5"));
    }

    #[test]
    fn deposits_of_before_2019_hide_their_address() {
        let body = "{\"data\":{\"items\":[{\"currency\":\"USDT\",\"chain\":\"eth\",\"createAt\":1528536998,\
                    \"amount\":\"0.03266638\",\"walletTxId\":\"55c6@12ff@234\",\"isInner\":true,\
                    \"status\":\"WALLET_PROCESSING\"}]}}";
        let row = crossings(body.as_bytes(), true).unwrap().remove(0);
        assert_eq!((row.transaction.as_deref(), row.address.as_deref()), (Some("55c6"), Some("12ff")));
        assert_eq!((row.time.millis(), row.status, row.fee), (1_528_536_998_000, Status::Pending, None));
        assert_eq!((row.network.as_deref(), row.internal), (Some("ERC20"), Some(true)));
        assert!(crossings(b"{\"data\":{\"items\":[{\"currency\":\"BTC\"}]}}", false).is_err());
    }
}
