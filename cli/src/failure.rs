//! Why a command came to nothing: errors, and the text they point into.

use lockgate_engine::Error;
use lockgate_engine::spec::SourceText;

/// The errors of a command.
#[derive(Debug)]
pub(crate) struct Failure {
    /// At least one.
    pub(crate) errors: Vec<Error>,
    /// The pipeline file, for errors that have a place in it.
    pub(crate) text: Option<SourceText>,
    /// The signal that interrupted the command.
    pub(crate) signal: Option<i32>,
    /// Whether people have been told already.
    pub(crate) announced: bool,
}

impl Failure {
    /// The same failure in `text`.
    pub(crate) fn within(mut self, text: &SourceText) -> Self {
        self.text.get_or_insert_with(|| text.clone());
        self
    }

    /// The same failure after `signal` asked to stop.
    pub(crate) fn after(mut self, signal: Option<i32>) -> Self {
        self.signal = signal;
        self
    }
}

impl From<Vec<Error>> for Failure {
    fn from(errors: Vec<Error>) -> Self {
        Self { errors, text: None, signal: None, announced: false }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::from(vec![error])
    }
}
