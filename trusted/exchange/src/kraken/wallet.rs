//! What came in, went out, and was booked on a spot account.

use super::{assets, entries, is_wanted, result};
use crate::VenueError;
use crate::dialect::{Asked, Booking, Crossing, Need, Row, Said, Shift, Status, Unit};
use ledger::{Asset, Decimal};

/// Reads `POST /0/private/DepositStatus` and `WithdrawStatus`: a list, or with a cursor a page of one. A withdrawal's
/// amount is what arrives; its fee comes on top.
///
/// ```json
/// {"error":[],"result":[{"method":"Ether","aclass":"currency","asset":"XETH","refid":"A2BF34S-O7LBNQ-UE4Y4O",
///  "txid":"0x288b…","info":"0x7cb2…","amount":"9.9950000000","fee":"0.0050000000","time":1530481750,
///  "status":"Success","status-prop":"on-hold","key":"wallet","network":"Ethereum"}]}
/// ```
pub(super) fn crossings(asked: Asked<'_>, body: &[u8]) -> Result<Said, VenueError> {
    let incoming = asked.need == Need::Deposits;
    let (at, page) = if incoming { ("DepositStatus", "deposits") } else { ("WithdrawStatus", "withdrawals") };
    let told = result(at, body)?;
    let rows = match told.row() {
        Ok(paged) => match (paged.maybe(page), paged.maybe("deposit")) {
            (Some(rows), _) | (None, Some(rows)) => rows.rows()?,
            (None, None) => return Err(paged.wrong(page)),
        },
        Err(_) => told.rows()?,
    };
    let mut crossings = Vec::with_capacity(rows.len());
    for row in rows {
        let asset = assets::unified(&row.text("asset")?);
        if !is_wanted(asked, &asset) {
            continue;
        }
        // A deposit without a fee had none; of a withdrawal it is not known yet.
        let fee = row.maybe_decimal("fee")?.or(incoming.then_some(Decimal::ZERO));
        crossings.push(Crossing {
            id: row.maybe_string("refid")?,
            transaction: row.maybe_string("txid")?,
            incoming,
            amount: row.decimal("amount")?,
            status: status(&row)?,
            time: row.time("time", Unit::Seconds)?,
            address: row.maybe_string("info")?,
            tag: None,
            network: row.maybe_text("network")?.map(|network| chain(&network).to_owned()),
            internal: None,
            fee: fee.map(|fee| (asset.clone(), fee)),
            asset,
        });
    }
    Ok(Said::Crossings(crossings))
}

/// `status` in the words of IFEX, and `status-prop` for what is held back. `Settled` is on its way: `Success` is the end.
fn status(row: &Row<'_>) -> Result<Status, VenueError> {
    let held = row.maybe_text("status-prop")?;
    if matches!(held.as_deref(), Some("on-hold" | "onhold" | "cancel-pending")) {
        return Ok(Status::Pending);
    }
    Ok(match &*row.text("status")? {
        "Success" | "Partial" => Status::Ok,
        "Initial" | "Pending" | "Settled" => Status::Pending,
        "Failure" => Status::Failed,
        other => Status::Other(other.to_owned()),
    })
}

/// The name that other venues have for a chain.
fn chain(network: &str) -> &str {
    match network {
        "Bitcoin" => "BTC",
        "Ethereum" => "ERC20",
        "Tron" => "TRC20",
        "Solana" => "SOL",
        "Ripple" => "XRP",
        "Litecoin" => "LTC",
        "Dogecoin" => "DOGE",
        "Stellar" => "XLM",
        "Polygon" => "MATIC",
        "Arbitrum One" => "Arbitrum",
        "Bitcoin Cash" => "BCH",
        "Cardano" => "ADA",
        "Polkadot" => "DOT",
        "Cosmos" => "ATOM",
        "Monero" => "XMR",
        "Avalanche C-Chain" => "AVAX",
        other => other,
    }
}

