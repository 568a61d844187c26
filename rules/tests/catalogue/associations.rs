//! `cramers_v`, `mutual_information` and `functional_dependency`.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch};
use lockgate_rules::{Check, Status, Verdict};
use serde_json::{Value, json};

use crate::support::{bind, judge, rows, state, try_bind, verdict};

fn pairs(pairs: impl Iterator<Item = (i64, i64)>) -> RecordBatch {
    let (x, y): (Vec<i64>, Vec<i64>) = pairs.unzip();
    let column = |values: Vec<i64>| -> ArrayRef { Arc::new(Int64Array::from(values)) };
    RecordBatch::try_from_iter([("x", column(x)), ("y", column(y))]).unwrap()
}

/// A pair for each row of a contingency table.
fn table(cells: &[&[usize]]) -> RecordBatch {
    let cell = |x: usize, y: usize, count: usize| std::iter::repeat_n((x as i64, y as i64), count);
    let all = cells.iter().enumerate().flat_map(|(x, row)| {
        row.iter().enumerate().flat_map(move |(y, count)| cell(x, y, *count)).collect::<Vec<_>>()
    });
    pairs(all)
}

fn of(rule: &str, batch: &RecordBatch, params: Value) -> Verdict {
    let mut params = params;
    params["columns"] = json!(["x", "y"]);
    verdict(rule, params, batch)
}

#[test]
fn associations_agree_with_scipy() {
    // scipy 1.17: contingency.association(method="cramer"); mutual information by math.fsum, normalised by
    // the mean of stats.entropy of both margins.
    let mixed = table(&[&[10, 20, 30], &[6, 9, 17], &[0, 4, 4]]);
    let independent = table(&[&[2, 4], &[3, 6]]);
    for (rule, batch, params, expected) in [
        ("cramers_v", &mixed, json!({"min": 0}), 0.110_060_532_013_391_2),
        ("mutual_information", &mixed, json!({"min": 0}), 0.018_049_648_894_762_394),
        ("mutual_information", &mixed, json!({"min": 0, "normalised": true}), 0.019_246_286_170_813_254),
        ("cramers_v", &independent, json!({"max": 0}), 0.0),
        ("mutual_information", &independent, json!({"max": 0}), 0.0),
    ] {
        let found = of(rule, batch, params);
        let figure = found.observed.as_f64().unwrap();
        assert!((figure - expected).abs() < 1e-15, "{rule}: {figure} is not {expected}");
        assert_eq!(found.status, Status::Pass);
    }
}

#[test]
fn an_association_passes_warns_or_fails() {
    let mixed = table(&[&[10, 20, 30], &[6, 9, 17], &[0, 4, 4]]);
    for (max, warn, expected) in
        [(0.2, 0.15, Status::Pass), (0.2, 0.1, Status::Warn), (0.1, 0.05, Status::Fail)]
    {
        let params = json!({"max": max, "warn": {"max": warn}});
        assert_eq!(of("cramers_v", &mixed, params).status, expected);
    }
}

#[test]
fn a_constant_column_is_associated_with_nothing() {
    let one = table(&[&[3, 4]]);
    assert_eq!(of("cramers_v", &one, json!({"min": 0})).observed_text, "a column is constant");
    assert_eq!(of("mutual_information", &one, json!({"max": 0})).status, Status::Pass);
    let normalised = json!({"max": 0, "normalised": true});
    assert_eq!(of("mutual_information", &one, normalised.clone()).status, Status::Pass);
    let both = table(&[&[3]]);
    assert_eq!(of("mutual_information", &both, normalised).observed_text, "both columns are constant");
    let nulls = rows("x:int64,y:utf8\n1,\n,a\n");
    let found = of("cramers_v", &nulls, json!({"min": 0}));
    assert_eq!((found.status, found.n_evaluated, found.n_null), (Status::Skipped, 0, 2));
}

#[test]
fn too_many_categories_are_an_error() {
    let batch = pairs((0..1_500).map(|at| (at, at % 2)));
    let found = of("cramers_v", &batch, json!({"min": 0}));
    assert_eq!(found.status, Status::Error);
    assert_eq!(found.observed_text, "column \"x\" has 1,500 categories, more than 1,000");
    assert_eq!(of("cramers_v", &batch, json!({"min": 0, "max_categories": 1024})).status, Status::Error);
    let few = pairs((0..1_500).map(|at| (at % 3, at % 2)));
    assert_eq!(of("cramers_v", &few, json!({"min": 0, "max_categories": 2})).status, Status::Error);
    assert_eq!(of("cramers_v", &few, json!({"min": 0, "max_categories": 3})).status, Status::Pass);
    let params = json!({"columns": ["x", "y"], "min": 0, "max_categories": 5000});
    assert_eq!(
        Check::parse("mutual_information", &params).unwrap_err().key.as_deref(),
        Some("max_categories")
    );
}

