//! Rules about several columns of a row: `compare_columns`, `sum_of_columns`, `temporal_order`,
//! `unique_within_record`, `at_least_k_complete`.

use std::collections::BTreeMap;

use lockgate_rules::{AnsweredFrom, Check, ColumnProof, Proofs, Status};
use serde_json::{Value, json};

use crate::support::{bind, judge_with, rows, state, try_bind, verdict};

/// How many rows are evaluated, fail, and cannot be.
fn counts(rule: &str, params: Value, csv: &str) -> (u64, u64, u64) {
    let found = verdict(rule, params, &rows(csv));
    assert_ne!(found.status, Status::Error, "{rule}: {}", found.observed_text);
    (found.n_evaluated, found.n_failed, found.n_null)
}

/// Whether two values compare so.
fn compares(op: &str, more: Value, kinds: (&str, &str), values: (&str, &str)) -> bool {
    let mut params = json!({"columns": ["a", "b"], "op": op});
    params.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let csv = format!("a:{},b:{}\n{},{}\n", kinds.0, kinds.1, values.0, values.1);
    let (evaluated, failed, _) = counts("compare_columns", params, &csv);
    assert_eq!(evaluated, 1);
    failed == 0
}

/// The operators under which two values pass.
fn passing(more: &Value, kinds: (&str, &str), values: (&str, &str)) -> String {
    let ops = ["eq", "ne", "lt", "le", "gt", "ge"];
    let passing = ops.iter().filter(|op| compares(op, more.clone(), kinds, values));
    passing.copied().collect::<Vec<_>>().join(" ")
}

const EQUAL: &str = "eq le ge";
const LESS: &str = "ne lt le";
const GREATER: &str = "ne gt ge";

#[test]
fn columns_of_any_types_are_compared_exactly() {
    for (kinds, values, expected) in [
        (("int64", "int64"), ("9007199254740993", "9007199254740992"), GREATER),
        (("int8", "uint64"), ("-1", "18446744073709551615"), LESS),
        (("int64", "decimal"), ("9007199254740993", "9007199254740993.00"), EQUAL),
        (("int64", "decimal"), ("9007199254740993", "9007199254740993.01"), LESS),
        (("decimal", "decimal38"), ("0.10", "0.1001"), LESS),
        // More digits than 38 once both have four places.
        (
            ("decimal38", "uint64"),
            ("9999999999999999999999999999999999.9999", "18446744073709551615"),
            GREATER,
        ),
        (("float64", "float64"), ("NaN", "NaN"), "ne"),
        (("float64", "float64"), ("-0", "0"), EQUAL),
        (("float64", "float64"), ("inf", "inf"), EQUAL),
        (("float32", "float64"), ("-inf", "-1e308"), LESS),
        (("float32", "float32"), ("NaN", "1"), "ne"),
        (("int64", "float64"), ("1", "1.5"), LESS),
        (("decimal", "float64"), ("0.10", "0.1"), EQUAL),
        (("utf8", "utf8"), ("Zürich", "Zug"), GREATER),
        (("dict", "utf8"), ("Bern", "Bern"), EQUAL),
        (("dict", "large"), ("Bern", "bern"), LESS),
        (("date", "date"), ("2024-01-01", "2024-01-02"), LESS),
        // The year 9999 is no number of nanoseconds in 64 bits.
        (("date", "timestamp_utc"), ("9999-12-31", "2024-01-01T00:00:00"), GREATER),
        (
            ("timestamp_utc", "timestamp_ms"),
            ("2024-01-01T00:00:00.000000001", "2024-01-01T00:00:00"),
            GREATER,
        ),
        (("date64", "timestamp"), ("2024-01-01", "2024-01-01T00:00:00"), EQUAL),
    ] {
        assert_eq!(passing(&json!({}), kinds, values), expected, "{kinds:?} {values:?}");
    }
    let far = rows("a:date,b:timestamp_utc\n9999-12-31,2024-01-01T00:00:00\n");
    let found = verdict("gt", json!({"column": "a", "value": {"column": "b"}}), &far);
    assert_eq!(found.status, Status::Pass, "{}", found.observed_text);
}

