//! What rounds find is kept and read again: the same record, the same figures.

use super::*;
use crate::{
    account::Rows,
    kept, publish,
    restatements::Restatement,
    store::{Batch, Change, Expect, StoreError, Stored, Table, Vault},
};
use exchange::Site;

/// An account and the store that it is kept in.
struct Kept {
    vault: Vault,
    account: Account,
}

impl Kept {
    async fn new() -> Self {
        Self::at(Venue::Binance.into()).await
    }

    async fn at(site: Site) -> Self {
        let shown = protocol::api::Account { venue: "binance".to_owned(), ..Default::default() };
        let account = Account::new([7; 32], site, shown, known(), Rows::default());
        let kept = Self { vault: Vault::in_memory(), account };
        assert!(kept.save("registered", 0).await.unwrap());
        kept
    }

    async fn save(&self, what: &'static str, minutes: i64) -> Result<bool, StoreError> {
        let saving = Saving { what, cursor: Some(b"cursor"), claim: None, state: None, at: after(minutes) };
        kept::save(&self.vault, &self.account, saving, Writes::new()).await
    }

    /// As a process sees it that starts now.
    async fn loaded(&self, minutes: i64) -> Result<Option<Account>, StoreError> {
        let loaded = kept::load(&self.vault, self.account.key, after(minutes)).await?;
        Ok(loaded.map(|loaded| loaded.account))
    }

    /// Puts a row there, or takes it away, as the host can.
    async fn tamper(&self, table: Table, key: &[u8], expect: Expect, row: Option<Stored>) {
        let change = Change { table, key: key.to_vec(), expect, row };
        let batch = Batch { changes: vec![change], fences: Vec::new() };
        self.vault.store().commit(batch).await.unwrap();
    }
}

fn after(minutes: i64) -> Timestamp {
    Timestamp::from_millis(AT + minutes * MINUTE_MS)
}

/// The record as text: the same record, the same text.
fn as_text(account: &Account, minutes: i64) -> String {
    let known = account.record();
    let frame = publish::frame("development", account, &known);
    let export = protocol::ledger_file::Export::new(&known.record, &frame, after(minutes)).unwrap();
    export.pages(usize::MAX).collect()
}

fn assert_same(one: &Account, other: &Account, minutes: i64) {
    let (known, read) = (as_text(one, minutes), as_text(other, minutes));
    let differs = known.lines().zip(read.lines()).find(|(known, read)| known != read);
    assert_eq!((differs, known.len()), (None, read.len()));
    let (a, b) = (one.record(), other.record());
    assert_eq!((a.chain, a.revision, a.as_of), (b.chain, b.revision, b.as_of));
    assert_eq!((&a.waiting.lines, &a.waiting.observations), (&b.waiting.lines, &b.waiting.observations));
    assert_eq!(a.waiting.passing, b.waiting.passing);
    assert_eq!((&a.snapshots, a.settled_until), (&b.snapshots, b.settled_until));
    assert_eq!(a.restatements, b.restatements);
    assert_eq!((&a.price_sources, &a.under_way, a.missing()), (&b.price_sources, &b.under_way, b.missing()));
}

/// A fill whose fee needs no price.
fn plain_fill(id: &str, at: Timestamp) -> Fill {
    Fill { fee_asset: "USDT".into(), time: at, ..fill(id, "100") }
}

/// What a seeded round finds: fills of now and of before, a deposit, balances.
fn found(random: &mut impl FnMut(i64) -> i64, minutes: i64) -> Vec<Finding> {
    let mut found = Vec::new();
    for number in 0..random(3) {
        let at = Timestamp::from_millis(after(minutes).millis() - random(90_000));
        found.push(Finding::Fills(vec![plain_fill(&format!("{minutes}-{number}"), at)]));
    }
    if random(4) == 0 {
        found.push(deposit(&format!("d{minutes}"), minutes * MINUTE_MS - random(120_000)));
    }
    found.push(balances(minutes * MINUTE_MS + random(1000)));
    found
}

