//! Lines of text, each ended.

/// `lines` under each other, without blanks at their ends.
pub(crate) fn lines<L: AsRef<str>>(lines: impl IntoIterator<Item = L>) -> String {
    lines.into_iter().fold(String::new(), |text, line| text + line.as_ref().trim_end() + "\n")
}
