//! One function for each way into the parsers of a venue's bytes, called by tests with seeded mutations.

use super::{
    SAVED_HEAD, candles,
    endpoint::{ACCOUNT, API_RESTRICTIONS, TIME},
    errors, fills, flows, known,
    markets::Markets,
    rights, wire,
};
use crate::{
    PriceAt, PriceWanted, Reply,
    prices::{Closes, Pricing},
    saved,
};
use ledger::{Asset, Day, Symbol, Timestamp};

const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);

/// The first byte chooses what the rest is the answer to: time, key rights, instruments, account, fills, candles,
/// and each list of movements.
pub fn fuzz_binance_reply(data: &[u8]) {
    let Some((parser, body)) = data.split_first() else { return };
    match parser % 11 {
        0 => {
            let told = wire::read::<wire::ServerTime<'_>>(TIME.path, body);
            let _ = told.and_then(|told| told.server_time.time(TIME.path, "serverTime"));
        }
        1 => drop(rights::rights(API_RESTRICTIONS.path, body)),
        2 => drop(Markets::read(body, NOW)),
        3 => {
            let account = wire::read::<wire::Account<'_>>(ACCOUNT.path, body);
            let mut in_earn = std::collections::BTreeSet::new();
            drop(account.map(|account| known::balances(&account, &Markets::default(), &mut in_earn)));
        }
        4 => {
            let page = fills::read(body, &Symbol::from("BNBBTC"), 0);
            let _ = page.map(|(rows, _)| fills::Cursor::default().advance(&rows, 0).len());
        }
        5 => candles(body),
        list => {
            let cheap = flows::Source::CHEAP.into_iter();
            let all = cheap.chain(flows::Source::DEAR.map(|(source, _)| source));
            drop(all.skip(usize::from(list - 6)).take(1).map(|source| source.read(body)).collect::<Vec<_>>());
        }
    }
}

fn candles(body: &[u8]) {
    let listed = br#"{"symbols":[{"symbol":"BNBBTC","baseAsset":"BNB","quoteAsset":"BTC"}]}"#;
    let (Ok(markets), mut closes) = (Markets::read(listed, NOW), Closes::default()) else { return };
    let instant = Timestamp::from_millis(1_499_040_000_000);
    let wanted = |asset: &str, quote: &str, at| PriceWanted {
        asset: Asset::from(asset),
        quote: Asset::from(quote),
        at,
    };
    let at = PriceAt::Instant(instant);
    let day = PriceAt::EndOf(Day::of(instant));
    let all = vec![wanted("BNB", "BTC", at), wanted("BTC", "BNB", at), wanted("BNB", "BTC", day)];
    let mut pricing = Pricing::new(all, &mut closes, candles::DEPTH);
    let _ = pricing.next(&markets, &closes, NOW);
    let Ok(told) = candles::read(body, NOW) else { return };
    pricing.take(&mut closes, Some(told), NOW);
    let _ = pricing.next(&markets, &closes, NOW);
}

/// The first two bytes are a status, the rest is what came with it.
pub fn fuzz_binance_error(data: &[u8]) {
    let Some(([low, high], body)) = data.split_first_chunk() else { return };
    let status = 100 + u16::from_le_bytes([*low, *high]) % 500;
    let reply =
        Reply { status, headers: vec![("retry-after".to_owned(), "5".to_owned())], body: body.to_vec() };
    let _ = errors::error(&reply, NOW);
}

/// What a connector saved, without its head and with the check at its end made right, so that mutations come further
/// than that. What is read is written as the same bytes, and another round can begin with it.
pub fn fuzz_binance_saved(data: &[u8]) {
    drop(saved::read::<known::Known>(SAVED_HEAD, data));
    let content = data
        .split_at_checked(data.len().saturating_sub(saved::CHECK_BYTES))
        .map_or(data, |(content, _)| content);
    let Some((owner, known)) = saved::read_content::<known::Known>(SAVED_HEAD, content) else { return };
    let again = saved::write(SAVED_HEAD, owner, &known);
    assert!(again.starts_with(content), "one form for each value");
    assert!(saved::read(SAVED_HEAD, &again) == Some((owner, known)), "what was written is read");
}
