//! Where documents are, and answers in every shape.

use super::*;
use attestation::PckCa;

fn platform(tee: Tee, ca: PckCa) -> ClaimedPlatform {
    ClaimedPlatform { tee, fmspc: [0, 0xa0, 0x67, 0x11, 0, 0], ca }
}

#[test]
fn documents_are_where_intel_has_them() {
    let source = Source::new(PCS, ROOT_CRL).unwrap();
    let (sgx, tdx) = (platform(Tee::SgxDcap, PckCa::Processor), platform(Tee::Tdx, PckCa::Platform));
    for (document, platform, update, url) in [
        (
            Document::TcbInfo,
            sgx,
            Update::Standard,
            "/sgx/certification/v4/tcb?fmspc=00a067110000&update=standard",
        ),
        (Document::TcbInfo, tdx, Update::Early, "/tdx/certification/v4/tcb?fmspc=00a067110000&update=early"),
        (Document::QeIdentity, sgx, Update::Early, "/sgx/certification/v4/qe/identity?update=early"),
        (Document::QeIdentity, tdx, Update::Standard, "/tdx/certification/v4/qe/identity?update=standard"),
        (Document::PckCrl, sgx, Update::Standard, "/sgx/certification/v4/pckcrl?ca=processor&encoding=der"),
        (Document::PckCrl, tdx, Update::Standard, "/sgx/certification/v4/pckcrl?ca=platform&encoding=der"),
    ] {
        let (service, path) = source.place(document, &platform, update);
        assert_eq!((service.to_string().as_str(), path.as_str()), (PCS, url));
    }
    let (service, path) = source.place(Document::RootCrl, &tdx, Update::Standard);
    assert_eq!(format!("{service}{path}"), ROOT_CRL);
}

#[test]
fn a_cache_may_be_elsewhere_and_plain_http_stays_on_this_machine() {
    let cache = "http://127.0.0.1:8081/sgx/certification/v4/rootcacrl";
    let source = Source::new("http://127.0.0.1:8081", cache).unwrap();
    let platform = platform(Tee::SgxDcap, PckCa::Platform);
    let (service, path) = source.place(Document::RootCrl, &platform, Update::Standard);
    assert_eq!(format!("{service}{path}"), cache);
    for (pcs, defect) in [
        ("http://pccs.example", UrlDefect::PlainHttp),
        ("https://a:b@pccs.example", UrlDefect::UserInfo),
        ("https://pccs.example/sgx", UrlDefect::Path),
        ("pccs.example", UrlDefect::Form),
    ] {
        assert_eq!(Source::new(pcs, ROOT_CRL), Err(SourceDefect::Pcs(defect)), "{pcs}");
    }
    for (file, defect) in [
        ("http://crl.example/root.der", UrlDefect::PlainHttp),
        ("https://a@crl.example/root.der", UrlDefect::UserInfo),
        ("https://crl.example", UrlDefect::Path),
        ("https://crl.example/", UrlDefect::Path),
        ("https://crl.example/root.der#a", UrlDefect::Path),
        ("ftp://crl.example/root.der", UrlDefect::Scheme),
        ("/root.der", UrlDefect::Form),
        ("", UrlDefect::Form),
    ] {
        assert_eq!(Source::new(PCS, file), Err(SourceDefect::RootCrl(defect)), "{file}");
    }
}

