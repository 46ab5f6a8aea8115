//! What a venue said, in one form for all of them.

use crate::KeyRights;
use ledger::{Asset, Decimal, Liquidity, Side, Timestamp};

use super::{Board, Listing};

/// What an answer says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// Executions.
    Fills(Vec<Execution>),
    /// Conversions.
    Conversions(Vec<Conversion>),
    /// Balances; an asset that is not there is zero.
    Balances(Vec<Holding>),
    /// Deposits or withdrawals.
    Crossings(Vec<Crossing>),
    /// Transfers between accounts of one user.
    Transfers(Vec<Shift>),
    /// Bookings.
    Ledger(Vec<Booking>),
    /// Funding payments.
    Funding(Vec<FundingPayment>),
    /// Fee rates.
    Fees(Vec<FeeRate>),
    /// Open positions.
    Positions(Vec<Position>),
    /// Last prices.
    Prices(Vec<Ticker>),
    /// Candles.
    Klines(Vec<Kline>),
    /// The venue's clock.
    Time(Timestamp),
    /// What the key may do.
    Rights(KeyRights),
    /// What there is to trade.
    Listings(Vec<Listing>),
    /// How many accounts there are below this one, on the page that was asked for.
    SubAccounts(usize),
    /// Where a statement that was asked for will be.
    Reference {
        /// Its name.
        reference: String,
        /// The address to fetch it from, as told: only the venue's own hosts are ever asked.
        url: String,
    },
}

/// One execution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Execution {
    /// The venue's id, unique as EXCHANGES.md says.
    pub id: String,
    /// The order it is of.
    pub order_id: Option<String>,
    /// The venue's name of the instrument.
    pub symbol: String,
    /// On which of the venue's boards: one name may mean two instruments.
    pub board: Board,
    /// Bought or sold.
    pub side: Side,
    /// In quote.
    pub price: Decimal,
    /// Of base where coins are traded, else contracts.
    pub quantity: Decimal,
    /// What it came to, where the venue says so.
    pub cost: Option<Decimal>,
    /// What was paid; a rebate is negative. Zeros are left out.
    pub fees: Vec<(Asset, Decimal)>,
    /// The venue's number of it, which tells the order of what happened in one instant.
    pub sequence: Option<u64>,
    /// Maker or taker.
    pub liquidity: Liquidity,
    /// When.
    pub time: Timestamp,
}

/// One asset turned into another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conversion {
    /// The venue's id.
    pub id: String,
    /// What was given.
    pub from: (Asset, Decimal),
    /// What was got.
    pub to: (Asset, Decimal),
    /// When.
    pub time: Timestamp,
}

/// What is held of an asset. A venue tells some of these; what follows from the others may be left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holding {
    /// Which.
    pub asset: Asset,
    /// Free to use.
    pub free: Option<Decimal>,
    /// Bound in orders or as margin.
    pub used: Option<Decimal>,
    /// Both.
    pub total: Option<Decimal>,
    /// What is owed of it.
    pub debt: Option<Decimal>,
}

/// One row an asset: a venue may list it once for every pair or account that it is held in. `None`: a sum is out of range.
pub(crate) fn one_each(rows: impl IntoIterator<Item = Holding>) -> Option<Vec<Holding>> {
    let mut held: Vec<Holding> = Vec::new();
    for row in rows {
        let Some(sum) = held.iter_mut().find(|other| other.asset == row.asset) else {
            held.push(row);
            continue;
        };
        for (whole, part) in [
            (&mut sum.free, row.free),
            (&mut sum.used, row.used),
            (&mut sum.total, row.total),
            (&mut sum.debt, row.debt),
        ] {
            *whole = match (*whole, part) {
                (Some(a), Some(b)) => Some(a.checked_add(b).ok()?),
                (a, b) => a.or(b),
            };
        }
    }
    Some(held)
}

/// How far something is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Status {
    /// It took effect.
    Ok,
    /// Not yet.
    Pending,
    /// It never will.
    Failed,
    /// It was withdrawn.
    Canceled,
    /// The venue's own word, which no document at hand explains.
    Other(String),
}