/// Python 3.11: `math.isclose(a, b, rel_tol=…, abs_tol=…)`; the decimals are `fractions.Fraction`.
#[test]
fn close_values_count_as_equal() {
    let float = ("float64", "float64");
    let decimal = ("decimal", "decimal");
    for (more, kinds, values, expected) in [
        (json!({"tolerance": 0.5}), float, ("1", "1.5"), EQUAL),
        (json!({"tolerance": 0.5}), float, ("1", "1.5000000000000002"), LESS),
        (json!({"relative_tolerance": 1e-9}), float, ("1", "1.0000000009"), EQUAL),
        (json!({"relative_tolerance": 1e-9}), float, ("0", "1e-300"), LESS),
        (json!({"relative_tolerance": 0.5, "tolerance": 0.1}), float, ("0", "0.1"), EQUAL),
        (json!({"relative_tolerance": 0.5}), float, ("2", "1"), EQUAL),
        (json!({"relative_tolerance": 0.5}), float, ("1", "2"), EQUAL),
        (json!({"relative_tolerance": 0.49}), float, ("2", "1"), GREATER),
        (json!({"relative_tolerance": 0.9}), float, ("inf", "1e308"), GREATER),
        (json!({"relative_tolerance": 0.9}), float, ("inf", "inf"), EQUAL),
        (json!({"tolerance": 1}), float, ("NaN", "NaN"), "ne"),
        // 0.29 · 100 is 28.999999999999996 in floats, but 29.
        (json!({"relative_tolerance": 0.29}), float, ("100", "71"), GREATER),
        (json!({"relative_tolerance": 0.29}), decimal, ("100", "71"), EQUAL),
        (json!({"relative_tolerance": 0.29}), decimal, ("100", "70.99"), GREATER),
        (json!({"relative_tolerance": 0}), decimal, ("0", "0.00"), EQUAL),
        (json!({"tolerance": 0.1}), decimal, ("0.3", "0.2"), EQUAL),
        (json!({"tolerance": 0.099}), decimal, ("0.3", "0.2"), GREATER),
        (json!({"tolerance": 0.01}), ("decimal", "int64"), ("-1.01", "-1"), EQUAL),
        (json!({"tolerance": 0}), ("int64", "uint64"), ("-1", "18446744073709551615"), LESS),
        (
            json!({"tolerance": "18446744073709551616"}),
            ("int64", "uint64"),
            ("-1", "18446744073709551615"),
            EQUAL,
        ),
        (
            json!({"tolerance": "5m"}),
            ("timestamp", "timestamp_ms"),
            ("2024-01-01T00:05:00", "2024-01-01T00:00:00"),
            EQUAL,
        ),
        (
            json!({"tolerance": "5m"}),
            ("timestamp", "timestamp_utc"),
            ("2024-01-01T00:05:00.000001", "2024-01-01T00:00:00"),
            GREATER,
        ),
        (json!({"tolerance": "36h"}), ("date", "date"), ("2024-01-01", "2024-01-02"), EQUAL),
    ] {
        assert_eq!(passing(&more, kinds, values), expected, "{more} {kinds:?} {values:?}");
    }
}

#[test]
fn a_row_without_one_of_the_values_is_not_compared() {
    let csv = "a:int64,b:int64\n1,1\n,1\n1,\n,\n2,1\n";
    for (more, nulls) in [(json!({}), "skip"), (json!({"tolerance": 0.5}), "skip"), (json!({}), "fail")] {
        let mut params = json!({"columns": ["a", "b"], "op": "eq", "nulls": nulls});
        params.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let expected = if nulls == "skip" { (2, 1, 3) } else { (5, 4, 3) };
        assert_eq!(counts("compare_columns", params, csv), expected, "{more} {nulls}");
    }
    let params = json!({"columns": ["a", "b"], "total": "c"});
    assert_eq!(
        counts("sum_of_columns", params, "a:int8,b:int8,c:int8\n1,1,2\n1,,1\n,1,1\n1,1,\n1,1,1\n"),
        (2, 1, 3)
    );
}

