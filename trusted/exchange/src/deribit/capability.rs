//! What is told of Deribit (EXCHANGES.md section 12).

use crate::capability::{Capability, CredentialWords, RightsTold, Source, Subject::*, note, source};

const LOG: &[&str] = &["/api/v2/private/get_transaction_log"];

pub(crate) static CAPABILITY: Capability = Capability {
    title: "Deribit",
    account_types: &[],
    only_spoken: &["account"],
    quote_currency: "USD",
    sandbox: Some(note("test.deribit.com")),
    sandboxes: &[],
    credentials: CredentialWords { api_key: "the client id", secret: "the client secret", passphrase: None },
    rights: RightsTold::Told,
    rights_words: note("read-only where every right of the key's scope ends in :read or :none"),
    sources: SOURCES,
    history: &[note("everything since the account was opened, where historical is asked for").unsure()],
    cannot_see: &[note(
        "what a key may do, where it may not read the account: its scope is told at the login",
    )],
    budgets: &[note("500 credits a request of a pool of 50,000 that fills by 10,000 a second; the log less")
        .unsure()],
    addresses: &[note("a key may be bound to addresses").unsure()],
};

const SOURCES: &[Source] = &[
    source(KeyRights, "key rights", &["/api/v2/private/list_api_keys", "/api/v2/public/auth"]),
    source(AccountId, "account id", &["/api/v2/private/get_account_summaries"]),
    source(
        Fills,
        "fills",
        &[
            "/api/v2/private/get_user_trades_by_currency",
            "/api/v2/private/get_user_trades_by_currency_and_time",
            "/api/v2/private/get_user_trades_by_instrument",
            "/api/v2/private/get_user_trades_by_instrument_and_time",
        ],
    )
    .asks("historical=true; without it the last 24 hours")
    .page("a currency each, 1000"),
    source(
        Balances,
        "balances",
        &["/api/v2/private/get_account_summaries", "/api/v2/private/get_account_summary"],
    ),
    source(Positions, "open positions", &["/api/v2/private/get_positions"]),
    source(Deposits, "deposits", &["/api/v2/private/get_deposits"]).page("a currency each, by offset"),
    source(Withdrawals, "withdrawals", &["/api/v2/private/get_withdrawals"])
        .page("a currency each, by offset"),
    source(Transfers, "transfers between sub-accounts", &["/api/v2/private/get_transfers"])
        .page("a currency each, by offset"),
    source(Funding, "bookings: funding among the settlements", LOG)
        .page("a currency each, 250 by continuation")
        .unsure(),
    source(Klines, "candles", &["/api/v2/public/get_tradingview_chart_data"]),
    source(Time, "the venue's time", &["/api/v2/public/get_time"]),
];
