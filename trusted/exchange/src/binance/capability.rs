//! What is told of Binance (EXCHANGES.md section 2).

use crate::{
    Sandbox,
    capability::{Capability, CredentialWords, RightsTold, Source, Subject::*, note, source},
};

const SPOT: &[&str] = &["spot"];
const MARGIN: &[&str] = &["margin"];
const USDM: &[&str] = &["usdm"];
const COINM: &[&str] = &["coinm"];
const CONTRACTS: &[&str] = &["usdm", "coinm"];
const BESIDE: &[&str] = &["usdm", "coinm", "margin"];
const ISOLATED: &[&str] = &["isolated"];
const BOTH_MARGINS: &[&str] = &["isolated", "margin"];
const PORTFOLIO: &[&str] = &["portfolio"];
const WALLET: &[&str] = &["wallet"];
const SIX_MONTHS: &str = "the past 6 months: the venue keeps no more";

pub(crate) static CAPABILITY: Capability = Capability {
    title: "Binance",
    account_types: &["spot", "usdm", "coinm", "isolated", "margin"],
    only_spoken: &["portfolio", "wallet"],
    quote_currency: "USDT",
    sandbox: Some(note(
        "the spot testnet (testnet.binance.vision), or demo trading (demo-api, demo-fapi and demo-dapi.binance.com): the key \
         says which. Neither has the calls that tell key rights, deposits, withdrawals, transfers, dust and conversions, \
         nor margin",
    )),
    sandboxes: SANDBOXES,
    credentials: CredentialWords {
        api_key: "the API key",
        secret: "its secret (HMAC), or the PEM of its private key (Ed25519)",
        passphrase: None,
    },
    rights: RightsTold::Told,
    rights_words: note(
        "read-only where Enable Reading is set and every right to trade, borrow, transfer or withdraw is not; a right that \
         is not known refuses",
    ),
    sources: SOURCES,
    history: &[
        note(
            "everything since the account's first deposit, credit or fill; withdrawals and conversions before that are read \
             bit by bit, back to July 2017; of dust conversions the newest 100",
        )
        .of(SPOT),
        note("fills of the past 6 months; what else was booked, and by that which contracts there were, of the last 3")
            .of(USDM),
        note("fills, and what else was booked, of the past 6 months").of(COINM),
        note("fills since the first; interest and moves between wallets of the past 6 months").of(BOTH_MARGINS),
    ],
    cannot_see: &[
        note("options and portfolio margin accounts"),
        note("liquidations on margin").of(BOTH_MARGINS),
        note("fills on cross margin of a coin that was bought and sold again before anybody looked").of(MARGIN),
        note("what happened in an isolated pair that the venue listed no more when it was first read").of(ISOLATED),
        note("sub-accounts: each has keys of its own"),
        note("the funding wallet, and transfers with sub-accounts"),
        note("fills of contracts that are listed no more: what they came to is told as it was booked").of(CONTRACTS),
        note("futures, for a key that was made before the futures account was opened").of(CONTRACTS),
        note("futures, should a key that only reads not suffice for them").of(CONTRACTS).unsure(),
        note("fiat orders, cards, P2P and Pay"),
        note("Earn positions other than those that stand in the spot balances"),
        note("fills of symbols that are traded no more, where the venue does not answer for them").of(SPOT).unsure(),
    ],
    budgets: &[
        note("spot: a weight of 6000 a minute for an address; USD-M: 2400").of(&["spot", "usdm"]),
        note("wallet and margin: a call 12,000 a minute for an address, or 180,000 for an account"),
    ],
    addresses: &[note("a key may be bound to addresses; one that is not keeps reading rights")],
};

/// What is told under here is not told at test systems: key rights, moves between wallets, margin and more.
const NO_SAPI: Option<&str> = Some("/sapi/");

