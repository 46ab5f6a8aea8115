//! Where credentials come from: the environment, then stdin if it is not a terminal, then a hidden prompt. At venues where
//! everybody reads, an address stands for the key, and its signature of a challenge for the secret.

use crate::{complaint::Complaint, output::Output, settings};
use protocol::{Credentials, Secret, limits};
use std::io::{self, ErrorKind, IsTerminal as _, Read};
use zeroize::Zeroizing;

/// Windows PowerShell may write it before anything else into the stdin of a program. No credential begins with it.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// Venues whose keys have a passphrase.
const WITH_PASSPHRASE: [&str; 3] = ["okx", "kucoin", "bitget"];

/// The venue whose accounts are addresses.
pub(crate) const SIGNED: &str = "hyperliquid";

/// One credential: what people call it, its variable, and how it is come by if that is not plain.
struct Part {
    name: &'static str,
    variable: &'static str,
    hint: &'static str,
    found: Option<Secret>,
}

impl Part {
    fn missing(&self) -> Complaint {
        let Self { name, variable, hint, .. } = self;
        Complaint::usage(
            &format!("there is no {name}"),
            &format!(
                "{hint}Set {variable}, or give it on a line of stdin, or start perfagg in a terminal to be asked."
            ),
        )
    }
}

/// Credentials that may still be missing something.
pub(crate) struct Sought(Vec<Part>);

impl Sought {
    /// What environment and stdin give. What is missing then is for a prompt, if there is a terminal.
    pub(crate) fn look(exchange: &str, with_passphrase: bool) -> Result<Self, Complaint> {
        let (key, secret) = match exchange {
            SIGNED => (
                ("Address", ""),
                ("Signature", "It is the address's signature of a text that perfagg challenge prints. "),
            ),
            _ => (("API key", ""), ("API secret", "")),
        };
        let mut parts = Vec::new();
        for ((name, hint), variable) in [
            (key, "PERFAGG_API_KEY"),
            (secret, "PERFAGG_API_SECRET"),
            (("Passphrase", ""), "PERFAGG_PASSPHRASE"),
        ] {
            parts.push(Part { name, variable, hint, found: settings::secret(variable)? });
        }
        if !with_passphrase && !WITH_PASSPHRASE.contains(&exchange) {
            parts.truncate(2);
        }
        let mut sought = Self(parts);
        if sought.missing() > 0 && !io::stdin().is_terminal() {
            sought.read_lines(unbuffered_stdin().map_err(|error| Complaint::internal(&error))?)?;
        }
        Ok(sought)
    }

    fn missing(&self) -> usize {
        self.0.iter().filter(|part| part.found.is_none()).count()
    }

    /// One line for each that is missing. No more is read than that, into a buffer that is wiped.
    fn read_lines(&mut self, mut input: impl Read) -> Result<(), Complaint> {
        let mut mark = BYTE_ORDER_MARK;
        for part in self.0.iter_mut().filter(|part| part.found.is_none()) {
            let line = read_line(&mut input).map_err(|error| Complaint::internal(&error))?;
            let text = line.and_then(|line| {
                let line = line.strip_prefix(mark).unwrap_or(&line);
                core::str::from_utf8(line).ok().map(str::to_owned)
            });
            mark = &[];
            let Some(text) = text.filter(|text| !text.is_empty()) else {
                return Err(part.missing());
            };
            part.found = Some(Secret::new(text));
        }
        Ok(())
    }

    /// Says what the address that is there is to sign.
    fn show_challenge(&self, output: Output, keyset_hash: &[u8; 64]) -> Result<(), Complaint> {
        let address = self.0.first().and_then(|part| part.found.as_ref()).map_or("", Secret::expose);
        let text = challenge(address, keyset_hash)?;
        output.remark(&format!(
            "Sign these two lines with the wallet of the address (docs/hyperliquid.md says how):\n\n{text}\n"
        ));
        Ok(())
    }

