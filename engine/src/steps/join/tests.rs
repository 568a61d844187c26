use polars::prelude::{AnyValue, DataFrame, df};
use proptest::prelude::*;

use crate::error::Kind;
use crate::memory::Memory;
use crate::steps::Lowering;
use crate::steps::trial::{assert_same, bind, lazy, stream, stream_in, stream_step};
use crate::steps::trial_frames::{cuts, frames, memories};

const HOWS: [&str; 6] = ["inner", "left", "right", "full", "semi", "anti"];
const ONS: [&str; 10] =
    ["i", "n", "[i, n]", "t", "[t, f]", "d", "{n: i}", "{u: i}", "[z, b]", "{i: n, d: d}"];

proptest! {
    #[test]
    fn streaming_is_the_lazy_meaning(
        here in frames(),
        there in frames(),
        how in prop::sample::select(&HOWS[..]),
        on in prop::sample::select(&ONS[..]),
        cuts in cuts(),
        memory in memories(),
    ) {
        let step = format!("join: {{with: there, on: {on}, how: {how}}}");
        let others = [("there", &there)];
        let bound = stream_step(&step, &here, &others);
        let streamed = stream_in(&memory, &*bound, &here, &others, &cuts).unwrap();
        let expected = lazy(&*bound, &here, &others);
        assert_same(&streamed.rows, &expected);
    }

    #[test]
    fn unmatched_rows_are_counted(
        here in frames(), there in frames(), how in prop::sample::select(&HOWS[..]), memory in memories(),
    ) {
        let others = [("there", &there)];
        let streamed = stream_in(
            &memory, &*stream_step(&format!("join: {{with: there, on: n, how: {how}}}"), &here, &others), &here, &others, &[7],
        ).unwrap();
        let unmatched = |a: &DataFrame, b: &DataFrame| {
            let others = [("other", b)];
            lazy(&*stream_step("join: {with: other, on: n, how: anti}", a, &others), a, &others).height() as u64
        };
        prop_assert_eq!(streamed.count("unmatched_left"), unmatched(&here, &there));
        prop_assert_eq!(streamed.count("unmatched_right"), unmatched(&there, &here));
    }
}

#[test]
fn a_null_key_joins_nothing() {
    let frame = df!["k" => [Some(1), None], "v" => [1, 2]].unwrap();
    let others = [("other", &frame)];
    let step = stream_step("join: {with: other, on: k, how: inner}", &frame, &others);
    assert_eq!(stream(&*step, &frame, &others, &[9]).unwrap().rows.height(), 1);
}

#[test]
fn a_look_up_keeps_every_row_in_its_order() {
    let orders = df!["id" => [1, 2, 3, 4], "c" => [Some(7i32), Some(8), None, Some(7)]].unwrap();
    let customers = df!["id" => [7i64, 9], "name" => ["Ada", "Bob"]].unwrap();
    let others = [("customers", &customers)];
    let step = stream_step("join: {with: customers, on: {c: id}, expect: n-1}", &orders, &others);
    assert!(step.keeps_unique());
    let streamed = stream(&*step, &orders, &others, &[3]).unwrap();
    let expected = df![
        "id" => [1, 2, 3, 4], "c" => [Some(7i32), Some(8), None, Some(7)], "name" => [Some("Ada"), None, None, Some("Ada")]
    ];
    assert_same(&streamed.rows, &expected.unwrap());
    assert_eq!((streamed.count("unmatched_left"), streamed.count("unmatched_right")), (2, 1));
}

fn failure(step: &str, here: &DataFrame, there: &DataFrame) -> String {
    let others = [("there", there)];
    let error = stream(&*stream_step(step, here, &others), here, &others, &[2]).err().unwrap();
    let tight = Memory::with_room(0);
    let in_parts = stream_in(&tight, &*stream_step(step, here, &others), here, &others, &[2]).err().unwrap();
    assert_eq!(in_parts.to_string(), error.to_string());
    assert_eq!(error.kind(), Kind::Wrong);
    assert!(error.cure().is_some());
    error.to_string()
}

#[test]
fn a_key_that_occurs_too_often_stops_the_run_and_is_named() {
    let once = df!["k" => [1, 2, 3], "t" => ["a", "b", "c"]].unwrap();
    let twice = df!["k" => [1, 2, 2], "t" => ["a", "é", "é"]].unwrap();
    let message = failure("join: {with: there, on: [k, t], expect: n-1}", &once, &twice);
    assert_eq!(
        message,
        "join with \"there\" expects n-1, but k = 2, t = \"é\" stands in 2 rows of \"there\""
    );
    let message = failure("join: {with: there, on: k, expect: 1-n}", &twice, &once);
    assert_eq!(
        message,
        "join with \"there\" expects 1-n, but k = 2 stands in several of the rows joined with \"there\""
    );
    failure("join: {with: there, on: k, expect: 1-1}", &twice, &once);
    failure("join: {with: there, on: k, expect: 1-1}", &once, &twice);
    let others = [("there", &twice)];
    let step = stream_step("join: {with: there, on: k, expect: 1-n}", &once, &others);
    assert_eq!(stream(&*step, &once, &others, &[2]).unwrap().rows.height(), 4);
}