/// Whether columns add up to a total.
fn adds_up(tolerance: Value, kinds: &[&str], values: &[&str]) -> bool {
    let names = ["a", "b", "c", "d"];
    let header: Vec<String> = names.iter().zip(kinds).map(|(name, kind)| format!("{name}:{kind}")).collect();
    let csv = format!("{}\n{}\n", header.join(","), values.join(","));
    let mut params = json!({"columns": &names[..kinds.len() - 1], "total": names[kinds.len() - 1]});
    if !tolerance.is_null() {
        params["tolerance"] = tolerance;
    }
    let (evaluated, failed, _) = counts("sum_of_columns", params, &csv);
    assert_eq!(evaluated, 1);
    failed == 0
}

#[test]
fn a_total_may_be_a_number() {
    let most = "9223372036854775807";
    let least = "-9999999999999999999999999999999999.9999";
    for (total, tolerance, kinds, values, expected) in [
        (json!(6), json!(null), &["int8", "int64", "uint8"][..], &["1", "2", "3"][..], true),
        (json!(-6), json!(null), &["int8", "int64"], &["-1", "-5"], true),
        (json!(6), json!(null), &["int8", "int64"], &["1", "4"], false),
        (json!(6), json!(1), &["int8", "int64"], &["1", "4"], true),
        // The number has more places than the columns, or fewer.
        (json!(2.5), json!(null), &["int8", "int8"], &["1", "1"], false),
        (json!(2.5), json!(0.5), &["int8", "int8"], &["1", "1"], true),
        (json!(2.5), json!(0.499), &["int8", "int8"], &["1", "1"], false),
        (json!(0.3), json!(null), &["decimal", "decimal"], &["0.10", "0.20"], true),
        (json!(1), json!(null), &["decimal", "decimal38"], &["0.99", "0.0100"], true),
        (json!(18_446_744_073_709_551_614_u64), json!(null), &["int64", "int64"], &[most, most], true),
        (json!(0), json!(null), &["decimal38", "decimal38"], &[least, least], false),
        (json!(0.3), json!(null), &["float64", "float64"], &["0.1", "0.2"], false),
        (json!(0.3), json!(1e-9), &["float64", "float64"], &["0.1", "0.2"], true),
        (json!(1.5), json!(null), &["float64", "int8"], &["0.5", "1"], true),
        (json!(0), json!(1e300), &["float64", "float64"], &["NaN", "1"], false),
        (json!(0), json!(1e300), &["float64", "float64"], &["inf", "1"], false),
    ] {
        let names = ["a", "b", "c"];
        let header: Vec<String> =
            names.iter().zip(kinds).map(|(name, kind)| format!("{name}:{kind}")).collect();
        let csv = format!("{}\n{}\n", header.join(","), values.join(","));
        let mut params = json!({"columns": &names[..kinds.len()], "total": total});
        if !tolerance.is_null() {
            params["tolerance"] = tolerance;
        }
        let (evaluated, failed, _) = counts("sum_of_columns", params.clone(), &csv);
        assert_eq!((evaluated, failed == 0), (1, expected), "{params} {kinds:?} {values:?}");
    }
    let with_nulls = "a:int64,b:int64\n1,2\n1,\n,2\n";
    let params = json!({"columns": ["a", "b"], "total": 3, "tolerance": 0});
    assert_eq!(counts("sum_of_columns", params.clone(), with_nulls), (1, 0, 2));
    let found = verdict("sum_of_columns", params, &rows(with_nulls));
    assert_eq!(found.expected, "adding up to 3 within 0");
    assert_eq!(found.id, "sum_of_columns(a, b)");
    for (total, key) in [(json!(true), "total"), (json!([1]), "total"), (json!({"column": "a"}), "total")] {
        let error = Check::parse("sum_of_columns", &json!({"columns": ["a"], "total": total})).unwrap_err();
        assert_eq!(error.key.as_deref(), Some(key), "{}", error.message);
    }
    let beyond = json!({"columns": ["a", "b"], "total": 1e39});
    let errors = try_bind(&[("sum_of_columns", beyond)], &rows(with_nulls).schema()).unwrap_err();
    assert_eq!(errors[0].key.as_deref(), Some("total"));
}

