//! Finds credentials that came in clear: members called `apiKey`, `secret` and the like, in whatever spelling and
//! form, so that a call that carries them goes no further.
//!
//! It reads no JSON: what is broken, nested, escaped or no JSON at all (a form, a query, YAML) tells a key just as
//! well. The text is brought into a plain form, letters and digits in small and the signs between them, and then the
//! names are looked for where a name stands: before a sign that gives a value. One pass, no recursion, no more memory
//! than the text. What is compressed or enciphered is not found.

/// What a name holds that a credential goes by, in plain form.
const NAMES: [&[u8]; 4] = [b"apikey", b"secret", b"passphrase", b"privatekey"];

/// Whether a text tells a credential, or claims to.
pub(crate) fn is_told(text: &[u8]) -> bool {
    let plain = plain(text);
    let mut rest = plain.as_slice();
    // In `name="apiKey"`, as in the parts of a form, the name stands where a value does.
    let mut is_named = false;
    loop {
        let length = rest.iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
        let Some((word, after)) = rest.split_at_checked(length) else { return false };
        let gives_value = matches!(after.first(), Some(b':' | b'=' | b'>'));
        if (gives_value || is_named) && NAMES.iter().any(|name| holds(word, name)) {
            return true;
        }
        is_named = gives_value && word.ends_with(b"name");
        match after.split_first() {
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
}

fn holds(word: &[u8], name: &[u8]) -> bool {
    word.windows(name.len()).any(|part| part == name)
}

/// Letters and digits in small, and the signs that part names from values and from each other. Percent and JSON escapes
/// are resolved; quotes, white space and what joins the words of a name fall away.
fn plain(mut text: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(text.len());
    while let Some((first, after)) = text.split_first() {
        let (byte, rest) = match (first, after) {
            (b'%', [a, b, rest @ ..]) => match digits(&[*a, *b]) {
                Some(code) => (u8::try_from(code).unwrap_or(b'?'), rest),
                None => (b'%', after),
            },
            (b'\\', [b'u', a, b, c, d, rest @ ..]) => match digits(&[*a, *b, *c, *d]) {
                Some(code) => (u8::try_from(code).unwrap_or(b'?'), rest),
                None => (b' ', after),
            },
            (b'\\', [b'b' | b'f' | b'n' | b'r' | b't', rest @ ..]) => (b' ', rest),
            _ => (*first, after),
        };
        text = rest;
        let joins = matches!(byte, 0 | b'_' | b'-' | b'.' | b'+' | b'\\' | b'"' | b'\'' | b'`' | b'[' | b']');
        if !joins && !byte.is_ascii_whitespace() {
            plain.push(byte.to_ascii_lowercase());
        }
    }
    plain
}

fn digits(hex: &[u8]) -> Option<u32> {
    hex.iter().try_fold(0, |code: u32, byte| Some((code << 4) | char::from(*byte).to_digit(16)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credential_is_found_in_whatever_form_it_is_told() {
        for text in [
            r#"{"apiKey":"k"}"#,
            r#"{"secret":"s"}"#,
            r#"{"API_KEY" : "k"}"#,
            r#"{"a":[1,{"b":{"api-key":"k"}}]}"#,
            r#"{"apiSecret":"s"}"#,
            r#"{"secretKey":"s","x":1}"#,
            r#"{"binance_api_key":"k"}"#,
            r#"{"passphrase":"p"}"#,
            r#"{"private key":"p"}"#,
            r#"{"\u0061pi\u004Bey":"k"}"#,
            r#"{"s\u0065cret"   :   "s"}"#,
            r#"{"body":"{\"apiKey\":\"k\"}"}"#,
            r#"{"body":"{\"x\":\"{\\\"\\u0073ecret\\\":1}\"}"}"#,
            r#"{"yaml":"x: 1\napiKey: k"}"#,
            r#"{"apiKey":"k"#,
            r#"{"apiKey":"#,
            "{apiKey: 'k'}",
            "{'secret' : 's'}",
            "\u{feff}{\"apiKey\":1}",
            "userId=me&apiKey=k",
            "api%4Bey=k",
            "%22apiKey%22%3A%22k%22",
            "credentials[apiKey]=k",
            "user.api_key=k",
            "api+key=k",
            "apiKey\n: k",
            "<apiKey>k</apiKey>",
            "--x\r\ncontent-disposition: form-data; name=\"apiKey\"\r\n\r\nk\r\n--x--",
            r#"[{"name":"secret","value":"s"}]"#,
            "{\0\"\0a\0p\0i\0K\0e\0y\0\"\0:\0",
        ] {
            assert!(is_told(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn what_tells_none_is_let_through() {
        for text in [
            "",
            "{}",
            "{",
            "nonce=AAAA_secret_apiKey-AAAA",
            r#"{"v":1,"header":{"route":"POST /enclave/sessions"},"enc":"apiKey","ciphertext":"secretapikey"}"#,
            r#"{"session_id":"session_1_secret"}"#,
            "/enclave/summary/session_1770000000_apiKeysecretAAAAAAAAAA?",
            r#"{"key":"k","sec":"ret","api":"key"}"#,
            "%",
            "%4",
            "\\",
            "\\u00",
            r"\uzzzz:",
        ] {
            assert!(!is_told(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn it_takes_one_pass_however_deep_or_long() {
        let deep = "[{\"a\":".repeat(5000);
        assert!(!is_told(deep.as_bytes()));
        assert!(is_told(format!("{deep}{{\"secret\":1").as_bytes()));
        assert!(!is_told("\\".repeat(32 * 1024).as_bytes()));
        assert!(!is_told("secret".repeat(5000).as_bytes()));
    }

    /// Whatever stands around it and however its name is spelt, a member is found; and no bytes break the search.
    #[test]
    fn a_planted_member_is_found_among_any_bytes() {
        let mut random = crate::tests::Random::new(0x7e57_0001);
        for _ in 0..20_000 {
            let name = ["apiKey", "secret", "apiSecret", "passphrase"][random.below(4)];
            let mut spelt = String::new();
            for char in name.chars() {
                match random.below(8) {
                    0 => spelt.push_str(&char.to_uppercase().to_string()),
                    1 => spelt.push_str(&format!("\\u{:04x}", u32::from(char))),
                    2 => spelt.push_str(&format!("_{char}")),
                    3 => spelt.push_str(&format!("%{:02X}", u32::from(char))),
                    _ => spelt.push(char),
                }
            }
            let noise = |random: &mut crate::tests::Random| -> Vec<u8> {
                (0..random.below(40)).map(|_| b"\0\"{}[]:,=&%u\\ \xff9aZ"[random.below(18)]).collect()
            };
            let (mut text, after) = (noise(&mut random), noise(&mut random));
            let _ = is_told(&text);
            // An escape that is cut off before it would take of the name what is its own.
            text.extend_from_slice(b" {,\"");
            text.extend_from_slice(spelt.as_bytes());
            text.extend_from_slice(b"\" : ");
            text.extend_from_slice(&after);
            assert!(is_told(&text), "{}", String::from_utf8_lossy(&text));
        }
    }
}
