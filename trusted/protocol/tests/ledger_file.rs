//! The ledger file: what is written reads as the same, and what is wrong with a file is told with its line and its fill.
#![cfg(test)]

mod records;

use ledger::LineKind;
use proptest::prelude::*;
use protocol::ledger_file::{
    Defect, Export, FORMAT, Flaw, LINE_BYTES_MAX, LedgerFile, LedgerFileError, MergeError, merge, read,
};
use records::{contents, record, text};
use sha2::{Digest as _, Sha256};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_written_reads_as_the_same_and_is_written_as_the_same(seed: u64, fills in 0_u64..300) {
        let before = record(seed, fills);
        let written = text(&before);
        let after = read(written.as_bytes()).unwrap();
        prop_assert_eq!(contents(&before), contents(&after));
        prop_assert_eq!(before.record.aggregator.total(), after.record.aggregator.total());
        prop_assert_eq!(written, text(&after));
    }

    #[test]
    fn pages_of_any_size_make_the_whole(seed: u64, bytes in 1_usize..3000) {
        let file = record(seed, 30);
        let (whole, mut pages, mut from) = (text(&file), String::new(), Some(0));
        let export = Export::new(&file.record, &file.frame, file.as_of).unwrap();
        while let Some(at) = from {
            let page = export.page(at, bytes);
            prop_assert!(page.lines.len() <= bytes || page.lines.lines().count() == 1);
            prop_assert!(page.lines.ends_with('\n'));
            pages.push_str(&page.lines);
            from = page.next;
        }
        prop_assert_eq!(&whole, &pages);
        let beyond = export.page(u64::try_from(whole.lines().count()).unwrap(), bytes);
        prop_assert_eq!((beyond.lines.as_str(), beyond.next), ("", None));
        let streamed: Vec<String> = export.pages(bytes).collect();
        prop_assert_eq!(whole, streamed.concat());
    }
}

/// A file of one fill, as it is written by hand: the text of `docs/protocol.md` in small.
fn small() -> Vec<String> {
    [
        r#"{"format":"perfagg-ledger/1","environment":"development","as_of":1795521600000,"quote_currency":"USDT","benchmark":"BTC","periods_per_year":"365","risk_free_annual":"0","mar_annual":"0","history_limit":"account opened","key_rights":"read-only, checked 1 time","unread":[],"prices":[],"accounts":[{"name":"a","venue":"binance","fingerprint":"Zm9v","types":["spot"],"registered":1795500000000,"complete_from":1795000000000,"since_opening":true,"gaps":[]}]}"#,
        r#"["instrument","BTCUSDT","spot","BTC","USDT","1"]"#,
        r#"["source","1d","BTCUSDT"]"#,
        r#"["book",0,"BTCUSDT"]"#,
        r#"["fill",1795500000000,"17","buy","0.5","100000","0.05","USDT","maker","o1",7,null,null]"#,
        r#"["fill",1795500000001,"18","sell","0.25","110000","0.05","BNB",null,null,null,"600","1"]"#,
        r#"["line",0,"deposit","d1",1795400000000,"USDT","100000",null]"#,
        r#"["observation",0,1795521000000,"BTC","0.25","USDT","77499.95"]"#,
        r#"["day","BTC","2026-11-23",0,"101000.5"]"#,
        r#"["minute","BTC",1795500000000,null,null]"#,
    ]
    .map(str::to_owned)
    .to_vec()
}

/// The whole text of some lines, with the right last one for small files.
fn closed(lines: &[String]) -> String {
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    let count = |kinds: &[&str]| {
        lines.iter().filter(|line| kinds.iter().any(|kind| line.starts_with(&format!("[\"{kind}\"")))).count()
    };
    let [fills, others, seen] = [count(&["fill"]), count(&["line"]), count(&["observation"])];
    let sum = hex::encode(Sha256::digest(text.as_bytes()));
    format!("{text}[\"end\",{fills},{others},{seen},{},\"{sum}\"]\n", count(&["day", "minute"]))
}

#[test]
fn a_file_written_by_hand_is_read_and_written_as_it_was() {
    let written = closed(&small());
    let file = read(written.as_bytes()).unwrap();
    assert_eq!(text(&file), written);
    assert_eq!((file.record.aggregator.len(), file.record.lines.len()), (2, 1));
    assert_eq!(file.record.aggregator.total().fills, 2);
    assert_eq!(file.frame.accounts["a"].fingerprint, "Zm9v");
}

