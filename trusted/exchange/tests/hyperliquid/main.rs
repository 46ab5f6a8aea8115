//! An address of Hyperliquid: collected over HTTP from the simulator, on a good day and with every fault, and compared with the
//! truth of its world; and rows that no such world has, from answers in a table.
//!
//! `PERFAGG_BIN_DIR` names the directory with the simulator; without it the tests of `world` say `skipped`.
#![cfg(test)]

mod desk;
#[path = "../running/mod.rs"]
mod running;
mod world;

use exchange::{ExchangeConnector, Finding, Movement, MovementKind, Reach, Venue};
use ledger::{Asset, Decimal, Fill, FillId, Instrument, Symbol};
use protocol::{Credentials, Secret};
use running::NOW_MS;
use std::collections::{BTreeMap, BTreeSet};

const ADDRESS: &str = "0xED951a28e6A4C957e46D5138A14a231DAb7726A6";

fn connector() -> Box<dyn ExchangeConnector> {
    let secret = |text: &str| Secret::new(text.to_owned());
    // Whether it proves control is the enclave's to judge: nothing that is asked is signed.
    let credentials = Credentials { api_key: secret(ADDRESS), secret: secret("0x"), passphrase: None };
    Venue::Hyperliquid.connector(credentials)
}

/// All that was told, each thing once.
#[derive(Default)]
struct Told {
    instruments: BTreeMap<Symbol, Instrument>,
    fills: BTreeMap<(Symbol, FillId), Fill>,
    movements: BTreeMap<(MovementKind, String), Movement>,
    balances: BTreeMap<Asset, Decimal>,
    positions: BTreeMap<Symbol, Decimal>,
    unread: BTreeSet<String>,
    reach: Option<Reach>,
    more: bool,
}

impl Told {
    fn add(&mut self, finding: Finding) {
        match finding {
            Finding::Instrument(instrument) => {
                drop(self.instruments.insert(instrument.symbol.clone(), instrument));
            }
            Finding::Fills(fills) => {
                for fill in fills {
                    let before = self.fills.insert((fill.symbol.clone(), fill.id.clone()), fill.clone());
                    assert!(before.is_none_or(|before| before == fill), "a fill stays what it is");
                }
            }
            Finding::Movement(movement) => {
                drop(self.movements.insert((movement.kind, movement.id.clone()), movement));
            }
            Finding::Balances { balances, .. } => {
                let total = |one: exchange::Balance| (one.asset, sum(one.free, one.locked));
                self.balances = balances.into_iter().map(total).filter(|(_, held)| !held.is_zero()).collect();
            }
            Finding::Positions { positions, .. } => self.positions = positions.into_iter().collect(),
            Finding::Reach(reach) => self.reach = Some(reach),
            Finding::Unread { what, .. } => drop(self.unread.insert(what)),
            Finding::More => self.more = true,
            _ => {}
        }
    }
}

fn sum(a: Decimal, b: Decimal) -> Decimal {
    a.checked_add(b).unwrap()
}
