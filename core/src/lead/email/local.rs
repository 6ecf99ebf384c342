//! What stands before the `@`.

use super::{Options, Reason};

/// The longest, in octets.
const LONGEST: usize = 64;

/// Reads a local part that is NFC and free of unsafe characters. Quotes that are not needed are
/// taken away, because the mailbox is the same without them (RFC 5321, section 4.1.2).
pub(super) fn read(text: &str, options: &Options) -> Result<String, Reason> {
    if text.is_empty() {
        return Err(Reason::LocalEmpty);
    }
    if text.len() > LONGEST {
        return Err(Reason::LocalTooLong);
    }
    let local = match quoted(text) {
        Some(content) => unquoted(content, options)?,
        None => dot_atom(text).map(|()| text.to_owned())?,
    };
    if !options.international && !local.is_ascii() {
        return Err(Reason::LocalInternational);
    }
    Ok(local)
}

/// What stands between the quotes around a whole text.
fn quoted(text: &str) -> Option<&str> {
    text.strip_prefix('"')?.strip_suffix('"')
}

/// The shortest form of a quoted local part.
fn unquoted(content: &str, options: &Options) -> Result<String, Reason> {
    let content = unescaped(content).ok_or(Reason::LocalSyntax)?;
    if !options.quoted {
        return Err(Reason::LocalQuoted);
    }
    if dot_atom(&content).is_ok() {
        return Ok(content);
    }
    Ok(format!("\"{}\"", content.replace('\\', "\\\\").replace('"', "\\\"")))
}

/// A quoted string's content: printable ASCII, of which `"` and `\` only after a `\`, and letters
/// beyond it.
fn unescaped(content: &str) -> Option<String> {
    let mut plain = String::with_capacity(content.len());
    let mut chars = content.chars();
    while let Some(c) = chars.next() {
        let c = match c {
            '"' => return None,
            '\\' => chars.next().filter(char::is_ascii)?,
            c => c,
        };
        if c != ' ' && c.is_whitespace() {
            return None;
        }
        plain.push(c);
    }
    Some(plain)
}

/// Words of `atext`, and of letters beyond ASCII, with single dots between them (RFC 5322, section
/// 3.2.3; RFC 6531, section 3.3).
fn dot_atom(text: &str) -> Result<(), Reason> {
    if text.split('.').any(str::is_empty) {
        return Err(Reason::LocalDots);
    }
    let fits = |c: char| match c {
        c if c.is_ascii_alphanumeric() => true,
        c if c.is_ascii() => ".!#$%&'*+-/=?^_`{|}~".contains(c),
        c => !c.is_whitespace(),
    };
    if text.chars().all(fits) { Ok(()) } else { Err(Reason::LocalSyntax) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUOTED: Options =
        Options { quoted: true, literal: false, any_top_level: false, international: true };

    #[test]
    fn quotes_are_kept_where_they_are_needed() {
        let cases = [
            (r#""anna""#, "anna"),
            (r#""an\na""#, "anna"),
            (r#""a..b""#, r#""a..b""#),
            (r#""a b""#, r#""a b""#),
            (r#""a\"\\""#, r#""a\"\\""#),
            (r#""""#, r#""""#),
            (r#""a@b""#, r#""a@b""#),
        ];
        for (typed, expected) in cases {
            assert_eq!(read(typed, &QUOTED).as_deref(), Ok(expected), "{typed}");
            assert_eq!(read(typed, &Options::default()), Err(Reason::LocalQuoted), "{typed}");
        }
    }

    #[test]
    fn quotes_that_do_not_pair_are_no_quotes() {
        for typed in [r#"""#, r#""a"#, r#"a""#, r#""a"b""#, r#""a\""#, "\"a\u{a0}b\""] {
            assert_eq!(read(typed, &QUOTED), Err(Reason::LocalSyntax), "{typed}");
        }
    }
}