const SANDBOXES: &[Sandbox] = &[
    Sandbox {
        name: "binance/testnet",
        account_types: SPOT,
        hosts: &[("api.binance.com", "testnet.binance.vision")],
        header: None,
        lacks: NO_SAPI,
        tells_rights: false,
        cannot_see: &[
            note("the testnet tells no deposits, withdrawals, transfers, dust and conversions"),
            note("the testnet forgets everything about once a month").unsure(),
        ],
    },
    Sandbox {
        name: "binance/demo",
        account_types: &["spot", "usdm", "coinm"],
        hosts: &[
            ("api.binance.com", "demo-api.binance.com"),
            ("fapi.binance.com", "demo-fapi.binance.com"),
            ("dapi.binance.com", "demo-dapi.binance.com"),
        ],
        header: None,
        lacks: NO_SAPI,
        tells_rights: false,
        cannot_see: &[note("demo trading tells no deposits, withdrawals, transfers, dust and conversions")],
    },
];

const SOURCES: &[Source] = &[
    source(KeyRights, "key rights", &["/sapi/v1/account/apiRestrictions"]).of(SPOT),
    source(AccountId, "account id", &["/api/v3/account"]).of(SPOT),
    source(Symbols, "traded symbols: all pairs of assets that it ever held", &["/api/v3/exchangeInfo"])
        .of(SPOT),
    source(Balances, "spot balances", &["/api/v3/account"]).of(SPOT),
    source(Fills, "spot fills", &["/api/v3/myTrades"])
        .of(SPOT)
        .reach("everything since the first of a symbol")
        .page("a symbol each, 1000 a page by id"),
    source(Deposits, "deposits", &["/sapi/v1/capital/deposit/hisrec"])
        .of(SPOT)
        .reach("back to July 2017")
        .page("90 days, 1000 by offset"),
    source(Withdrawals, "withdrawals", &["/sapi/v1/capital/withdraw/history"])
        .of(SPOT)
        .reach("since the account's first sign of life; before that bit by bit, back to July 2017")
        .page("90 days, 1000 by offset"),
    source(Conversions, "dust conversions", &["/sapi/v1/asset/dribblet"])
        .of(SPOT)
        .reach("the newest 100")
        .page("100"),
    source(Conversions, "conversions", &["/sapi/v1/convert/tradeFlow"])
        .of(SPOT)
        .reach("since the account's first sign of life; before that bit by bit, back to July 2017")
        .page("30 days, 1000"),
    source(Funding, "distributions (airdrops, interest, rebates)", &["/sapi/v1/asset/assetDividend"])
        .of(SPOT)
        .reach("back to July 2017")
        .page("180 days, 500"),
    source(Instruments, "what trades on spot", &["/api/v3/exchangeInfo"]).of(SPOT),
    source(Klines, "closes of candles", &["/api/v3/klines"]).of(SPOT).page("1000"),
    source(Time, "the venue's time", &["/api/v3/time"]).of(SPOT),
    source(Fills, "fills of cross margin", &["/sapi/v1/margin/myTrades"])
        .of(MARGIN)
        .asks("isIsolated=FALSE")
        .reach("everything since the first of a symbol")
        .page("a symbol each, 1000 a page by id"),
    source(Fills, "fills of isolated margin", &["/sapi/v1/margin/myTrades"])
        .of(ISOLATED)
        .asks("isIsolated=true")
        .reach("everything since the first of a pair")
        .page("a pair each, 1000 a page by id"),
    source(Balances, "what is held and owed on cross margin", &["/sapi/v1/margin/account"]).of(MARGIN),
    source(
        Balances,
        "what is held and owed on isolated margin, and which pairs there are",
        &["/sapi/v1/margin/isolated/account"],
    )
    .of(ISOLATED),
    source(Funding, "interest of cross margin", &["/sapi/v1/margin/interestHistory"])
        .of(MARGIN)
        .reach(SIX_MONTHS)
        .page("30 days, 100 by page"),
    source(Funding, "interest of isolated margin", &["/sapi/v1/margin/interestHistory"])
        .of(ISOLATED)
        .asks("isolatedSymbol")
        .reach(SIX_MONTHS)
        .page("a pair each, 30 days, 100 by page"),
    source(Transfers, "moves between these wallets", &["/sapi/v1/asset/transfer"])
        .of(BESIDE)
        .asks("type, one a direction")
        .reach(SIX_MONTHS)
        .page("100 by page"),
    source(
        Transfers,
        "moves between isolated margin and spot, of all pairs at once, and cross margin, of a pair each",
        &["/sapi/v1/asset/transfer"],
    )
    .of(ISOLATED)
    .asks("type, one a direction; fromSymbol or toSymbol")
    .reach(SIX_MONTHS)
    .page("100 by page")
    .unsure(),
    source(
        Fills,
        "fills of USD-M contracts; the sign of their commission is that of the income",
        &["/fapi/v1/userTrades"],
    )
    .of(USDM)
    .reach(SIX_MONTHS)
    .page("a symbol each, 7 days, 1000")
    .unsure(),
    source(Balances, "the USD-M wallet", &["/fapi/v3/balance"]).of(USDM),
    source(Positions, "positions of USD-M contracts", &["/fapi/v3/positionRisk"]).of(USDM),
    source(
        Funding,
        "income of USD-M contracts: funding, rebates, transfers and what else is booked",
        &["/fapi/v1/income"],
    )
    .of(USDM)
    .reach("the last 3 months: the venue keeps no more")
    .page("30 days, 1000 by time"),
    source(Instruments, "which USD-M contracts there are", &["/fapi/v1/exchangeInfo"]).of(USDM),
    source(Time, "the time of USD-M contracts", &["/fapi/v1/time"]).of(USDM),
    source(Fills, "fills of COIN-M contracts", &["/dapi/v1/userTrades"])
        .of(COINM)
        .reach(SIX_MONTHS)
        .page("a symbol each, 7 days, 1000"),
    source(Balances, "the COIN-M wallet", &["/dapi/v1/balance"]).of(COINM),
    source(Positions, "positions of COIN-M contracts", &["/dapi/v1/positionRisk"]).of(COINM),
    source(
        Funding,
        "income of COIN-M contracts: funding, rebates, transfers and what else is booked",
        &["/dapi/v1/income"],
    )
    .of(COINM)
    .reach("the past 6 months, as far as fills are kept")
    .page("30 days, 1000 by time"),
    source(Instruments, "which COIN-M contracts there are", &["/dapi/v1/exchangeInfo"]).of(COINM),
    source(Time, "the time of COIN-M contracts", &["/dapi/v1/time"]).of(COINM),
    source(
        Fills,
        "fills of portfolio margin",
        &["/papi/v1/margin/myTrades", "/papi/v1/um/userTrades", "/papi/v1/cm/userTrades"],
    )
    .of(PORTFOLIO),
    source(Balances, "balances of portfolio margin", &["/papi/v1/balance"]).of(PORTFOLIO),
    source(
        Positions,
        "positions of portfolio margin",
        &["/papi/v1/um/positionRisk", "/papi/v1/cm/positionRisk"],
    )
    .of(PORTFOLIO),
    source(Funding, "income of portfolio margin", &["/papi/v1/um/income", "/papi/v1/cm/income"])
        .of(PORTFOLIO),
    source(
        Balances,
        "the funding wallet, and all that is positive",
        &["/sapi/v1/asset/get-funding-asset", "/sapi/v3/asset/getUserAsset"],
    )
    .of(WALLET),
    source(Deposits, "fiat orders in", &["/sapi/v1/fiat/orders"])
        .of(WALLET)
        .asks("transactionType=0")
        .page("30 days"),
    source(Withdrawals, "fiat orders out", &["/sapi/v1/fiat/orders"])
        .of(WALLET)
        .asks("transactionType=1")
        .page("30 days"),
    source(Transfers, "P2P", &["/sapi/v1/c2c/orderMatch/listUserOrderHistory"]).of(WALLET).unsure(),
    source(SubAccounts, "how many sub-accounts there are", &["/sapi/v1/sub-account/list"]).of(SPOT).unsure(),
    source(Transfers, "Pay", &["/sapi/v1/pay/transactions"]).of(WALLET).unsure(),
    source(
        SubAccounts,
        "transfers between master and sub-accounts",
        &["/sapi/v1/sub-account/transfer/subUserHistory"],
    )
    .of(WALLET)
    .unsure(),
];
