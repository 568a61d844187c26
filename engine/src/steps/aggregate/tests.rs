use polars::prelude::{AnyValue, DataFrame, DataType, Expr, PlSmallStr, col, df, lit};
use proptest::prelude::*;

use super::bound::Bound;
use super::fold::Function;
use super::plan::{Call, call_name};
use crate::steps::StreamStep;
use crate::steps::trial::{Streamed, lazy, stream, stream_in};
use crate::steps::trial_frames::{cuts, frames, memories};

fn call(function: Function, argument: Expr) -> Call {
    Call { function, argument: Some(argument), filter: None }
}

/// An aggregation with one result for each call, named `r0`, `r1`, ….
fn aggregation(by: &[&str], calls: Vec<Call>, input: &DataFrame) -> Bound {
    let by = by.iter().map(|name| (PlSmallStr::from_str(name), col(*name))).collect();
    let results = (0..calls.len()).map(|index| (format!("r{index}").into(), col(call_name(index)))).collect();
    Bound::of(by, calls, results, input.schema()).unwrap()
}

fn run(step: &Bound, input: &DataFrame) -> DataFrame {
    stream(step, input, &[], &[2]).unwrap().rows
}

/// All functions over all columns they take.
fn calls() -> Vec<Call> {
    use Function as F;
    let mut calls = vec![Call { function: F::CountRows, argument: None, filter: None }];
    for name in ["i", "n", "f", "t", "d", "z", "u", "b", "x"] {
        for function in [F::Count, F::CountDistinct, F::First, F::Last, F::AnyValue, F::Min, F::Max] {
            calls.push(call(function, col(name)));
        }
    }
    for name in ["n", "d", "b", "x"] {
        let spread = [F::Variance { ddof: 1 }, F::Deviation { ddof: 0 }, F::Quantile(0.5), F::Quantile(0.9)];
        calls.extend(
            [F::Sum, F::Mean, F::Skewness]
                .into_iter()
                .chain(spread)
                .map(|function| call(function, col(name))),
        );
    }
    calls.extend([
        call(F::All, col("b")),
        call(F::Any, col("b")),
        call(F::Sum, col("f")),
        call(F::Mean, col("f")),
    ]);
    for filter in [col("x").gt(lit(0.0)), col("b")] {
        for function in [F::Sum, F::Last, F::CountDistinct] {
            calls.push(Call { function, argument: Some(col("n")), filter: Some(filter.clone()) });
        }
        calls.push(Call { function: F::CountRows, argument: None, filter: Some(filter) });
    }
    calls
}

fn assert_close(found: &DataFrame, expected: &DataFrame) {
    assert_eq!(found.schema(), expected.schema());
    assert_eq!(found.height(), expected.height());
    for (found, expected) in found.columns().iter().zip(expected.columns()) {
        for row in 0..found.len() {
            let (a, b) = (found.get(row).unwrap(), expected.get(row).unwrap());
            let same = match (&a, &b) {
                (AnyValue::Float64(a), AnyValue::Float64(b)) => {
                    a.total_cmp(b).is_eq()
                        || a.is_nan() && b.is_nan()
                        || (a - b).abs() <= 1e-9 * (1.0 + a.abs().max(b.abs()))
                }
                (a, b) => a == b,
            };
            assert!(same, "{} of row {row}: {a:?} is not {b:?}\n{found:?}", found.name());
        }
    }
}

const GROUPS: [&[&str]; 9] =
    [&[], &["i"], &["n"], &["d"], &["t"], &["f"], &["t", "b"], &["z", "u"], &["d", "t", "f"]];

proptest! {
    #[test]
    fn streaming_is_the_lazy_meaning(frame in frames(), by in prop::sample::select(&GROUPS[..]), cuts in cuts(), memory in memories()) {
        let step = aggregation(by, calls(), &frame);
        let Streamed { rows, counts } = stream_in(&memory, &step, &frame, &[], &cuts).unwrap();
        assert_close(&rows, &lazy(&step, &frame, &[]));
        prop_assert_eq!(counts, vec![("groups", rows.height() as u64)]);
    }

    #[test]
    fn how_rows_are_cut_changes_no_bit(frame in frames(), by in prop::sample::select(&GROUPS[..]), cuts in cuts()) {
        let step = aggregation(by, calls(), &frame);
        let whole = stream(&step, &frame, &[], &[1000]).unwrap().rows;
        let cut = stream(&step, &frame, &[], &cuts).unwrap().rows;
        prop_assert_eq!(format!("{:?}", whole.columns()), format!("{:?}", cut.columns()));
        prop_assert!(whole.equals_missing(&cut));
    }
}

#[test]
fn no_rows_are_one_group_without_by_and_none_with() {
    let frame = df!["a" => [1i64]].unwrap().head(Some(0));
    let calls = || {
        vec![
            Call { function: Function::CountRows, argument: None, filter: None },
            call(Function::Sum, col("a")),
        ]
    };
    let one = run(&aggregation(&[], calls(), &frame), &frame);
    assert_eq!(one.height(), 1);
    assert_eq!(one.get_row(0).unwrap().0, [AnyValue::Int64(0), AnyValue::Null]);
    assert_eq!(run(&aggregation(&["a"], calls(), &frame), &frame).height(), 0);
}

