//! Characters that make a text look like another, or do more than stand in it.

use super::Reason;
use icu_properties::CodePointMapDataBorrowed;
use icu_properties::props::GeneralCategory as Category;

const CATEGORIES: CodePointMapDataBorrowed<'static, Category> = CodePointMapDataBorrowed::new();

/// What speaks against a text's characters, in order, each reason once.
///
/// The classes are those that python-email-validator refuses: general categories C (control,
/// format, private use, unassigned), Zl and Zp, and M where a part begins.
pub(super) fn reasons(text: &str) -> Vec<Reason> {
    let mut found: Vec<Reason> = Vec::new();
    // A combining mark changes what stands before it, so it may not stand first, nor after what
    // separates parts.
    let mut before = '@';
    for c in text.chars() {
        let reason = reason(c, matches!(before, '@' | '.' | '"'));
        found.extend(reason.filter(|it| !found.contains(it)));
        before = c;
    }
    found.sort_unstable();
    found
}

fn reason(c: char, first: bool) -> Option<Reason> {
    if c.is_ascii() {
        return c.is_ascii_control().then_some(Reason::ControlCharacter);
    }
    match CATEGORIES.get(c) {
        Category::Control | Category::LineSeparator | Category::ParagraphSeparator => {
            Some(Reason::ControlCharacter)
        }
        Category::Format => Some(Reason::HiddenCharacter),
        Category::PrivateUse | Category::Surrogate | Category::Unassigned => {
            Some(Reason::UnassignedCharacter)
        }
        Category::NonspacingMark | Category::SpacingMark | Category::EnclosingMark if first => {
            Some(Reason::LeadingCombiningMark)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_seen_is_named_once_and_in_order() {
        let text = "\u{301}a\u{200b}\u{202e}\u{e000}\n\u{2028}";
        let expected = [
            Reason::ControlCharacter,
            Reason::HiddenCharacter,
            Reason::UnassignedCharacter,
            Reason::LeadingCombiningMark,
        ];
        assert_eq!(reasons(text), expected);
    }

    #[test]
    fn marks_and_letters_of_any_script_are_left_alone() {
        assert_eq!(reasons("ju\u{308}rgen.क्षि@उदाहरण.example \u{a0}"), []);
    }
}
