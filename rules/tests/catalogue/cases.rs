//! Every rule on every type of column it is for: one value or set of values that is as it should be, and one
//! that is not. `envelope.rs` says what has to come of them.

use arrow::array::{ArrayRef, BooleanArray, RecordBatch, UInt64Array};
use lockgate_rules::{Batch, Suite};

use crate::support::{column, now, predicate};

/// A rule about single values: parameters, then for each type a value that passes and one that fails.
pub(crate) struct RowCase {
    pub(crate) rule: &'static str,
    pub(crate) params: &'static str,
    pub(crate) values: &'static [(&'static str, &'static str, Option<&'static str>)],
}

const fn case(
    rule: &'static str,
    params: &'static str,
    values: &'static [(&'static str, &'static str, Option<&'static str>)],
) -> RowCase {
    RowCase { rule, params, values }
}

/// Any value, against null.
const PRESENT: &[(&str, &str, Option<&str>)] = &[
    ("int8", "0", None),
    ("int64", "-9223372036854775808", None),
    ("uint64", "18446744073709551615", None),
    ("float32", "NaN", None),
    ("float64", "-inf", None),
    ("decimal38", "0.0000", None),
    ("utf8", "", None),
    ("large", " ", None),
    ("view", "日本", None),
    ("dict", "", None),
    ("bool", "false", None),
    ("date", "1969-12-31", None),
    ("date64", "1970-01-01", None),
    ("timestamp", "1970-01-01T00:00:00", None),
    ("timestamp_ms", "2024-01-01T00:00:00", None),
    ("timestamp_utc", "2024-01-01T00:00:00", None),
];

/// 2, against 4.
const NUMBERS: &[(&str, &str, Option<&str>)] = &[
    ("int8", "2", Some("4")),
    ("int16", "2", Some("4")),
    ("int32", "2", Some("4")),
    ("int64", "2", Some("4")),
    ("uint8", "2", Some("4")),
    ("uint64", "2", Some("4")),
    ("float32", "2", Some("4")),
    ("float64", "2", Some("4")),
    ("decimal", "2", Some("4")),
    ("decimal38", "2", Some("4")),
];

/// A city with a letter beyond ASCII, against another.
const CITIES: &[(&str, &str, Option<&str>)] = &[
    ("utf8", "Zürich", Some("Paris")),
    ("large", "Zürich", Some("Paris")),
    ("view", "Zürich", Some("Paris")),
    ("dict", "Zürich", Some("Paris")),
];

/// The first of 2024, against the second.
const TIMES: &[(&str, &str, Option<&str>)] = &[
    ("date", "2024-01-01", Some("2024-01-02")),
    ("date64", "2024-01-01", Some("2024-01-02")),
    ("timestamp", "2024-01-01T00:00:00", Some("2024-01-01T00:00:00.000001")),
    ("timestamp_ms", "2024-01-01T00:00:00", Some("2024-01-01T00:00:00.001")),
    ("timestamp_utc", "2024-01-01T00:00:00", Some("2024-01-01T00:00:00.000000001")),
];

/// True, against false.
const TRUTHS: &[(&str, &str, Option<&str>)] = &[("bool", "true", Some("false"))];

/// Floats that are unlike other numbers.
const ZERO: &[(&str, &str, Option<&str>)] = &[
    ("float32", "-0", Some("NaN")),
    ("float64", "-0", Some("NaN")),
    ("float64", "0", Some("inf")),
    ("float32", "0", Some("-inf")),
    ("float64", "-0", Some("5e-324")),
];

/// Integers that a float cannot tell apart.
const HUGE: &[(&str, &str, Option<&str>)] = &[
    ("int64", "9007199254740993", Some("9007199254740992")),
    ("uint64", "9007199254740993", Some("9007199254740994")),
    ("decimal", "9007199254740993.00", Some("9007199254740993.01")),
];

/// Other than 0, against 0.
const APART: &[(&str, &str, Option<&str>)] = &[
    ("int8", "-128", Some("0")),
    ("int64", "9223372036854775807", Some("0")),
    ("uint64", "18446744073709551615", Some("0")),
    ("float32", "NaN", Some("-0")),
    ("float64", "5e-324", Some("-0")),
    ("decimal", "0.01", Some("0.00")),
    ("decimal38", "-0.0001", Some("0.0000")),
];

