//! Times as statements have them: the date and the time in one of the forms that a query can be set to, in the time zone of the
//! account. Without a zone they count as UTC, which a query is to be set to.

use ledger::Timestamp;

const HOUR_MS: i64 = 3_600_000;

/// `2024-08-01;153045`, `20240801;153045`, `2024-08-01, 15:30:45`, `08/01/2024 15:30:45 EDT`, `01-Aug-24`, … A date alone is
/// its midnight.
pub(super) fn instant(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    let at = text.find([';', ',', ' ', 'T']).filter(|at| *at >= 8);
    let (date, rest) = match at {
        Some(at) => (text.get(..at)?, text.get(at.checked_add(1)?..)?),
        // The date and the time without anything between them.
        None if text.len() == 14 => text.split_at_checked(8)?,
        None => (text, ""),
    };
    let (time, zone) = clock(rest.trim())?;
    let whole = protocol::parse_rfc3339(&format!("{}T{time}Z", day(date)?))?;
    whole.millis().checked_sub(zone_ms(zone)?).map(Timestamp::from_millis)
}

/// As `2024-08-01`.
fn day(text: &str) -> Option<String> {
    let plain = |text: &str, length| text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit());
    if plain(text, 8) {
        return Some(format!("{}-{}-{}", text.get(..4)?, text.get(4..6)?, text.get(6..)?));
    }
    let mut parts = text.split(['-', '/']);
    let (first, second, third) = (parts.next()?, parts.next()?, parts.next()?);
    if plain(first, 4) {
        return Some(format!("{first}-{second:0>2}-{third:0>2}"));
    }
    let year = if plain(third, 2) { format!("20{third}") } else { third.to_owned() };
    // Months come first in numbers, and second in words.
    Some(match month(second) {
        Some(month) => format!("{year}-{month:02}-{first:0>2}"),
        None => format!("{year}-{first:0>2}-{second:0>2}"),
    })
}

fn month(text: &str) -> Option<usize> {
    let months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let name = text.to_ascii_lowercase();
    months.iter().position(|month| *month == name).and_then(|at| at.checked_add(1))
}

/// As `15:30:45`, and what follows it.
fn clock(text: &str) -> Option<(String, &str)> {
    if text.is_empty() {
        return Some(("00:00:00".to_owned(), ""));
    }
    let end = text.find(|char: char| !char.is_ascii_digit() && char != ':').unwrap_or(text.len());
    let (time, zone) = text.split_at_checked(end)?;
    let time = match (time.len(), time.contains(':')) {
        (6, false) => format!("{}:{}:{}", time.get(..2)?, time.get(2..4)?, time.get(4..)?),
        (8, true) => time.to_owned(),
        _ => return None,
    };
    Some((time, zone.trim()))
}

fn zone_ms(zone: &str) -> Option<i64> {
    Some(match zone {
        "" | "Z" | "UTC" | "GMT" => 0,
        "EST" => -5 * HOUR_MS,
        "EDT" => -4 * HOUR_MS,
        _ => {
            let (sign, digits) = match zone.split_at_checked(1)? {
                ("+", digits) => (1, digits),
                ("-", digits) => (-1, digits),
                _ => return None,
            };
            let digits = digits.replacen(':', "", 1);
            let (hours, minutes) = digits.split_at_checked(2).filter(|(_, minutes)| minutes.len() == 2)?;
            let number = |text: &str| -> Option<i64> {
                text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
            };
            sign * (number(hours)? * 60 + number(minutes)?) * 60_000
        }
    })
}

#[cfg(test)]
mod tests {
    use super::instant;

    #[test]
    fn times_have_many_forms() {
        for text in [
            "2024-08-01;153045",
            "20240801;153045",
            "20240801153045",
            "2024-08-01, 15:30:45",
            "2024-08-01 15:30:45",
            "2024-08-01T15:30:45",
            "08/01/2024;153045",
            "08/01/24 15:30:45",
            "01-Aug-24;15:30:45 UTC",
            "2024-08-01;113045 EDT",
            "2024-08-01;103045 EST",
            "2024-08-01;173045 +0200",
            "2024-08-01;173045+02:00",
        ] {
            assert_eq!(instant(text).map(ledger::Timestamp::millis), Some(1_722_526_245_000), "{text}");
        }
        assert_eq!(instant("2015-10-06").map(ledger::Timestamp::millis), Some(1_444_089_600_000));
        for text in [
            "",
            ";",
            "2024",
            "2024-13-01",
            "2024-08-01;1530",
            "2024-08-01;256045",
            "2024-08-01;153045 PARIS",
            "2024-08-01;153045 +2",
            "20240801;15304\u{20ac}",
            "\u{20ac}\u{20ac}\u{20ac}\u{20ac}",
            "MULTIPLE",
        ] {
            assert_eq!(instant(text), None, "{text}");
        }
    }
}
