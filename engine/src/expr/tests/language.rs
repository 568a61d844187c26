use proptest::prelude::*;

use super::{expression, value, values};

#[test]
fn logic_has_three_values() {
    let truth = ["true", "false", "NULL"];
    let and = ["true", "false", "null", "false", "false", "false", "null", "false", "null"];
    let or = ["true", "true", "true", "true", "false", "null", "true", "null", "null"];
    for (index, (left, right)) in truth.iter().flat_map(|a| truth.iter().map(move |b| (a, b))).enumerate() {
        assert_eq!(value(&format!("{left} AND {right}")), and[index], "{left} AND {right}");
        assert_eq!(value(&format!("{left} OR {right}")), or[index], "{left} OR {right}");
    }
    assert_eq!(truth.map(|a| value(&format!("NOT {a}"))), ["false", "true", "null"]);
    assert_eq!(truth.map(|a| value(&format!("{a} IS TRUE"))), ["true", "false", "false"]);
    assert_eq!(truth.map(|a| value(&format!("{a} IS NOT TRUE"))), ["false", "true", "true"]);
    assert_eq!(truth.map(|a| value(&format!("{a} IS FALSE"))), ["false", "true", "false"]);
    assert_eq!(truth.map(|a| value(&format!("{a} IS NOT FALSE"))), ["true", "false", "true"]);
    assert_eq!(values("x = NULL"), ["null"; 4]);
    assert_eq!(values("x IS DISTINCT FROM NULL"), ["true", "true", "false", "true"]);
    assert_eq!(values("x IS NOT DISTINCT FROM 2"), ["false", "true", "false", "false"]);
}

#[test]
fn in_is_null_where_it_cannot_know() {
    assert_eq!(values("x IN (1, 4)"), ["true", "false", "null", "true"]);
    assert_eq!(values("x IN (1, NULL)"), ["true", "null", "null", "null"]);
    assert_eq!(values("x NOT IN (1, NULL)"), ["false", "null", "null", "null"]);
    assert_eq!(values("s IN ('ab', 'b')"), ["true", "false", "null", "false"]);
    assert_eq!(values("x IN (i, 2)"), ["false", "true", "null", "false"]);
    assert_eq!(values("d IN ('1970-01-01')"), ["true", "false", "null", "false"]);
    assert_eq!(values("p IN (1.25, 2)"), ["true", "false", "null", "false"]);
}

#[test]
fn numbers_are_computed_as_in_sql() {
    for (text, expected) in [
        ("7 / 2", "3.5"),
        ("7 // 2", "3"),
        ("-7 // 2", "-3"),
        ("-7 % 2", "-1"),
        ("1 / 0", "inf"),
        ("1 // 0", "null"),
        ("1 % 0", "null"),
        ("2 + 3 * 4", "14"),
        ("-(2 + 3)", "-5"),
        ("0.1 + 0.2", "0.30000000000000004"),
        ("-9223372036854775808", "-9223372036854775808"),
        ("7.5 % 2", "1.5"),
        ("1 + NULL", "null"),
        ("1e3", "1000.0"),
    ] {
        assert_eq!(value(text), expected, "{text}");
    }
    assert_eq!(values("x + i"), ["101", "-98", "null", "11"]);
    assert_eq!(values("i * 2"), ["200", "-200", "null", "14"], "an int8 does not wrap");
    assert_eq!(values("-x"), ["-1", "-2", "null", "-4"]);
}

#[test]
fn decimals_stay_exact() {
    assert_eq!(values("p * (1 - p)"), ["-0.3125", "-0.0525", "null", "-99999999989800000000.0101"]);
    assert_eq!(values("p + 0.001"), ["1.251", "-0.049", "null", "9999999999.991"]);
    assert_eq!(values("p >= 1.25"), ["true", "false", "null", "true"]);
    assert_eq!(values("p = x"), ["false", "false", "null", "false"]);
    assert_eq!(values("-p"), ["-1.25", "0.05", "null", "-9999999999.99"]);
    assert_eq!(values("p / 2"), ["0.625", "-0.025", "null", "4999999999.995"]);
    assert_eq!(values("p % 1"), ["0.25", "-0.05", "null", "0.99"]);
    assert_eq!(values("round(p, 1)"), ["1.30", "-0.10", "null", "10000000000.00"]);
}

#[test]
fn an_overflow_stops_the_run() {
    let frame = super::frame();
    for text in ["9223372036854775807 + x", "u + 1", "CAST(s AS int64)"] {
        let expr = expression(text).unwrap().bind_scalar(frame.schema()).unwrap();
        let out = polars::prelude::IntoLazy::lazy(frame.clone()).select([expr.alias("out")]).collect();
        assert!(out.is_err(), "{text} gives {out:?}");
    }
}

