//! What is told of KuCoin (EXCHANGES.md section 7).

use crate::capability::{Capability, CredentialWords, RightsTold, Source, Subject::*, note, source};

const SPOT: &[&str] = &["spot"];
const MARGIN: &[&str] = &["margin"];
const FUTURES: &[&str] = &["futures"];
const UNIFIED: &[&str] = &["unified"];
const WALLET: &[&str] = &["wallet"];
const BEFORE: &str = "before 2019 by the calls with hist-";

pub(crate) static CAPABILITY: Capability = Capability {
    title: "KuCoin",
    account_types: &[],
    only_spoken: &["spot", "margin", "futures", "unified", "wallet"],
    quote_currency: "USDT",
    sandbox: None,
    sandboxes: &[],
    credentials: CredentialWords {
        api_key: "the API key, of version 2 or 3",
        secret: "its secret",
        passphrase: Some("the passphrase that was chosen for the key"),
    },
    rights: RightsTold::Told,
    rights_words: note("read-only where the key's permission is General and nothing else"),
    sources: SOURCES,
    history: &[note("windows of 7 days, as far back as the venue answers").unsure()],
    cannot_see: &[
        note("an id of a deposit: currency, transaction, time and amount stand for it"),
        note("transfers but as bookings of the accounts"),
    ],
    budgets: &[note(
        "pools of 30 seconds an account: Spot 4000, Futures 2000, Management 2000 in the lowest level",
    )],
    addresses: &[note("a key may be bound to addresses").unsure()],
};

const SOURCES: &[Source] = &[
    source(KeyRights, "key rights", &["/api/v1/user/api-key", "/api/ua/v1/user/api-key"]),
    source(AccountId, "account id", &["/api/v1/user/api-key"]).asks("uid"),
    source(Fills, "spot fills", &["api.kucoin.com/api/v1/fills", "/api/v1/hf/fills"])
        .of(SPOT)
        .page("a symbol each, 7 days, 100 by lastId; older accounts 500 a page"),
    source(Fills, "fills on margin", &["/api/v3/hf/margin/fills"])
        .of(MARGIN)
        .page("a symbol each, 7 days, 100 by lastId"),
    source(
        Fills,
        "fills of futures, liquidations and settlements among them",
        &["api-futures.kucoin.com/api/v1/fills"],
    )
    .of(FUTURES)
    .page("7 days, 1000 a page"),
    source(Fills, "fills of a unified account", &["/api/ua/v1/unified/order/execution"]).of(UNIFIED),
    source(Balances, "balances", &["/api/v1/accounts"]).of(SPOT),
    source(Balances, "balances on margin", &["/api/v3/margin/accounts", "/api/v3/isolated/accounts"])
        .of(MARGIN),
    source(Balances, "balances of futures", &["/api/v1/account-overview"])
        .of(FUTURES)
        .page("a currency each"),
    source(Balances, "balances of a unified account", &["/api/ua/v1/unified/account/balance"]).of(UNIFIED),
    source(Positions, "open positions", &["/api/v1/positions", "/api/ua/v1/unified/position/open-list"])
        .of(FUTURES),
    source(Deposits, "deposits", &["/api/v1/deposits", "/api/v1/hist-deposits"])
        .of(WALLET)
        .reach(BEFORE)
        .page("500"),
    source(Withdrawals, "withdrawals", &["/api/v1/withdrawals", "/api/v1/hist-withdrawals"])
        .of(WALLET)
        .reach(BEFORE)
        .page("500"),
    source(
        Transfers,
        "bookings, transfers among them",
        &[
            "/api/v1/accounts/ledgers",
            "/api/v1/hf/accounts/ledgers",
            "/api/v3/hf/margin/account/ledgers",
            "/api/v1/transaction-history",
            "/api/ua/v1/account/ledger",
        ],
    )
    .page("windows of 24 hours to 7 days, 500 or 200 a page")
    .unsure(),
    source(Funding, "funding", &["/api/v1/funding-history", "/api/ua/v1/position/funding-history"])
        .of(FUTURES)
        .page("a symbol each, by offset"),
    source(Instruments, "contracts", &["/api/v1/contracts/active"]).of(FUTURES),
    source(Klines, "candles", &["/api/v1/market/candles", "/api/v1/kline/query", "/api/ua/v1/market/kline"]),
    source(Time, "the venue's time", &["/api/v1/timestamp"]),
];
