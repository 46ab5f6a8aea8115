//! An amount with its currency: `{"amount":"10.00","currency":"USD"}` in v2, `{"value":"1.23","currency":"BTC"}` in v3.

use crate::VenueError;
use crate::dialect::Row;
use ledger::{Asset, Decimal};

/// Our name of a currency: Celo has its old ticker here.
pub(super) fn asset(native: &str) -> Asset {
    Asset::from(if native == "CGLD" { "CELO" } else { native })
}

/// That of a field.
pub(super) fn money(row: &Row<'_>, field: &'static str) -> Result<(Asset, Decimal), VenueError> {
    maybe_money(row, field)?.ok_or_else(|| row.wrong(field))
}

/// That of a field, if it is there.
pub(super) fn maybe_money(
    row: &Row<'_>,
    field: &'static str,
) -> Result<Option<(Asset, Decimal)>, VenueError> {
    let Some(cell) = row.maybe(field) else { return Ok(None) };
    let money = cell.row()?;
    let amount = match money.maybe_decimal("amount")? {
        Some(amount) => amount,
        None => money.decimal("value")?,
    };
    Ok(Some((asset(&money.text("currency")?), amount)))
}