#[test]
fn a_table_that_is_full_is_an_error_whatever_the_split() {
    let n = 1_100_000;
    let batch = pairs((0..n).map(|at| (at, at)));
    let suite = bind(&[("cramers_v", json!({"columns": ["x", "y"], "min": 0}))], &batch.schema());
    let half = n as usize / 2;
    for parts in [vec![batch.clone()], vec![batch.slice(0, half), batch.slice(half, half)]] {
        let found = judge(&suite, &state(&suite, &parts)).remove(0);
        assert_eq!(found.observed_text, "a column has more than 1,000 categories");
    }
}

/// `k` from 0 to 52, and what it determines but for every 97th row.
fn dependency() -> RecordBatch {
    pairs((0..5_000).map(|i| {
        let k = i * 31 % 53;
        (k, if i % 97 == 0 { i * 17 % 11 } else { k % 5 })
    }))
}

#[test]
fn the_g3_error_agrees_with_duckdb() {
    // DuckDB 2.0: the sum over k of the most common count is 4,953, and 47 k have several.
    let run = |mostly: Value| {
        let mut params = json!({"columns": ["x"], "determines": "y"});
        if !mostly.is_null() {
            params["mostly"] = mostly;
        }
        verdict("functional_dependency", params, &dependency())
    };
    let failed = run(Value::Null);
    assert_eq!((failed.status, failed.n_evaluated, failed.n_failed), (Status::Fail, 5_000, 5_000 - G3_KEPT));
    assert_eq!(failed.observed["keys"], json!(53));
    assert_eq!(failed.observed["keys_with_several"], json!(G3_TORN));
    let holds = G3_KEPT as f64 / 5_000.0;
    assert_eq!(run(json!(holds)).status, Status::Pass);
    assert_eq!(run(json!(holds + 1e-9)).status, Status::Fail);
}

const G3_KEPT: u64 = 4_953;
const G3_TORN: u64 = 47;

#[test]
fn several_columns_determine_several() {
    let batch =
        rows("a:utf8,b:int64,c:utf8,d:float64\nx,1,p,NaN\nx,1,p,NaN\nx,2,q,0\nx,2,q,-0\ny,1,r,1\n,1,s,1\n");
    let run = |columns: Value, determines: Value| {
        verdict("functional_dependency", json!({"columns": columns, "determines": determines}), &batch)
    };
    let held = run(json!(["a", "b"]), json!(["c", "d"]));
    assert_eq!((held.status, held.n_evaluated, held.n_null), (Status::Pass, 5, 1));
    assert_eq!(held.observed_text, "holds in all 5 rows");
    let torn = run(json!(["a"]), json!(["c"]));
    assert_eq!(torn.observed_text, "2 of 5 rows (40 %) against the dependency, in 1 of 2 keys");
    let errors = |columns: Value, determines: Value| {
        let params = json!({"columns": columns, "determines": determines});
        try_bind(&[("functional_dependency", params)], &batch.schema()).unwrap_err().remove(0)
    };
    assert_eq!(errors(json!(["a"]), json!(["a"])).key.as_deref(), Some("determines"));
    assert_eq!(errors(json!(["a"]), json!(["e"])).message, "no column \"e\"");
    let none = json!({"columns": ["a"], "determines": []});
    assert_eq!(Check::parse("functional_dependency", &none).unwrap_err().key.as_deref(), Some("determines"));
}

#[test]
fn more_pairs_against_a_dependency_than_are_counted_fail_where_so_many_are_too_many() {
    // Each of ten keys goes with as many values as it has rows.
    let batch = pairs((0..1_100_000).map(|at| (at % 10, at)));
    let run = |batch: &RecordBatch, mostly: f64| {
        let params = json!({"columns": ["x"], "determines": "y", "mostly": mostly});
        verdict("functional_dependency", params, batch)
    };
    let failed = run(&batch, 1.0);
    assert_eq!((failed.status, failed.n_failed), (Status::Fail, 1_048_577));
    assert_eq!(
        failed.observed_text,
        "more than 1,048,576 of 1,100,000 rows against the dependency, in 10 of 10 keys"
    );
    assert_eq!(failed.observed, json!({"g3": null, "keys": 10, "keys_with_several": 10}));
    assert_eq!(run(&batch, 0.5).status, Status::Fail);
    let unknown = run(&batch, 0.01);
    assert_eq!(unknown.status, Status::Error);
    assert!(unknown.observed_text.starts_with("more than 1,048,576 pairs"), "{}", unknown.observed_text);
    // As many are counted.
    let counted = run(&batch.slice(0, 1_048_586), 1.0);
    assert_eq!((counted.n_failed, counted.observed["g3"].is_number()), (1_048_576, true));
}