#[test]
fn nulls_never_violate_what_is_expected() {
    let nulls = df!["k" => [None, None, Some(1)], "v" => [1, 2, 3]].unwrap();
    let others = [("there", &nulls)];
    let step = stream_step("join: {with: there, on: k, expect: 1-1}", &nulls, &others);
    assert_eq!(stream(&*step, &nulls, &others, &[1]).unwrap().rows.height(), 3);
}

#[test]
fn keys_of_different_kinds_are_refused_when_planning() {
    let here = df!["k" => [1]].unwrap();
    let there = df!["k" => ["1"]].unwrap();
    let error = bind("join: {with: there, on: k}", &here, &[("there", &there)]).err().unwrap();
    assert!(error.cure().unwrap().contains("cast"));
    assert!(error.place().is_some());
}

#[test]
fn clashing_names_get_the_suffix_and_chosen_columns_come_alone() {
    let here = df!["k" => [1], "v" => [1]].unwrap();
    let there = df!["k" => [1], "v" => [2], "w" => [3]].unwrap();
    let others = [("there", &there)];
    let names = |step| {
        let frame = stream(&*stream_step(step, &here, &others), &here, &others, &[1]).unwrap().rows;
        frame.get_column_names_owned().iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(names("join: {with: there, on: k}"), ["k", "v", "v_right", "w"]);
    assert_eq!(names("join: {with: there, on: k, suffix: _2}"), ["k", "v", "v_2", "w"]);
    assert_eq!(names("join: {with: there, on: k, columns: [w, k]}"), ["k", "v", "w", "k_right"]);
    assert!(bind("join: {with: there, on: k, suffix: ''}", &here, &others).is_err());
    assert!(bind("join: {with: there, on: k, columns: x}", &here, &others).is_err());
}

fn asof(step: &str, here: &DataFrame, there: &DataFrame) -> DataFrame {
    use polars::prelude::IntoLazy;
    let Lowering::Whole(step) = bind(step, here, &[("there", there)]).unwrap() else {
        panic!("asof streams")
    };
    step.lazy(here.clone().lazy(), vec![there.clone().lazy()]).unwrap().collect().unwrap()
}

#[test]
fn asof_takes_the_nearest_row_and_keeps_the_order() {
    let here = df!["k" => [Some(5i32), Some(1), None, Some(9)], "g" => ["a", "a", "a", "b"]].unwrap();
    let there =
        df!["k" => [6i64, 2, 4, 8], "g" => [Some("a"), Some("a"), Some("b"), None], "v" => [6, 2, 4, 8]]
            .unwrap();
    let values = |step| {
        let frame = asof(step, &here, &there);
        frame.column("v").unwrap().i32().unwrap().iter().collect::<Vec<_>>()
    };
    assert_eq!(values("join: {with: there, on: k, how: asof}"), [Some(4), None, None, Some(8)]);
    assert_eq!(
        values("join: {with: there, on: k, how: asof, by: g, strategy: forward}"),
        [Some(6), Some(2), None, None]
    );
    assert_eq!(
        values("join: {with: there, on: k, how: asof, strategy: nearest, tolerance: 1}"),
        [Some(6), Some(2), None, Some(8)]
    );
    let frame = asof("join: {with: there, on: k, how: asof, columns: [k, v]}", &here, &there);
    assert_eq!(frame.get_column_names(), ["k", "g", "k_right", "v"]);
    assert_eq!(frame.column("k").unwrap().get(2).unwrap(), AnyValue::Null);
}

#[test]
fn asof_takes_a_duration_with_timestamps_only() {
    let here = df!["k" => [1]].unwrap();
    let step = |tolerance| format!("join: {{with: there, on: k, how: asof, tolerance: {tolerance}}}");
    assert!(bind(&step("1h"), &here, &[("there", &here)]).is_err());
    let days = dates(&here);
    assert!(bind(&step("1"), &days, &[("there", &days)]).is_err());
    assert!(bind(&step("1d"), &days, &[("there", &days)]).is_ok());
    assert!(bind(&step("soon"), &days, &[("there", &days)]).is_err());
}

/// The numbers of column `k` as dates.
fn dates(frame: &DataFrame) -> DataFrame {
    let dates = frame.column("k").unwrap().cast(&polars::prelude::DataType::Date).unwrap();
    DataFrame::new(frame.height(), vec![dates]).unwrap()
}
