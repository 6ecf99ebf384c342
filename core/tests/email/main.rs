//! Email addresses: our own table, what others published, and what holds for any text.

mod addresses;
mod properties;
mod published;

/// The lines of a data file that are no comment.
fn lines(file: &'static str) -> impl Iterator<Item = (usize, &'static str)> {
    let numbered = file.lines().enumerate().map(|(place, line)| (place + 1, line));
    numbered.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
}
