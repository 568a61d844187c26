use polars::prelude::{DataFrame, IntoLazy, col, df};
use proptest::prelude::*;

use crate::steps::trial::{assert_same, bind, lazy, stream, stream_in, stream_step};
use crate::steps::trial_frames::{cuts, frames, memories};

const STEPS: [&str; 12] = [
    "deduplicate: i",
    "deduplicate: [n, b]",
    "deduplicate: [i, n]",
    "deduplicate: f",
    "deduplicate: [t, z]",
    "deduplicate: [d]",
    "deduplicate:",
    "deduplicate: {keys: n, keep: last}",
    "deduplicate: {keys: [i, u, t], keep: last}",
    "deduplicate: {keys: t, keep: first, order_by: x}",
    "deduplicate: {keys: [n], keep: last, order_by: [b desc, t]}",
    "deduplicate: {keys: i, keep: last, order_by: [x desc]}",
];

proptest! {
    #[test]
    fn streaming_is_the_lazy_meaning(
        frame in frames(), step in prop::sample::select(&STEPS[..]), cuts in cuts(), memory in memories(),
    ) {
        let bound = stream_step(step, &frame, &[]);
        let streamed = stream_in(&memory, &*bound, &frame, &[], &cuts).unwrap();
        let expected = lazy(&*bound, &frame, &[]);
        if frame.height() > 0 || streamed.rows.width() > 0 {
            assert_same(&streamed.rows, &expected);
        }
        prop_assert_eq!(streamed.count("duplicates_removed"), (frame.height() - expected.height()) as u64);
    }
}

fn run(step: &str, frame: &DataFrame) -> DataFrame {
    stream(&*stream_step(step, frame, &[]), frame, &[], &[2]).unwrap().rows
}

#[test]
fn a_null_in_the_order_loses_whichever_row_is_kept() {
    let frame = df!["k" => [1, 1, 1], "o" => [Some(5), None, Some(3)]].unwrap();
    let kept = |step| run(step, &frame).column("o").unwrap().i32().unwrap().get(0);
    assert_eq!(kept("deduplicate: {keys: k, keep: last, order_by: o}"), Some(5));
    assert_eq!(kept("deduplicate: {keys: k, keep: first, order_by: o}"), Some(3));
    assert_eq!(kept("deduplicate: {keys: k, keep: last, order_by: o desc}"), Some(3));
    assert_eq!(kept("deduplicate: {keys: k, keep: first, order_by: o desc}"), Some(5));
}

#[test]
fn rows_that_tie_are_kept_by_their_place() {
    let frame = df!["k" => [1, 1, 1], "o" => [7, 7, 7], "row" => [0, 1, 2]].unwrap();
    let kept = |step| run(step, &frame).column("row").unwrap().i32().unwrap().get(0);
    assert_eq!(kept("deduplicate: {keys: k, keep: first, order_by: o}"), Some(0));
    assert_eq!(kept("deduplicate: {keys: k, keep: last, order_by: o}"), Some(2));
    assert_eq!(kept("deduplicate: {keys: k, keep: last, order_by: o desc}"), Some(2));
}

#[test]
fn hidden_columns_are_carried_along_and_are_no_key() {
    let frame = df!["a" => [1, 1, 2], "__lockgate_row" => [10, 11, 12]].unwrap();
    let expected =
        frame.clone().lazy().filter(col("__lockgate_row").neq(polars::prelude::lit(11))).collect().unwrap();
    assert_same(&run("deduplicate:", &frame), &expected);
}

#[test]
fn the_keys_are_proved_unique() {
    let frame = df!["a" => [1], "b" => [2]].unwrap();
    assert_eq!(stream_step("deduplicate: [b, a]", &frame, &[]).proves_unique().unwrap(), ["b", "a"]);
}

#[test]
fn an_unknown_key_is_refused_with_the_nearest() {
    let frame = df!["order_id" => [1]].unwrap();
    let error = bind("deduplicate: {keys: [order_di]}", &frame, &[]).err().unwrap();
    assert!(error.cure().unwrap().contains("\"order_id\""));
    let error = bind("deduplicate: {keys: order_id, order_by: order_id down}", &frame, &[]).err().unwrap();
    assert!(error.message().contains("down"));
}