/// A deposit or withdrawal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Crossing {
    /// The venue's id, where it has one.
    pub id: Option<String>,
    /// The transaction on its chain.
    pub transaction: Option<String>,
    /// Whether it came in.
    pub incoming: bool,
    /// Which asset.
    pub asset: Asset,
    /// What arrives: a fee comes on top of what is withdrawn.
    pub amount: Decimal,
    /// How far it is.
    pub status: Status,
    /// When.
    pub time: Timestamp,
    /// Where to.
    pub address: Option<String>,
    /// The memo that goes with the address.
    pub tag: Option<String>,
    /// By which chain, in the venue's words.
    pub network: Option<String>,
    /// Between users of the venue; `None`: it does not tell.
    pub internal: Option<bool>,
    /// What it cost.
    pub fee: Option<(Asset, Decimal)>,
}

/// Something that moved between accounts of one user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shift {
    /// The venue's id.
    pub id: Option<String>,
    /// Which asset.
    pub asset: Asset,
    /// How much.
    pub amount: Decimal,
    /// From which account: `spot`, `linear`, `inverse`, `margin`, `funding`, … or the venue's word.
    pub from: Option<String>,
    /// To which account.
    pub to: Option<String>,
    /// How far it is.
    pub status: Status,
    /// When.
    pub time: Timestamp,
}

/// One booking of a venue's own ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Booking {
    /// The venue's id.
    pub id: String,
    /// What it was: `trade`, `fee`, `transfer`, `deposit`, … or the venue's word.
    pub kind: String,
    /// The venue's own words for it, where more is to be told apart than `kind` does.
    pub own: Option<String>,
    /// Which asset.
    pub asset: Asset,
    /// What it did to the balance, with its sign.
    pub change: Decimal,
    /// When.
    pub time: Option<Timestamp>,
    /// The venue's name of the instrument that it is about.
    pub symbol: Option<(String, Board)>,
    /// What else it belongs to.
    pub reference: Option<String>,
    /// A fee within it or beside it.
    pub fee: Option<(Asset, Decimal)>,
}

/// One payment of funding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FundingPayment {
    /// The venue's id.
    pub id: Option<String>,
    /// The venue's name of the contract.
    pub symbol: String,
    /// In which asset.
    pub asset: Asset,
    /// Received above zero, paid below.
    pub amount: Decimal,
    /// When.
    pub time: Timestamp,
}

/// What trading an instrument costs, as fractions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeeRate {
    /// The venue's name of the instrument; `None`: what was asked for.
    pub symbol: Option<String>,
    /// On which board.
    pub board: Board,
    /// Of a maker.
    pub maker: Decimal,
    /// Of a taker.
    pub taker: Decimal,
}

/// An open position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    /// The venue's name of the contract.
    pub symbol: String,
    /// Held (`Buy`) or owed (`Sell`); `None`: nothing is open.
    pub side: Option<Side>,
    /// How many contracts, above zero.
    pub contracts: Decimal,
    /// At which price on average.
    pub entry_price: Option<Decimal>,
    /// What it is judged by.
    pub mark_price: Option<Decimal>,
    /// Not realised yet.
    pub unrealized: Option<Decimal>,
    /// When that was.
    pub time: Option<Timestamp>,
}

/// What an instrument trades at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ticker {
    /// The venue's name.
    pub symbol: String,
    /// On which board.
    pub board: Board,
    /// The last price.
    pub last: Option<Decimal>,
    /// The best bid.
    pub bid: Option<Decimal>,
    /// The best offer.
    pub ask: Option<Decimal>,
    /// When.
    pub time: Option<Timestamp>,
}

/// One candle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kline {
    /// When it opened.
    pub open_at: Timestamp,
    /// First price.
    pub open: Decimal,
    /// Highest.
    pub high: Decimal,
    /// Lowest.
    pub low: Decimal,
    /// Last.
    pub close: Decimal,
    /// Of base, where the venue tells; of contracts it may be their number.
    pub volume: Option<Decimal>,
}