#[test]
fn sums_of_whole_numbers_and_decimals_are_exact() {
    let most = "9999999999999999999999999999999999.9999";
    let least = "-9999999999999999999999999999999999.9999";
    for (kinds, values, expected) in [
        (&["decimal", "decimal", "decimal"][..], &["0.10", "0.20", "0.30"][..], true),
        (
            &["int64", "int64", "decimal38"],
            &["9223372036854775807", "9223372036854775807", "18446744073709551614"],
            true,
        ),
        (
            &["int64", "int64", "decimal38"],
            &["9223372036854775807", "9223372036854775807", "18446744073709551614.0001"],
            false,
        ),
        (&["int8", "int8", "int8"], &["127", "1", "-128"], false),
        (&["uint64", "int8", "uint64"], &["18446744073709551615", "-1", "18446744073709551614"], true),
        (&["decimal38", "decimal38", "int8"], &[most, least, "0"], true),
        (&["decimal38", "decimal38", "decimal38"], &[most, most, "-0.0002"], false),
        (&["decimal38", "decimal38", "decimal38", "decimal38"], &[most, most, least, most], true),
        (&["decimal", "int8", "decimal38"], &["0.01", "1", "1.0100"], true),
        (&["float64", "float64", "float64"], &["0.1", "0.2", "0.3"], false),
        (&["float64", "float64", "float64"], &["0.5", "0.25", "0.75"], true),
        (&["float64", "int8", "decimal"], &["0.5", "1", "1.50"], true),
        (&["float64", "float64", "float64"], &["NaN", "1", "1"], false),
        (&["float64", "float64", "float64"], &["NaN", "1", "NaN"], false),
        (&["float64", "float64", "float64"], &["inf", "1", "inf"], true),
        (&["float64", "float64", "float64"], &["inf", "-inf", "0"], false),
        (&["float64", "float64"], &["-0", "0"], true),
    ] {
        assert_eq!(adds_up(Value::Null, kinds, values), expected, "{kinds:?} {values:?}");
    }
}

#[test]
fn a_sum_may_lie_as_far_from_the_total_as_is_tolerated() {
    let decimals = ["decimal", "decimal", "decimal"];
    for (tolerance, kinds, values, expected) in [
        (json!(0.01), &decimals[..], ["0.10", "0.20", "0.31"], true),
        (json!(0.01), &decimals, ["0.10", "0.20", "0.29"], true),
        (json!(0.01), &decimals, ["0.10", "0.20", "0.32"], false),
        (json!("0.0099"), &decimals, ["0.10", "0.20", "0.31"], false),
        (json!(1e-9), &["float64", "float64", "float64"], ["0.1", "0.2", "0.3"], true),
        (json!(1), &["float64", "float64", "float64"], ["0", "inf", "1"], false),
        (json!(1e30), &["int64", "int64", "int64"], ["1", "2", "-9223372036854775808"], true),
    ] {
        assert_eq!(adds_up(tolerance.clone(), kinds, &values), expected, "{tolerance} {kinds:?} {values:?}");
    }
}

