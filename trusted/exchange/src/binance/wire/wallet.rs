//! What moves balances outside the order book.

use super::Text;
use serde::Deserialize;

/// A row of `GET /sapi/v1/capital/deposit/hisrec`.
///
/// ```json
/// {"id":"769800519366885376","amount":"0.001","coin":"BNB","network":"BNB","status":1,"address":"bnb1…",
///  "txId":"98A3…","insertTime":1661493146000,"transferType":0,"walletType":0}
/// ```
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Deposit<'a> {
    #[serde(borrow)]
    pub(crate) id: Text<'a>,
    #[serde(borrow)]
    pub(crate) amount: Text<'a>,
    #[serde(borrow)]
    pub(crate) coin: Text<'a>,
    #[serde(borrow)]
    pub(crate) status: Text<'a>,
    #[serde(borrow)]
    pub(crate) insert_time: Text<'a>,
    /// Of the chain; between users of the venue, its own name of the transfer.
    #[serde(borrow)]
    pub(crate) tx_id: Option<Text<'a>>,
}

/// A row of `GET /sapi/v1/capital/withdraw/history`. `amount` is what arrives; the fee left the account too.
///
/// ```json
/// {"id":"b6ae22b3aa844210a7041aee7589627c","amount":"8.91000000","transactionFee":"0.004","coin":"USDT",
///  "status":6,"txId":"0xb5ef…","applyTime":"2019-10-12 11:12:02","network":"ETH","completeTime":"…"}
/// ```
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Withdrawal<'a> {
    #[serde(borrow)]
    pub(crate) id: Text<'a>,
    #[serde(borrow)]
    pub(crate) amount: Text<'a>,
    #[serde(borrow)]
    pub(crate) transaction_fee: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) coin: Text<'a>,
    #[serde(borrow)]
    pub(crate) status: Text<'a>,
    /// UTC.
    #[serde(borrow)]
    pub(crate) apply_time: Text<'a>,
    /// Empty until it is sent.
    #[serde(borrow)]
    pub(crate) tx_id: Option<Text<'a>>,
}

/// `GET /sapi/v1/asset/dribblet`: small balances turned into BNB, the last 100 times.
///
/// ```json
/// {"total":1,"userAssetDribblets":[{"operateTime":1615985535000,"totalTransferedAmount":"0.00044100",
///  "totalServiceChargeAmount":"0.000009","transId":45178372831,"userAssetDribbletDetails":[{"transId":4359321,
///  "serviceChargeAmount":"0.000009","amount":"0.0009","operateTime":1615985535000,
///  "transferedAmount":"0.000441","fromAsset":"USDT"}]}]}
/// ```
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Dribblets<'a> {
    #[serde(borrow, default)]
    pub(crate) user_asset_dribblets: Vec<Dribblet<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Dribblet<'a> {
    #[serde(borrow)]
    pub(crate) trans_id: Text<'a>,
    #[serde(borrow)]
    pub(crate) user_asset_dribblet_details: Vec<DribbletDetail<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DribbletDetail<'a> {
    /// Within `transferedAmount` before it was taken out.
    #[serde(borrow)]
    pub(crate) service_charge_amount: Text<'a>,
    #[serde(borrow)]
    pub(crate) amount: Text<'a>,
    #[serde(borrow)]
    pub(crate) operate_time: Text<'a>,
    /// What arrived.
    #[serde(borrow)]
    pub(crate) transfered_amount: Text<'a>,
    #[serde(borrow)]
    pub(crate) from_asset: Text<'a>,
}

/// `GET /sapi/v1/convert/tradeFlow`
///
/// ```json
/// {"list":[{"quoteId":"f3b9…","orderId":940708407462087195,"orderStatus":"SUCCESS","fromAsset":"USDT",
///  "fromAmount":"20","toAsset":"BNB","toAmount":"0.06154036","ratio":"0.00307702","inverseRatio":"324.99",
///  "createTime":1624248872184}],"startTime":1623824139000,"endTime":1626416139000,"limit":100,"moreData":false}
/// ```
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Converts<'a> {
    #[serde(borrow)]
    pub(crate) list: Vec<Convert<'a>>,
    #[serde(default)]
    pub(crate) more_data: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Convert<'a> {
    #[serde(borrow)]
    pub(crate) order_id: Text<'a>,
    #[serde(borrow)]
    pub(crate) order_status: Text<'a>,
    #[serde(borrow)]
    pub(crate) from_asset: Text<'a>,
    #[serde(borrow)]
    pub(crate) from_amount: Text<'a>,
    #[serde(borrow)]
    pub(crate) to_asset: Text<'a>,
    #[serde(borrow)]
    pub(crate) to_amount: Text<'a>,
    #[serde(borrow)]
    pub(crate) create_time: Text<'a>,
}

/// `GET /sapi/v1/asset/assetDividend`: airdrops, interest, rebates.
///
/// ```json
/// {"rows":[{"id":1637366104,"amount":"10.00000000","asset":"BHFT","divTime":1563189166000,
///  "enInfo":"BHFT distribution","tranId":2968885920,"direction":1}],"total":1}
/// ```
#[derive(Deserialize)]
pub(crate) struct Distributions<'a> {
    #[serde(borrow)]
    pub(crate) rows: Vec<Distribution<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Distribution<'a> {
    #[serde(borrow)]
    pub(crate) id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) tran_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) amount: Text<'a>,
    #[serde(borrow)]
    pub(crate) asset: Text<'a>,
    #[serde(borrow)]
    pub(crate) div_time: Text<'a>,
    /// What it was for, in words.
    #[serde(borrow)]
    pub(crate) en_info: Option<Text<'a>>,
    /// 1 came in; -1 was taken back.
    #[serde(borrow)]
    pub(crate) direction: Option<Text<'a>>,
}
