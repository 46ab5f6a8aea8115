//! What the wallets of `/v2` book: transactions of every type, and deposits and withdrawals of money.

use super::money::{maybe_money, money};
use crate::VenueError;
use crate::dialect::{Asked, Board, Booking, Cell, Crossing, Need, Row, Said, Shift, Status};
use ledger::{Asset, Decimal};

/// Reads `GET /v2/accounts/{account_id}/transactions`. Types are `buy`, `sell`, `send`, `receive`, `request`, `transfer`,
/// `trade`, `advanced_trade_fill`, `fiat_deposit`, `fiat_withdrawal`, `pro_deposit`, `staking_reward`, `interest`,
/// `earn_payout`, `cardspend`, `unwrap_asset`, … and what comes after them, told as they are, with their status: what is
/// pending or failed is listed too.
///
/// ```json
/// {"pagination":{"next_uri":null},"data":[{"id":"57ff…","type":"send","status":"completed",
///  "amount":{"amount":"-0.00100000","currency":"BTC"},"native_amount":{"amount":"-0.01","currency":"USD"},
///  "created_at":"2015-03-11T13:13:35-07:00","resource":"transaction",
///  "network":{"status":"confirmed","hash":"4633…","transaction_fee":{"amount":"0.00010","currency":"BTC"}}}]}
/// ```
pub(super) fn bookings(asked: Asked<'_>, body: &[u8]) -> Result<Said, VenueError> {
    let mut bookings = Vec::new();
    for row in data("transactions", body)? {
        let (asset, change) = money(&row, "amount")?;
        if !is_wanted(asked, &asset) {
            continue;
        }
        let network = row.maybe("network").map(Cell::row).transpose()?;
        let fee = network.map_or(Ok(None), |network| maybe_money(&network, "transaction_fee"))?;
        let own = row.string("type")?;
        bookings.push(Booking {
            own: Some(format!("{own}/{}", row.maybe_text("status")?.as_deref().unwrap_or("completed"))),
            id: row.string("id")?,
            symbol: nested(&row, "advanced_trade_fill", "product_id")?.map(|product| (product, Board::Spot)),
            reference: reference(&row)?,
            kind: kind(&own).to_owned(),
            asset,
            change,
            time: row.maybe("created_at").map_or(Ok(None), Cell::maybe_date)?,
            fee,
        });
    }
    Ok(Said::Ledger(bookings))
}

fn data<'a>(endpoint: &'static str, body: &'a [u8]) -> Result<Vec<Row<'a>>, VenueError> {
    let told = Cell::whole(endpoint, body)?.row()?.cell("data")?;
    // One transaction is shown by itself.
    match told.rows() {
        Ok(rows) => Ok(rows),
        Err(_) => Ok(vec![told.row()?]),
    }
}

fn is_wanted(asked: Asked<'_>, asset: &Asset) -> bool {
    asked.currency.is_none_or(|currency| currency == asset.as_str())
}

/// `advanced_trade_fill.product_id` and such.
fn nested(row: &Row<'_>, object: &'static str, field: &'static str) -> Result<Option<String>, VenueError> {
    row.maybe(object).map_or(Ok(None), |cell| cell.row()?.maybe_string(field))
}

