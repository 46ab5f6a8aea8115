//! What is told of Gate (EXCHANGES.md section 9).

use crate::capability::{Capability, CredentialWords, RightsTold, Source, Subject::*, note, source};

const SPOT: &[&str] = &["spot"];
const MARGIN: &[&str] = &["margin"];
const FUTURES: &[&str] = &["futures"];

pub(crate) static CAPABILITY: Capability = Capability {
    title: "Gate",
    account_types: &[],
    only_spoken: &["spot", "margin", "unified", "futures"],
    quote_currency: "USDT",
    sandbox: Some(note("api-testnet.gateapi.io")),
    sandboxes: &[],
    credentials: CredentialWords { api_key: "the API key", secret: "its secret", passphrase: None },
    rights: RightsTold::Undecided,
    rights_words: note("the venue tells a key's addresses and mode, and not its rights"),
    sources: SOURCES,
    history: &[note("windows of 30 days, as far back as the venue answers").unsure()],
    cannot_see: &[
        note("what a key may do"),
        note("more than 100,000 fills of one window: the venue pages no further"),
        note("transfers between accounts but as bookings"),
    ],
    budgets: &[note("200 requests in ten seconds an account and call")],
    addresses: &[note("a key may be bound to addresses; the venue tells to which")],
};

const SOURCES: &[Source] = &[
    source(KeyRights, "addresses and mode of the key; not its rights", &["/api/v4/account/detail"]),
    source(AccountId, "account id", &["/api/v4/account/detail"]).asks("user_id"),
    source(Fills, "spot fills, with fees in GT and points", &["/api/v4/spot/my_trades"])
        .of(&["spot", "margin", "unified"])
        .asks("account")
        .page("30 days, 1000 by page, 100,000 in all"),
    source(
        Fills,
        "fills of futures; their ids may repeat across contracts",
        &["/api/v4/futures/usdt/my_trades_timerange", "/api/v4/futures/btc/my_trades_timerange"],
    )
    .of(FUTURES)
    .page("1000 by offset")
    .unsure(),
    source(Balances, "spot balances", &["/api/v4/spot/accounts"]).of(SPOT),
    source(
        Balances,
        "balances on margin",
        &["/api/v4/margin/accounts", "/api/v4/margin/cross/accounts", "/api/v4/margin/funding_accounts"],
    )
    .of(MARGIN),
    source(Balances, "balances of a unified account", &["/api/v4/unified/accounts"]).of(&["unified"]),
    source(
        Balances,
        "balances of futures",
        &["/api/v4/futures/usdt/accounts", "/api/v4/futures/btc/accounts"],
    )
    .of(FUTURES),
    source(Positions, "open positions", &["/api/v4/futures/usdt/positions", "/api/v4/futures/btc/positions"])
        .of(FUTURES),
    source(Deposits, "deposits", &["/api/v4/wallet/deposits"]).page("30 days, 500 by offset"),
    source(Withdrawals, "withdrawals", &["/api/v4/wallet/withdrawals"]).page("30 days, 500 by offset"),
    source(
        Conversions,
        "bookings of spot and margin",
        &["/api/v4/spot/account_book", "/api/v4/margin/account_book"],
    )
    .of(&["spot", "margin"])
    .page("30 days"),
    source(Funding, "funding", &["/api/v4/futures/usdt/account_book", "/api/v4/futures/btc/account_book"])
        .of(FUTURES)
        .asks("type=fund"),
    source(
        Klines,
        "candles",
        &[
            "/api/v4/spot/candlesticks",
            "/api/v4/futures/usdt/candlesticks",
            "/api/v4/futures/btc/candlesticks",
        ],
    )
    .page("1000"),
    source(Time, "the venue's time", &["/api/v4/spot/time"]),
];