/// The error of the small file with something else in place of a piece of it.
fn with(piece: &str, instead: &str) -> LedgerFileError {
    let whole = small().join("\n");
    assert!(whole.contains(piece), "{piece}");
    let lines: Vec<String> = whole.replacen(piece, instead, 1).split('\n').map(str::to_owned).collect();
    read(closed(&lines).as_bytes()).expect_err(instead)
}

#[test]
fn a_fill_that_is_wrong_is_named_with_its_line() {
    let sixty = "1234567890".repeat(6);
    for (piece, instead, said) in [
        (r#""0.5""#, r#""NaN""#, "line 5: fill 17 of BTCUSDT: quantity is not a decimal"),
        (r#""0.5""#, r#""0,5""#, "line 5: fill 17 of BTCUSDT: quantity is not a decimal"),
        (r#""0.5""#, r#""""#, "line 5: fill 17 of BTCUSDT: quantity is not a decimal"),
        (r#""0.5""#, "0.5", "line 5: fill 17 of BTCUSDT: quantity is not a decimal as text"),
        (r#""0.5""#, r#""-0.5""#, "line 5: fill 17 of BTCUSDT: quantity is not above zero"),
        (r#""0.5""#, r#""0.000""#, "line 5: fill 17 of BTCUSDT: quantity is not above zero"),
        (r#""100000""#, r#""0""#, "line 5: fill 17 of BTCUSDT: price is not above zero"),
        (
            r#""100000""#,
            r#""1e99""#,
            "line 5: fill 17 of BTCUSDT: price has more digits than a number may have",
        ),
        (r#""0.05","USDT""#, r#""Infinity","USDT""#, "line 5: fill 17 of BTCUSDT: fee is not a decimal"),
        (r#""0.05","USDT""#, r#""0.05","""#, "line 5: fill 17 of BTCUSDT: fee asset is empty"),
        ("\"buy\"", "\"BUY\"", "line 5: fill 17 of BTCUSDT: side is not buy or sell"),
        ("\"buy\"", "null", "line 5: fill 17 of BTCUSDT: side is not buy or sell"),
        ("\"maker\"", "\"both\"", "line 5: fill 17 of BTCUSDT: liquidity is not maker, taker or null"),
        (",7,", ",-7,", "line 5: fill 17 of BTCUSDT: sequence number is not a whole number"),
        ("\"600\"", "\"-600\"", "line 6: fill 18 of BTCUSDT: fee rate is not above zero"),
        ("\"17\"", "\"\"", "line 5: fill  of BTCUSDT: id is empty"),
        ("\"17\"", "17", "line 5: id is not a text"),
        (
            "1795500000000,\"17\"",
            "1230767999999,\"17\"",
            "line 5: fill 17 of BTCUSDT: time is before 2009, or after the instant of the file",
        ),
        (
            "1795500000001,\"18\"",
            "1795525200001,\"18\"",
            "line 6: fill 18 of BTCUSDT: time is before 2009, or after the instant of the file",
        ),
        (
            "1795500000000,\"17\"",
            "1795500000000.5,\"17\"",
            "line 5: fill 17 of BTCUSDT: time is not a whole number of milliseconds",
        ),
        (
            "1795500000000,\"17\"",
            "99999999999999999999,\"17\"",
            "line 5: fill 17 of BTCUSDT: time is not a whole number of milliseconds",
        ),
        (
            "1795500000001,\"18\"",
            "1795499999999,\"18\"",
            "line 6: fill 18 of BTCUSDT: it stands there twice, or before what belongs above it",
        ),
        (
            ",null,null]",
            ",null]",
            "line 5: fill 17 of BTCUSDT: the row has more or fewer elements than its kind",
        ),
        ("\"18\",\"sell\"", "\"17\",\"buy\"", "line 6: fill 17 of BTCUSDT: two of one id differ"),
        (
            r#""0.05","USDT","maker""#,
            r#""0.5","BTC","maker""#,
            "line 5: fill 17 of BTCUSDT: a quantity, price or rate is not above zero, or the fee eats up what was traded",
        ),
    ] {
        assert_eq!(with(piece, instead).to_string(), said, "{instead}");
    }
    let error = with(r#""0.5","100000""#, &format!(r#""{sixty}","{sixty}""#)).to_string();
    assert!(error.starts_with("line 5: fill 17 of BTCUSDT: "), "{error}");
}

#[test]
fn rows_that_are_wrong_are_named_by_their_line() {
    let not_a = |element, what| Defect::Element(element, Flaw::NotA(what));
    for (piece, instead, line, defect) in [
        ("perfagg-ledger/1", "perfagg-ledger/2", 1, Defect::Version),
        ("perfagg-ledger/1", "else", 1, Defect::Foreign),
        ("{\"format\"", "[\"format\"", 1, Defect::Foreign),
        ("\"unread\":[],", "", 1, Defect::Header),
        ("\"unread\":[],", "\"unread\":[],\"more\":1,", 1, Defect::Header),
        ("\"unread\":[],", "\"unread\":[],\"unread\":[],", 1, Defect::Header),
        ("\"365\"", "\"inf\"", 1, not_a("periods_per_year", "a number in its shortest form")),
        ("\"365\"", "\"-1\"", 1, Defect::Element("periods_per_year", Flaw::NotAboveZero)),
        ("\"as_of\":1795521600000", "\"as_of\":1", 1, Defect::Element("as_of", Flaw::OutOfTime)),
        ("\"gaps\":[]", "\"gaps\":[[2,1]]", 1, Defect::Element("gaps", Flaw::Order)),
        ("\"USDT\",\"benchmark\"", "\"\",\"benchmark\"", 1, Defect::Element("quote_currency", Flaw::Empty)),
        ("\"spot\",\"BTC\"", "\"swap\",\"BTC\"", 2, not_a("kind", "spot, linear or inverse")),
        ("\"USDT\",\"1\"]", "\"USDT\",\"0\"]", 2, Defect::Element("multiplier", Flaw::NotAboveZero)),
        ("\"USDT\",\"1\"]", "\"USDT\",\"2\"]", 2, Defect::Ledger(ledger::Refused::InstrumentInvalid)),
        ("[\"source\",\"1d\"", "[\"source\",\"1w\"", 3, not_a("interval", "1m, 1h or 1d")),
        ("[\"source\",", "[\"sauce\",", 3, Defect::Kind),
        ("[\"source\",", "[7,", 3, Defect::Form),
        ("[\"source\",", "[", 3, Defect::Kind),
        ("[\"source\",\"1d\",\"BTCUSDT\"]", "[\"source\",\"1d\",\"BTCUSDT\"", 3, Defect::Form),
        ("[\"source\",\"1d\",\"BTCUSDT\"]", "", 3, Defect::Form),
        ("[\"book\",0", "[\"book\",1", 4, Defect::Element("account", Flaw::Unknown)),
        ("[\"book\",0,\"BTCUSDT\"]", "[\"book\",0,\"X\"]", 4, Defect::Element("symbol", Flaw::Unknown)),
        ("\"deposit\"", "\"gift\"", 7, not_a("kind", "a kind of line")),
        ("\"77499.95\"", "\"x\"", 8, not_a("balance", "a decimal")),
        ("\"BTC\",\"0.25\",", "\"USDT\",\"0.25\",", 8, Defect::Element("assets", Flaw::Order)),
        (",\"77499.95\"", "", 8, Defect::Length),
        ("2026-11-23", "2026-11-31", 9, not_a("day", "a day as 2026-01-31")),
        ("0,\"101000.5\"", "1,\"101000.5\"", 9, Defect::Element("source", Flaw::Unknown)),
        ("0,\"101000.5\"", "null,\"101000.5\"", 9, Defect::Element("source", Flaw::Unknown)),
        ("\"BTC\",1795500000000", "\"BTC\",1795500000001", 10, not_a("time", "the beginning of a minute")),
    ] {
        let error = with(piece, instead);
        assert_eq!((error.line, error.defect), (line, defect), "{piece} -> {instead}: {error}");
        assert!(error.fill.is_none() && !error.to_string().is_empty());
    }
}

#[test]
fn a_file_that_was_cut_doubled_or_changed_is_refused() {
    let (lines, whole) = (small(), closed(&small()));
    let at = |text: &str| {
        let error = read(text.as_bytes()).unwrap_err();
        (error.line, error.defect)
    };
    assert_eq!(at(""), (1, Defect::Foreign));
    for cut in 1..whole.len() {
        let (_, defect) = at(&whole[..cut]);
        assert!(matches!(defect, Defect::Cut), "{cut}: {defect}");
    }
    for again in 1..lines.len() {
        let mut doubled = lines.clone();
        doubled.insert(again, lines[again].clone());
        let (line, defect) = at(&closed(&doubled));
        assert_eq!(usize::try_from(line).unwrap(), again + 2, "{defect}");
        let mut swapped = lines.clone();
        swapped.swap(again, again - 1);
        assert!(read(closed(&swapped).as_bytes()).is_err(), "{again}");
    }
    for (missing, what) in [(4, "fills"), (6, "lines"), (7, "observations"), (8, "prices")] {
        let mut fewer = lines.clone();
        fewer.remove(missing);
        let end = whole.lines().last().unwrap();
        let text: String = fewer.iter().map(|line| format!("{line}\n")).collect();
        assert_eq!(at(&format!("{text}{end}\n")).1, Defect::Count(what));
    }
    assert_eq!(at(&whole.replace("\"0.5\"", "\"0.6\"")), (11, Defect::Checksum));
    assert_eq!(at(&whole.replace("account opened", "account 0pened")), (11, Defect::Checksum));
    assert_eq!(at(&format!("{whole}\n")), (12, Defect::AfterEnd));
    assert_eq!(at(&format!("{whole}{whole}")), (12, Defect::AfterEnd));
    assert_eq!(at(&whole.replace('\n', "\r\n")), (11, Defect::Checksum), "lines end in one way");
    let long =
        format!("{}[\"{}\"]\n", whole.split_inclusive('\n').next().unwrap(), "x".repeat(LINE_BYTES_MAX));
    assert_eq!(at(&long), (2, Defect::LineTooLong));
    let mut bytes = whole.into_bytes();
    let at = bytes.iter().position(|byte| *byte == b'7').unwrap();
    bytes[at] = 0xff;
    assert_eq!(read(&bytes).unwrap_err().defect, Defect::Encoding);
}

#[test]
fn texts_with_escapes_read_as_those_without() {
    let escaped = small().join("\n").replacen("\"17\"", "\"\\u0031\\u0037\"", 1);
    let lines: Vec<String> = escaped.split('\n').map(str::to_owned).collect();
    let file = read(closed(&lines).as_bytes()).unwrap();
    assert_eq!(text(&file), closed(&small()));
}

#[test]
fn an_account_that_is_not_described_is_not_written() {
    let mut file = record(1, 20);
    let name = file.frame.accounts.keys().next().unwrap().clone();
    file.frame.accounts.remove(&name);
    assert!(Export::new(&file.record, &file.frame, file.as_of).is_err());
}

/// The page for implementers.
fn page() -> String {
    std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/protocol.md")).unwrap()
}

#[test]
fn the_worked_example_reads_and_is_written_as_it_stands_there() {
    let page = page();
    let example = page.split("```jsonl\n").nth(1).unwrap().split("```").next().unwrap();
    let file = read(example.as_bytes()).unwrap();
    assert_eq!(text(&file), example);
    // The fills and lines lead to the balances that were read: 50000 - 45000 - 45 + 0.2 * 93000.5 - 1000 - 1.
    let held = &file.record.accounts["binance"].observations[0].balances;
    let shown: Vec<String> = held.iter().map(|(asset, held)| format!("{asset} {held}")).collect();
    assert_eq!(shown, ["BNB 0.08", "BTC 0.3", "USDT 22554.1"]);
    assert_eq!(file.record.wanted(file.as_of), [], "it has every price that its figures need");
    let figures = file.record.figures(file.as_of);
    let (total, equity) = &figures.total;
    // 0.08 * 912 + 0.3 * 93050 + 22554.1, of which 50000 + 0.1 * 904.5 - 1000 came from outside.
    assert_eq!(equity.equity, Ok("50542.06".parse().unwrap()));
    assert_eq!(equity.cashflows.gain, Ok("1451.61".parse().unwrap()));
    assert_eq!(equity.residual, Ok("0".parse().unwrap()));
    // 0.2 * (93000.5 - 90000) - 45 * 0.2 / 0.5 - 0.02 * 910.25
    assert_eq!(total.realized_net, Ok("563.895".parse().unwrap()));
}

#[test]
fn the_page_names_every_kind_of_row_and_of_line() {
    let page = page();
    assert!(page.contains(&format!("`{FORMAT}`")));
    for kind in LineKind::ALL {
        assert!(page.contains(&format!("`{}`", kind.as_str())), "{}", kind.as_str());
    }
    let rows = text(&record(5, 60));
    for row in rows.lines().skip(1) {
        let kind = row.split('"').nth(1).unwrap();
        assert!(page.contains(&format!("\n| `{kind}` ")), "{kind}");
    }
}

/// A file of some accounts of another file.
fn of_accounts(seed: u64, keep: &[&str], rename: Option<&str>) -> LedgerFile {
    let mut file = record(seed, 80);
    let all = file.record.clone();
    let kept = |name: &str| keep.contains(&name);
    file.record.aggregator = ledger::TradeAggregator::new(all.aggregator.reporting().clone());
    for instrument in all.aggregator.instruments() {
        file.record.aggregator.add_instrument(instrument.clone()).unwrap();
    }
    let new_name = |name: &str| rename.unwrap_or(name).into();
    let fills = all.aggregator.fills().filter(|fill| kept(&fill.account)).map(|mut fill| {
        fill.account = new_name(&fill.account);
        fill
    });
    file.record.aggregator.apply(fills.collect(), file.as_of).unwrap();
    let lines = all.lines.iter().filter(|line| kept(&line.account)).cloned().map(|mut line| {
        line.account = new_name(&line.account);
        line
    });
    file.record.lines = ledger::Lines::default();
    file.record.lines.apply(lines.collect()).unwrap();
    let accounts = all.accounts.into_iter().filter(|(name, _)| kept(name));
    file.record.accounts = accounts.map(|(name, account)| (new_name(&name), account)).collect();
    let accounts = file.frame.accounts.clone().into_iter().filter(|(name, _)| kept(name));
    file.frame.accounts =
        accounts.map(|(name, account)| (String::from(&*new_name(&name)), account)).collect();
    file
}

const FIRST: &str = "acc\"ount\\";
const SECOND: &str = "alice";
const THIRD: &str = "ünïcode 帳";

#[test]
fn files_of_several_accounts_make_the_record_of_all_in_any_order() {
    let whole = record(9, 80);
    let parts = || [of_accounts(9, &[FIRST], None), of_accounts(9, &[SECOND, THIRD], None)];
    let merged = merge(parts().into()).unwrap();
    let mut expected = whole;
    expected.frame.prices[0].fills *= 2;
    assert_eq!(text(&merged), text(&expected));
    let turned = merge(parts().into_iter().rev().collect()).unwrap();
    assert_eq!(text(&turned), text(&expected));
    let alone = record(9, 80);
    assert_eq!(text(&merge(vec![record(9, 80)]).unwrap()), text(&alone));
}

#[test]
fn accounts_of_one_name_are_told_apart_by_their_fingerprints() {
    let parts = vec![of_accounts(9, &[FIRST], Some("binance")), of_accounts(9, &[SECOND], Some("binance"))];
    let fills: Vec<u64> = parts.iter().map(|part| part.record.aggregator.len() as u64).collect();
    let merged = merge(parts).unwrap();
    let names: Vec<&str> = merged.frame.accounts.keys().map(String::as_str).collect();
    assert_eq!(names, ["binance", "binance print of alice"]);
    assert_eq!(merged.frame.cannot_see, ["cards \"and\" P2P"], "told once, though by both");
    let held: Vec<u64> = names.iter().map(|name| merged.record.aggregator.account(name).fills).collect();
    assert_eq!(held, fills);
    assert_eq!(merged.record.accounts.len(), 2);
}

#[test]
fn files_that_do_not_belong_together_are_refused() {
    let part = |keep| of_accounts(9, &[keep], None);
    assert_eq!(merge(Vec::new()).unwrap_err(), MergeError::Nothing);
    let twice = merge(vec![part(FIRST), part(SECOND), of_accounts(9, &[FIRST], Some("other name"))]);
    let expected = MergeError::AccountTwice("binance".to_owned(), format!("print of {FIRST}"));
    assert_eq!(twice.unwrap_err(), expected);
    let differs = |change: fn(&mut LedgerFile)| {
        let mut other = part(SECOND);
        change(&mut other);
        merge(vec![part(FIRST), other]).unwrap_err()
    };
    assert_eq!(
        differs(|file| file.frame.environment = "live".to_owned()),
        MergeError::Differ("environments")
    );
    assert_eq!(differs(|file| file.record.benchmark = "ETH".into()), MergeError::Differ("benchmarks"));
    assert_eq!(
        differs(|file| file.record.parameters.mar_annual = 0.5),
        MergeError::Differ("parameters of returns")
    );
}
