//! What is told of Kraken (EXCHANGES.md section 5).

use crate::capability::{Capability, CredentialWords, RightsTold, Source, Subject::*, note, source};

const SPOT: &[&str] = &["spot"];
const FUTURES: &[&str] = &["futures"];
const EVER: &str = "everything since the account was opened";
const LEDGERS: &[&str] = &["/0/private/Ledgers"];
const LEDGER_PAGE: &str = "any window, 50 a page by offset";
const FUTURES_LOG: &[&str] = &["/api/history/v3/account-log"];

pub(crate) static CAPABILITY: Capability = Capability {
    title: "Kraken",
    account_types: SPOT,
    only_spoken: FUTURES,
    quote_currency: "USDT",
    sandbox: Some(note("for futures alone (demo-futures.kraken.com), which is not read").of(FUTURES)),
    sandboxes: &[],
    credentials: CredentialWords { api_key: "the API key", secret: "its private key, base64", passphrase: None },
    rights: RightsTold::Told,
    rights_words: note(
        "read-only where nothing but Query Funds, Query open and closed orders and trades, Query ledger entries and \
         Access WebSockets API is granted, for the whole history; Export data is taken for reading",
    )
    .unsure(),
    sources: SOURCES,
    history: &[
        note(EVER).of(SPOT),
        note("executions and the log since the account was opened").of(FUTURES).unsure(),
    ],
    cannot_see: &[
        note("futures accounts: they have keys of their own").of(SPOT),
        note("margin positions: their profit and cost are told as they are booked, not as fills").of(SPOT),
        note("fills of what AssetPairs does not list, as tokenized stocks: they are told as exchanges").of(SPOT),
        note("that two keys belong to one account: Kraken tells no id"),
        note(
            "prices of the minute older than 12 hours, of the hour older than 30 days, of the day older than \
                two years",
        )
        .of(SPOT),
    ],
    budgets: &[
        note("a counter a key: 15 points, 0.33 fewer a second in the lowest tier; lists cost 2, others 1").of(SPOT),
        note("500 points in ten seconds; history 100 tokens in ten minutes").of(FUTURES),
    ],
    addresses: &[note("a key may be bound to addresses; one that is not keeps its rights").unsure()],
};

const SOURCES: &[Source] = &[
    source(KeyRights, "key rights", &["/0/private/GetApiKeyInfo"]).of(SPOT),
    source(AccountId, "an id of the account: none is told, a hash of the key stands for it", &[])
        .of(SPOT)
        .unsure(),
    source(Fills, "spot fills, with their fees as the ledger books them", &["/0/private/TradesHistory"])
        .of(SPOT)
        .reach(EVER)
        .page(LEDGER_PAGE),
    source(Balances, "spot balances, staked and earning ones included", &["/0/private/BalanceEx"]).of(SPOT),
    source(Deposits, "deposits", LEDGERS).of(SPOT).reach(EVER).page(LEDGER_PAGE),
    source(Withdrawals, "withdrawals", LEDGERS).of(SPOT).reach(EVER).page(LEDGER_PAGE),
    source(Transfers, "transfers between the wallets of the account", LEDGERS)
        .of(SPOT)
        .reach(EVER)
        .page(LEDGER_PAGE),
    source(Conversions, "conversions", LEDGERS).of(SPOT).reach(EVER).page(LEDGER_PAGE),
    source(Funding, "rewards of staking and earning", LEDGERS).of(SPOT).reach(EVER).page(LEDGER_PAGE),
    source(Instruments, "what trades on spot", &["/0/public/AssetPairs"]).of(SPOT),
    source(Klines, "closes of candles", &["/0/public/OHLC"])
        .of(SPOT)
        .reach("the last 720 of each length")
        .page("720"),
    source(Time, "the venue's time", &["/0/public/Time"]).of(SPOT),
    source(KeyRights, "key rights of futures keys", &["/api/auth/v1/api-keys/v3/check"]).of(FUTURES).unsure(),
    source(Fills, "fills of futures", &["/derivatives/api/v3/fills", "/api/history/v3/executions"])
        .of(FUTURES)
        .reach("executions since the account was opened; fills carry no fee, the log has it")
        .page("100, backwards; executions by a token")
        .unsure(),
    source(Balances, "balances of futures", &["/derivatives/api/v3/accounts"]).of(FUTURES),
    source(Positions, "open positions of futures", &["/derivatives/api/v3/openpositions"]).of(FUTURES),
    source(Funding, "funding of futures", FUTURES_LOG).of(FUTURES).page("by time and count"),
    source(
        Klines,
        "candles of futures",
        &[
            "/api/charts/v1/trade/{symbol}/1m",
            "/api/charts/v1/trade/{symbol}/1h",
            "/api/charts/v1/trade/{symbol}/1d",
        ],
    )
    .of(FUTURES),
    source(Instruments, "prices of futures", &["/derivatives/api/v3/tickers"]).of(FUTURES),
];
