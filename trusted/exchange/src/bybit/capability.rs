//! What is told of Bybit (EXCHANGES.md section 3).

use crate::{
    Sandbox,
    capability::{Capability, CredentialWords, RightsTold, Source, Subject::*, note, source},
};

const TWO_YEARS: &str = "two years: the venue keeps no more";
const UNIFIED: &[&str] = &["unified"];
const FUNDING: &[&str] = &["funding"];
const OPTION: &[&str] = &["option"];
/// What an account was before it became a unified one.
const CLASSIC: &[&str] = &["classic"];
const WEEK: &str = "windows of 7 days, 100 by cursor";
const LOG_WEEK: &str = "windows of 7 days with both bounds, 50 by cursor";
const MONTH: &str = "windows of 30 days, 50 by cursor";

pub(crate) static CAPABILITY: Capability = Capability {
    title: "Bybit",
    account_types: &["unified", "funding"],
    only_spoken: &["option", "classic"],
    quote_currency: "USDT",
    sandbox: Some(note(
        "the testnet (api-testnet.bybit.com); demo accounts at api-demo.bybit.com, which are others, are not read",
    )),
    sandboxes: SANDBOXES,
    credentials: CredentialWords { api_key: "the API key", secret: "its secret (HMAC)", passphrase: None },
    rights: RightsTold::Told,
    rights_words: note("read-only where the venue's flag readOnly is set"),
    sources: SOURCES,
    history: &[note("two years: Bybit tells executions and the logs of both wallets no further back")],
    cannot_see: &[
        note(
            "keys of regional sites (.eu, .nl, .tr, .kz, .ae, .id and others): they have hosts of their own",
        ),
        note(
            "withdrawals, for a key of a sub-account: the venue tells them to keys of the main account alone",
        ),
        note("options, and what is in earn products, loans and bots: what goes there is told as a transfer"),
        note("sub-accounts: each has keys of its own"),
        note("what was before the account became a unified one"),
        note("prices of coins that Bybit lists no more"),
        note("cards and P2P").unsure(),
    ],
    budgets: &[
        note("600 requests in five seconds for an address; beyond that it is shut out for ten minutes"),
        note("a limit an account and call, told in X-Bapi-Limit"),
    ],
    addresses: &[note("a key that is bound to no address expires; the venue tells when")],
};

const SANDBOXES: &[Sandbox] = &[Sandbox {
    name: "bybit/testnet",
    account_types: &["unified", "funding"],
    hosts: &[("api.bybit.com", "api-testnet.bybit.com")],
    header: None,
    lacks: None,
    tells_rights: true,
    cannot_see: &[],
}];

const SOURCES: &[Source] = &[
    source(KeyRights, "key rights", &["/v5/user/query-api"]),
    source(AccountId, "account id", &["/v5/user/query-api"]).asks("userID"),
    source(SubAccounts, "how many sub-accounts there are", &["/v5/user/query-sub-members"]),
    source(
        Fills,
        "fills of spot, linear and inverse contracts; liquidations, deleveraging and settlements too",
        &["/v5/execution/list"],
    )
    .of(UNIFIED)
    .asks("category=spot, linear, inverse")
    .reach(TWO_YEARS)
    .page(WEEK),
    source(Balances, "balances of the unified account", &["/v5/account/wallet-balance"])
        .of(UNIFIED)
        .asks("accountType=UNIFIED"),
    source(Balances, "balances of the funding wallet", &["/v5/asset/transfer/query-account-coins-balance"])
        .of(FUNDING)
        .asks("accountType=FUND"),
    source(Positions, "open contracts", &["/v5/position/list"])
        .of(UNIFIED)
        .asks("category=linear, inverse; settleCoin")
        .page("200 by cursor"),
    source(Deposits, "deposits on chain", &["/v5/asset/deposit/query-record"]).reach(TWO_YEARS).page(MONTH),
    source(Deposits, "deposits from other users", &["/v5/asset/deposit/query-internal-record"])
        .reach(TWO_YEARS)
        .page(MONTH),
    source(Withdrawals, "withdrawals, on chain and to other users", &["/v5/asset/withdraw/query-record"])
        .asks("withdrawType=2")
        .reach(TWO_YEARS)
        .page(MONTH),
    source(
        Transfers,
        "transfers, interest, bonuses and all else that the log of the funding wallet books",
        &["/v5/asset/fundinghistory"],
    )
    .of(FUNDING)
    .reach(TWO_YEARS)
    .page("windows of 7 days in whole seconds, 100 by cursor"),
    source(
        Conversions,
        "conversions, interest and all else that the log of the unified account books",
        &["/v5/account/transaction-log"],
    )
    .of(UNIFIED)
    .reach(TWO_YEARS)
    .page(LOG_WEEK),
    source(Funding, "funding of contracts", &["/v5/account/transaction-log"])
        .of(UNIFIED)
        .reach(TWO_YEARS)
        .page(LOG_WEEK),
    source(Instruments, "what trades", &["/v5/market/instruments-info"])
        .asks("category=spot, linear, inverse")
        .page("1000 by cursor"),
    source(Klines, "closes of candles", &["/v5/market/kline"])
        .asks("category=spot")
        .page("1000, newest first"),
    source(Time, "the venue's time", &["/v5/market/time"]),
    source(Fills, "executions of options", &["/v5/execution/list"])
        .of(OPTION)
        .asks("category=option")
        .reach(TWO_YEARS)
        .page(WEEK),
    source(Fills, "executions before the account became a unified one", &["/v5/pre-upgrade/execution/list"])
        .of(CLASSIC)
        .asks("category")
        .reach(TWO_YEARS)
        .page(WEEK),
    source(
        Funding,
        "bookings before the account became a unified one",
        &["/v5/account/contract-transaction-log", "/v5/pre-upgrade/account/transaction-log"],
    )
    .of(CLASSIC)
    .reach(TWO_YEARS)
    .page(LOG_WEEK),
];