/// Prices of a day, of this minute and of an hour ago; sometimes the venue has none.
fn looked_up(as_of: Timestamp, number: i64) -> Prices {
    let ago = |ms: i64| Timestamp::from_millis(as_of.millis() - ms);
    let source = PriceSource { path: vec!["BTCUSDT".to_owned()], interval: Interval::Day };
    let price = (number % 3 != 0).then(|| ("100".parse().unwrap(), source));
    [PriceAt::EndOf(Day::of(ago(DAY_MS))), PriceAt::Minute(as_of), PriceAt::Minute(ago(3_600_000))]
        .into_iter()
        .map(|at| (PriceWanted { asset: "BTC".into(), quote: "USDT".into(), at }, price.clone()))
        .collect()
}

#[tokio::test]
async fn an_account_of_a_test_system_is_read_as_one_and_its_figures_say_so() {
    for (name, environment) in [("binance/testnet", "sandbox"), ("binance", "live")] {
        let site = Site::from_name(name).unwrap();
        let loaded = Kept::at(site).await.loaded(1).await.unwrap().unwrap();
        assert_eq!(loaded.site, site);
        let frame = publish::frame("live", &loaded, &loaded.record());
        assert_eq!(frame.environment, environment);
        assert_eq!(
            frame.cannot_see.iter().any(|unseen| unseen.starts_with("the testnet")),
            site.is_sandbox()
        );
    }
}

#[tokio::test]
async fn a_ledger_that_is_kept_in_pieces_is_whole_again_after_every_round() {
    let kept = Kept::new().await;
    let mut state = 1_u64;
    let mut random = |below: i64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        i64::try_from(state >> 33).unwrap() % below
    };
    let mut saved = 0;
    for number in 0..160_i64 {
        // Some rounds are hours apart, so that days pass.
        let minutes = number * 7 + number / 10 * 300;
        {
            let mut known = kept.account.record_mut();
            round(&mut known, minutes, found(&mut random, minutes), &Prices::new());
            let as_of = after(minutes);
            remember(&mut known, Venue::Binance, looked_up(as_of, number), as_of);
            known.as_of = Some(as_of);
            if number % 9 == 0 {
                let slots = vec![Timestamp::from_millis(as_of.millis() - DAY_MS), as_of];
                let settled = snapshots::settle(slots, as_of, Some("1"), &|_| Cause::EnclaveDown);
                known.snapshots.extend(settled);
                let cause = restatements::Cause::PriceReadLater;
                let number = known.restated() + 1;
                known.restatements.push(Restatement { number, at: as_of.millis(), from: 7, days: 1, cause });
            }
        }
        if kept.save("round", minutes).await.unwrap() {
            saved += 1;
            assert_same(&kept.account, &kept.loaded(minutes).await.unwrap().unwrap(), minutes);
        }
    }
    assert!(saved > 100, "{saved}");
}

#[tokio::test]
async fn of_an_account_that_was_registered_only_nothing_is_kept_but_what_it_is() {
    let kept = Kept::new().await;
    let parts = kept.vault.scan(Table::Part, &kept.account.key, None, 9).await.unwrap();
    let kinds: Vec<u8> = parts.iter().map(|(key, _)| key[32]).collect();
    assert_eq!(kinds, b"c", "what the connector knows, and no piece and no root");
    let first = kept.account.record().chain;
    assert_eq!(first.seq, 1);
    assert_same(&kept.account, &kept.loaded(0).await.unwrap().unwrap(), 0);

    round(&mut kept.account.record_mut(), 1, vec![balances(1)], &Prices::new());
    kept.account.record_mut().as_of = Some(after(1));
    kept.save("round", 1).await.unwrap();
    assert_same(&kept.account, &kept.loaded(1).await.unwrap().unwrap(), 1);
    let root = kept::root_at(&kept.vault, &kept.account.key, 1).await.unwrap();
    assert_eq!(root, Some(first.root), "who remembers it is answered from now on");
}

