//! What is told of Bitget (EXCHANGES.md section 8).

use crate::capability::{Capability, CredentialWords, RightsTold, Source, Subject::*, note, source};

const FUTURES: &[&str] = &["futures"];
const MARGIN: &[&str] = &["margin"];
const UNIFIED: &[&str] = &["unified"];
const KEPT: &str = "the last 90 days: the venue keeps no more";
const PAGE: &str = "windows of 90 days, 100 by id, newest first";

pub(crate) static CAPABILITY: Capability = Capability {
    title: "Bitget",
    account_types: &[],
    only_spoken: &["spot", "margin", "futures", "unified"],
    quote_currency: "USDT",
    sandbox: Some(note("a demo key at the same host, with the header paptrading")),
    sandboxes: &[],
    credentials: CredentialWords {
        api_key: "the API key",
        secret: "its secret (HMAC)",
        passphrase: Some("the passphrase that was chosen for the key"),
    },
    rights: RightsTold::Told,
    rights_words: note(
        "read-only where every authority of the key is one that reads; a code that is not known \
        refuses",
    )
    .unsure(),
    sources: SOURCES,
    history: &[note("the last 90 days: the venue keeps no more")],
    cannot_see: &[note(
        "the sign of a fee and the side of a closing fill in hedge mode of unified accounts, before they \
            are settled with the venue",
    )
    .of(UNIFIED)
    .unsure()],
    budgets: &[note("10 requests a second an account and call, 6000 a minute for an address")],
    addresses: &[note("a key may be bound to addresses").unsure()],
};

const SOURCES: &[Source] = &[
    source(KeyRights, "key rights", &["/api/v2/spot/account/info", "/api/v3/account/info"]).unsure(),
    source(AccountId, "account id", &["/api/v2/spot/account/info"]).asks("userId"),
    source(Fills, "spot fills", &["/api/v2/spot/trade/fills"]).of(&["spot"]).reach(KEPT).page(PAGE),
    source(Fills, "fills on margin", &["/api/v2/margin/crossed/fills", "/api/v2/margin/isolated/fills"])
        .of(MARGIN)
        .reach(KEPT)
        .page(PAGE),
    source(Fills, "fills of futures", &["/api/v2/mix/order/fills", "/api/v2/mix/order/fill-history"])
        .of(FUTURES)
        .asks("productType")
        .reach(KEPT)
        .page("windows of 7 days, 100 by id, newest first")
        .unsure(),
    source(Fills, "fills of a unified account", &["/api/v3/trade/fills"])
        .of(UNIFIED)
        .asks("category")
        .reach(KEPT),
    source(Balances, "balances", &["/api/v2/spot/account/assets", "/api/v2/account/funding-assets"])
        .of(&["spot"]),
    source(
        Balances,
        "balances on margin",
        &["/api/v2/margin/crossed/account/assets", "/api/v2/margin/isolated/account/assets"],
    )
    .of(MARGIN),
    source(Balances, "balances of futures", &["/api/v2/mix/account/accounts"]).of(FUTURES),
    source(
        Balances,
        "balances of a unified account",
        &["/api/v3/account/assets", "/api/v3/account/funding-assets"],
    )
    .of(UNIFIED),
    source(Positions, "open positions", &["/api/v2/mix/position/all-position"]).of(FUTURES),
    source(Positions, "open positions of a unified account", &["/api/v3/position/current-position"])
        .of(UNIFIED),
    source(Deposits, "deposits", &["/api/v2/spot/wallet/deposit-records", "/api/v3/account/deposit-records"])
        .reach(KEPT)
        .page(PAGE),
    source(
        Withdrawals,
        "withdrawals",
        &["/api/v2/spot/wallet/withdrawal-records", "/api/v3/account/withdrawal-records"],
    )
    .reach(KEPT)
    .page(PAGE),
    source(Transfers, "transfers between accounts", &["/api/v2/spot/account/transferRecords"]).reach(KEPT),
    source(Conversions, "conversions", &["/api/v2/convert/convert-record"]).reach(KEPT),
    source(
        Funding,
        "bookings: funding, interest, fees",
        &[
            "/api/v2/spot/account/bills",
            "/api/v2/mix/account/bill",
            "/api/v3/account/financial-records",
            "/api/v3/account/funding-financial-records",
        ],
    ),
    source(Instruments, "what trades", &["/api/v2/spot/public/symbols", "/api/v2/mix/market/contracts"]),
    source(
        Klines,
        "candles",
        &[
            "/api/v2/spot/market/candles",
            "/api/v2/spot/market/history-candles",
            "/api/v2/mix/market/candles",
            "/api/v2/mix/market/history-candles",
            "/api/v3/market/candles",
            "/api/v3/market/history-candles",
        ],
    ),
    source(Time, "the venue's time", &["/api/v2/public/time"]),
];
