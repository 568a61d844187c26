//! A decoding failure on its way through serde: message, place and cure, in the words of the file.

use std::fmt::{self, Display};

use serde::de::{Error as DeError, Expected, Unexpected};

use super::did_you_mean;
use super::node::{Span, quoted};
use crate::error::{Error, Place};

/// Stands before a failure that crosses serde's `custom` as text, and between its parts.
const MARK: char = '\u{1}';

/// What decoding one type failed with.
#[derive(Debug)]
pub(super) struct Failure {
    message: String,
    span: Option<Span>,
    hint: Option<String>,
}

impl Failure {
    /// The same failure at `span`, unless it already has a place.
    pub(super) fn at(mut self, span: Span) -> Self {
        self.span.get_or_insert(span);
        self
    }

    /// The engine's error for this failure.
    pub(super) fn into_error(self) -> Error {
        let error = Error::wrong(self.message);
        let error = self.span.into_iter().fold(error, Error::at);
        self.hint.into_iter().fold(error, Error::hint)
    }

    /// `error` as text that `custom` reads back, because serde's errors can carry nothing else.
    pub(super) fn carried(error: &Error) -> String {
        let Span { line, column, len } = match error.place() {
            Some(Place::Spec(span)) => *span,
            _ => Span::default(),
        };
        let hint = error.cure().unwrap_or("");
        format!("{MARK}{line}{MARK}{column}{MARK}{len}{MARK}{hint}{MARK}{}", error.message())
    }

    fn plain(message: String, hint: Option<String>) -> Self {
        Self { message, span: None, hint }
    }

    fn uncarried(text: &str) -> Option<Self> {
        let mut parts = text.strip_prefix(MARK)?.splitn(5, MARK);
        let mut number = || parts.next()?.parse().ok();
        let span = Span { line: number()?, column: number()?, len: number()? };
        let hint = Some(parts.next()?.to_owned()).filter(|hint| !hint.is_empty());
        let message = parts.next()?.to_owned();
        Some(Self { message, span: Some(span).filter(|span| span.line > 0), hint })
    }
}

impl Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

impl DeError for Failure {
    fn custom<T: Display>(message: T) -> Self {
        let text = message.to_string();
        Self::uncarried(&text).unwrap_or_else(|| Self::plain(text, None))
    }

    fn invalid_type(unexpected: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::plain(format!("expected {}, found {}", wanted(expected), found(unexpected)), None)
    }

    fn invalid_value(unexpected: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::invalid_type(unexpected, expected)
    }

    fn invalid_length(length: usize, expected: &dyn Expected) -> Self {
        Self::plain(format!("expected {}, found {length} values", wanted(expected)), None)
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        let hint = did_you_mean(field, expected.iter().copied(), "the keys here are");
        Self::plain(format!("unknown key \"{field}\""), Some(hint))
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        let hint = did_you_mean(variant, expected.iter().copied(), "it can be");
        Self::plain(format!("unknown choice \"{variant}\""), Some(hint))
    }

    fn missing_field(field: &'static str) -> Self {
        Self::plain(format!("missing key \"{field}\""), None)
    }

    fn duplicate_field(field: &'static str) -> Self {
        Self::plain(format!("the key \"{field}\" stands twice"), None)
    }
}

fn found(unexpected: Unexpected<'_>) -> String {
    match unexpected {
        Unexpected::Unit | Unexpected::Option => "nothing".into(),
        Unexpected::Bool(value) => value.to_string(),
        Unexpected::Signed(value) => format!("the number {value}"),
        Unexpected::Unsigned(value) => format!("the number {value}"),
        Unexpected::Float(value) => format!("the number {value}"),
        Unexpected::Str(text) => quoted(text),
        Unexpected::Seq => "a list".into(),
        Unexpected::Map => "a mapping".into(),
        other => other.to_string(),
    }
}

fn wanted(expected: &dyn Expected) -> String {
    let text = expected.to_string();
    match text.as_str() {
        "a string" => "text".into(),
        "a sequence" => "a list".into(),
        "a map" => "a mapping".into(),
        "a boolean" => "true or false".into(),
        "f32" | "f64" => "a number".into(),
        "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number".into(),
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number, 0 or more".into(),
        _ if text.starts_with("struct ") => "a mapping".into(),
        _ if text.starts_with("a nonzero ") => "a whole number, 1 or more".into(),
        _ => text,
    }
}
