//! A curve in one line of text: enough to see its way, not to read it off.

/// From the lowest to the highest.
const LEVELS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/// Stands where nothing is known.
const GAP: char = '·';

/// The growth of one unit through these returns, in at most `width` cells. Each cell shows its last day that is known,
/// on a scale from the lowest to the highest growth. Nothing if no return is known.
pub(crate) fn growth(returns: &[Option<f64>], width: usize) -> Option<String> {
    let mut level = 1.0_f64;
    let levels: Vec<Option<f64>> = returns
        .iter()
        .map(|known| {
            let grown = level * (1.0 + (*known)?);
            // What is no number ends nothing: it is a day of which nothing is known.
            grown.is_finite().then(|| {
                level = grown;
                grown
            })
        })
        .collect();
    let days_a_cell = levels.len().div_ceil(width.max(1)).max(1);
    let cells: Vec<Option<f64>> =
        levels.chunks(days_a_cell).map(|days| days.iter().rev().find_map(|day| *day)).collect();
    let known = || cells.iter().flatten().copied();
    let (lowest, highest) = (known().reduce(f64::min)?, known().reduce(f64::max)?);
    Some(cells.iter().map(|cell| cell.map_or(GAP, |value| block(value, lowest, highest))).collect())
}

fn block(value: f64, lowest: f64, highest: f64) -> char {
    let step = (highest - lowest) / 8.0;
    // By comparison: no rounding decides, and what never moved stands in the middle.
    let reached = LEVELS.iter().zip(0_u8..).filter(|(_, place)| value >= lowest + step * f64::from(*place));
    if step > 0.0 { reached.last().map_or(GAP, |(block, _)| *block) } else { '▄' }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(returns: &[f64], width: usize, expected: &str) {
        let returns: Vec<_> = returns.iter().map(|day| day.is_finite().then_some(*day)).collect();
        assert_eq!(growth(&returns, width).as_deref(), Some(expected), "{returns:?}");
    }

    #[test]
    fn a_curve_goes_from_the_lowest_block_to_the_highest() {
        // 1.0, 2.0, 4.0, 8.0: eighths of 7 begin at 1, 1.875, 2.75, 3.625, 4.5, 5.375, 6.25, 7.125.
        check(&[0.0, 1.0, 1.0, 1.0], 60, "▁▂▄█");
        check(&[0.0, -0.5, 1.0], 60, "█▁█");
        check(&[0.0, 0.0, 0.0], 60, "▄▄▄");
        check(&[-1.0, 0.5], 60, "▄▄");
    }

    #[test]
    fn what_is_not_known_is_a_gap_and_the_curve_goes_on_behind_it() {
        check(&[1.0, f64::NAN, 1.0], 60, "▁·█");
        assert_eq!(growth(&[None, None], 60), None);
        assert_eq!(growth(&[], 60), None);
        assert_eq!(growth(&[Some(f64::MAX), Some(f64::MAX), Some(0.0)], 60), Some("▄·▄".to_owned()));
    }

    #[test]
    fn a_long_curve_keeps_the_last_day_of_each_cell() {
        check(&[0.0, 1.0, 0.0, 1.0, 0.0, f64::NAN], 3, "▁██");
        check(&[0.0; 365], 60, &"▄".repeat(53));
        check(&[0.0], 0, "▄");
    }
}
