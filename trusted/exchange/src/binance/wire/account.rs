//! The venue's clock, and what the account holds.

use super::Text;
use serde::{Deserialize, de::IgnoredAny};

/// `GET /api/v3/time`
///
/// ```json
/// {"serverTime":1499827319559}
/// ```
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ServerTime<'a> {
    #[serde(borrow)]
    pub(crate) server_time: Text<'a>,
}

/// `GET /api/v3/account`. Its `canTrade` and `canWithdraw` speak of the account, never of the key: not read.
///
/// ```json
/// {"canTrade":true,"updateTime":123456789,"accountType":"SPOT","uid":354937868,
///  "balances":[{"asset":"BTC","free":"4723846.89208129","locked":"0.00000000"}]}
/// ```
#[derive(Deserialize)]
pub(crate) struct Account<'a> {
    #[serde(borrow)]
    pub(crate) balances: Vec<Balance<'a>>,
    #[serde(borrow)]
    pub(crate) uid: Option<Text<'a>>,
}

#[derive(Deserialize)]
pub(crate) struct Balance<'a> {
    #[serde(borrow)]
    pub(crate) asset: Text<'a>,
    #[serde(borrow)]
    pub(crate) free: Text<'a>,
    #[serde(borrow)]
    pub(crate) locked: Text<'a>,
}

/// `GET /sapi/v1/sub-account/list`. How many rows there are is all that is read.
///
/// ```json
/// {"subAccounts":[{"email":"testsub@gmail.com","isFreeze":false,"createTime":1544433328000,"isManagedSubAccount":false}]}
/// ```
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SubAccounts {
    pub(crate) sub_accounts: Vec<IgnoredAny>,
}
