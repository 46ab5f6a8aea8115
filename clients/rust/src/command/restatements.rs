//! Days that were over and were told anew, as people read of them: how often, and the latest with the reason.

use crate::{figure, output::plain, table::Table};
use protocol::api::{Restatement, Restatements};

/// Those that are shown; `--json` has more of them.
const SHOWN: usize = 3;

/// Adds how often it was, and the latest; nothing where it never was.
pub(super) fn rows(table: &mut Table, Restatements { count, list }: &Restatements) {
    if *count == 0 {
        return;
    }
    let often = figure::counted(*count, "time");
    table.long_row("Told anew", &format!("{often}: days that were over have other figures since"));
    for Restatement { account: _, number: _, at, from, days, cause: why } in list.iter().rev().take(SHOWN) {
        let days = figure::counted(*days, "day");
        let text = format!("{}: {days} from {} on, {}", figure::time(at), plain(from), cause(why));
        table.long_row("", &text);
    }
    let earlier = count.saturating_sub(u64::try_from(list.len().min(SHOWN)).unwrap_or(0));
    if earlier > 0 && !list.is_empty() {
        table.row(&["", &format!("and {} earlier", figure::count(earlier))]);
    }
}

fn cause(code: &str) -> String {
    let words = match code {
        "movement_read_later" => "a deposit, withdrawal or transfer was read later",
        "fills_read_later" => "fills were read later",
        "history_reach" => "the history begins elsewhere, or has other gaps",
        "price_read_later" => "a price or a balance was read later",
        other => return plain(&other.replace('_', " ")),
    };
    words.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::Align;

    fn told(number: u64, cause: &str) -> Restatement {
        Restatement {
            account: "Zm9vYmFyYmF6cXV4MTIzNA".to_owned(),
            number,
            at: format!("2026-11-2{number}T00:10:09Z"),
            from: "2026-11-09".to_owned(),
            days: number,
            cause: cause.to_owned(),
        }
    }

    fn shown(count: u64, list: &[Restatement]) -> String {
        let mut table = Table::new(&[Align::Left, Align::Left]);
        rows(&mut table, &Restatements { count, list: list.to_vec() });
        table.render()
    }

    #[test]
    fn where_nothing_was_told_anew_nothing_is_said() {
        assert_eq!(shown(0, &[]), "");
        assert_eq!(shown(1, &[]), "  Told anew  1 time: days that were over have other figures since\n");
    }

    #[test]
    fn the_latest_come_first_and_no_stranger_breaks_a_row() {
        let list = [told(1, "fills_read_later"), told(2, "history_reach"), told(3, "price_read_later")];
        let expected = [
            "  Told anew  3 times: days that were over have other figures since",
            "             2026-11-23 00:10:09 UTC: 3 days from 2026-11-09 on, a price or a balance was",
            "             read later",
            "             2026-11-22 00:10:09 UTC: 2 days from 2026-11-09 on, the history begins",
            "             elsewhere, or has other gaps",
            "             2026-11-21 00:10:09 UTC: 1 day from 2026-11-09 on, fills were read later",
            "",
        ];
        assert_eq!(shown(3, &list), expected.join("\n"));
        let strange = Restatement { from: "\u{1b}[31m\n".to_owned(), ..told(1, "a\nb") };
        let page = shown(1, &[strange]);
        assert_eq!(page.lines().count(), 2, "{page}");
        assert!(!page.contains('\u{1b}'), "{page}");
    }
}