/// Reads deposits and withdrawals from `POST /0/private/Ledgers`, which goes back to the account's beginning; the status
/// calls do not. What is booked took effect. A deposit's fee is taken from it, a withdrawal's comes on top.
pub(super) fn booked_crossings(asked: Asked<'_>, body: &[u8]) -> Result<Said, VenueError> {
    let incoming = asked.need == Need::Deposits;
    let wanted = if incoming { "deposit" } else { "withdrawal" };
    let mut crossings = Vec::new();
    for (id, row) in ledger(body)? {
        let entry = Entry::of(&row)?;
        if entry.kind != wanted || !is_wanted(asked, &entry.asset) {
            continue;
        }
        let amount = if incoming { entry.amount.checked_sub(entry.fee) } else { Ok(entry.amount.negated()) };
        crossings.push(Crossing {
            id: Some(row.maybe_string("refid")?.unwrap_or(id)),
            transaction: None,
            incoming,
            amount: amount.map_err(|_| row.wrong("fee"))?,
            status: Status::Ok,
            time: row.time("time", Unit::Seconds)?,
            address: None,
            tag: None,
            network: None,
            internal: None,
            fee: Some((entry.asset.clone(), entry.fee)),
            asset: entry.asset,
        });
    }
    Ok(Said::Crossings(crossings))
}

/// Reads transfers from `POST /0/private/Ledgers`: `subtype` says between which wallets.
///
/// ```json
/// {"error":[],"result":{"ledger":{"L1":{"refid":"BOG5AE5","time":1688464484.1787,"type":"transfer",
///  "subtype":"spottofutures","aclass":"currency","asset":"ZUSD","amount":"-24.5000","fee":"0.0000"}},"count":1}}
/// ```
pub(super) fn transfers(asked: Asked<'_>, body: &[u8]) -> Result<Said, VenueError> {
    let mut transfers = Vec::new();
    for (id, row) in ledger(body)? {
        let entry = Entry::of(&row)?;
        if entry.kind != "transfer" || !is_wanted(asked, &entry.asset) {
            continue;
        }
        let subtype = row.maybe_text("subtype")?.unwrap_or_default();
        let (from, to) = match &*subtype {
            "spottofutures" => (Some("spot"), Some("swap")),
            "spotfromfutures" => (Some("swap"), Some("spot")),
            "spottostaking" | "stakingfromspot" => (Some("spot"), Some("staking")),
            "spotfromstaking" | "stakingtospot" => (Some("staking"), Some("spot")),
            // Airdrops and forks are booked as transfers too, from nowhere.
            _ if entry.amount.is_negative() => (Some("spot"), None),
            _ => (None, Some("spot")),
        };
        transfers.push(Shift {
            id: Some(row.maybe_string("refid")?.unwrap_or(id)),
            asset: entry.asset,
            amount: entry.amount.abs(),
            from: from.map(str::to_owned),
            to: to.map(str::to_owned),
            status: Status::Ok,
            time: row.time("time", Unit::Seconds)?,
        });
    }
    Ok(Said::Transfers(transfers))
}

/// Reads `POST /0/private/Ledgers`, entries of every type: `trade`, `deposit`, `withdrawal`, `transfer`, `margin`,
/// `rollover`, `settled`, `spend`, `receive`, `staking`, `earn`, `reward`, `dividend`, `adjustment`, `sale`, `credit`, and
/// what comes after them. The balance changes by `amount` less `fee`; `refid` is a trade's id, or one that the sides of a
/// conversion share.
///
/// ```json
/// {"error":[],"result":{"ledger":{"L4UESK-KG3EQ-UFO4T5":{"refid":"TJKLXF-PGMUI-4NTLXU","time":1688464484.1787,
///  "type":"trade","subtype":"","aclass":"currency","asset":"ZGBP","amount":"-24.5000","fee":"0.0490",
///  "balance":"459567.9171"}},"count":2}}
/// ```
pub(super) fn bookings(asked: Asked<'_>, body: &[u8]) -> Result<Said, VenueError> {
    let mut bookings = Vec::new();
    for (id, row) in ledger(body)? {
        let Entry { kind, asset, amount, fee } = Entry::of(&row)?;
        if !is_wanted(asked, &asset) {
            continue;
        }
        let subtype = row.maybe_text("subtype")?.unwrap_or_default();
        bookings.push(Booking {
            id,
            own: Some(format!("{kind}/{subtype}")),
            kind: match &*kind {
                "deposit" | "withdrawal" => "transaction".to_owned(),
                _ => kind,
            },
            change: amount,
            time: row.maybe_time("time", Unit::Seconds)?,
            symbol: None,
            reference: row.maybe_string("refid")?,
            fee: Some((asset.clone(), fee)),
            asset,
        });
    }
    Ok(Said::Ledger(bookings))
}

fn ledger(body: &[u8]) -> Result<Vec<(String, Row<'_>)>, VenueError> {
    entries(result("Ledgers", body)?.row()?.cell("ledger")?)
}

/// What each entry of the ledger has.
struct Entry {
    kind: String,
    asset: Asset,
    amount: Decimal,
    fee: Decimal,
}

