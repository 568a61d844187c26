//! What the tests of this crate share: rows from text, and the way of a check from parameters to verdict.

#![allow(dead_code, reason = "each test file uses its own part")]

use std::io::Cursor;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, RecordBatch, StringArray};
use arrow::compute::{and_kleene, cast, filter_record_batch, kernels::cmp};
use arrow::datatypes::{DataType, Field, Schema, TimeUnit, TimestampNanosecondType};
use chrono::{DateTime, Duration, Utc};
use lockgate_rules::{
    AnsweredFrom, Batch, BindError, Check, Gathered, History, JudgeContext, KeySet, NO_HISTORY, OtherColumns,
    OtherRows, Point, Proofs, Reference, References, State, Suite, Verdict, Want,
};
use serde_json::Value;

pub(crate) fn data_type(name: &str) -> DataType {
    match name {
        "int8" => DataType::Int8,
        "int16" => DataType::Int16,
        "int32" => DataType::Int32,
        "int64" => DataType::Int64,
        "uint8" => DataType::UInt8,
        "uint64" => DataType::UInt64,
        "float32" => DataType::Float32,
        "float64" => DataType::Float64,
        "utf8" => DataType::Utf8,
        "large" => DataType::LargeUtf8,
        "view" => DataType::Utf8View,
        "dict" => DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8)),
        "bool" => DataType::Boolean,
        "date" => DataType::Date32,
        "date64" => DataType::Date64,
        "timestamp" => DataType::Timestamp(TimeUnit::Microsecond, None),
        "timestamp_ms" => DataType::Timestamp(TimeUnit::Millisecond, None),
        "timestamp_utc" => DataType::Timestamp(TimeUnit::Nanosecond, Some("UTC".into())),
        "decimal" => DataType::Decimal128(20, 2),
        "decimal38" => DataType::Decimal128(38, 4),
        other => panic!("no type {other} in the tests"),
    }
}

/// A column of a type from texts; `None` is null.
pub(crate) fn column(kind: &str, values: &[Option<&str>]) -> ArrayRef {
    let texts: ArrayRef = Arc::new(StringArray::from(values.to_vec()));
    let wanted = data_type(kind);
    match wanted {
        // Without a database of time zones Arrow cannot parse these from texts.
        DataType::Timestamp(unit, Some(zone)) => {
            let naive = cast(&texts, &DataType::Timestamp(unit, None)).unwrap();
            let nanos = naive.as_primitive::<TimestampNanosecondType>().clone();
            Arc::new(nanos.with_timezone(zone))
        }
        DataType::Date64 => cast(&cast(&texts, &DataType::Date32).unwrap(), &wanted).unwrap(),
        _ => {
            let array = cast(&texts, &wanted).unwrap();
            assert_eq!(array.logical_null_count(), texts.null_count(), "{kind} {values:?}");
            array
        }
    }
}

/// Rows from CSV under a typed header; an empty field is null.
pub(crate) fn rows(csv: &str) -> RecordBatch {
    let header = csv.lines().next().unwrap();
    let fields: Vec<Field> = header
        .split(',')
        .map(|field| {
            let (name, kind) = field.split_once(':').unwrap();
            Field::new(name, data_type(kind), true)
        })
        .collect();
    let texts = Schema::new(
        fields.iter().map(|field| Field::new(field.name(), DataType::Utf8, true)).collect::<Vec<_>>(),
    );
    let body = csv.split_once('\n').unwrap().1;
    // A line without anything is a row of one null, which the CSV reader would skip.
    let body: String = body
        .lines()
        .map(|line| if line.is_empty() { "\"\"\n".into() } else { format!("{line}\n") })
        .collect();
    let reader = arrow::csv::ReaderBuilder::new(Arc::new(texts)).build(Cursor::new(body)).unwrap();
    let batches: Vec<RecordBatch> = reader.map(|batch| batch.unwrap()).collect();
    let kinds: Vec<&str> = header.split(',').map(|field| field.split_once(':').unwrap().1).collect();
    let schema = Arc::new(Schema::new(fields));
    let columns = kinds.iter().enumerate().map(|(at, kind)| {
        let values: Vec<Option<String>> = batches
            .iter()
            .flat_map(|batch| {
                let texts = batch.column(at).as_any().downcast_ref::<StringArray>().unwrap().clone();
                (0..texts.len())
                    .map(move |row| texts.is_valid(row).then(|| texts.value(row).to_owned()))
                    .collect::<Vec<_>>()
            })
            .collect();
        column(kind, &values.iter().map(Option::as_deref).collect::<Vec<_>>())
    });
    RecordBatch::try_new(schema, columns.collect()).unwrap()
}

