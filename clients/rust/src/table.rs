//! Tables: columns as wide as they must be, numbers to the right.

use crate::output::{columns, lines, plain};

/// Where the cells of a column stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Align {
    Left,
    Right,
}

/// A table, indented by two spaces.
#[derive(Debug, Default)]
pub(crate) struct Table {
    columns: Vec<Align>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// Without a heading.
    pub(crate) fn new(columns: &[Align]) -> Self {
        Self { columns: columns.to_vec(), rows: Vec::new() }
    }

    /// With one: the first column to the left, the others to the right.
    pub(crate) fn headed(titles: &[&str]) -> Self {
        let columns =
            (0..titles.len()).map(|place| if place == 0 { Align::Left } else { Align::Right }).collect();
        let mut table = Self { columns, rows: Vec::new() };
        table.row(titles);
        table.rows.push(Vec::new());
        table
    }

    /// Adds a row.
    pub(crate) fn row<T: AsRef<str>>(&mut self, cells: &[T]) -> &mut Self {
        self.rows.push(cells.iter().map(|cell| plain(cell.as_ref())).collect());
        self
    }

    /// Adds a row whose second cell may be long: it goes on below itself.
    pub(crate) fn long_row(&mut self, name: &str, text: &str) -> &mut Self {
        const WIDTH: usize = 78;
        self.row(&[name, lines(text, WIDTH).first().map_or("", String::as_str)]);
        for line in lines(text, WIDTH).iter().skip(1) {
            self.row(&["", line]);
        }
        self
    }

    /// As text. An empty row is a rule.
    pub(crate) fn render(&self) -> String {
        let width = |place: usize| {
            self.rows.iter().filter_map(|row| row.get(place)).map(|cell| columns(cell)).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..self.columns.len()).map(width).collect();
        let mut text = String::new();
        for row in &self.rows {
            let mut line = String::from(" ");
            for (place, (align, width)) in self.columns.iter().zip(&widths).enumerate() {
                let rule = "-".repeat(*width);
                let cell = if row.is_empty() { &rule } else { row.get(place).map_or("", String::as_str) };
                let gap = " ".repeat(width.saturating_sub(columns(cell)));
                line.push_str(&match align {
                    Align::Left => format!(" {cell}{gap} "),
                    Align::Right => format!(" {gap}{cell} "),
                });
            }
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let mut table = Table::headed(&["Symbol", "Fills", "Net"]);
        table.row(&["BTCUSDT", "1,204", "-3.50"]).row(&["币Ä", "7", "12,345.00"]).row(&["short"]);
        let expected = [
            "  Symbol   Fills        Net",
            "  -------  -----  ---------",
            "  BTCUSDT  1,204      -3.50",
            "  币Ä          7  12,345.00",
            "  short",
            "",
        ];
        assert_eq!(table.render(), expected.join("\n"));
    }

    #[test]
    fn a_cell_cannot_break_its_row() {
        let mut table = Table::new(&[Align::Left, Align::Left]);
        table.row(&["a\nb", "\u{1b}[0m"]);
        assert_eq!(table.render(), "  a b   [0m\n");
    }

    #[test]
    fn a_long_cell_goes_on_below_itself() {
        let mut table = Table::new(&[Align::Left, Align::Left]);
        table.long_row("Name", &format!("{} {}", "a".repeat(70), "b".repeat(20))).long_row("Short", "cell");
        let expected = format!("  Name   {}\n         {}\n  Short  cell\n", "a".repeat(70), "b".repeat(20));
        assert_eq!(table.render(), expected);
    }
}
