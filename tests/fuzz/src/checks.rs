//! A check: the name of a rule, a line break, its parameters as JSON. What binds is measured and judged.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, Float64Array, Int64Array, RecordBatch, StringArray,
    TimestampMicrosecondArray,
};
use chrono::DateTime;
use lockgate_rules::{AnsweredFrom, Batch, Check, JudgeContext, NO_HISTORY, Proofs, References, Suite};

fn rows() -> RecordBatch {
    let nasty = [Some(1.5), None, Some(f64::NAN), Some(f64::INFINITY), Some(-0.0), Some(1e300)];
    let columns: Vec<(&str, ArrayRef)> = vec![
        (
            "i",
            Arc::new(Int64Array::from(vec![Some(1), Some(i64::MIN), None, Some(i64::MAX), Some(0), Some(1)])),
        ),
        ("f", Arc::new(Float64Array::from(nasty.to_vec()))),
        (
            "s",
            Arc::new(StringArray::from(vec![
                Some("a"),
                Some(""),
                None,
                Some("Ünï\u{1F600}"),
                Some(" a "),
                Some("A"),
            ])),
        ),
        ("b", Arc::new(BooleanArray::from(vec![Some(true), None, Some(false), None, None, Some(true)]))),
        (
            "d",
            Arc::new(Date32Array::from(vec![
                Some(0),
                Some(i32::MAX),
                Some(i32::MIN),
                None,
                Some(1),
                Some(1),
            ])),
        ),
        (
            "t",
            Arc::new(TimestampMicrosecondArray::from(vec![
                Some(0),
                Some(i64::MAX),
                Some(i64::MIN),
                None,
                Some(86_400_000_000),
                Some(1),
            ])),
        ),
        (
            "c",
            Arc::new(
                Decimal128Array::from(vec![Some(1), Some(-1), None, Some(10_i128.pow(37)), Some(0), Some(1)])
                    .with_precision_and_scale(38, 2)
                    .unwrap(),
            ),
        ),
    ];
    RecordBatch::try_from_iter(columns).unwrap()
}

pub(crate) fn check(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Some((rule, params)) = text.split_once('\n') else { return };
    let Ok(params) = serde_json::from_str(params) else { return };
    let Ok(checks) = Check::parse(rule.trim(), &params) else { return };
    let record = rows();
    let Ok(suite) = Suite::bind(checks, record.schema_ref(), References::default()) else { return };
    let predicate = BooleanArray::from(vec![Some(true), Some(false), None, Some(true), Some(true), None]);
    let predicates = vec![predicate; suite.predicates().len()];
    let now = DateTime::UNIX_EPOCH;
    let mut state = suite.start();
    for _ in 0..2 {
        let batch = Batch { record: &record, predicates: &predicates, origins: None, now, partitions: None };
        let measured = suite.measure(&batch).unwrap_or_else(|error| panic!("{error}"));
        state.merge(measured.part).unwrap_or_else(|error| panic!("{error}"));
    }
    let context =
        JudgeContext { now, proofs: &Proofs::default(), source: AnsweredFrom::Scan, history: &NO_HISTORY };
    let verdicts = suite.judge(&state, &context);
    serde_json::to_string(&verdicts).unwrap();
}