/// One column as a batch.
pub(crate) fn single(name: &str, array: ArrayRef) -> RecordBatch {
    let schema = Schema::new(vec![Field::new(name, array.data_type().clone(), true)]);
    RecordBatch::try_new(Arc::new(schema), vec![array]).unwrap()
}

/// The conditions the tests use, evaluated without an engine.
pub(crate) fn predicate(text: &str, batch: &RecordBatch) -> BooleanArray {
    match text {
        "FALSE" => BooleanArray::from(vec![false; batch.num_rows()]),
        "TRUE" => BooleanArray::from(vec![true; batch.num_rows()]),
        _ if text.starts_with('(') => {
            let (left, right) = text[1..text.len() - 1].split_once(") AND (").unwrap();
            and_kleene(&predicate(left, batch), &predicate(right, batch)).unwrap()
        }
        _ => {
            let (left, right) = text.split_once(" < ").unwrap();
            cmp::lt(batch.column_by_name(left).unwrap(), batch.column_by_name(right).unwrap()).unwrap()
        }
    }
}

pub(crate) fn now() -> DateTime<Utc> {
    "2024-01-03T00:00:00Z".parse().unwrap()
}

/// The other dataset that checks may refer to: cities.
const CITIES: &str =
    "name:utf8,population:int64,area:decimal\nBern,134,51.62\n,,\nBasel,173,23.85\nZürich,423,87.93\n";

/// What checks ask for of other datasets, all of which are cities.
pub(crate) fn references(checks: &[Check]) -> References {
    let wanted = checks.iter().flat_map(Check::references);
    wanted.map(|reference| (reference.clone(), gathered(&reference, &[rows(CITIES)]))).collect()
}

/// What a reference asks for of the batches of another dataset.
pub(crate) fn gathered(reference: &Reference, batches: &[RecordBatch]) -> Gathered {
    let wanted = |batch: &RecordBatch| {
        let batch = match &reference.filter {
            Some(filter) => filter_record_batch(batch, &predicate(filter, batch)).unwrap(),
            None => batch.clone(),
        };
        match &reference.columns {
            OtherColumns::All => batch,
            OtherColumns::Named(names) => {
                let places: Vec<usize> =
                    names.iter().map(|name| batch.schema().index_of(name).unwrap()).collect();
                batch.project(&places).unwrap()
            }
        }
    };
    let batches: Vec<RecordBatch> = batches.iter().map(wanted).collect();
    let schema = batches[0].schema();
    match reference.want {
        Want::Rows => return Gathered::Rows(Arc::new(OtherRows { schema, batches })),
        Want::Schema => return Gathered::Rows(Arc::new(OtherRows { schema, batches: Vec::new() })),
        Want::Keys => {}
    }
    let types: Vec<DataType> = schema.fields().iter().map(|field| field.data_type().clone()).collect();
    let mut keys = KeySet::new(&types).unwrap();
    for batch in &batches {
        keys.extend(batch.columns(), None).unwrap();
    }
    Gathered::Keys(Arc::new(keys))
}