#[tokio::test]
async fn an_account_whose_first_change_was_kept_is_read_and_goes_on() {
    let kept = Kept::new().await;
    let (key, first) = (kept.account.key, kept.account.record().chain);
    // As it was written before it was left out: the line of its facts, and the row of its root.
    let change = concat!(r#"{"what":"registered","revision":0,"passing":[],"snapshots":0}"#, "\n");
    let part = |kind: u8, number: u64| [&key[..], &[kind], &number.to_be_bytes()].concat();
    let mut writes = Writes::new();
    writes.put(Table::Part, &part(b'p', 1 << 20), Expect::Absent, change.as_bytes().to_vec().into());
    writes.put(Table::Part, &part(b'r', 0), Expect::Absent, first.root.to_vec().into());
    kept.vault.commit(writes).await.unwrap();
    let read = kept.loaded(0).await.unwrap().unwrap();
    assert_same(&kept.account, &read, 0);

    let kept = Kept { vault: kept.vault, account: read };
    round(&mut kept.account.record_mut(), 1, vec![balances(1)], &Prices::new());
    kept.account.record_mut().as_of = Some(after(1));
    assert!(kept.save("round", 1).await.unwrap(), "the row of roots is written over");
    assert_same(&kept.account, &kept.loaded(1).await.unwrap().unwrap(), 1);
}

#[tokio::test]
async fn rows_that_do_not_belong_together_are_noticed() {
    let kept = Kept::new().await;
    let key = kept.account.key;
    round(&mut kept.account.record_mut(), 1, vec![balances(1)], &Prices::new());
    kept.save("round", 1).await.unwrap();
    let older = kept.vault.store().get(Table::Account, &key).await.unwrap().unwrap();
    let fills = vec![Finding::Fills(vec![plain_fill("1", after(1))])];
    round(&mut kept.account.record_mut(), 3, fills, &Prices::new());
    kept.save("round", 3).await.unwrap();
    assert!(kept.loaded(3).await.unwrap().is_some());
    // The host puts the head of before back: what follows it is younger.
    let newer = kept.vault.store().get(Table::Account, &key).await.unwrap().unwrap();
    kept.tamper(Table::Account, &key, Expect::Version(newer.version), Some(older.clone())).await;
    assert_eq!(kept.loaded(3).await.err(), Some(StoreError::Corrupt));
    kept.tamper(Table::Account, &key, Expect::Version(older.version), Some(newer)).await;
    assert!(kept.loaded(3).await.unwrap().is_some());
    // Each row but those that are kept beside the chain is missed.
    for (part, row) in kept.vault.store().scan(Table::Part, &key, None, 99).await.unwrap() {
        let is_chained = matches!(part[32], b'p' | b'r' | b's');
        kept.tamper(Table::Part, &part, Expect::Any, None).await;
        let noticed = kept.loaded(3).await.err() == Some(StoreError::Corrupt);
        assert_eq!(noticed, is_chained, "{}", char::from(part[32]));
        kept.tamper(Table::Part, &part, Expect::Absent, Some(row)).await;
    }
    assert!(kept.loaded(3).await.unwrap().is_some());
}

#[tokio::test]
async fn an_idle_account_is_written_every_ten_minutes_and_makes_no_change() {
    let kept = Kept::new().await;
    round(&mut kept.account.record_mut(), 1, vec![balances(1)], &Prices::new());
    assert!(kept.save("round", 1).await.unwrap());
    let chain = kept.account.record().chain;
    let mut writes = 0;
    for minutes in 2..=21 {
        round(&mut kept.account.record_mut(), minutes, vec![balances(minutes * MINUTE_MS)], &Prices::new());
        writes += u32::from(kept.save("round", minutes).await.unwrap());
    }
    // The first balances of a day last; the later ones replace each other until the day is over.
    assert_eq!(writes, 2);
    assert_eq!(kept.account.record().chain.seq, chain.seq + 1);
}
