//! What is told of Hyperliquid (EXCHANGES.md section 11). All questions go to one path, and their `type` says what is asked.

use crate::{
    Sandbox,
    capability::{Capability, CredentialWords, RightsTold, Source, Subject::*, note, source},
};

const INFO: &[&str] = &["/info"];
const PERP: &[&str] = &["perp"];
const NEWEST: &str = "the newest 10,000: the venue tells no more";
const MOVES: &str = "type=userNonFundingLedgerUpdates";
const BY_TIME: &str = "500 by time";
const EVER: &str = "everything since the beginning";

pub(crate) static CAPABILITY: Capability = Capability {
    title: "Hyperliquid",
    account_types: &["spot", "perp"],
    only_spoken: &[],
    quote_currency: "USDC",
    sandbox: Some(note("the testnet (api.hyperliquid-testnet.xyz), with the same address")),
    sandboxes: SANDBOXES,
    credentials: CredentialWords {
        api_key: "the address of the account",
        secret: "a signature by it, which proves who controls the address",
        passphrase: None,
    },
    rights: RightsTold::Told,
    rights_words: note(
        "no key is handed over: what an address did is public, and nothing can be traded or moved with it",
    ),
    sources: SOURCES,
    history: &[note(
        "the newest 10,000 fills: the venue tells no more; deposits, withdrawals and funding since the beginning",
    )],
    cannot_see: &[
        note("sub-accounts and vaults: they are other addresses"),
        note("what is staked, lent or in a vault: it counts as gone until it comes back"),
        note("perpetuals of builders' own exchanges"),
        note("prices of the minute older than 83 hours, of the hour older than 208 days"),
    ],
    budgets: &[note("a weight of 1200 a minute for an address: states 2, lists 20 and 1 for each 20 rows")],
    addresses: &[note("nothing can be bound to addresses: the data is public")],
};

const SANDBOXES: &[Sandbox] = &[Sandbox {
    name: "hyperliquid/testnet",
    account_types: &["spot", "perp"],
    hosts: &[("api.hyperliquid.xyz", "api.hyperliquid-testnet.xyz")],
    header: None,
    lacks: None,
    tells_rights: true,
    cannot_see: &[],
}];

const SOURCES: &[Source] = &[
    source(KeyRights, "what the address is", INFO).asks("type=userRole"),
    source(AccountId, "the address", &[]),
    source(SubAccounts, "how many sub-accounts there are", INFO).asks("type=subAccounts"),
    source(Fills, "fills of spot and of perpetuals", INFO)
        .asks("type=userFillsByTime")
        .reach(NEWEST)
        .page("2000 by time"),
    source(Balances, "balances of spot", INFO).of(&["spot"]).asks("type=spotClearinghouseState"),
    source(Balances, "balances of perpetuals, where the account is not unified with spot", INFO)
        .of(PERP)
        .asks("type=userAbstraction, clearinghouseState"),
    source(Positions, "positions", INFO).of(PERP).asks("type=clearinghouseState"),
    source(Deposits, "deposits", INFO).asks(MOVES).reach(EVER).page(BY_TIME),
    source(Withdrawals, "withdrawals", INFO).asks(MOVES).reach(EVER).page(BY_TIME),
    source(Transfers, "transfers to and from other addresses, rewards", INFO)
        .asks(MOVES)
        .reach(EVER)
        .page(BY_TIME),
    source(Funding, "funding", INFO).of(PERP).asks("type=userFunding").reach(EVER).page(BY_TIME),
    source(Instruments, "what trades", INFO).asks("type=spotMeta, meta"),
    source(Klines, "closes of candles", INFO)
        .asks("type=candleSnapshot")
        .reach("the newest 5000 of each length")
        .page("5000"),
    source(Time, "the venue's time", INFO).asks("type=exchangeStatus"),
];
