//! What is told of OKX (EXCHANGES.md section 4).

use crate::{
    Sandbox,
    capability::{Capability, CredentialWords, RightsTold, Source, Subject::*, note, source},
};

const THREE_MONTHS: &str = "3 months: the venue keeps no more but in files that must be ordered";
const TRADING: &[&str] = &["spot", "margin", "swap", "futures"];
const CONTRACTS: &[&str] = &["swap", "futures"];
const FUNDING: &[&str] = &["funding"];
const OPTION: &[&str] = &["option"];
const BY_BILL: &str = "windows of 15 days, 100 by billId";
const BY_TIME: &str = "windows of 15 days, 100 by time";

pub(crate) static CAPABILITY: Capability = Capability {
    title: "OKX",
    account_types: &["spot", "margin", "swap", "futures", "funding", "savings"],
    only_spoken: OPTION,
    quote_currency: "USDT",
    sandbox: Some(note("demo trading: a demo key at the same host, with the header x-simulated-trading")),
    sandboxes: SANDBOXES,
    credentials: CredentialWords {
        api_key: "the API key",
        secret: "its secret",
        passphrase: Some("the passphrase that was chosen for the key"),
    },
    rights: RightsTold::Told,
    rights_words: note("read-only where the key's permissions are read_only and nothing else"),
    sources: SOURCES,
    history: &[note("3 months: OKX lists fills and bookings no longer")],
    cannot_see: &[
        note("fills of options: what they paid is told as it is booked"),
        note("interest that savings earn, before it is paid out").of(&["savings"]),
        note("staked coins, structured products, loans and trading bots: what goes there leaves the account"),
        note("balances of positions with isolated margin of coins that are borrowed").of(&["margin"]),
        note("sub-accounts: each has keys of its own"),
        note("what is older than 3 months: the quarterly archive is a file that must be ordered, which is no read"),
        note("accounts of the European and American sites (eea.okx.com, us.okx.com): they have hosts of their own")
            .unsure(),
    ],
    budgets: &[note("a limit an account and call: fills of history 10 in two seconds, bookings 5 in two seconds")],
    addresses: &[note("a key may be bound to addresses; the venue tells whether it is")],
};

const SANDBOXES: &[Sandbox] = &[Sandbox {
    name: "okx/demo",
    account_types: &["spot", "margin", "swap", "futures", "funding", "savings"],
    hosts: &[("www.okx.com", "www.okx.com")],
    header: Some(("x-simulated-trading", "1")),
    lacks: None,
    tells_rights: true,
    cannot_see: &[
        note("what the funding account and savings do, where demo trading has no such calls").unsure()
    ],
}];

const SOURCES: &[Source] = &[
    source(KeyRights, "key rights", &["/api/v5/account/config"]).asks("perm"),
    source(AccountId, "account id", &["/api/v5/account/config"]).asks("uid"),
    source(SubAccounts, "how many sub-accounts there are", &["/api/v5/users/subaccount/list"]),
    source(Fills, "fills of spot, margin, perpetual contracts and futures", &["/api/v5/trade/fills-history"])
        .of(TRADING)
        .asks("instType=SPOT, MARGIN, SWAP, FUTURES")
        .reach(THREE_MONTHS)
        .page(BY_BILL),
    source(Balances, "balances of the trading account", &["/api/v5/account/balance"]).of(TRADING),
    source(Balances, "balances of the funding account", &["/api/v5/asset/balances"]).of(FUNDING),
    source(Balances, "savings", &["/api/v5/finance/savings/balance"]).of(&["savings"]),
    source(Positions, "open positions of perpetual contracts and futures", &["/api/v5/account/positions"])
        .of(CONTRACTS)
        .asks("instType=SWAP, FUTURES"),
    source(Deposits, "deposits", &["/api/v5/asset/deposit-history"])
        .of(FUNDING)
        .reach("the past 3 months, as far as bookings are kept")
        .page(BY_TIME),
    source(Withdrawals, "withdrawals", &["/api/v5/asset/withdrawal-history"])
        .of(FUNDING)
        .reach("the past 3 months, as far as bookings are kept")
        .page(BY_TIME),
    source(
        Transfers,
        "transfers, rewards, rebates and what else the funding account books",
        &["/api/v5/asset/bills-history"],
    )
    .of(FUNDING)
    .reach("the past 3 months, as far as bookings are kept")
    .page("windows of 15 days, 100 by id"),
    source(Conversions, "conversions", &["/api/v5/asset/convert/history"])
        .of(FUNDING)
        .reach("the past 3 months, as far as bookings are kept")
        .page(BY_TIME),
    source(
        Funding,
        "funding, interest and what else the trading account books",
        &["/api/v5/account/bills-archive"],
    )
    .of(TRADING)
    .reach(THREE_MONTHS)
    .page(BY_BILL),
    source(Instruments, "what trades", &["/api/v5/public/instruments"]).asks("instType=SPOT, SWAP, FUTURES"),
    source(Klines, "closes of candles", &["/api/v5/market/history-candles"]).page("100").unsure(),
    source(Time, "the venue's time", &["/api/v5/public/time"]),
    source(Fills, "fills of options", &["/api/v5/trade/fills-history"])
        .of(OPTION)
        .asks("instType=OPTION")
        .reach(THREE_MONTHS)
        .page(BY_BILL),
];
