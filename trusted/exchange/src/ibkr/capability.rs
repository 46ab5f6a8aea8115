//! What is told of Interactive Brokers (EXCHANGES.md section 14): one statement tells everything.

use crate::capability::{Capability, CredentialWords, RightsTold, Source, Subject::*, note, source};

const ASKED: &[&str] = &[
    "/AccountManagement/FlexWebService/SendRequest",
    "/AccountManagement/FlexWebService/GetStatement",
    "/Universal/servlet/FlexStatementService.GetStatement",
];
const A_YEAR: &str = "365 days a statement, as the query was made";

pub(crate) static CAPABILITY: Capability = Capability {
    title: "Interactive Brokers (Flex)",
    account_types: &[],
    only_spoken: &["account"],
    quote_currency: "USD",
    sandbox: None,
    sandboxes: &[],
    credentials: CredentialWords {
        api_key: "the token of the Flex Web Service",
        secret: "the id of the query",
        passphrase: None,
    },
    rights: RightsTold::Told,
    rights_words: note(
        "read-only by nature: a token fetches statements that were prepared, and can do nothing else",
    ),
    sources: SOURCES,
    history: &[note("what the query was made to tell, up to 365 days a statement")],
    cannot_see: &[
        note("what the query leaves out"),
        note("today: a statement of activity changes once a day, after the close"),
        note("prices: there are no candles"),
    ],
    budgets: &[note("one request a second, ten a minute a token").unsure()],
    addresses: &[note("a token may be bound to an address, and ends after 6 hours to a year")],
};

const SOURCES: &[Source] = &[
    source(AccountId, "account id", ASKED).asks("accountId"),
    source(Fills, "executions", ASKED).asks("Trades, levelOfDetail=EXECUTION").reach(A_YEAR),
    source(Balances, "cash and holdings", ASKED).asks("OpenPositions, EquitySummaryInBase").reach(A_YEAR),
    source(Positions, "open positions", ASKED).asks("OpenPositions").reach(A_YEAR),
    source(Deposits, "money that came in", ASKED).asks("CashTransactions").reach(A_YEAR),
    source(Withdrawals, "money that went out", ASKED).asks("CashTransactions").reach(A_YEAR),
    source(Funding, "dividends, interest, fees, taxes", ASKED).asks("CashTransactions").reach(A_YEAR),
];