/// What else a booking belongs to: the order of a fill, the id that both sides of a conversion or purchase share, or the
/// transaction on its chain.
fn reference(row: &Row<'_>) -> Result<Option<String>, VenueError> {
    for (object, field) in [
        ("advanced_trade_fill", "order_id"),
        ("trade", "id"),
        ("buy", "id"),
        ("sell", "id"),
        ("fiat_deposit", "id"),
        ("network", "hash"),
    ] {
        if let Some(found) = nested(row, object, field)? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// Buying and selling is trade; what crosses the border of the account, to a chain, a bank or another of Coinbase's
/// venues, is a transaction.
fn kind(own: &str) -> &str {
    match own {
        "buy" | "sell" => "trade",
        "send"
        | "receive"
        | "fiat_deposit"
        | "fiat_withdrawal"
        | "exchange_deposit"
        | "exchange_withdrawal"
        | "pro_deposit"
        | "pro_withdrawal" => "transaction",
        other => other,
    }
}

/// Types that cross the border; the sign says which way.
const CROSSING: [&str; 11] = [
    "send",
    "receive",
    "fiat_deposit",
    "fiat_withdrawal",
    "exchange_deposit",
    "exchange_withdrawal",
    "pro_deposit",
    "pro_withdrawal",
    "intx_deposit",
    "intx_withdrawal",
    "onchain_send",
];

/// Reads `GET /v2/accounts/{account_id}/deposits` and `/withdrawals`, and what crosses among the transactions. `subtotal` is
/// what is moved with the fee; `amount` is what arrives.
///
/// ```json
/// {"pagination":{"next_uri":null},"data":[{"id":"67e0…","status":"completed","amount":{"amount":"10.00","currency":"USD"},
///  "subtotal":{"amount":"10.00","currency":"USD"},"created_at":"2015-01-31T20:49:02Z","resource":"withdrawal",
///  "committed":true,"fee":{"amount":"0.00","currency":"USD"},"payout_at":"2015-02-18T16:54:00-08:00"}]}
/// ```
pub(super) fn crossings(asked: Asked<'_>, body: &[u8]) -> Result<Said, VenueError> {
    let wanted = asked.need == Need::Deposits;
    let mut crossings = Vec::new();
    for row in data("deposits", body)? {
        let (asset, amount) = money(&row, "amount")?;
        let of_chain = match row.maybe_text("resource")?.as_deref() {
            Some("deposit" | "withdrawal") | None => false,
            Some(_) => true,
        };
        let own = row.maybe_text("type")?.unwrap_or_default();
        let incoming = if of_chain { !amount.is_negative() } else { wanted };
        if !is_wanted(asked, &asset) || incoming != wanted || (of_chain && !CROSSING.contains(&&*own)) {
            continue;
        }
        crossings.push(if of_chain {
            on_chain(&row, asset, amount)?
        } else {
            of_money(&row, incoming, asset, amount)?
        });
    }
    Ok(Said::Crossings(crossings))
}

fn of_money(row: &Row<'_>, incoming: bool, asset: Asset, amount: Decimal) -> Result<Crossing, VenueError> {
    let id = row.string("id")?;
    Ok(Crossing {
        transaction: Some(id.clone()),
        id: Some(id),
        incoming,
        asset,
        amount: amount.abs(),
        status: status(row)?,
        time: row.date("created_at")?,
        address: None,
        tag: None,
        network: None,
        internal: None,
        fee: maybe_money(row, "fee")?,
    })
}

/// A transaction that crosses. What is sent is told with the chain's fee, if that is known.
fn on_chain(row: &Row<'_>, asset: Asset, amount: Decimal) -> Result<Crossing, VenueError> {
    let (id, incoming) = (row.string("id")?, !amount.is_negative());
    let network = row.maybe("network").map(Cell::row).transpose()?;
    let of_network = |field| network.as_ref().map_or(Ok(None), |network| network.maybe_string(field));
    let sum = |field| network.as_ref().map_or(Ok(None), |network| maybe_money(network, field));
    let (sent, fee) = (sum("transaction_amount")?, sum("transaction_fee")?);
    let arrives = match (sent, &fee) {
        (Some((_, sent)), _) => sent.abs(),
        (None, Some((of, fee))) if !incoming && *of == asset => {
            amount.abs().checked_sub(*fee).map_err(|_| row.wrong("network"))?
        }
        (None, _) => amount.abs(),
    };
    Ok(Crossing {
        transaction: Some(of_network("hash")?.unwrap_or_else(|| id.clone())),
        id: Some(id),
        incoming,
        asset,
        amount: arrives,
        status: status(row)?,
        time: row.date("created_at")?,
        address: nested(row, "to", "address")?,
        tag: None,
        network: of_network("network_name")?
            .map(|name| if name == "ethereum" { "ERC20".to_owned() } else { name }),
        internal: of_network("status")?.map(|status| status == "off_blockchain"),
        fee,
    })
}

/// `status`; without one, `committed` says as much.
fn status(row: &Row<'_>) -> Result<Status, VenueError> {
    Ok(match row.maybe_text("status")?.as_deref() {
        Some("completed") => Status::Ok,
        Some("created" | "pending") => Status::Pending,
        Some("failed") => Status::Failed,
        Some("canceled") => Status::Canceled,
        Some(other) => Status::Other(other.to_owned()),
        None if row.maybe_flag("committed")?.unwrap_or(false) => Status::Ok,
        None => Status::Pending,
    })
}

/// Reads transfers between accounts of the user out of the transactions; the other account is told by its id.
pub(super) fn transfers(body: &[u8]) -> Result<Said, VenueError> {
    let mut transfers = Vec::new();
    for row in data("transactions", body)? {
        if !matches!(&*row.text("type")?, "transfer" | "vault_withdrawal") {
            continue;
        }
        let (asset, amount) = money(&row, "amount")?;
        transfers.push(Shift {
            id: Some(row.string("id")?),
            asset,
            amount: amount.abs(),
            from: nested(&row, "from", "id")?,
            to: nested(&row, "to", "id")?,
            status: status(&row)?,
            time: row.date("created_at")?,
        });
    }
    Ok(Said::Transfers(transfers))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::wrong;

    fn asked(need: Need) -> Asked<'static> {
        Asked { need, market: "wallet", path: "", symbol: None, currency: None, account: None }
    }

    const TRANSACTIONS: &str = r#"{"pagination":{"next_uri":null},"data":[
        {"id":"1","type":"advanced_trade_fill","status":"completed","amount":{"amount":"0.5","currency":"BTC"},
         "created_at":"2024-03-29T15:48:30Z","resource":"transaction",
         "advanced_trade_fill":{"fill_price":"1","product_id":"BTC-USD","order_id":"o","commission":"0.1","order_side":"buy"}},
        {"id":"2","type":"trade","status":"completed","amount":{"amount":"-1e-3","currency":"BTC"},
         "created_at":"2024-03-29T15:48:30Z","resource":"transaction","trade":{"id":"t","fee":{"amount":"0","currency":"USD"}}},
        {"id":"3","type":"send","status":"completed","amount":{"amount":"-0.0011","currency":"BTC"},
         "created_at":"2024-03-29T15:48:30Z","resource":"transaction","to":{"address":"bc1q","resource":"address"},
         "network":{"status":"confirmed","hash":"h","network_name":"bitcoin",
         "transaction_fee":{"amount":"0.0001","currency":"BTC"}}},
        {"id":"4","type":"send","status":"pending","amount":{"amount":"2","currency":"BTC"},
         "created_at":"2024-03-29T15:48:30Z","resource":"transaction","network":{"status":"off_blockchain"}},
        {"id":"5","type":"staking_reward","status":"completed","amount":{"amount":"0.01","currency":"BTC"},
         "created_at":"2024-03-29T15:48:30Z","resource":"transaction"},
        {"id":"6","type":"transfer","status":"completed","amount":{"amount":"-5","currency":"BTC"},
         "created_at":"2024-03-29T15:48:30Z","resource":"transaction","to":{"id":"other","resource":"account"}}]}"#;

    #[test]
    fn transactions_of_each_type_are_booked() {
        let Said::Ledger(rows) = bookings(asked(Need::Ledger), TRANSACTIONS.as_bytes()).unwrap() else {
            panic!()
        };
        let told: Vec<_> = rows
            .iter()
            .map(|row| format!("{} {} {} {:?}", row.id, row.kind, row.change, row.reference))
            .collect();
        assert_eq!(
            told,
            [
                "1 advanced_trade_fill 0.5 Some(\"o\")",
                "2 trade -0.001 Some(\"t\")",
                "3 transaction -0.0011 Some(\"h\")",
                "4 transaction 2 None",
                "5 staking_reward 0.01 None",
                "6 transfer -5 None",
            ]
        );
        assert_eq!(rows[0].symbol, Some(("BTC-USD".to_owned(), Board::Spot)));
        assert_eq!(rows[2].fee.as_ref().unwrap().1.to_string(), "0.0001");
    }

    #[test]
    fn coins_cross_by_their_sign() {
        let of = |need| match crossings(asked(need), TRANSACTIONS.as_bytes()).unwrap() {
            Said::Crossings(rows) => rows,
            other => panic!("{other:?}"),
        };
        let out = of(Need::Withdrawals);
        assert_eq!((out.len(), out[0].amount.to_string()), (1, "0.001".to_owned()), "what arrives");
        assert_eq!((out[0].transaction.as_deref(), out[0].address.as_deref()), (Some("h"), Some("bc1q")));
        let come = of(Need::Deposits);
        assert_eq!((come.len(), &come[0].status, come[0].internal), (1, &Status::Pending, Some(true)));
        let Said::Transfers(rows) = transfers(TRANSACTIONS.as_bytes()).unwrap() else { panic!() };
        assert_eq!(
            (rows.len(), rows[0].to.as_deref(), rows[0].amount.to_string()),
            (1, Some("other"), "5".to_owned())
        );
    }

    #[test]
    fn money_that_leaves_is_told_without_its_fee() {
        let body = br#"{"data":[{"id":"cfcc","created_at":"2018-07-26T08:55:12Z","resource":"withdrawal","committed":true,
            "fee":{"amount":"0.15","currency":"EUR"},"amount":{"amount":"13130.69","currency":"EUR"},
            "subtotal":{"amount":"13130.84","currency":"EUR"}}]}"#;
        let Said::Crossings(rows) = crossings(asked(Need::Withdrawals), body).unwrap() else { panic!() };
        assert_eq!((rows[0].amount.to_string(), &rows[0].status), ("13130.69".to_owned(), &Status::Ok));
        let other = Asked { currency: Some("USD"), ..asked(Need::Withdrawals) };
        assert_eq!(crossings(other, body), Ok(Said::Crossings(Vec::new())));
        let without = br#"{"data":[{"id":"cfcc","resource":"withdrawal","amount":{"currency":"EUR"}}]}"#;
        assert_eq!(crossings(asked(Need::Withdrawals), without), Err(wrong("deposits", "value")));
    }
}