#[test]
fn dates_take_intervals() {
    for (text, expected) in [
        ("DATE '2024-01-31' + INTERVAL '1' MONTH", "2024-02-29"),
        ("DATE '2024-03-31' - INTERVAL 1 DAY", "2024-03-30"),
        ("DATE '2024-03-31' + INTERVAL '1 day 2 hours'", "2024-04-01 02:00:00"),
        ("DATE '2024-03-01' - DATE '2024-02-01'", "29"),
        ("TIMESTAMP '2024-03-31T10:00:00' + INTERVAL '90' SECOND", "2024-03-31 10:01:30"),
        ("DATE '2024-03-31' > '2024-03-30'", "true"),
        ("TIMESTAMP '2024-03-31 10:00:00' > DATE '2024-03-31'", "true"),
        ("date_diff('week', DATE '2024-03-31', DATE '2024-04-01')", "1"),
        ("date_diff('hour', TIMESTAMP '2024-03-31 10:59:00', TIMESTAMP '2024-03-31 11:01:00')", "1"),
        ("date_diff('day', DATE '2024-03-31', NULL)", "null"),
        ("EXTRACT(DOW FROM DATE '2024-03-31')", "0"),
        ("date_trunc('week', DATE '2024-03-31')", "2024-03-25"),
        ("make_date(2023, 2, 29)", "null"),
        ("to_date('31.13.2024', '%d.%m.%Y')", "null"),
        ("CAST('2024-01-31' AS date)", "2024-01-31"),
        ("CAST('2024-01-31T12:30:00Z' AS timestamp)", "2024-01-31 12:30:00"),
    ] {
        assert_eq!(value(text), expected, "{text}");
    }
    assert_eq!(values("d = '1970-01-01'"), ["true", "false", "null", "false"]);
    assert_eq!(values("t >= '1970-01-01 00:01:30'"), ["false", "true", "null", "false"]);
    assert_eq!(values("hour(d)"), ["0", "0", "null", "0"]);
}

#[test]
fn like_matches_the_whole_text() {
    assert_eq!(values("s LIKE '%b'"), ["true", "false", "null", "false"]);
    assert_eq!(values("s LIKE 'a_'"), ["true", "false", "null", "false"]);
    assert_eq!(values("s LIKE '%\\%' ESCAPE '\\'"), ["false", "false", "null", "true"]);
    assert_eq!(values("s ILIKE 'öl%'"), ["false", "false", "null", "true"]);
    assert_eq!(values("s NOT LIKE ''"), ["true", "false", "null", "true"]);
    assert_eq!(values("s LIKE '%'"), ["true", "true", "null", "true"]);
    assert_eq!(value("'a\nb' LIKE 'a%b'"), "true");
}

#[test]
fn case_takes_the_first_that_is_true() {
    assert_eq!(
        values("CASE WHEN x > 1 THEN 'many' WHEN x = 1 THEN 'one' END"),
        ["one", "many", "null", "many"]
    );
    assert_eq!(values("CASE x WHEN 1 THEN 10 WHEN 2 THEN 20.5 ELSE 0 END"), ["10.0", "20.5", "0.0", "0.0"]);
    assert_eq!(values("if(b, x, -1)"), ["1", "-1", "-1", "4"]);
    assert_eq!(values("coalesce(x, i, 0)"), ["1", "2", "0", "4"]);
    assert_eq!(values("x BETWEEN 2 AND 4"), ["false", "true", "null", "true"]);
}

#[test]
fn casts_are_strict_or_lenient() {
    assert_eq!(values("TRY_CAST(s AS int64)"), ["null"; 4]);
    assert_eq!(values("CAST(x AS string) || '!'"), ["1!", "2!", "null", "4!"]);
    assert_eq!(values("x::float64"), ["1.0", "2.0", "null", "4.0"]);
    assert_eq!(value("CAST(1.9 AS int64)"), "1");
    assert_eq!(value("CAST('T' AS bool)"), "true");
    assert_eq!(value("TRY_CAST('maybe' AS bool)"), "null");
    assert_eq!(value("CAST('12.345' AS decimal(10,2))"), "12.34", "halves go to the even digit");
    assert_eq!(value("CAST(TIMESTAMP '2024-01-31 12:30:00' AS varchar)"), "2024-01-31 12:30:00");
}

#[test]
fn nan_is_a_value_above_all_others() {
    assert_eq!(values("f = f"), ["true", "true", "null", "true"]);
    assert_eq!(values("f > 1e308"), ["false", "true", "null", "false"]);
    assert_eq!(values("is_nan(f)"), ["false", "true", "null", "false"]);
}

#[test]
fn columns_are_named_once_in_order() {
    let found = expression("s || CAST(x AS string) || s || \"b\"").unwrap().columns();
    let names: Vec<_> = found.iter().map(|column| (column.value.as_str(), column.span.column)).collect();
    assert_eq!(names, [("s", 1), ("x", 11), ("b", 32)]);
}

#[test]
fn what_is_too_deep_is_refused_and_not_followed() {
    let chain = vec!["x"; 20_000].join("+");
    assert!(expression(&chain).is_err());
    assert!(expression(&"(".repeat(50_000)).is_err());
    assert!(expression(&format!("{}x", "NOT ".repeat(10_000))).is_err());
    let between = (0..40).fold("x".to_owned(), |text, _| format!("(({text}) BETWEEN 1 AND 2)"));
    assert!(expression(&between).is_err());
}

proptest! {
    #[test]
    fn reading_an_expression_never_panics(text in any::<String>()) {
        let _ = expression(&text);
    }

    #[test]
    fn binding_an_expression_never_panics(
        text in "((x|f|s|b|d|t|p|i|u|1|2\\.5|'ab'|NULL|DATE '2024-01-31'|INTERVAL '1' DAY)( \\+ | - | \\* | / | // | % | = | < | AND | OR | \\|\\| | IS DISTINCT FROM )){0,4}(x|f|s|b|d|p)"
    ) {
        if let Ok(found) = expression(&text) {
            let _ = found.bind(super::frame().schema());
        }
    }
}
