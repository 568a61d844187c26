//! Laws and examples of reading a pipeline file.

mod decode;
mod gallery;
mod reader;

use super::{SourceText, Span};
use crate::error::{Error, Place};

/// An error as a person sees it: message, line, caret, cure.
fn shown(text: &str, error: &Error) -> String {
    let source = SourceText::new("p.yaml", text);
    let mut out = error.message().to_owned();
    if let Some(Place::Spec(Span { line, column, len })) = error.place() {
        let code = source.line(*line).unwrap_or("<no such line>").replace('\t', " ");
        let caret = format!("{}{}", " ".repeat(column - 1), "^".repeat(*len));
        out += &format!("\n{line}| {code}\n{}  {caret}", " ".repeat(line.to_string().len()));
    }
    if let Some(cure) = error.cure() {
        out += &format!("\n= {cure}");
    }
    out
}

/// The text that stands at `span`.
fn text_at(text: &str, span: Span) -> String {
    let line = SourceText::new("p.yaml", text).line(span.line).expect("the line exists").to_owned();
    line.chars().skip(span.column - 1).take(span.len).collect()
}