#[test]
fn times_follow_one_another_whatever_lies_between() {
    let run = |more: Value, csv: &str| {
        let mut params = json!({"columns": ["a", "b", "c"]});
        params.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        counts("temporal_order", params, csv)
    };
    let csv = "a:date,b:timestamp,c:timestamp_utc\n\
               2024-01-01,2024-01-01T00:00:00,2024-01-01T00:00:00.000000001\n\
               2024-01-02,2024-01-01T23:59:59.999999,2024-01-03T00:00:00\n\
               2024-01-02,,2024-01-01T00:00:00\n\
               2024-01-01,,2024-01-02T00:00:00\n\
               9999-12-31,,\n\
               ,,\n\
               9999-12-31,2024-01-01T00:00:00,\n";
    assert_eq!(run(json!({}), csv), (5, 3, 2));
    assert_eq!(run(json!({"strict": true}), csv), (5, 4, 2));
    assert_eq!(run(json!({"max_gap": "23h"}), csv), (5, 4, 2));
    assert_eq!(run(json!({"max_gap": "1d"}), csv), (5, 3, 2));
    assert_eq!(run(json!({"nulls": "fail"}), csv), (7, 5, 2));
    assert_eq!(run(json!({"nulls": "pass"}), csv), (7, 3, 2));
    // A footer that says that the first column is null says nothing of the others.
    let batch = rows("a:date,b:date,c:date\n,2024-01-02,2024-01-01\n");
    let suite = bind(&[("temporal_order", json!({"columns": ["a", "b", "c"]}))], &batch.schema());
    let known = ColumnProof { nulls: Some(1), ..ColumnProof::default() };
    let proofs =
        Proofs { rows: Some(1), columns: BTreeMap::from([("a".to_owned(), known)]), ..Proofs::default() };
    let found = judge_with(&suite, &state(&suite, &[batch]), &proofs).remove(0);
    assert_eq!((found.status, found.answered_from), (Status::Fail, AnsweredFrom::Scan));
}

#[test]
fn values_of_a_row_differ_unless_they_are_null() {
    let run = |kinds: [&str; 3], lines: &str| {
        let csv = format!("a:{},b:{},c:{}\n{lines}", kinds[0], kinds[1], kinds[2]);
        counts("unique_within_record", json!({"columns": ["a", "b", "c"]}), &csv)
    };
    let lines = "1,2,3\n1,2,1\n1,,1\n,2,\n,,\n,2,3\n3,3,\n";
    for kinds in [
        ["int64"; 3],
        ["int8", "uint64", "decimal38"],
        ["float32", "int64", "decimal"],
        ["utf8", "dict", "view"],
        ["dict", "dict", "dict"],
    ] {
        assert_eq!(run(kinds, lines), (5, 3, 2), "{kinds:?}");
    }
    assert_eq!(run(["float64"; 3], "NaN,NaN,1\n0,-0,1\ninf,-inf,inf\n"), (3, 2, 0));
    assert_eq!(
        run(["date", "timestamp", "timestamp_utc"], "2024-01-01,2024-01-02T00:00:00,2024-01-01T00:00:00\n"),
        (1, 1, 0)
    );
    assert_eq!(run(["bool", "bool", "bool"], "true,false,\ntrue,false,true\n"), (2, 1, 0));
}

#[test]
fn enough_of_the_columns_are_there() {
    let csv = "a:int64,b:float64,c:dict\n1,NaN,x\n1,,\n,,\n,0,x\n";
    let run = |k: u32| counts("at_least_k_complete", json!({"columns": ["a", "b", "c"], "k": k}), csv);
    assert_eq!([run(1), run(2), run(3)], [(4, 1, 3), (4, 2, 3), (4, 3, 3)]);
    let default = verdict("at_least_k_complete", json!({"columns": ["a", "b"]}), &rows(csv));
    assert_eq!((default.n_failed, default.expected.as_str()), (1, "at least 1 not null"));
}

#[test]
fn footers_without_nulls_answer_for_whole_rows() {
    let batch = rows("a:int64,b:int64\n1,2\n3,4\n");
    let suite = bind(&[("at_least_k_complete", json!({"columns": ["a", "b"], "k": 1}))], &batch.schema());
    let answered = |nulls: [u64; 2]| {
        let known = |nulls| ColumnProof { nulls: Some(nulls), ..ColumnProof::default() };
        let columns = ["a".to_owned(), "b".to_owned()].into_iter().zip(nulls.map(known)).collect();
        let proofs = Proofs { rows: Some(2), columns, ..Proofs::default() };
        let found = judge_with(&suite, &state(&suite, std::slice::from_ref(&batch)), &proofs).remove(0);
        assert_eq!((found.n_evaluated, found.n_failed), (2, 0));
        found.answered_from
    };
    assert_eq!(answered([0, 0]), AnsweredFrom::Footer);
    assert_eq!(answered([0, 1]), AnsweredFrom::Scan);
}