impl Entry {
    fn of(row: &Row<'_>) -> Result<Self, VenueError> {
        Ok(Self {
            kind: row.string("type")?,
            asset: assets::unified(&row.text("asset")?),
            amount: row.decimal("amount")?,
            fee: row.maybe_decimal("fee")?.unwrap_or_default(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(need: Need, path: &'static str) -> Asked<'static> {
        Asked { need, market: "spot", path, symbol: None, currency: None, account: None }
    }

    const LEDGER: &str = r#"{"error":[],"result":{"ledger":{
        "LA":{"refid":"R1","time":1688464484.1787,"type":"deposit","subtype":"","asset":"ZEUR","amount":"100","fee":"1"},
        "LB":{"refid":"R2","time":1688464485,"type":"withdrawal","asset":"XXBT","amount":"-0.5","fee":"0.0002"},
        "LC":{"refid":"R3","time":1688464486,"type":"transfer","subtype":"spottofutures","asset":"USDT","amount":"-7","fee":"0"},
        "LD":{"refid":"R4","time":1688464487,"type":"transfer","subtype":"","asset":"BSV","amount":"0.0007546220","fee":"0"},
        "LE":{"refid":"R5","time":1688464488,"type":"rollover","asset":"ZUSD","amount":"0","fee":"0.0012"},
        "LF":{"refid":"R6","time":1688464489,"type":"earn","subtype":"reward","asset":"DOT.S","amount":"1E-10","fee":"0"}},
        "count":6}}"#;

    #[test]
    fn entries_of_each_type_are_booked() {
        let asked = asked(Need::Ledger, "/0/private/Ledgers");
        let Said::Ledger(bookings) = bookings(asked, LEDGER.as_bytes()).unwrap() else { panic!() };
        let told: Vec<_> = bookings
            .iter()
            .map(|row| format!("{} {} {} {}", row.id, row.kind, row.asset, row.change))
            .collect();
        assert_eq!(
            told,
            [
                "LA transaction EUR 100",
                "LB transaction BTC -0.5",
                "LC transfer USDT -7",
                "LD transfer BSV 0.000754622",
                "LE rollover USD 0",
                "LF earn DOT.S 0.0000000001",
            ]
        );
        assert_eq!(bookings[4].fee.as_ref().unwrap().1.to_string(), "0.0012");
    }

    #[test]
    fn crossings_and_transfers_are_found_in_the_ledger() {
        let path = "/0/private/Ledgers";
        let crossing = |need| match booked_crossings(asked(need, path), LEDGER.as_bytes()).unwrap() {
            Said::Crossings(mut rows) => rows.remove(0),
            other => panic!("{other:?}"),
        };
        let deposit = crossing(Need::Deposits);
        assert_eq!((deposit.amount.to_string(), deposit.asset.as_str()), ("99".to_owned(), "EUR"));
        let withdrawal = crossing(Need::Withdrawals);
        assert_eq!(withdrawal.amount.to_string(), "0.5");
        assert_eq!(withdrawal.fee.unwrap().1.to_string(), "0.0002");
        let Said::Transfers(rows) = transfers(asked(Need::Transfers, path), LEDGER.as_bytes()).unwrap()
        else {
            panic!()
        };
        let ends: Vec<_> = rows.iter().map(|row| (row.from.as_deref(), row.to.as_deref())).collect();
        assert_eq!(ends, [(Some("spot"), Some("swap")), (None, Some("spot"))]);
    }

    #[test]
    fn pages_with_a_cursor_and_statuses_that_hold_back_are_read() {
        let body = r#"{"error":[],"result":{"withdrawals":[
            {"asset":"USDT","refid":"B","txid":null,"info":"T","amount":"1996.5","fee":"2.5","time":1669126657,
             "status":"Success","status-prop":"cancel-pending","network":"Tron"},
            {"asset":"USDT","refid":"C","amount":"1","time":1669126657,"status":"Rejected"}],"next_cursor":"Hg=="}}"#;
        let asked = asked(Need::Withdrawals, "/0/private/WithdrawStatus");
        let Said::Crossings(rows) = crossings(asked, body.as_bytes()).unwrap() else { panic!() };
        assert_eq!((&rows[0].status, rows[0].network.as_deref()), (&Status::Pending, Some("TRC20")));
        assert_eq!((&rows[1].status, &rows[1].fee), (&Status::Other("Rejected".to_owned()), &None));
        let only = Asked { currency: Some("XBT"), ..asked };
        assert_eq!(crossings(only, body.as_bytes()), Ok(Said::Crossings(Vec::new())));
    }
}
