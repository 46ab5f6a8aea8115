//! Ids in Kraken's forms, made from what they name: the same world has the same ids, however it is read.

use crate::random::{Random, hash, name};

/// Letters and digits of a row's id.
const LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
/// Letters and digits of a payment's id: none that looks like another.
const PLAIN: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/// `TABCDE-FGHIJ-KLMNOP`: a trade `T`, an order `O`, a ledger entry `L`.
pub(crate) fn row(kind: char, of: &[u64]) -> String {
    let text = drawn(LETTERS, 16, "row", of, kind);
    let (first, rest) = text.split_at(5);
    let (second, third) = rest.split_at(5);
    format!("{kind}{first}-{second}-{third}")
}

/// `FTQcuak-V6Za8qrWnhzTx67yYHz8Tg`: a deposit or a withdrawal.
pub(crate) fn payment(of: &[u64]) -> String {
    let text = drawn(PLAIN, 27, "payment", of, 'F');
    let (first, rest) = text.split_at(5);
    format!("FT{first}-{rest}")
}

fn drawn(letters: &[u8], length: usize, form: &str, of: &[u64], kind: char) -> String {
    let mut random = Random::new(hash(of), form);
    let mut more = Random::new(hash(&[hash(of), name("more"), u64::from(u32::from(kind))]), form);
    let most = u64::try_from(letters.len()).unwrap_or(1) - 1;
    // Of two sequences: together they have more states than one.
    let index = |_| usize::try_from((random.next() ^ more.next()) % (most + 1)).unwrap_or(0);
    (0..length).map(index).filter_map(|at| letters.get(at)).map(|letter| char::from(*letter)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_the_venues_form_and_depend_on_what_they_name() {
        let shape = |id: &str| {
            let kind = |c: char| if c.is_ascii_alphanumeric() { 'x' } else { c };
            id.chars().map(kind).collect::<String>()
        };
        assert_eq!(shape(&row('T', &[1, 2])), "xxxxxx-xxxxx-xxxxxx");
        assert_eq!(shape(&payment(&[1])), "xxxxxxx-xxxxxxxxxxxxxxxxxxxxxx");
        assert!(row('L', &[1]).starts_with('L'));
        assert_eq!(row('T', &[7]), row('T', &[7]));
        assert!(row('T', &[7]) != row('T', &[8]) && row('T', &[7])[1..] != row('O', &[7])[1..]);
    }
}
