//! Collateral of each family: one document, which is of one of them.
#![cfg(test)]

use attestation::{Class, Collateral, SnpCollateral};

const MILAN: &[u8] = include_bytes!("../src/roots/amd-ark-milan.der");
const PEM: &str = include_str!("../development-root.pem");

#[test]
fn amds_collateral_is_read_as_it_is_written() {
    let whole = SnpCollateral { vek: vec![1], ask: vec![2], ark: MILAN.to_vec(), crl: Some(vec![3]) };
    for collateral in [whole.clone(), SnpCollateral { crl: None, ..whole }] {
        let collateral = Collateral::Snp(collateral);
        let json = serde_json::to_vec(&collateral).unwrap();
        assert_eq!(Collateral::parse(&json).unwrap(), collateral);
    }
    for json in [
        "{}",
        r#"{"vek":"AQ==","ask":"Ag=="}"#,
        r#"{"vek":"AQ==","ask":"Ag==","ark":"Aw=="}x"#,
        r#"{"vek":"AQ==","ask":"Ag==","ark":"Aw==","asvk":"Aw=="}"#,
        r#"{"vek":"AQ==","ask":"Ag==","ark":"03"}"#,
        r#"{"vek":"AQ==","ask":"Ag==","ark":"Aw==","pck_crl":"00"}"#,
    ] {
        assert_eq!(Collateral::parse(json.as_bytes()).unwrap_err().class, Class::Malformed, "{json}");
    }
}

#[test]
fn amds_files_are_a_certificate_and_a_chain_of_two() {
    let chain = PEM.repeat(2);
    let read = SnpCollateral::from_files(b"vek", chain.as_bytes()).unwrap();
    assert_eq!((&read.vek[..], &read.ask, read.crl), (&b"vek"[..], &read.ark, None));
    assert_eq!(read.ark[0], 0x30, "DER");
    for other in ["", PEM, &PEM.repeat(3), &chain[..chain.len() - 5], &format!("{chain}more"), "\u{0}"] {
        let failure = SnpCollateral::from_files(b"vek", other.as_bytes()).unwrap_err();
        assert_eq!(failure.class, Class::Malformed, "{other}");
    }
    let noise = vec![b'A'; 10 << 20];
    assert_eq!(SnpCollateral::from_files(b"", &noise).unwrap_err().class, Class::Malformed);
    assert_eq!(Collateral::parse(&noise).unwrap_err().class, Class::Malformed);
}
