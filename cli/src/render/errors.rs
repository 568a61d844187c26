//! Errors: what was attempted, where in the file, why, and what to do about it.

use std::error::Error as StdError;
use std::fmt::Write as _;

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};
use lockgate_engine::spec::{SourceText, Span};
use lockgate_engine::{Error, Kind, Place};
use serde_json::{Value, json};

use super::escape::escape;
use super::figures::things;
use super::paint::{BAD, STRONG, paint};
use crate::failure::Failure;

/// What to do about a defect.
const REPORT: &str = "this is a defect of lockgate; please report it with the pipeline file and this message";

/// All errors in the order of the file, then those that have no place in it.
pub(crate) fn errors(failure: &Failure, width: usize) -> String {
    let renderer = Renderer::styled().term_width(width);
    let sorted = in_file_order(&failure.errors);
    let mut shown: Vec<String> =
        sorted.iter().map(|error| one(error, failure.text.as_ref(), &renderer)).collect();
    if sorted.len() > 1 {
        shown.push(paint(BAD, &things(sorted.len() as u64, "error", "errors")) + "\n");
    }
    // A blank line between them.
    shown.join("\n")
}

fn in_file_order(errors: &[Error]) -> Vec<&Error> {
    let mut sorted: Vec<&Error> = errors.iter().collect();
    sorted.sort_by_key(|error| match error.place() {
        Some(Place::Spec(span)) => (span.line, span.column),
        Some(Place::Object { .. }) | None => (usize::MAX, 0),
    });
    sorted
}

fn one(error: &Error, text: Option<&SourceText>, renderer: &Renderer) -> String {
    let message = escape(error.message());
    let title = Level::ERROR.primary_title(message.as_ref());
    let name = text.map_or("pipeline file", |text| &*text.name);
    let mut shown = match error.place() {
        Some(Place::Spec(span)) => match text.and_then(|text| text.line_to_show(span.line)) {
            Some(line) => renderer.render(&[title.element(snippet(name, &line, *span))]),
            None => {
                renderer.render(&[title.element(Origin::path(name).line(span.line).char_column(span.column))])
            }
        },
        Some(object @ Place::Object { .. }) => {
            let place = place_of(object);
            renderer.render(&[title.element(Origin::path(escape(&place)))])
        }
        None => renderer.render(&[Group::with_title(title)]),
    };
    shown.push('\n');
    for cause in causes(error) {
        let _ = writeln!(shown, "{}: {}", paint(STRONG, "cause"), escape(&cause));
    }
    if let Some(hint) = hint(error) {
        let _ = writeln!(shown, "{}: {}", paint(STRONG, "hint"), escape(hint));
    }
    shown
}

fn hint(error: &Error) -> Option<&str> {
    let report = || (error.kind() == Kind::Defect).then_some(REPORT);
    error.cure().or_else(report)
}

/// The line that holds `span`, with the span underlined.
fn snippet<'a>(name: &'a str, line: &'a str, span: Span) -> Snippet<'a, annotate_snippets::Annotation<'a>> {
    let byte = |column: usize| line.char_indices().nth(column).map_or(line.len(), |(at, _)| at);
    let start = byte(span.column.saturating_sub(1));
    let end = byte(span.column.saturating_sub(1) + span.len.max(1));
    let underlined = AnnotationKind::Primary.span(start..end);
    Snippet::source(line).path(name).line_start(span.line).annotation(underlined)
}

fn place_of(place: &Place) -> String {
    match place {
        Place::Spec(span) => format!("{}:{}", span.line, span.column),
        Place::Object { object, row_group, line, column } => {
            let group = row_group.map(|group| format!(", row group {group}")).unwrap_or_default();
            let line = line.map(|line| format!(", line {line}")).unwrap_or_default();
            let column = column.as_ref().map(|column| format!(", column \"{column}\"")).unwrap_or_default();
            format!("{object}{group}{line}{column}")
        }
    }
}

/// The causes from the nearest to the deepest, without those that the one above already quotes.
pub(crate) fn causes(error: &Error) -> Vec<String> {
    let mut causes: Vec<String> = Vec::new();
    let mut next = error.source();
    while let Some(cause) = next {
        let text = cause.to_string();
        let above = causes.last().map_or(error.message(), String::as_str);
        if !text.is_empty() && !above.contains(&text) {
            causes.push(text);
        }
        next = cause.source();
    }
    causes
}