#[test]
fn groups_are_sorted_with_nulls_last() {
    let frame = df!["k" => [None, Some("é"), Some("a"), None, Some("z")]].unwrap();
    let rows = run(&aggregation(&["k"], vec![call(Function::Count, col("k"))], &frame), &frame);
    let keys: Vec<_> = rows.column("k").unwrap().str().unwrap().iter().collect();
    assert_eq!(keys, [Some("a"), Some("z"), Some("é"), None]);
}

#[test]
fn float_sums_keep_what_is_small_beside_what_is_great() {
    let frame = df!["x" => [1e16, 1.0, -1e16, 1.0]].unwrap();
    let rows = run(&aggregation(&[], vec![call(Function::Sum, col("x"))], &frame), &frame);
    assert_eq!(rows.column("r0").unwrap().get(0).unwrap(), AnyValue::Float64(2.0));
}

#[test]
fn a_sum_that_does_not_fit_stops_the_run() {
    let frame = df!["x" => [i64::MAX, 1]].unwrap();
    let step = aggregation(&[], vec![call(Function::Sum, col("x"))], &frame);
    assert!(stream(&step, &frame, &[], &[1]).is_err());
    let fits = df!["x" => [i64::MAX, 1, -2]].unwrap();
    assert_eq!(run(&step, &fits).column("r0").unwrap().get(0).unwrap(), AnyValue::Int64(i64::MAX - 1));
    let nines = DataFrame::new(
        2,
        vec![
            polars::prelude::Column::new("x".into(), ["99999999999999999999999999999999999999", "1"])
                .strict_cast(&DataType::Decimal(38, 0))
                .unwrap(),
        ],
    )
    .unwrap();
    let step = aggregation(&[], vec![call(Function::Sum, col("x"))], &nines);
    assert!(stream(&step, &nines, &[], &[1]).is_err());
}

#[test]
fn a_sum_of_text_is_refused_when_planning() {
    let frame = df!["t" => ["a"]].unwrap();
    let results = vec![("r".into(), col(call_name(0)))];
    assert!(Bound::of(Vec::new(), vec![call(Function::Sum, col("t"))], results, frame.schema()).is_err());
}

#[test]
fn by_proves_the_groups_unique() {
    let frame = df!["a" => [1], "b" => [2]].unwrap();
    assert_eq!(aggregation(&["b", "a"], calls_of("a"), &frame).proves_unique().unwrap(), ["b", "a"]);
    assert_eq!(aggregation(&[], calls_of("a"), &frame).proves_unique(), None);
}

fn calls_of(name: &str) -> Vec<Call> {
    vec![call(Function::Max, col(name))]
}

#[test]
fn a_measure_is_an_expression_over_aggregates() {
    use crate::steps::trial::{bind, stream_step};
    let frame =
        df!["mode" => ["SHIP", "AIR", "SHIP"], "price" => [10.0, 1.0, 20.0], "n" => [1i64, 2, 3]].unwrap();
    let step = "aggregate: {by: [mode, {even: n % 2 = 0}], measures: {a: sum(price) / count(*), \
                b: 'max(n) filter (where price > 5) + count(distinct n)', p: 'quantile(price, 0.5)', m: upper(mode)}}";
    let streamed = stream(&*stream_step(step, &frame, &[]), &frame, &[], &[1]).unwrap().rows;
    let expected = df![
        "mode" => ["AIR", "SHIP"], "even" => [true, false], "a" => [1.0, 15.0], "b" => [None, Some(5i64)],
        "p" => [1.0, 15.0], "m" => ["AIR", "SHIP"]
    ];
    assert_close(&streamed, &expected.unwrap());
    let refused = |step| bind(step, &frame, &[]).err().unwrap();
    assert!(refused("aggregate: {by: mode, measures: {a: sum(price) + n}}").cure().is_some());
    assert!(refused("aggregate: {by: mode, measures: {mode: count(*)}}").place().is_some());
    assert!(refused("aggregate: {by: mod, measures: {a: count(*)}}").cure().unwrap().contains("mode"));
}

#[test]
fn every_aggregate_function_is_known() {
    use crate::expr::{Role, functions};
    use crate::steps::trial::bind;
    let frame = df!["x" => [1i64]].unwrap();
    for function in functions().filter(|function| function.role == Role::Aggregate) {
        let call = match function.name {
            "quantile" => "quantile(x, 0.1)".to_owned(),
            "bool_and" | "bool_or" => format!("{}(x > 0)", function.name),
            name => format!("{name}(x)"),
        };
        let step = format!("aggregate: {{measures: {{r: '{call}'}}}}");
        assert!(bind(&step, &frame, &[]).is_ok(), "{call}");
    }
}
