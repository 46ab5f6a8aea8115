//! What is told of Alpaca (EXCHANGES.md section 13).

use crate::capability::{Capability, CredentialWords, RightsTold, Source, Subject::*, note, source};

const EVER: &str = "everything since the account was opened";
const ACTIVITIES: &[&str] = &["/v2/account/activities"];
const PAGE: &str = "100 by the id of the last one";

pub(crate) static CAPABILITY: Capability = Capability {
    title: "Alpaca",
    account_types: &[],
    only_spoken: &["account"],
    quote_currency: "USD",
    sandbox: Some(note("paper-api.alpaca.markets")),
    sandboxes: &[],
    credentials: CredentialWords {
        api_key: "the key id",
        secret: "the secret key, which travels with each call: nothing is signed",
        passphrase: None,
    },
    rights: RightsTold::Told,
    rights_words: note(
        "every key may trade: rights cannot be limited, so it is refused unless its holder accepts that; tokens \
            without trading and account:write would read only",
    )
    .unsure(),
    sources: SOURCES,
    history: &[note(EVER)],
    cannot_see: &[note("fees of a crypto fill with it: they are bookings of their own")],
    budgets: &[note("200 requests a minute")],
    addresses: &[note("a key may be bound to addresses").unsure()],
};

const SOURCES: &[Source] = &[
    source(KeyRights, "that the key reads, and may trade", &["/v2/account"]),
    source(AccountId, "account id", &["/v2/account"]).asks("id"),
    source(Fills, "fills", &["/v2/account/activities/FILL"]).reach(EVER).page(PAGE),
    source(Balances, "cash and holdings", &["/v2/account", "/v2/positions"]),
    source(Positions, "open positions", &["/v2/positions"]),
    source(Deposits, "money that came in", ACTIVITIES)
        .asks("activity_types=CSD,TRANS")
        .reach(EVER)
        .page(PAGE),
    source(Deposits, "coins that came in", &["/v2/wallets/transfers"]),
    source(Withdrawals, "money that went out", ACTIVITIES)
        .asks("activity_types=CSW,TRANS")
        .reach(EVER)
        .page(PAGE),
    source(Withdrawals, "coins that went out", &["/v2/wallets/transfers"]),
    source(Funding, "bookings: dividends, interest, fees", ACTIVITIES).reach(EVER).page(PAGE),
    source(Klines, "candles of crypto", &["/v1beta3/crypto/us/bars", "/v1beta3/crypto/us/latest/bars"]),
    source(Time, "the venue's time", &["/v2/clock"]),
];
