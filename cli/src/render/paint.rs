//! The few styles there are. What they say is also said in words, so that nothing is lost without them.

use anstyle::{AnsiColor, Style};

/// Nothing special.
pub(crate) const PLAIN: Style = Style::new();
/// Headings and names.
pub(crate) const STRONG: Style = Style::new().bold();
/// What matters less.
pub(crate) const FAINT: Style = Style::new().dimmed();
/// What went well.
pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
/// What people should look at.
pub(crate) const ALERT: Style = AnsiColor::Yellow.on_default();
/// What stops.
pub(crate) const BAD: Style = AnsiColor::Red.on_default();
/// What stands under a heading as code.
pub(crate) const CODE: Style = AnsiColor::Cyan.on_default();

/// `text` in `style`.
pub(crate) fn paint(style: Style, text: &str) -> String {
    if style == PLAIN || text.is_empty() { text.to_owned() } else { format!("{style}{text}{style:#}") }
}
