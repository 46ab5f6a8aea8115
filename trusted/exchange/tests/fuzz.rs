//! Seeded mutations of answers as Binance documents them: no bytes of a stranger make the parsers panic.
//! `PERFAGG_FUZZ_ROUNDS` multiplies the rounds.
#![cfg(test)]

mod desk;

use exchange::{fuzz_binance_error, fuzz_binance_reply, fuzz_binance_saved};

/// What JSON is made of.
const ALPHABET: &[u8] = b"\"{}[]:,\\.-+eE019au \xC3";

/// One good answer for each parser, in the order of `fuzz_binance_reply`.
const ANSWERS: [&str; 11] = [
    r#"{"serverTime":1499827319559}"#,
    r#"{"ipRestrict":false,"createTime":1,"enableReading":true,"enableMargin":false,"permitsUniversalTransfer":true}"#,
    r#"{"timezone":"UTC","symbols":[{"symbol":"ETHBTC","status":"TRADING","baseAsset":"ETH","quoteAsset":"BTC"}]}"#,
    r#"{"uid":354937868,"balances":[{"asset":"BTC","free":"4723846.89208129","locked":"1e-8"},{"asset":"LDBTC","free":1,"locked":0.5}]}"#,
    r#"[{"symbol":"BNBBTC","id":28457,"orderId":100234,"price":"4.00000100","qty":"12.00000000","quoteQty":"48.000012","commission":"10.1","commissionAsset":"BNB","time":1499865549590,"isBuyer":true,"isMaker":false}]"#,
    r#"[[1499040000000,"0.01634790","0.80000000","0.01575800","0.01577100","148976.11427815",1499040059999,"2434.1",308,"1756.8","28.4","0"]]"#,
    r#"[{"id":"7698","amount":"0.001","coin":"BNB","status":1,"insertTime":1661493146000,"transferType":0}]"#,
    r#"{"rows":[{"id":1637366104,"amount":"10.0","asset":"BHFT","divTime":1563189166000,"tranId":2968885920,"direction":-1}],"total":1}"#,
    r#"{"total":1,"userAssetDribblets":[{"operateTime":1,"transId":45,"userAssetDribbletDetails":[{"transId":43,"serviceChargeAmount":"0.01","amount":"0.9","operateTime":"2018-05-03 17:07:04","transferedAmount":"0.4","fromAsset":"USDT"}]}]}"#,
    r#"[{"id":"b6ae","amount":"8.91","transactionFee":"0.004","coin":"USDT","status":6,"applyTime":"2019-10-12 11:12:02"}]"#,
    r#"{"list":[{"orderId":940708407462087195,"orderStatus":"SUCCESS","fromAsset":"USDT","fromAmount":"20","toAsset":"BNB","toAmount":"0.06","createTime":1624248872184}],"moreData":false}"#,
];

const ERRORS: [&str; 4] = [
    r#"{"code":-1121,"msg":"Invalid symbol."}"#,
    r#"{"code":"-1003","msg":"Way too much request weight used; IP banned until 1735689720123. Please use WebSocket."}"#,
    r#"{"msg":"Service unavailable from a restricted location according to 'b. Eligibility'."}"#,
    "<html><head><title>502 Bad Gateway</title></head><body></body></html>",
];

fn rounds(usual: u64) -> u64 {
    #[expect(clippy::disallowed_methods, reason = "how a long run is asked for")]
    let times = std::env::var("PERFAGG_FUZZ_ROUNDS").ok().and_then(|times| times.parse().ok());
    usual * times.unwrap_or(1_u64)
}

/// Knuth's linear congruential generator: the same mutations in each run.
struct Seeded(u64);

impl Seeded {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % limit.max(1)
    }

    /// Some bytes changed, cut off, doubled, removed or put in.
    fn bite(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut bytes = bytes.to_vec();
        for _ in 0..=self.below(4) {
            let at = self.below(bytes.len());
            match self.below(6) {
                0 if self.below(4) == 0 => bytes.truncate(at),
                1 => bytes.insert(at, ALPHABET[self.below(ALPHABET.len())]),
                2 => drop(bytes.splice(at..bytes.len().min(at + 1), [])),
                3 => {
                    let piece: Vec<u8> = bytes.iter().skip(at).take(self.below(60)).copied().collect();
                    bytes.splice(at..at, piece);
                }
                4 if !bytes.is_empty() => bytes[at] = ALPHABET[self.below(ALPHABET.len())],
                _ if !bytes.is_empty() => bytes[at] ^= 1 << self.below(8),
                _ => {}
            }
        }
        bytes
    }
}

#[test]
fn answers_of_any_bytes() {
    let mut random = Seeded(1);
    for _ in 0..rounds(60_000) {
        let parser = random.below(ANSWERS.len());
        let body = random.bite(ANSWERS[parser].as_bytes());
        fuzz_binance_reply(&[vec![u8::try_from(parser).unwrap()], body].concat());
    }
}

#[test]
fn errors_of_any_bytes() {
    let mut random = Seeded(2);
    for _ in 0..rounds(40_000) {
        let status = [random.below(256), random.below(256)].map(|byte| u8::try_from(byte).unwrap());
        let error = ERRORS[random.below(ERRORS.len())];
        let body = random.bite(error.as_bytes());
        fuzz_binance_error(&[status.to_vec(), body].concat());
    }
}

/// What connectors saved: one that knows nothing, one with fills, and one with each kind of movement.
fn saved() -> Vec<Vec<u8>> {
    let mut all = vec![desk::connector().saved()];
    let mut desk = desk::trader::trader(20, 60_000);
    let mut connector = desk::connector();
    desk.collect(connector.as_mut());
    all.push(connector.saved());
    let at_ms = desk::NOW_MS - desk::DAY_MS;
    let row =
        serde_json::json!({ "id": "w", "amount": "1", "coin": "USDT", "status": 2, "applyTime": at_ms });
    desk.lists.insert(desk::WITHDRAWALS, vec![(at_ms, row)]);
    let row =
        serde_json::json!({ "id": 7, "amount": "3", "asset": "ETH", "divTime": at_ms, "enInfo": "Flexible" });
    desk.lists.insert(desk::DIVIDENDS, vec![(at_ms, row)]);
    desk.balances.push(desk::trader::balance("LDETH", "3.5"));
    desk.now_ms += desk::DAY_MS;
    desk.collect(connector.as_mut());
    all.push(connector.saved());
    all
}

#[test]
fn what_was_saved_of_any_bytes() {
    let (mut random, saved) = (Seeded(3), saved());
    saved.iter().for_each(|saved| fuzz_binance_saved(saved));
    for _ in 0..rounds(40_000) {
        let saved = &saved[random.below(saved.len())];
        fuzz_binance_saved(&random.bite(saved));
    }
}