/// The verdict of one check over the rows of `here`, batch by batch, against those of `there`.
pub(crate) fn against(
    rule: &str,
    params: Value,
    here: &[RecordBatch],
    there: &[RecordBatch],
) -> Result<Verdict, String> {
    let checks = Check::parse(rule, &params).map_err(|error| error.to_string())?;
    let wanted = checks.iter().flat_map(Check::references);
    let references = wanted.map(|reference| (reference.clone(), gathered(&reference, there))).collect();
    let suite =
        Suite::bind(checks, &here[0].schema(), references).map_err(|errors| errors[0].message.clone())?;
    Ok(judge(&suite, &state(&suite, here)).remove(0))
}

pub(crate) fn check(rule: &str, params: &Value) -> Vec<Check> {
    Check::parse(rule, params).unwrap_or_else(|error| panic!("{rule} {params}: {error:?}"))
}

pub(crate) fn try_bind(checks: &[(&str, Value)], schema: &Schema) -> Result<Suite, Vec<BindError>> {
    let checks: Vec<Check> = checks.iter().flat_map(|(rule, params)| check(rule, params)).collect();
    let references = references(&checks);
    Suite::bind(checks, schema, references)
}

pub(crate) fn bind(checks: &[(&str, Value)], schema: &Schema) -> Suite {
    try_bind(checks, schema).unwrap_or_else(|errors| panic!("{checks:?}: {errors:?}"))
}

pub(crate) fn measured(suite: &Suite, batch: &RecordBatch) -> lockgate_rules::Measured {
    let predicates: Vec<BooleanArray> =
        suite.predicates().iter().map(|text| predicate(text, batch)).collect();
    suite
        .measure(&Batch {
            record: batch,
            predicates: &predicates,
            origins: None,
            now: now(),
            partitions: None,
        })
        .unwrap()
}

pub(crate) fn state(suite: &Suite, batches: &[RecordBatch]) -> State {
    let mut state = suite.start();
    for batch in batches {
        state.merge(measured(suite, batch).part).unwrap();
    }
    state
}

/// What was published on the days before now, oldest first, as the suite profiles it.
pub(crate) fn history(suite: &Suite, earlier: &[RecordBatch]) -> History {
    let point = |(at, batch): (usize, &RecordBatch)| {
        let time = now() - Duration::days((earlier.len() - at) as i64);
        let measured = state(suite, std::slice::from_ref(batch));
        let profile = measured.profiles().remove("").unwrap_or_default();
        Point { key: String::new(), run_id: format!("run-{at}"), time, profile }
    };
    History::new(earlier.iter().enumerate().map(point).collect())
}

pub(crate) fn judge_against(suite: &Suite, state: &State, history: &History) -> Vec<Verdict> {
    let proofs = &Proofs::default();
    suite.judge(state, &JudgeContext { now: now(), proofs, source: AnsweredFrom::Scan, history })
}

/// The verdict of one check over one batch after others.
pub(crate) fn verdict_after(
    rule: &str,
    params: Value,
    batch: &RecordBatch,
    earlier: &[RecordBatch],
) -> Verdict {
    let suite = bind(&[(rule, params)], &batch.schema());
    let state = state(&suite, std::slice::from_ref(batch));
    judge_against(&suite, &state, &history(&suite, earlier)).remove(0)
}

pub(crate) fn judge(suite: &Suite, state: &State) -> Vec<Verdict> {
    judge_with(suite, state, &Proofs::default())
}

pub(crate) fn judge_with(suite: &Suite, state: &State, proofs: &Proofs) -> Vec<Verdict> {
    suite.judge(state, &JudgeContext { now: now(), proofs, source: AnsweredFrom::Scan, history: &NO_HISTORY })
}

/// The verdict of one check over one batch.
pub(crate) fn verdict(rule: &str, params: Value, batch: &RecordBatch) -> Verdict {
    let suite = bind(&[(rule, params)], &batch.schema());
    let mut verdicts = judge(&suite, &state(&suite, std::slice::from_ref(batch)));
    assert_eq!(verdicts.len(), 1);
    verdicts.remove(0)
}