/// The first of 2024, against the moment before.
const OLD: &[(&str, &str, Option<&str>)] = &[
    ("date", "2024-01-01", Some("2023-12-31")),
    ("date64", "2024-01-01", Some("2023-12-31")),
    ("timestamp", "2024-01-01T00:00:00", Some("2023-12-31T23:59:59.999999")),
    ("timestamp_ms", "2024-01-01T00:00:00", Some("2023-12-31T23:59:59.999")),
    ("timestamp_utc", "2024-01-01T00:00:00", Some("2023-12-31T23:59:59.999999999")),
];

/// A finite float, against one that is not.
const UNLIKE: &[(&str, &str, Option<&str>)] = &[
    ("float32", "-0", Some("NaN")),
    ("float64", "1.7976931348623157e308", Some("inf")),
    ("float64", "5e-324", Some("NaN")),
    ("float32", "0", Some("-inf")),
];

/// A UUID in every layout of texts, against one with a digit too few.
const UUIDS: &[(&str, &str, Option<&str>)] = &[
    ("utf8", UUID, Some("f81d4fae-7dec-11d0-a765-00a0c91e6bf")),
    ("large", UUID, Some("f81d4fae-7dec-11d0-a765-00a0c91e6bf")),
    ("view", UUID, Some("f81d4fae-7dec-11d0-a765-00a0c91e6bf")),
    ("dict", UUID, Some("")),
];
const UUID: &str = "f81d4fae-7dec-11d0-a765-00a0c91e6bf6";