#[test]
fn columns_that_do_not_go_together_are_found_when_binding() {
    let compare = |op: &str, more: Value| {
        let mut params = json!({"columns": ["a", "b"], "op": op});
        params.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        params
    };
    let two = json!({"columns": ["a", "b"]});
    for (rule, params, header, key) in [
        ("compare_columns", compare("eq", json!({})), "a:int64,b:utf8", "columns"),
        ("compare_columns", compare("lt", json!({})), "a:bool,b:bool", "op"),
        ("compare_columns", compare("eq", json!({"tolerance": 1})), "a:utf8,b:utf8", "tolerance"),
        ("compare_columns", compare("eq", json!({"tolerance": 1})), "a:bool,b:bool", "tolerance"),
        ("compare_columns", compare("eq", json!({"tolerance": 1})), "a:date,b:date", "tolerance"),
        ("compare_columns", compare("eq", json!({"tolerance": "5m"})), "a:int64,b:int64", "tolerance"),
        ("compare_columns", compare("eq", json!({"tolerance": "5m"})), "a:float64,b:int64", "tolerance"),
        (
            "compare_columns",
            compare("eq", json!({"relative_tolerance": 0.1})),
            "a:date,b:date",
            "relative_tolerance",
        ),
        ("sum_of_columns", json!({"columns": ["a"], "total": "b"}), "a:utf8,b:int64", "columns"),
        ("sum_of_columns", json!({"columns": ["a"], "total": "b"}), "a:int64,b:date", "total"),
        (
            "sum_of_columns",
            json!({"columns": ["a"], "total": "b", "tolerance": "5m"}),
            "a:int64,b:int64",
            "tolerance",
        ),
        ("temporal_order", two.clone(), "a:date,b:utf8", "columns"),
        ("unique_within_record", two.clone(), "a:int64,b:utf8", "columns"),
        ("at_least_k_complete", json!({"columns": ["a", "b"], "k": 3}), "a:int64,b:utf8", "k"),
        ("at_least_k_complete", json!({"columns": ["a", "b"], "nulls": "skip"}), "a:int64,b:utf8", "nulls"),
    ] {
        let schema = rows(&format!("{header}\n")).schema();
        let errors = try_bind(&[(rule, params.clone())], &schema).unwrap_err();
        assert_eq!(errors[0].key.as_deref(), Some(key), "{rule} {params}: {}", errors[0].message);
    }
    for (rule, params, key) in [
        ("compare_columns", json!({"columns": ["a", "b"]}), "op"),
        ("compare_columns", json!({"columns": ["a"], "op": "eq"}), "columns"),
        ("compare_columns", compare("eq", json!({"tolerance": -1})), "tolerance"),
        ("compare_columns", compare("eq", json!({"tolerance": true})), "tolerance"),
        ("compare_columns", compare("eq", json!({"relative_tolerance": 1})), "relative_tolerance"),
        ("compare_columns", compare("eq", json!({"relative_tolerance": "1%"})), "relative_tolerance"),
        ("compare_columns", compare("about", json!({})), "op"),
        ("sum_of_columns", json!({"columns": ["a"]}), "total"),
        ("temporal_order", json!({"columns": ["a"]}), "columns"),
        ("temporal_order", json!({"columns": ["a", "b"], "max_gap": 5}), "max_gap"),
        ("unique_within_record", json!({"columns": ["a"]}), "columns"),
        ("at_least_k_complete", json!({"columns": ["a"], "k": 0}), "k"),
    ] {
        let error = Check::parse(rule, &params).unwrap_err();
        assert_eq!(error.key.as_deref(), Some(key), "{rule} {params}: {}", error.message);
    }
}
