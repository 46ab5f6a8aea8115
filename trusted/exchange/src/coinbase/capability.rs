//! What is told of Coinbase Advanced (EXCHANGES.md section 6).

use crate::capability::{Capability, CredentialWords, RightsTold, Source, Subject::*, note, source};

const EVER: &str = "everything since the account was opened";
const WALLET_PAGE: &str = "a wallet each, 100 a page, newest first";
const MOVES: &[&str] = &["/v2/accounts/{account_id}/transactions"];

pub(crate) static CAPABILITY: Capability = Capability {
    title: "Coinbase Advanced",
    account_types: &["spot"],
    only_spoken: &[],
    quote_currency: "USDC",
    sandbox: Some(note(
        "api-sandbox.coinbase.com gives fixed answers to everybody: there is no account to read",
    )),
    sandboxes: &[],
    credentials: CredentialWords {
        api_key: "the name of the key, organizations/…/apiKeys/…",
        secret: "the PEM of its private key (P-256 or Ed25519)",
        passphrase: None,
    },
    rights: RightsTold::Told,
    rights_words: note("read-only where the key can view and can neither trade nor transfer"),
    sources: SOURCES,
    history: &[note(EVER)],
    cannot_see: &[
        note("other portfolios: a key sees one, and each needs a key of its own"),
        note("futures and perpetuals: what moves there is told as a transfer"),
        note("coins that are staked or in a vault, unless Coinbase lists them as a wallet"),
    ],
    budgets: &[note("30 requests a second, 10 of public ones; wallets 10,000 an hour").unsure()],
    addresses: &[note("a key may be bound to addresses").unsure()],
};

const SOURCES: &[Source] = &[
    source(KeyRights, "key rights", &["/api/v3/brokerage/key_permissions"]),
    source(AccountId, "the portfolio's id", &["/api/v3/brokerage/key_permissions"]).asks("portfolio_uuid"),
    source(SubAccounts, "how many other portfolios there are", &["/api/v3/brokerage/portfolios"]),
    source(
        Fills,
        "fills of Advanced Trade, with their commissions, by the ids of their entries: one trade may have several",
        &["/api/v3/brokerage/orders/historical/fills"],
    )
    .reach(EVER)
    .page("250 by cursor")
    .unsure(),
    source(Balances, "balances of the key's portfolio", &["/api/v3/brokerage/accounts"])
        .page("250 by cursor"),
    source(Deposits, "deposits, of coins and of money", MOVES).reach(EVER).page(WALLET_PAGE),
    source(Withdrawals, "withdrawals, of coins and of money", MOVES).reach(EVER).page(WALLET_PAGE),
    source(Transfers, "transfers within Coinbase, gifts", MOVES).reach(EVER).page(WALLET_PAGE),
    source(Conversions, "conversions and simple purchases", MOVES).reach(EVER).page(WALLET_PAGE),
    source(Funding, "interest, staking rewards, and what is charged beside trades", MOVES)
        .reach(EVER)
        .page(WALLET_PAGE),
    source(Instruments, "what trades", &["/api/v3/brokerage/market/products"]),
    source(Klines, "closes of candles", &["/api/v3/brokerage/market/products/{product_id}/candles"])
        .page("350"),
    source(Time, "the venue's time", &["/api/v3/brokerage/time"]),
];
