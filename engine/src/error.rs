//! The one error type of the engine: what was attempted, where, and what to do about it.
//!
//! A kind decides the exit code and whether a retry can help; it is chosen where the failure is
//! understood, never guessed from a message later. Sources are kept and printed once, by the caller
//! at the edge.

use std::error::Error as StdError;
use std::fmt;

use crate::spec::Span;

/// Result of anything in the engine that can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong, seen from the outside: it decides exit code and retry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The pipeline file, an option or an input is wrong; a retry gives the same answer.
    Wrong,
    /// A store or server did not answer; a retry may succeed.
    Unavailable,
    /// Another run holds or wrote what this run would write; a retry may succeed.
    Conflict,
    /// The run was asked to stop; nothing was published.
    Interrupted,
    /// A defect of Lockgate's own.
    Defect,
}

/// Where the failure is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A position in the pipeline file.
    Spec(Span),
    /// A part of a stored object.
    Object {
        /// The object's address.
        object: String,
        /// Row group within a Parquet object, from 0.
        row_group: Option<usize>,
        /// Line of a text object, from 1.
        line: Option<u64>,
        /// Column name.
        column: Option<String>,
    },
}

/// A failure with its kind, its place and a cure where one is known.
#[derive(Debug)]
pub struct Error(Box<Inner>);

#[derive(Debug)]
struct Inner {
    kind: Kind,
    message: String,
    place: Option<Place>,
    hint: Option<String>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    /// An error of `kind`; `message` says what was attempted on what, lower case, no full stop.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner { kind, message: message.into(), place: None, hint: None, source: None }))
    }

    /// Something the user gave is wrong.
    pub fn wrong(message: impl Into<String>) -> Self {
        Self::new(Kind::Wrong, message)
    }

    /// A store or server did not answer.
    pub fn unavailable(message: impl Into<String>) -> Self {
        Self::new(Kind::Unavailable, message)
    }

    /// A broken invariant of Lockgate's own.
    pub fn defect(message: impl Into<String>) -> Self {
        Self::new(Kind::Defect, message)
    }

    /// The same error at a position of the pipeline file. A place already known is kept.
    #[must_use]
    pub fn at(mut self, span: Span) -> Self {
        self.0.place.get_or_insert(Place::Spec(span));
        self
    }

    /// The same error in a stored object. A place already known is kept.
    #[must_use]
    pub fn in_object(mut self, object: impl Into<String>) -> Self {
        let object = object.into();
        self.0.place.get_or_insert(Place::Object { object, row_group: None, line: None, column: None });
        self
    }

    /// The same error in a line, from 1, and column of a stored text object. A place already known is kept.
    #[must_use]
    pub fn in_line(mut self, object: impl Into<String>, line: u64, column: Option<String>) -> Self {
        let object = object.into();
        self.0.place.get_or_insert(Place::Object { object, row_group: None, line: Some(line), column });
        self
    }

    /// The same error in a row group and column of a stored object. A place already known is kept.
    #[must_use]
    pub fn in_row_group(
        mut self,
        object: impl Into<String>,
        row_group: usize,
        column: Option<String>,
    ) -> Self {
        self.0.place.get_or_insert(Place::Object {
            object: object.into(),
            row_group: Some(row_group),
            line: None,
            column,
        });
        self
    }

    /// The same error with a cure.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hint.get_or_insert_with(|| hint.into());
        self
    }

    /// The same error caused by `source`.
    #[must_use]
    pub fn because(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// The same error with every text of it passed through `mask`, its sources' too.
    #[must_use]
    pub(crate) fn masked(mut self, mask: &dyn Fn(&str) -> String) -> Self {
        let inner = &mut *self.0;
        inner.message = mask(&inner.message);
        inner.hint = inner.hint.as_deref().map(mask);
        if let Some(Place::Object { object, .. }) = &mut inner.place {
            *object = mask(object);
        }
        if let Some(source) = &inner.source {
            let mut texts = vec![source.to_string()];
            let mut next = source.source();
            while let Some(deeper) = next {
                texts.push(deeper.to_string());
                next = deeper.source();
            }
            if texts.iter().any(|text| mask(text) != *text) {
                inner.source = Some(mask(&texts.join(": ")).into());
            }
        }
        self
    }

    /// The engine's own error if one travelled inside `error`, else a store that did not answer.
    pub fn from_io(error: std::io::Error, attempted: &str) -> Self {
        match error.downcast::<Self>() {
            Ok(own) => own,
            Err(error) => Self::unavailable(attempted).because(error),
        }
    }

    /// What went wrong, seen from the outside.
    pub fn kind(&self) -> Kind {
        self.0.kind
    }

    /// What was attempted on what.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Where it happened, if known.
    pub fn place(&self) -> Option<&Place> {
        self.0.place.as_ref()
    }

    /// What to do about it, if known.
    pub fn cure(&self) -> Option<&str> {
        self.0.hint.as_deref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_place_and_the_first_hint_win() {
        let error = Error::wrong("no column \"a\"")
            .at(Span { line: 3, column: 7, len: 1 })
            .at(Span { line: 1, column: 1, len: 1 })
            .hint("did you mean \"b\"?")
            .hint("look again");
        assert_eq!(error.place(), Some(&Place::Spec(Span { line: 3, column: 7, len: 1 })));
        assert_eq!(error.cure(), Some("did you mean \"b\"?"));
    }
}