    /// Asks for what is missing, and gives the whole. What is signed is signed for the enclave's keys of that hash.
    pub(crate) fn ask(
        mut self,
        output: Output,
        exchange: &str,
        keyset_hash: &[u8; 64],
    ) -> Result<Credentials, Complaint> {
        if self.missing() > 0 && exchange != SIGNED {
            output.remark(&format!(
                "Give a key of {exchange} that can read and do nothing else. It is not shown, and sealed to the enclave."
            ));
        }
        while let Some(at) = self.0.iter().position(|part| part.found.is_none()) {
            if exchange == SIGNED && at == 1 {
                self.show_challenge(output, keyset_hash)?;
            }
            let Some(part) = self.0.get_mut(at) else { break };
            part.found = match rpassword::prompt_password(format!("{}: ", part.name)) {
                Ok(text) if !text.is_empty() => Some(Secret::new(text)),
                Err(error) if error.kind() == ErrorKind::Interrupted => {
                    return Err(Complaint::interrupted("Nothing was sent."));
                }
                _ => return Err(part.missing()),
            };
        }
        let mut parts = self.0.into_iter().filter_map(|part| part.found);
        let (Some(api_key), Some(secret)) = (parts.next(), parts.next()) else {
            return Err(Complaint::usage(
                "there are no credentials",
                "perfagg register --help tells where they come from.",
            ));
        };
        Ok(Credentials { api_key, secret, passphrase: parts.next() })
    }
}

/// What the address's wallet signs for an enclave's keys.
pub(crate) fn challenge(address: &str, keyset_hash: &[u8; 64]) -> Result<String, Complaint> {
    protocol::challenge(address.trim(), keyset_hash).ok_or_else(|| {
        Complaint::usage(
            "this is no address",
            "An address is 0x and forty hexadecimal digits. Nothing was sent.",
        )
    })
}

/// Stdin without the buffer that the standard library keeps and never wipes.
fn unbuffered_stdin() -> io::Result<std::fs::File> {
    #[cfg(unix)]
    let handle = std::os::fd::AsFd::as_fd(&io::stdin()).try_clone_to_owned()?;
    #[cfg(windows)]
    let handle = std::os::windows::io::AsHandle::as_handle(&io::stdin()).try_clone_to_owned()?;
    Ok(handle.into())
}

/// A line without its end; `None` when there is nothing left. A longer one than any credential is cut.
fn read_line(input: &mut impl Read) -> io::Result<Option<Zeroizing<Vec<u8>>>> {
    let mut line = Zeroizing::new(Vec::with_capacity(limits::CREDENTIAL_BYTES_MAX + 2));
    let mut byte = Zeroizing::new([0]);
    let mut any = false;
    while line.len() <= limits::CREDENTIAL_BYTES_MAX && input.read(&mut *byte)? == 1 {
        any = true;
        match *byte {
            [b'\n'] => break,
            [byte] => line.push(byte),
        }
    }
    if line.last() == Some(&b'\r') {
        line.pop();
    }
    Ok(any.then_some(line))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sought(key: Option<&str>) -> Sought {
        let part = |name, found: Option<&str>| Part {
            name,
            variable: "PERFAGG_API_…",
            hint: "",
            found: found.map(|text| Secret::new(text.to_owned())),
        };
        Sought(vec![part("API key", key), part("API secret", None), part("Passphrase", None)])
    }

    fn found(sought: &Sought) -> Vec<&str> {
        sought.0.iter().filter_map(|part| part.found.as_ref()).map(Secret::expose).collect()
    }

    #[test]
    fn lines_fill_what_the_environment_left_open_and_no_more_is_read() {
        let mut all = sought(None);
        let mut input = io::Cursor::new(b"key\r\nsecret\npass phrase\nnot ours");
        all.read_lines(&mut input).unwrap();
        assert_eq!(found(&all), ["key", "secret", "pass phrase"]);
        assert_eq!(input.position(), 24);

        let mut rest = sought(Some("from the environment"));
        rest.read_lines(&b"secret\nphrase"[..]).unwrap();
        assert_eq!(found(&rest), ["from the environment", "secret", "phrase"]);
    }

    #[test]
    fn a_byte_order_mark_before_the_first_line_is_no_part_of_the_key() {
        let mut all = sought(None);
        all.read_lines("\u{feff}key\r\n\u{feff}secret\nphrase".as_bytes()).unwrap();
        assert_eq!(found(&all), ["key", "\u{feff}secret", "phrase"]);
        assert!(sought(None).read_lines("\u{feff}\nsecret\nphrase".as_bytes()).is_err());
    }

    #[test]
    fn a_line_that_is_not_there_is_asked_for_by_name() {
        for input in [&b""[..], b"key", b"key\n", b"key\n\nphrase\n", b"key\n\xff\xfe\nphrase\n"] {
            let complaint = sought(None).read_lines(input).unwrap_err();
            let text = format!("{complaint:?}");
            assert!(text.contains("there is no API") && !text.contains("phrase\""), "{text}");
        }
    }

    #[test]
    fn a_line_without_end_is_bounded() {
        let mut endless = sought(None);
        let result = endless.read_lines(io::repeat(b'x'));
        assert!(result.is_ok());
        assert!(found(&endless).iter().all(|text| text.len() == limits::CREDENTIAL_BYTES_MAX + 1));
    }
}
