//! Frames for tests of steps: few different values, so that keys meet, and all the awkward ones.

use polars::prelude::{Column, DataFrame, DataType, IntoColumn, NamedFrom, Series, TimeUnit, TimeZone};
use proptest::prelude::*;

use crate::memory::Memory;

const INTS: [Option<i64>; 9] = [
    None,
    Some(0),
    Some(1),
    Some(2),
    Some(-1),
    Some(i64::MAX),
    Some(i64::MIN),
    Some(1 << 40),
    Some(-(1 << 33)),
];
const FLOATS: [Option<f64>; 8] =
    [None, Some(0.0), Some(-0.0), Some(f64::NAN), Some(1.5), Some(-2.25), Some(f64::INFINITY), Some(1e300)];
const TEXTS: [Option<&str>; 7] = [
    None,
    Some(""),
    Some("a"),
    Some("é"),
    Some("日本語"),
    Some("a longer text than twelve bytes"),
    Some("A"),
];

/// One row as choices among the awkward values, with a number that tells rows apart.
type Choices = (usize, usize, usize, usize, i16);

/// Frames of the columns `i` (int64), `n` (int32), `f` (float64), `t` (text), `d` (decimal), `z` (timestamp with a
/// zone), `u` (uint64), `b` (boolean) and `x` (float64 without NaN), up to 60 rows.
pub(super) fn frames() -> impl Strategy<Value = DataFrame> {
    let row = (0..INTS.len(), 0..5usize, 0..FLOATS.len(), 0..TEXTS.len(), -100i16..100);
    prop::collection::vec(row, 0..60).prop_map(|rows| frame(&rows))
}

/// Lengths of batches.
pub(super) fn cuts() -> impl Strategy<Value = Vec<usize>> {
    prop_oneof![Just(vec![1]), Just(vec![1000]), prop::collection::vec(1..20usize, 1..4)]
}

/// Memory with all the room there is, or less than some frames take.
pub(super) fn memories() -> impl Strategy<Value = Memory> {
    prop_oneof![
        Just(Memory::unbounded()),
        Just(Memory::with_room(0)),
        (1..4000u64).prop_map(Memory::with_room)
    ]
}

fn frame(rows: &[Choices]) -> DataFrame {
    let column = |name: &str, series: Series, dtype: &DataType| {
        series.strict_cast(dtype).unwrap().with_name(name.into()).into_column()
    };
    let ints: Vec<Option<i64>> = rows.iter().map(|row| INTS[row.0]).collect();
    let small: Vec<Option<i32>> = rows.iter().map(|row| (row.1 > 0).then_some(row.1 as i32 - 3)).collect();
    let floats: Vec<Option<f64>> = rows.iter().map(|row| FLOATS[row.2]).collect();
    let texts: Vec<Option<&str>> = rows.iter().map(|row| TEXTS[row.3]).collect();
    let unsigned: Vec<Option<u64>> = rows.iter().map(|row| INTS[row.0].map(|i| i as u64)).collect();
    let bools: Vec<Option<bool>> = rows.iter().map(|row| (row.1 > 1).then_some(row.1 == 2)).collect();
    let plain: Vec<Option<f64>> =
        rows.iter().map(|row| (row.4 % 5 != 0).then_some(f64::from(row.4) / 7.0)).collect();
    let cents: Vec<Option<i64>> = rows.iter().map(|row| (row.1 != 4).then_some(i64::from(row.4))).collect();
    let zone = TimeZone::opt_try_new(Some("Europe/Paris")).unwrap();
    let columns: Vec<Column> = vec![
        column("i", Series::new("".into(), ints), &DataType::Int64),
        column("n", Series::new("".into(), small.clone()), &DataType::Int32),
        column("f", Series::new("".into(), floats), &DataType::Float64),
        column("t", Series::new("".into(), texts), &DataType::String),
        column("d", Series::new("".into(), cents), &DataType::Decimal(12, 2)),
        column(
            "z",
            Series::new("".into(), small).cast(&DataType::Int64).unwrap(),
            &DataType::Datetime(TimeUnit::Microseconds, zone),
        ),
        column("u", Series::new("".into(), unsigned), &DataType::UInt64),
        column("b", Series::new("".into(), bools), &DataType::Boolean),
        column("x", Series::new("".into(), plain), &DataType::Float64),
    ];
    DataFrame::new(rows.len(), columns).unwrap()
}
