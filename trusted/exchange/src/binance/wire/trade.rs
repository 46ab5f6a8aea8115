//! Fills.

use super::Text;
use serde::Deserialize;

/// A row of `GET /api/v3/myTrades`. `id` is unique within the symbol.
///
/// ```json
/// {"symbol":"BNBBTC","id":28457,"orderId":100234,"orderListId":-1,"price":"4.00000100","qty":"12.00000000",
///  "quoteQty":"48.000012","commission":"10.10000000","commissionAsset":"BNB","time":1499865549590,
///  "isBuyer":true,"isMaker":false,"isBestMatch":true}
/// ```
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MyTrade<'a> {
    #[serde(borrow)]
    pub(crate) symbol: Text<'a>,
    #[serde(borrow)]
    pub(crate) id: Text<'a>,
    #[serde(borrow)]
    pub(crate) order_id: Text<'a>,
    #[serde(borrow)]
    pub(crate) price: Text<'a>,
    #[serde(borrow)]
    pub(crate) qty: Text<'a>,
    /// What was really paid: rounded, where price × quantity has too many decimals.
    #[serde(borrow)]
    pub(crate) quote_qty: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) commission: Text<'a>,
    #[serde(borrow)]
    pub(crate) commission_asset: Text<'a>,
    #[serde(borrow)]
    pub(crate) time: Text<'a>,
    pub(crate) is_buyer: bool,
    pub(crate) is_maker: bool,
}
