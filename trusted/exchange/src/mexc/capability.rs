//! What is told of MEXC (EXCHANGES.md section 10).

use crate::capability::{Capability, CredentialWords, RightsTold, Source, Subject::*, note, source};

const SPOT: &[&str] = &["spot"];
const WALLET: &[&str] = &["wallet"];
const FUTURES: &[&str] = &["futures"];
const NINETY_DAYS: &str = "90 days";

pub(crate) static CAPABILITY: Capability = Capability {
    title: "MEXC",
    account_types: &[],
    only_spoken: &["spot", "wallet", "futures"],
    quote_currency: "USDT",
    sandbox: None,
    sandboxes: &[],
    credentials: CredentialWords { api_key: "the API key", secret: "its secret", passphrase: None },
    rights: RightsTold::Undecided,
    rights_words: note("the venue tells what the account may do, and not what the key may"),
    sources: SOURCES,
    history: &[
        note("spot fills of the last month: the venue keeps no more").of(SPOT),
        note("fills of the last 90 days: the venue keeps no more").of(FUTURES),
    ],
    cannot_see: &[
        note("what a key may do"),
        note("that two keys belong to one account: no id is told").unsure(),
    ],
    budgets: &[note("a weight of 500 in ten seconds for an address and for an account; fills cost 10")],
    addresses: &[note("a key may be bound to addresses").unsure()],
};

const SOURCES: &[Source] = &[
    source(KeyRights, "that the key reads; not its rights", &["/api/v3/account"]),
    source(AccountId, "an id of the account: none is told", &[]).unsure(),
    source(Symbols, "symbols that the key may trade", &["/api/v3/selfSymbols"]).of(SPOT),
    source(Fills, "spot fills", &["/api/v3/myTrades"])
        .of(SPOT)
        .reach("the last month: the venue keeps no more")
        .page("a symbol each, 100 by time"),
    source(Fills, "fills of futures", &["/api/v1/private/order/list/order_deals"])
        .of(FUTURES)
        .reach("90 days")
        .page("a symbol each, 100 by page")
        .unsure(),
    source(Balances, "spot balances", &["/api/v3/account"]).of(SPOT),
    source(Balances, "balances of futures", &["/api/v1/private/account/assets"]).of(FUTURES),
    source(Positions, "open positions", &["/api/v1/private/position/open_positions"]).of(FUTURES),
    source(Deposits, "deposits", &["/api/v3/capital/deposit/hisrec"]).of(WALLET).page(NINETY_DAYS).unsure(),
    source(Withdrawals, "withdrawals", &["/api/v3/capital/withdraw/history"])
        .of(WALLET)
        .page("90 days, 7 unless asked otherwise")
        .unsure(),
    source(Transfers, "transfers between accounts", &["/api/v3/capital/transfer"]).of(WALLET),
    source(Transfers, "transfers of futures", &["/api/v1/private/account/transfer_record"]).of(FUTURES),
    source(Funding, "funding", &["/api/v1/private/position/funding_records"]).of(FUTURES),
    source(Klines, "candles", &["/api/v3/klines", "/api/v1/contract/kline/{symbol}"]),
    source(Time, "the venue's time", &["/api/v3/time", "/api/v1/contract/ping"]),
];
