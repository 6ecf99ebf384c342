//! Email addresses: our own table, what others published, and what holds for any text.

mod addresses;
mod properties;
mod published;

use takings_core::lead::email::Options;

/// Everything that the standards for mail on the way know.
const EVERYTHING: Options =
    Options { quoted: true, literal: true, any_top_level: true, international: true };

/// The lines of a data file that are no comment.
fn lines(file: &'static str) -> impl Iterator<Item = (usize, &'static str)> {
    let numbered = file.lines().enumerate().map(|(place, line)| (place + 1, line));
    numbered.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
}
