//! The pipeline file as text, for showing the line an error is about.

use std::sync::Arc;

/// The text of a pipeline file and what to call it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceText {
    /// The file's name as the user gave it.
    pub name: Arc<str>,
    /// Its text, without a byte order mark.
    pub text: Arc<str>,
}

impl SourceText {
    /// The text of the file `name`.
    pub fn new(name: &str, text: &str) -> Self {
        Self { name: name.into(), text: without_mark(text).into() }
    }

    /// Line `number`, from 1, without its line break.
    pub fn line(&self, number: usize) -> Option<&str> {
        lines(&self.text).nth(number.checked_sub(1)?)
    }
}

/// `text` without a leading byte order mark.
pub(super) fn without_mark(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

/// The lines of `text` as YAML counts them: a line ends with LF, CRLF or CR.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let Some(end) = text.find(['\n', '\r']) else {
            rest = None;
            return Some(text);
        };
        let (line, after) = text.split_at(end);
        rest = after.strip_prefix("\r\n").or_else(|| after.get(1..));
        Some(line)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_ends_with_lf_crlf_or_cr() {
        let text = SourceText::new("p.yaml", "\u{feff}a\r\nb\nc\rd");
        let lines: Vec<_> = (0..6).map(|number| text.line(number)).collect();
        assert_eq!(lines, [None, Some("a"), Some("b"), Some("c"), Some("d"), None]);
    }
}