/// The same for programs: what standard output holds when a command fails under `--format json`.
pub(crate) fn errors_json(failure: &Failure, code: u8) -> Value {
    let errors: Vec<Value> = in_file_order(&failure.errors)
        .into_iter()
        .map(|error| {
            json!({
                "kind": kind(error.kind()),
                "message": error.message(),
                "place": error.place().map(|place| place_json(place, failure.text.as_ref())),
                "causes": causes(error),
                "hint": hint(error),
            })
        })
        .collect();
    json!({ "exit_code": code, "errors": errors })
}

fn place_json(place: &Place, text: Option<&SourceText>) -> Value {
    match place {
        Place::Spec(Span { line, column, len }) => {
            json!({ "file": text.map(|text| &*text.name), "line": line, "column": column, "length": len })
        }
        Place::Object { object, row_group, line, column } => {
            json!({ "object": object, "row_group": row_group, "line": line, "column": column })
        }
    }
}

fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Wrong => "wrong",
        Kind::Unavailable => "unavailable",
        Kind::Conflict => "conflict",
        Kind::Interrupted => "interrupted",
        Kind::Defect => "defect",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PIPELINE: &str = "pipeline: orders\n\ntables:\n  orders_clean:\n    steps:\n      \
                            - join: {with: cüstomers, on: custid}\n";

    fn shown(errors: Vec<Error>) -> String {
        let failure = Failure::from(errors).within(&SourceText::new("pipeline.yaml", PIPELINE));
        anstream::adapter::strip_str(&super::errors(&failure, 100)).to_string()
    }

    fn unknown_column() -> Error {
        Error::wrong("no column \"custid\" in source \"orders\"")
            .at(Span { line: 6, column: 36, len: 6 })
            .hint("did you mean \"cust_id\"? the source has order_id, cust_id, amount, …")
    }

    #[test]
    fn an_error_in_the_file_shows_its_line() {
        insta::assert_snapshot!(shown(vec![unknown_column()]));
    }

    #[test]
    fn errors_come_in_the_order_of_the_file() {
        let late = Error::unavailable("listing s3://lake/orders/")
            .because(std::io::Error::other("connection refused (os error 111)"));
        let early = Error::wrong("unknown key \"table\"").at(Span { line: 3, column: 1, len: 6 });
        insta::assert_snapshot!(shown(vec![late, unknown_column(), early]));
    }

    #[test]
    fn an_error_in_an_object_names_it() {
        let error = Error::wrong("decoding a column").in_row_group(
            "s3://lake/a\u{1b}[2J.parquet",
            3,
            Some("price".into()),
        );
        insta::assert_snapshot!(shown(vec![error.because("snappy: corrupt input")]));
    }

    #[test]
    fn a_place_beyond_the_text_is_still_named() {
        let errors = [
            Error::wrong("the file ends too early").at(Span { line: 99, column: 4, len: 1 }),
            Error::wrong("nothing after the colon").at(Span { line: 1, column: 99, len: 5 }),
        ];
        insta::assert_snapshot!(shown(errors.into()));
    }

    #[test]
    fn a_cause_that_is_quoted_already_is_not_repeated() {
        #[derive(Debug)]
        struct Outer(std::io::Error);
        impl std::fmt::Display for Outer {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "request failed: {}", self.0)
            }
        }
        impl StdError for Outer {
            fn source(&self) -> Option<&(dyn StdError + 'static)> {
                Some(&self.0)
            }
        }
        let error = Error::unavailable("reading x").because(Outer(std::io::Error::other("timed out")));
        assert_eq!(causes(&error), ["request failed: timed out"]);
    }

    #[test]
    fn a_defect_asks_to_be_reported() {
        assert!(shown(vec![Error::defect("a batch came twice")]).contains("please report it"));
    }

    #[test]
    fn programs_get_the_same() {
        let failure = Failure::from(unknown_column()).within(&SourceText::new("pipeline.yaml", PIPELINE));
        insta::assert_json_snapshot!(errors_json(&failure, 30));
    }
}
