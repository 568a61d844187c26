//! `outliers` between the fences of a baseline.

use arrow::array::{ArrayRef, RecordBatch};
use lockgate_rules::{Check, Exactness, History, Point, Status, Verdict};
use serde_json::{Value, json};

use crate::datasets::beside;
use crate::partitions::{day, published, written};
use crate::support::{
    bind, column, history, judge_against, rows, single, state, try_bind, verdict, verdict_after,
};
use crate::{after, drawn, figure};

/// A method, its own parameters, the fences it places, and how many values are outside.
type Placed = (&'static str, Value, f64, f64, u64);

fn check(method: &str, own: &Value, more: Value) -> Value {
    let mut params = json!({"column": "c", "method": method, "max_ratio": 0.2, "baseline": "previous"});
    for keys in [own, &more] {
        params.as_object_mut().unwrap().extend(keys.as_object().unwrap().clone());
    }
    params
}

fn are_as_placed(found: &Verdict, (method, own, low, high, outside): &Placed) {
    let (lower, upper) = (figure(found, "lower"), figure(found, "upper"));
    assert!((lower - low).abs() < 1e-9 && (upper - high).abs() < 1e-9, "{method} {own}: {lower} {upper}");
    assert_eq!((found.n_failed, found.exactness), (*outside, Exactness::Exact), "{method} {own}");
    assert_eq!(figure(found, "ratio"), *outside as f64 / found.n_evaluated as f64, "{method} {own}");
}

#[test]
fn fences_of_what_was_published_agree_with_numpy() {
    // Few enough that the stored baseline still holds each of them.
    let before = drawn(1, 200, |value| value);
    let now = drawn(2, 250, |value| value * 1.1 + 3.0);
    // numpy 2.4 over the same draws: mean ± 1.5·std(ddof=1), median ± 1.2·1.4826·median(|x − median|), quantile.
    for placed in [
        ("zscore", json!({"threshold": 1.5}), 4.516_111_008_610_622, 92.379_888_991_389_38, 56),
        ("mad", json!({"threshold": 1.2}), 7.087_271_999_999_999, 85.012_728, 72),
        ("iqr", json!({"k": 0.1}), 20.717_499_999_999_998, 80.507_500_000_000_01, 105),
        ("percentile", json!({}), 1.097, 98.806_999_999_999_99, 43),
        (
            "percentile",
            json!({"lower": 0.05, "upper": 0.9}),
            3.980_000_000_000_000_4,
            92.210_000_000_000_01,
            56,
        ),
    ] {
        let one = after("outliers", check(placed.0, &placed.1, json!({})), &now, &before);
        are_as_placed(&one, &placed);
        // The same rows in three points.
        let parts = [before.slice(0, 20), before.slice(20, 150), before.slice(170, 30)];
        let last = check(placed.0, &placed.1, json!({"baseline": {"last": 3}}));
        let three = verdict_after("outliers", last, &now, &parts);
        are_as_placed(&three, &placed);
        assert_eq!(three.baseline.map(|baseline| baseline.points), Some(3));
    }
}

#[test]
fn fences_of_a_dataset_agree_with_numpy() {
    let there = drawn(5, 3000, |value| value);
    let here = drawn(6, 2000, |value| value * 1.1 + 3.0);
    // numpy 2.4, as above.
    for placed in [
        ("zscore", json!({"threshold": 1.5}), 6.340_197_754_480_677, 92.623_735_578_852_66, 407),
        ("mad", json!({"threshold": 1.2}), 4.911_560_000_000_001_5, 92.088_439_999_999_99, 404),
        ("iqr", json!({"k": 0.1}), 20.299_999_999_999_997, 79.100_000_000_000_01, 908),
        ("percentile", json!({}), 0.8, 99.0, 237),
        ("percentile", json!({"lower": 0.05, "upper": 0.9}), 4.795_000_000_000_002, 89.8, 435),
    ] {
        let params = check(placed.0, &placed.1, json!({"baseline": {"source": "training"}}));
        let found = beside("outliers", params, &here, std::slice::from_ref(&there));
        are_as_placed(&found, &placed);
        assert_eq!(found.id, "outliers(c against training)");
        assert!(found.expected.ends_with(&format!("by {} of training", placed.0)), "{}", found.expected);
    }
}

fn floats(values: &str) -> RecordBatch {
    let values: Vec<&str> = values.split_whitespace().collect();
    let values: Vec<Option<&str>> = values.iter().map(|value| (*value != "null").then_some(*value)).collect();
    single("c", column("float64", &values))
}

#[test]
fn each_status_has_its_rows() {
    use Status::{Error, Fail, Pass, Skipped, Warn};
    const TEN: &str = "1 2 3 4 5 6 7 8 9 10";
    let no_spread = "the baseline has no spread to place fences by";
    for (method, before, now, status, text) in [
        // Quartiles 3.25 and 7.75, so that fences are at -3.5 and 14.5.
        ("iqr", TEN, "14 14.5 -3.5 5", Pass, "0 of 4 values (0 %) outside -3.5 to 14.5"),
        ("iqr", TEN, "5 5 5 5 5 5 5 5 5 15", Warn, "1 of 10 values (10 %) outside -3.5 to 14.5"),
        ("iqr", TEN, "5 -4 15", Fail, "2 of 3 values (66.67 %) outside -3.5 to 14.5"),
        // What moved all together lies between its own fences.
        ("iqr", TEN, "101 102 103 104", Fail, "4 of 4 values (100 %) outside -3.5 to 14.5"),
        // Mean 5.5, deviation 3.02765.
        ("zscore", TEN, "5 14.5 -3.5", Pass, "0 of 3 values (0 %) outside -3.58295 to 14.583"),
        // Median 5.5, MAD 2.5.
        ("mad", TEN, "19", Fail, "1 of 1 values (100 %) outside -7.47275 to 18.4727"),
        ("percentile", TEN, "1 10", Fail, "2 of 2 values (100 %) outside 1.09 to 9.91"),
        // Null and NaN are neither inside nor outside, nor do they move a fence.
        (
            "iqr",
            "null 1 2 3 4 5 6 7 8 9 10 NaN",
            "null NaN 5",
            Pass,
            "0 of 1 values (0 %) outside -3.5 to 14.5",
        ),
        (
            "zscore",
            "NaN 1 2 3 4 5 6 7 8 9 10",
            "5 NaN",
            Pass,
            "0 of 1 values (0 %) outside -3.58295 to 14.583",
        ),
        ("iqr", TEN, "null NaN", Skipped, "no values in scope"),
        ("zscore", TEN, "", Skipped, "no rows in scope"),
        ("iqr", "null NaN", "1", Skipped, "no baseline yet: 0 of 1 earlier points tell of it, 1 wanted"),
        ("zscore", "", "1", Skipped, "no baseline yet: 0 of 1 earlier points tell of it, 1 wanted"),
        // Nothing is said of a spread by one value, or by equal ones.
        ("zscore", "7", "1000", Skipped, no_spread),
        ("zscore", "7 7 7", "7", Skipped, no_spread),
        ("mad", "7", "1000", Skipped, no_spread),
        ("mad", "1 7 7 7", "7", Skipped, no_spread),
        ("iqr", "7 7 7", "1000", Skipped, no_spread),
        ("percentile", "7", "7", Skipped, no_spread),
        // An infinite value is outside where no fence is.
        ("iqr", TEN, "inf -inf 5 5", Fail, "2 of 4 values (50 %) outside -3.5 to 14.5"),
        ("iqr", "1 2 3 4 inf", "5", Pass, "0 of 1 values (0 %) outside -1 to 7"),
        ("zscore", "1 2 3 4 inf", "5", Error, "infinite values leave the fences undefined"),
        ("iqr", "1 inf inf", "5", Error, "infinite values leave the fences undefined"),
        ("zscore", "1e200 -1e200", "5", Error, "the powers of the values are beyond the range of floats"),
    ] {
        let params = check(method, &json!({"warn": 0.05}), json!({}));
        let found = after("outliers", params, &floats(now), &floats(before));
        assert_eq!((found.status, found.observed_text.as_str()), (status, text), "{method} {before}: {now}");
    }
    let first = verdict("outliers", check("iqr", &json!({}), json!({})), &floats(TEN));
    assert_eq!((first.status, &*first.observed_text), (Skipped, "no baseline yet: 0 of 1 earlier points"));
    let two = check("iqr", &json!({}), json!({"min_history": 2, "baseline": {"last": 3}}));
    let found = after("outliers", two, &floats(TEN), &floats(TEN));
    assert_eq!((found.status, &*found.observed_text), (Skipped, "no baseline yet: 1 of 2 earlier points"));
    let none = beside(
        "outliers",
        check("iqr", &json!({}), json!({"baseline": {"table": "training"}})),
        &floats("1"),
        &[floats("null")],
    );
    assert_eq!((none.status, &*none.observed_text), (Skipped, "no values in training to compare with"));
}

#[test]
fn numbers_of_any_type_have_the_fences_of_any_other() {
    let of = |kind: &str, values: &[&str]| {
        single("c", column(kind, &values.iter().map(|value| Some(*value)).collect::<Vec<_>>()))
    };
    for (kind, earlier) in
        [("decimal", "decimal"), ("decimal38", "int64"), ("int64", "float32"), ("uint64", "int8")]
    {
        let (now, before) =
            (of(kind, &["1", "14", "15"]), of(earlier, &["1", "2", "3", "4", "5", "6", "7", "8", "9", "10"]));
        let suite = bind(&[("outliers", check("iqr", &json!({}), json!({})))], &now.schema());
        let then = bind(&[("outliers", check("iqr", &json!({}), json!({})))], &before.schema());
        let found = judge_against(&suite, &state(&suite, &[now]), &history(&then, &[before])).remove(0);
        assert_eq!(found.observed_text, "1 of 3 values (33.33 %) outside -3.5 to 14.5", "{kind} {earlier}");
    }
    // Sums of cents and of units do not add up; quantiles are of numbers.
    let now = of("decimal", &["1", "14", "15"]);
    for (method, status) in [("zscore", Status::Skipped), ("iqr", Status::Fail)] {
        let params = check(method, &json!({}), json!({"baseline": {"last": 2}}));
        let suite = bind(&[("outliers", params.clone())], &now.schema());
        let mut points = History::default().points;
        for kind in ["decimal", "int64"] {
            let before = of(kind, &["1", "2", "3", "4"]);
            let then = bind(&[("outliers", params.clone())], &before.schema());
            points.extend(history(&then, &[before]).points);
        }
        let found = judge_against(&suite, &state(&suite, std::slice::from_ref(&now)), &History::new(points))
            .remove(0);
        assert_eq!(found.status, status, "{method}: {}", found.observed_text);
    }
}

/// The verdict on rows that come in batches after others that did.
fn of_many(params: Value, before: &RecordBatch, now: &RecordBatch) -> Verdict {
    let suite = bind(&[("outliers", params)], &now.schema());
    let batches = |rows: &RecordBatch| -> Vec<RecordBatch> {
        (0..rows.num_rows()).step_by(5_000).map(|at| rows.slice(at, 5_000)).collect()
    };
    let profile = state(&suite, &batches(before)).profiles().remove("").unwrap();
    let time = "2024-01-02T00:00:00Z".parse().unwrap();
    let point = Point { key: String::new(), run_id: "run".into(), time, profile };
    judge_against(&suite, &state(&suite, &batches(now)), &History::new(vec![point])).remove(0)
}

#[test]
fn many_values_are_outside_within_the_interval_that_is_reported() {
    let before = drawn(3, 60_000, |value| value);
    let now = drawn(4, 60_000, |value| value * 1.2 - 10.0);
    // numpy 2.4 over all draws, as above.
    for (method, own, expected) in [
        ("zscore", json!({"threshold": 1.5}), 16_895.0 / 60_000.0),
        ("mad", json!({"threshold": 1.2}), 15_900.0 / 60_000.0),
        ("iqr", json!({"k": 0.1}), 30_193.0 / 60_000.0),
        ("percentile", json!({"lower": 0.05, "upper": 0.9}), 17_612.0 / 60_000.0),
    ] {
        let found = of_many(check(method, &own, json!({})), &before, &now);
        let Exactness::Approx { bound } = found.exactness else { panic!("{method}: {found:?}") };
        assert!((figure(&found, "ratio") - expected).abs() <= bound, "{method}: {bound} {found:?}");
        let interval = &found.observed["interval"];
        let (least, most) = (interval[0].as_f64().unwrap(), interval[1].as_f64().unwrap());
        assert!(least <= expected && expected <= most, "{method}: {least} {most}");
        assert!(bound < 0.07, "{method}: {bound}");
    }
    // The extremes are known whatever is sketched, so that nothing is outside for certain.
    let inside = of_many(check("iqr", &json!({}), json!({})), &before, &now);
    assert_eq!((inside.exactness, inside.n_failed, inside.status), (Exactness::Exact, 0, Status::Pass));
}

#[test]
fn each_partition_lies_between_the_fences_of_what_was_before_it() {
    let at = |shift: i32| {
        let values: Vec<String> = (1..=10).map(|value| (value + shift).to_string()).collect();
        floats(&values.join(" "))
    };
    let params = check("iqr", &json!({}), json!({}));
    let suite = bind(&[("outliers", params)], &at(0).schema());
    let before = published(&suite, &[(1, at(0)), (3, at(100))]);
    let now = [(day(2).0, at(1)), (day(4).0, at(101)), (day(5).0, at(3))];
    let history = History::new(before).of_partitions([day(2), day(4), day(5)]);
    let found = judge_against(&suite, &written(&suite, &now), &history).remove(0);
    assert_eq!(
        found.observed_text,
        "day=2024-01-05: 10 of 10 values (100 %) outside 96.5 to 114.5; 1 of 3 partitions fails"
    );
}

#[test]
fn a_scope_has_fences_of_its_own() {
    let before = rows("c:int64,d:int64\n1,9\n2,9\n3,9\n4,9\n500,9\n900,9\n");
    let now = rows("c:int64,d:int64\n2,9\n3,9\n8,9\n800,9\n");
    let scoped = check("iqr", &json!({"where": "c < d"}), json!({}));
    let found = after("outliers", scoped, &now, &before);
    // Quartiles 1.75 and 3.25 of the four in scope.
    assert_eq!(found.observed_text, "1 of 3 values (33.33 %) outside -0.5 to 5.5");
}

#[test]
fn fences_of_a_redacted_column_are_not_told() {
    let redacted = check("iqr", &json!({"samples": {"redact": ["c"]}}), json!({}));
    let plain = check("iqr", &json!({}), json!({}));
    let batch = floats("1 2 3 4 5 6 7 8 9 987654");
    let told = "1 of 10 values (10 %) outside (redacted) to (redacted)";
    let here = after("outliers", redacted.clone(), &batch, &batch);
    assert_eq!(here.observed_text, told);
    assert_eq!(
        (&here.observed["lower"], &here.observed["upper"]),
        (&json!("(redacted)"), &json!("(redacted)"))
    );
    // What was redacted then is not told now.
    let (then, now) =
        (bind(&[("outliers", redacted)], &batch.schema()), bind(&[("outliers", plain)], &batch.schema()));
    let later =
        judge_against(&now, &state(&now, std::slice::from_ref(&batch)), &history(&then, &[batch])).remove(0);
    assert_eq!(later.observed_text, told);
}

#[test]
fn what_gives_no_fences_is_refused() {
    let refused = |params: Value| Check::parse("outliers", &params).unwrap_err();
    let lonely = refused(json!({"column": "c", "method": "iqr", "max_ratio": 0, "min_history": 2}));
    assert_eq!(
        (lonely.key.as_deref(), &*lonely.message),
        (Some("min_history"), "min_history is for baseline")
    );
    let none = refused(check("iqr", &json!({"baseline": {"last": 0}}), json!({})));
    assert_eq!(none.key.as_deref(), Some("baseline"));
    let several = refused(check("iqr", &json!({"baseline": {"source": "a"}, "min_history": 2}), json!({})));
    assert_eq!(several.key.as_deref(), Some("min_history"));
    let texts: ArrayRef = column("utf8", &[Some("a")]);
    let of_texts =
        try_bind(&[("outliers", check("iqr", &json!({}), json!({})))], &single("c", texts).schema());
    assert_eq!(of_texts.unwrap_err()[0].message, "column \"c\" is of type string, not a number");
    let grouped = check("iqr", &json!({"group_by": "c"}), json!({}));
    let of_groups = try_bind(&[("outliers", grouped)], &floats("1").schema());
    assert_eq!(of_groups.unwrap_err()[0].message, "outliers compares with the history of all rows");
}
