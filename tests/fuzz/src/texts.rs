//! What users write: pipeline files and expressions.

use std::collections::BTreeMap;

use lockgate_engine::Pipeline;
use lockgate_engine::expr::Expression;
use lockgate_engine::spec::{SourceText, Span, Spanned};
use polars::prelude::{DataType, Schema, TimeUnit};

use crate::files::is_no_defect;

/// A pipeline file, up to where its sources would be opened.
pub(crate) fn pipeline_file(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let text = SourceText::new("pipeline.yaml", text);
    if let Err(errors) = Pipeline::load(text, &[], &BTreeMap::new()) {
        assert!(!errors.is_empty(), "refused without saying why");
        is_no_defect(&errors);
    }
}

/// An expression, parsed and bound to columns of many types.
pub(crate) fn expression(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let text = Spanned { value: text.to_owned(), span: Span { line: 1, column: 1, len: text.len() } };
    let parsed = match Expression::parse(&text) {
        Ok(parsed) => parsed,
        Err(error) => return is_no_defect(&[error]),
    };
    let schema = Schema::from_iter([
        ("i".into(), DataType::Int64),
        ("u".into(), DataType::UInt8),
        ("f".into(), DataType::Float64),
        ("s".into(), DataType::String),
        ("b".into(), DataType::Boolean),
        ("d".into(), DataType::Date),
        ("t".into(), DataType::Datetime(TimeUnit::Microseconds, None)),
        ("c".into(), DataType::Decimal(12, 2)),
        ("l".into(), DataType::List(Box::new(DataType::Int64))),
    ]);
    for bound in [parsed.bind(&schema).map(drop), parsed.bind_predicate(&schema).map(drop)] {
        if let Err(error) = bound {
            is_no_defect(&[error]);
        }
    }
}
