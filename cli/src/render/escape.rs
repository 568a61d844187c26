//! Text that came from data, made safe for a terminal.

use std::borrow::Cow;

/// `text` with control characters, and characters that reorder others, written as escapes.
///
/// A column name or value could otherwise move the cursor, change colours or hide what follows.
pub(crate) fn escape(text: &str) -> Cow<'_, str> {
    if !text.contains(unsafe_to_show) {
        return Cow::Borrowed(text);
    }
    let shown = text.chars().fold(String::with_capacity(text.len() + 8), |mut shown, c| {
        if unsafe_to_show(c) {
            shown.extend(c.escape_default());
        } else {
            shown.push(c);
        }
        shown
    });
    Cow::Owned(shown)
}

fn unsafe_to_show(c: char) -> bool {
    c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_spelled_out() {
        assert_eq!(escape("\u{1b}[31mred\u{9b}0m\r\n"), "\\u{1b}[31mred\\u{9b}0m\\r\\n");
        assert_eq!(escape("user\u{202e}txt.exe"), "user\\u{202e}txt.exe");
    }

    #[test]
    fn everything_else_stays() {
        for text in ["", "plain", "Zürich → 東京", "a\\b \"c\""] {
            assert!(matches!(escape(text), Cow::Borrowed(same) if same == text));
        }
    }
}
