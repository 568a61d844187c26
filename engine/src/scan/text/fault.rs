//! What is wrong with a text file, and in which line of it.

use crate::error::Error;

/// Characters of a value that a message shows.
const SHOWN: usize = 60;

/// A mistake in a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    /// The line, from 1; that of a record of several lines is its first.
    pub line: u64,
    /// The field concerned, from 0, where it is known and has no name yet.
    pub field: Option<usize>,
    /// The column concerned, where it is known.
    pub column: Option<String>,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl Fault {
    pub(super) fn new(line: u64, message: impl Into<String>) -> Self {
        Self { line, field: None, column: None, message: message.into(), hint: None }
    }

    pub(super) fn in_field(mut self, field: usize) -> Self {
        self.field = Some(field);
        self
    }

    /// The same with the name of its field, if `names` has one.
    pub(super) fn named(mut self, names: &[String]) -> Self {
        self.column = self.column.or_else(|| names.get(self.field?).cloned());
        self
    }

    pub(super) fn in_column(mut self, column: impl Into<String>) -> Self {
        self.column = Some(column.into());
        self
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same as an error that names the object.
    pub(super) fn into_error(self, object: &str) -> Error {
        let error = Error::wrong(self.message).in_line(object, self.line, self.column);
        match self.hint {
            Some(hint) => error.hint(hint),
            None => error,
        }
    }
}

/// The beginning of `value`, in quotes.
pub(super) fn shown(value: &str) -> String {
    match value.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{:?}…", &value[..end]),
        None => format!("{value:?}"),
    }
}