#[test]
fn the_signed_text_is_taken_as_it_stands() {
    let text = r#"{ "id":"SGX", "nested": {"a":[1, 2.50]},"e":"\u00e9" }"#;
    let signature = "0A".repeat(64);
    for (document, body) in [
        (Document::TcbInfo, format!(r#"{{"tcbInfo":{text},"signature":"{signature}"}}"#)),
        (
            Document::QeIdentity,
            format!("{{\n \"signature\" : \"{signature}\",\n \"enclaveIdentity\" :\n{text}\n}}\n"),
        ),
        (Document::TcbInfo, format!(r#"{{"newer":[{{}}],"tcbInfo":{text},"signature":"{signature}"}}"#)),
    ] {
        let signed = signed(document, body.as_bytes()).unwrap();
        assert_eq!((signed.text.as_str(), signed.signature), (text, vec![10; 64]), "{body}");
    }
}

#[test]
fn an_answer_of_another_form_is_refused_with_its_reason() {
    let good = format!(r#"{{"tcbInfo":{{"id":"SGX"}},"signature":"{}"}}"#, "0a".repeat(64));
    assert!(signed(Document::TcbInfo, good.as_bytes()).is_ok());
    for cut in 1..good.len() {
        assert_eq!(signed(Document::TcbInfo, &good.as_bytes()[..cut]), Err(Defect::CutShort), "{cut}");
    }
    assert_eq!(signed(Document::QeIdentity, good.as_bytes()), Err(Defect::NoDocument), "of another kind");
    let odd = |members: &str| format!("{{{members}}}");
    for (body, defect) in [
        (String::new(), Defect::Empty),
        (" \n".to_owned(), Defect::Empty),
        ("<!DOCTYPE html><p>Log in</p>".to_owned(), Defect::WebPage),
        ("\n<html>".to_owned(), Defect::WebPage),
        ("Not Found".to_owned(), Defect::Form),
        ("[]".to_owned(), Defect::Form),
        (format!("[{{}},null,\"{}\"]", "0a".repeat(64)), Defect::Form),
        (format!("{good}x"), Defect::Form),
        (odd(""), Defect::NoDocument),
        (odd(r#""tcbInfo":null,"signature":"00""#), Defect::NoDocument),
        (odd(r#""tcbInfo":"{}","signature":"00""#), Defect::NoDocument),
        (odd(r#""tcbInfo":{},"tcbInfo":{},"signature":"00""#), Defect::Form),
        (odd(r#""tcbInfo":{}"#), Defect::Signature),
        (odd(r#""tcbInfo":{},"signature":null"#), Defect::Signature),
        (odd(r#""tcbInfo":{},"signature":"""#), Defect::Signature),
        (odd(&format!(r#""tcbInfo":{{}},"signature":"{}""#, "0a".repeat(63))), Defect::Signature),
        (odd(&format!(r#""tcbInfo":{{}},"signature":"{}""#, "0g".repeat(64))), Defect::Signature),
        (odd(r#""tcbInfo":{},"signature":7"#), Defect::Form),
    ] {
        assert_eq!(signed(Document::TcbInfo, body.as_bytes()), Err(defect), "{body}");
    }
}

#[test]
fn a_list_is_der_or_the_same_in_hex() {
    let der = [0x30, 0x03, 0x02, 0x01, 0x01];
    for body in [&der[..], b"3003020101", b"3003020101\n", b" 3003020101"] {
        assert_eq!(list(body).as_deref(), Ok(&der[..]), "{body:?}");
    }
    for (body, defect) in [
        (&b""[..], Defect::Empty),
        (b"<html>", Defect::WebPage),
        (b"-----BEGIN X509 CRL-----", Defect::Form),
        (b"300302010", Defect::Form),
        (b"2203020101", Defect::Form),
        (b"\xff\xfe", Defect::Form),
    ] {
        assert_eq!(list(body), Err(defect), "{body:?}");
    }
}

#[test]
fn a_chain_is_percent_encoded_pem() {
    let pem = "-----BEGIN CERTIFICATE-----\nMIIC+/8=\n-----END CERTIFICATE-----\n";
    for header in [
        "-----BEGIN%20CERTIFICATE-----%0AMIIC%2B%2F8%3D%0A-----END%20CERTIFICATE-----%0A",
        "-----BEGIN%20CERTIFICATE-----%0aMIIC+/8=%0a-----END%20CERTIFICATE-----%0a",
        "-----BEGIN+CERTIFICATE-----%0AMIIC%2B%2F8%3D%0A-----END+CERTIFICATE-----%0A",
        "-----BEGIN CERTIFICATE-----%0AMIIC+/8=%0A-----END CERTIFICATE-----%0A",
    ] {
        assert_eq!(chain(header.as_bytes()).as_deref(), Ok(pem), "{header}");
    }
    for header in ["", "MIIC", "%", "-----BEGIN%20CERTIFICATE-----%0", "-----BEGIN%20CERTIFICATE-----%zz"] {
        assert_eq!(chain(header.as_bytes()), Err(Defect::ChainForm), "{header}");
    }
    let begun = "-----BEGIN%20CERTIFICATE-----";
    for odd in ["%00", "%1b[2J", "%c3%a9", "\t", "é"] {
        assert_eq!(chain(format!("{begun}{odd}").as_bytes()), Err(Defect::ChainForm), "{odd}");
    }
    assert!(chain(format!("{begun}{}", "A".repeat(16 * 1024 - begun.len())).as_bytes()).is_ok());
    let long = format!("{begun}{}", "A".repeat(16 * 1024));
    assert_eq!(chain(long.as_bytes()), Err(Defect::ChainTooLong));
}