pub(crate) const ROW_CASES: &[RowCase] = &[
    case("not_null", "{}", PRESENT),
    case("completeness", "{}", PRESENT),
    case("missing", r#"{"nan": false, "blank": false}"#, PRESENT),
    case("missing", "{}", &[("float64", "0", Some("NaN")), ("float32", "-0", Some("NaN"))]),
    case("missing", "{}", &[("view", "x", Some(" \u{a0}")), ("dict", "x", Some(""))]),
    case("missing", r#"{"values": [4]}"#, NUMBERS),
    case("missing", r#"{"values": ["Paris"]}"#, CITIES),
    case("missing", r#"{"regex": "P.*"}"#, CITIES),
    case("in_set", r#"{"values": [1, 2]}"#, NUMBERS),
    case("in_set", r#"{"values": ["Bern", "Zürich"]}"#, CITIES),
    case("in_set", r#"{"values": ["ZÜRICH "], "case_sensitive": false, "trim": true}"#, CITIES),
    case("in_set", r#"{"values": ["2024-01-01"]}"#, TIMES),
    case("in_set", r#"{"values": [true]}"#, TRUTHS),
    case("in_set", r#"{"values": [0, "NaN"]}"#, ZERO),
    case("in_set", r#"{"values": [9007199254740993]}"#, HUGE),
    case("not_in_set", r#"{"values": [4, 5]}"#, NUMBERS),
    case("not_in_set", r#"{"values": ["Paris"]}"#, CITIES),
    case("not_in_set", r#"{"values": [false]}"#, TRUTHS),
    case(
        "not_in_set",
        r#"{"values": ["inf", "-inf", 5e-324]}"#,
        &[("float64", "0", Some("inf")), ("float64", "-0", Some("5e-324"))],
    ),
    case("not_in_set", r#"{"values": ["inf"]}"#, &[("float64", "NaN", Some("inf"))]),
    case("between", r#"{"min": 2, "max": 3}"#, NUMBERS),
    case("between", r#"{"min": 1, "max": 4, "strict_max": true}"#, NUMBERS),
    case("between", r#"{"min": "T", "max": "Zürich"}"#, CITIES),
    case("between", r#"{"max": "2024-01-01T01:00:00+01:00"}"#, TIMES),
    case("between", r#"{"min": 0, "max": 0}"#, ZERO),
    case("between", r#"{"min": 9007199254740993, "max": "9007199254740993"}"#, HUGE),
    case("gt", r#"{"value": "Paris"}"#, CITIES),
    case("gt", r#"{"value": -1}"#, &[("float64", "inf", Some("NaN")), ("int64", "0", Some("-1"))]),
    case("ge", r#"{"value": "Q"}"#, CITIES),
    case("ge", r#"{"value": 2.5}"#, &[("int32", "3", Some("2")), ("decimal", "2.50", Some("2.49"))]),
    case("lt", r#"{"value": 4}"#, NUMBERS),
    case("lt", r#"{"value": "2024-01-01T00:00:00.000000001Z"}"#, TIMES),
    case("le", r#"{"value": 2}"#, NUMBERS),
    case("le", r#"{"value": "2024-01-01"}"#, TIMES),
    case("eq", r#"{"value": 2}"#, NUMBERS),
    case("eq", r#"{"value": "Zürich"}"#, CITIES),
    case("eq", r#"{"value": "2024-01-01"}"#, TIMES),
    case("eq", r#"{"value": true}"#, TRUTHS),
    case("eq", r#"{"value": 0}"#, ZERO),
    case("eq", r#"{"value": 9007199254740993}"#, HUGE),
    case("ne", r#"{"value": 4}"#, NUMBERS),
    case("ne", r#"{"value": "Paris"}"#, CITIES),
    case("ne", r#"{"value": false}"#, TRUTHS),
    case("ne", r#"{"value": 0}"#, &[("float64", "NaN", Some("-0")), ("float32", "inf", Some("0"))]),
    case("regex", r#"{"pattern": "Z.rich"}"#, CITIES),
    case("not_regex", r#"{"pattern": "[A-Za-z]+"}"#, CITIES),
    case("length", r#"{"equals": 6}"#, CITIES),
    case("length", r#"{"min": 7, "unit": "bytes"}"#, CITIES),
    case("expression", r#"{"expr": "p < q"}"#, NUMBERS),
    case(
        "all_of",
        r#"{"rules": [{"ge": {"column": "x", "value": 0}}, {"lt": {"column": "x", "value": 3}}]}"#,
        NUMBERS,
    ),
    case(
        "any_of",
        r#"{"rules": [{"eq": {"column": "x", "value": 2}}, {"gt": {"column": "x", "value": 9}}]}"#,
        NUMBERS,
    ),
    case("not", r#"{"rules": [{"in_set": {"column": "x", "values": ["Paris"]}}]}"#, CITIES),
    case("when", r#"{"condition": "TRUE", "then": [{"lt": {"column": "x", "value": 3}}]}"#, NUMBERS),
    case("type_conformance", r#"{"type": "int64"}"#, &[("view", "7", Some("7.5")), ("dict", "0", Some(""))]),
    case("type_conformance", r#"{"type": "int64"}"#, &[("float64", "-0", Some("NaN"))]),
    case("type_conformance", r#"{"type": "int64"}"#, &[("decimal", "7.00", Some("7.01"))]),
    case(
        "type_conformance",
        r#"{"type": "float64"}"#,
        &[("int64", "9007199254740992", Some("9007199254740993"))],
    ),
    case("type_conformance", r#"{"type": "date"}"#, &[("utf8", "2024-02-29", Some("2023-02-29"))]),
    case("type_conformance", r#"{"type": "bool"}"#, &[("large", "YES", Some("ja"))]),
    case("foreign_key", r#"{"to": {"source": "cities", "columns": "name"}}"#, CITIES),
    case(
        "foreign_key",
        r#"{"to": {"source": "cities", "columns": "name"}, "negate": true}"#,
        &[("view", "Paris", Some("Bern"))],
    ),
    case("at_least_k_complete", r#"{"columns": ["x"]}"#, PRESENT),
    case("at_least_k_complete", r#"{"columns": ["id", "x", "p"], "k": 3}"#, PRESENT),
    case("unique_within_record", r#"{"columns": ["x", "p"]}"#, APART),
    case("compare_columns", r#"{"columns": ["x", "z"], "op": "eq"}"#, NUMBERS),
    case("compare_columns", r#"{"columns": ["x", "z"], "op": "eq"}"#, CITIES),
    case("compare_columns", r#"{"columns": ["x", "z"], "op": "eq"}"#, TRUTHS),
    case("compare_columns", r#"{"columns": ["x", "z"], "op": "eq"}"#, ZERO),
    case("compare_columns", r#"{"columns": ["x", "z"], "op": "eq"}"#, HUGE),
    case("compare_columns", r#"{"columns": ["x", "z"], "op": "le"}"#, TIMES),
    case("compare_columns", r#"{"columns": ["x", "z"], "op": "le", "tolerance": 1}"#, NUMBERS),
    case("compare_columns", r#"{"columns": ["x", "z"], "op": "eq", "relative_tolerance": 0.49}"#, NUMBERS),
    case("compare_columns", r#"{"columns": ["x", "z"], "op": "eq", "tolerance": "0s"}"#, TIMES),
    case("compare_columns", r#"{"columns": ["x", "p"], "op": "ne"}"#, APART),
    case("sum_of_columns", r#"{"columns": ["x"], "total": "z"}"#, NUMBERS),
    case("sum_of_columns", r#"{"columns": ["x", "p"], "total": "z", "tolerance": 1.5}"#, NUMBERS),
    case("sum_of_columns", r#"{"columns": ["p", "x"], "total": "z"}"#, HUGE),
    case("sum_of_columns", r#"{"columns": ["p", "x"], "total": "z"}"#, ZERO),
    case("temporal_order", r#"{"columns": ["x", "z"]}"#, TIMES),
    case("temporal_order", r#"{"columns": ["z", "x"], "max_gap": "0s"}"#, TIMES),
    case("not_in_future", r#"{"now": "2024-01-01"}"#, TIMES),
    case("not_in_future", r#"{"offset": "1d"}"#, &[("date", "2024-01-04", Some("2024-01-05"))]),
    case("not_older_than", r#"{"age": "2d"}"#, OLD),
    case("nan_inf", "{}", UNLIKE),
    case(
        "nan_inf",
        r#"{"allow_inf": true}"#,
        &[("float64", "inf", Some("NaN")), ("float32", "-inf", Some("NaN"))],
    ),
    case("nan_inf", r#"{"allow_nan": true}"#, &[("float64", "NaN", Some("inf"))]),
    case("casing", r#"{"case": "title"}"#, &[("utf8", "Zürich", Some("ZÜRICH")), ("dict", "X", Some("x"))]),
    case("casing", r#"{"case": "lower"}"#, &[("view", "straße", Some("Ärger")), ("large", "", Some("É"))]),
    case("casing", r#"{"case": "upper"}"#, &[("view", "ΣΑΣ", Some("ΣΑς")), ("dict", "1", Some("ß"))]),
    case("format", r#"{"is": "uuid"}"#, UUIDS),
    case("format", r#"{"is": {"strftime": "%d.%m.%y"}}"#, &[("dict", "31.01.24", Some("30.02.24"))]),
];

/// A rule that gives a figure: parameters without limits, then values for each type, and the figure.
pub(crate) struct FigureCase {
    pub(crate) rule: &'static str,
    pub(crate) params: &'static str,
    pub(crate) columns: &'static [(&'static str, &'static [&'static str])],
    pub(crate) figure: &'static str,
}

const fn figure(
    rule: &'static str,
    params: &'static str,
    columns: &'static [(&'static str, &'static [&'static str])],
    figure: &'static str,
) -> FigureCase {
    FigureCase { rule, params, columns, figure }
}

/// Four values, two of them equal, on every type that can be a key; an empty text is null here.
const KEYS: &[(&str, &[&str])] = &[
    ("int8", &["1", "2", "1", "3"]),
    ("int64", &["9223372036854775807", "9223372036854775806", "9223372036854775807", "0"]),
    ("uint64", &["18446744073709551615", "0", "18446744073709551615", "1"]),
    ("float32", &["0", "1", "-0", "inf"]),
    ("float64", &["NaN", "inf", "NaN", "-inf"]),
    ("decimal", &["0.01", "0.02", "0.01", "1.00"]),
    ("utf8", &["a", "b", "a", "ä"]),
    ("view", &["Zürich", "zürich", "Zürich", "日本"]),
    ("dict", &["a text longer than a view", "b", "a text longer than a view", "c"]),
    ("date", &["2024-01-01", "1969-12-31", "2024-01-01", "2024-01-02"]),
    (
        "timestamp",
        &["2024-01-01T00:00:00", "2024-01-01T00:00:01", "2024-01-01T00:00:00", "1969-12-31T00:00:00"],
    ),
    (
        "timestamp_utc",
        &["2024-01-01T00:00:00", "2024-01-01T00:00:01", "2024-01-01T00:00:00", "1969-12-31T00:00:00"],
    ),
];

/// 1, 2, 1, 3 on every type of numbers.
const ONE_TWO: &[(&str, &[&str])] = &[
    ("int8", &["1", "2", "1", "4"]),
    ("int64", &["1", "2", "1", "4"]),
    ("uint8", &["1", "2", "1", "4"]),
    ("uint64", &["1", "2", "1", "4"]),
    ("float32", &["1", "2", "1", "4"]),
    ("float64", &["1", "2", "1", "4"]),
    ("decimal", &["1", "2", "1", "4"]),
    ("decimal38", &["1", "2", "1", "4"]),
];

pub(crate) const FIGURE_CASES: &[FigureCase] = &[
    figure("row_count", "{}", KEYS, "4"),
    figure("custom_sql", r#"{"query": "SELECT * FROM this"}"#, KEYS, "4"),
    figure("distinct_count", "{}", KEYS, "3"),
    figure("distinct_count", r#"{"exactness": "exact"}"#, KEYS, "3"),
    figure("distinctness", "{}", KEYS, "0.75"),
    figure("uniqueness", "{}", KEYS, "0.5"),
    figure("unique_value_ratio", "{}", KEYS, "0.6666666666666666"),
    figure("statistic", r#"{"fn": "min"}"#, ONE_TWO, "1"),
    figure("statistic", r#"{"fn": "max"}"#, ONE_TWO, "4"),
    figure("statistic", r#"{"fn": "range"}"#, ONE_TWO, "3"),
    figure("statistic", r#"{"fn": "sum"}"#, ONE_TWO, "8"),
    figure("statistic", r#"{"fn": "mean"}"#, ONE_TWO, "2"),
    figure("statistic", r#"{"fn": "variance"}"#, ONE_TWO, "2"),
    figure("statistic", r#"{"fn": "stddev", "ddof": 0}"#, ONE_TWO, "1.224744871391589"),
    figure("statistic", r#"{"fn": "median"}"#, ONE_TWO, "1.5"),
    figure("statistic", r#"{"fn": "quantile", "q": 0.9}"#, ONE_TWO, "3.4"),
    figure("statistic", r#"{"fn": "iqr"}"#, ONE_TWO, "1.5"),
    figure("statistic", r#"{"fn": "mad"}"#, ONE_TWO, "0.5"),
    figure("statistic", r#"{"fn": "skewness"}"#, ONE_TWO, "0.8164965809277259"),
    figure("statistic", r#"{"fn": "kurtosis"}"#, ONE_TWO, "-1"),
    figure("statistic", r#"{"fn": "zeros_count"}"#, &[("float64", &["-0", "0", "1", "NaN"])], "2"),
    figure("statistic", r#"{"fn": "zeros_count"}"#, &[("decimal", &["0.00", "0.01", "0", "-1"])], "2"),
    figure("statistic", r#"{"fn": "true_ratio"}"#, &[("bool", &["true", "false", "true", "true"])], "0.75"),
    figure("statistic", r#"{"fn": "avg_length"}"#, &[("view", &["Zürich", "日本", "ab", "cd"])], "3"),
    figure("correlation", "{}", ONE_TWO, "1"),
    figure("almost_constant", "{}", KEYS, "0.5"),
    // −(½·ln ½ + 2·¼·ln ¼) = 1.5·ln 2.
    figure("entropy", "{}", KEYS, "1.0397207708399179"),
    figure("entropy", r#"{"base": 2}"#, KEYS, "1.5"),
    figure("domain_mass", r#"{"values": [1, 2]}"#, ONE_TWO, "0.75"),
    figure("cramers_v", "{}", KEYS, "1"),
    figure("mutual_information", "{}", KEYS, "1.0397207708399179"),
    figure("mutual_information", r#"{"normalised": true}"#, KEYS, "1"),
];

/// Rows for a case: `x` of the type, `z` the value that passes, `p < q` where its value is the one that passes, `a < b` where the row is
/// in scope, `id` from 1.
pub(crate) fn batch(
    kind: &str,
    values: &[Option<&str>],
    good: Option<&str>,
    in_scope: &[bool],
) -> RecordBatch {
    let number = |value: u64| Some(value.to_string());
    let x = column(kind, values);
    let q = |value: Option<&str>| value.map(|value| u64::from(Some(value) == good).to_string());
    let columns: Vec<(&str, Vec<Option<String>>)> = vec![
        ("id", (1..=values.len() as u64).map(number).collect()),
        ("p", values.iter().map(|_| number(0)).collect()),
        ("q", values.iter().copied().map(q).collect()),
        ("a", values.iter().map(|_| number(0)).collect()),
        ("b", in_scope.iter().map(|in_scope| number(u64::from(*in_scope))).collect()),
    ];
    let numbers = columns.iter().map(|(name, texts)| {
        let texts: Vec<Option<&str>> = texts.iter().map(Option::as_deref).collect();
        (*name, column("int64", &texts), true)
    });
    // A second column of the same values, and one of the value that passes, for rules about several.
    let z = column(kind, &vec![good; values.len()]);
    let all: Vec<(&str, ArrayRef, bool)> = vec![("x", x.clone(), true), ("y", x, true), ("z", z, true)];
    RecordBatch::try_from_iter_with_nullable(all.into_iter().chain(numbers)).unwrap()
}

/// What a suite makes of a batch whose rows come from 100 on.
pub(crate) fn measured(suite: &Suite, record: &RecordBatch) -> lockgate_rules::Measured {
    let predicates: Vec<BooleanArray> =
        suite.predicates().iter().map(|text| predicate(text, record)).collect();
    let origins = UInt64Array::from_iter_values((0..record.num_rows() as u64).map(|row| row + 100));
    suite
        .measure(&Batch {
            record,
            predicates: &predicates,
            origins: Some(&origins),
            now: now(),
            partitions: None,
        })
        .unwrap()
}
