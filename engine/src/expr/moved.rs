//! Dates and timestamps moved by a number of units. What leaves the calendar becomes null.

use polars::prelude::{ClosedInterval, DataType, Expr, NULL, TimeUnit, concat_str, lit, when};

/// Years on either side of 1970 between which dates can be reckoned with. The calendar of the libraries
/// below reaches beyond twice as many.
const YEARS: i64 = 100_000;

const MICROSECONDS: DataType = DataType::Datetime(TimeUnit::Microseconds, None);

/// `input` of type `dtype` moved by `count` of `unit`, as Polars abbreviates it; null where the input, the
/// count or the result is out of reach.
pub(super) fn moved(input: Expr, dtype: &DataType, count: &Expr, unit: &str) -> Expr {
    let safe = within(input.clone(), reach_of(dtype)).and(within(count.clone(), reach(unit)));
    let by = when(safe.clone()).then(count.clone().cast(DataType::String)).otherwise(lit(NULL));
    moved_by(input, dtype, safe, &concat_str([by, lit(unit)], "", false))
}

/// [`moved`] by a count that is the same for all rows.
pub(super) fn moved_evenly(input: Expr, dtype: &DataType, count: i64, unit: &str) -> Expr {
    if count.unsigned_abs() > reach(unit).unsigned_abs() {
        return lit(NULL).cast(dtype.clone());
    }
    let safe = within(input.clone(), reach_of(dtype));
    moved_by(input, dtype, safe, &lit(format!("{count}{unit}")))
}

fn moved_by(input: Expr, dtype: &DataType, safe: Expr, by: &Expr) -> Expr {
    let offset =
        |input: Expr, safe: Expr| when(safe).then(input).otherwise(lit(NULL)).dt().offset_by(by.clone());
    let DataType::Datetime(TimeUnit::Nanoseconds, _) = dtype else { return offset(input, safe) };
    // Nanoseconds reach 292 years only: where they would not hold the result, microseconds tell.
    let coarse = offset(input.clone().cast(MICROSECONDS), safe.clone());
    let fits = within(coarse, i64::MAX / 1000 - 1);
    offset(input, safe.and(fits))
}

/// Whether `value`, as a whole number, is between `-reach` and `reach`; false for null.
fn within(value: Expr, reach: i64) -> Expr {
    let value = value.cast(DataType::Int64);
    value.is_between(lit(-reach), lit(reach), ClosedInterval::Both).fill_null(lit(false))
}

/// The greatest value of `dtype` that can be reckoned with.
fn reach_of(dtype: &DataType) -> i64 {
    match dtype {
        DataType::Datetime(TimeUnit::Milliseconds, _) => reach("ms"),
        DataType::Datetime(TimeUnit::Microseconds, _) => reach("us"),
        DataType::Datetime(TimeUnit::Nanoseconds, _) => i64::MAX,
        _ => reach("d"),
    }
}

/// How many of `unit` there are in `YEARS`.
fn reach(unit: &str) -> i64 {
    const DAYS: i64 = YEARS * 365;
    match unit {
        "y" => YEARS,
        "q" => YEARS * 4,
        "mo" => YEARS * 12,
        "w" => DAYS / 7,
        "d" => DAYS,
        "h" => DAYS * 24,
        "m" => DAYS * 1440,
        "s" => DAYS * 86_400,
        "ms" => DAYS * 86_400_000,
        _ => DAYS * 86_400_000_000,
    }
}

#[cfg(test)]
mod tests {
    use polars::prelude::{DataFrame, IntoLazy, col, df};

    use super::*;

    /// How many rows become null.
    fn lost(frame: &DataFrame, dtype: &DataType, expr: Expr) -> usize {
        let t = col("t").cast(dtype.clone());
        let out = frame.clone().lazy().with_column(t).with_column(expr.alias("moved")).collect().unwrap();
        out.column("moved").unwrap().null_count()
    }

    #[test]
    fn what_leaves_the_calendar_becomes_null_and_nothing_panics() {
        let frame = df![
            "t" => [0i64, 19_000, i64::MAX, i64::MIN, i64::MAX / 2, -1],
            "n" => [1i64, i64::MAX, 1, 1, i64::MIN, 2_000_000_000],
        ]
        .unwrap();
        for unit in [TimeUnit::Milliseconds, TimeUnit::Microseconds, TimeUnit::Nanoseconds] {
            let dtype = DataType::Datetime(unit, None);
            for by in ["y", "q", "mo", "w", "d"] {
                assert!(lost(&frame, &dtype, moved(col("t"), &dtype, &col("n"), by)) >= 4, "{unit:?} {by}");
            }
            for by in ["h", "m", "s", "ms", "us"] {
                lost(&frame, &dtype, moved(col("t"), &dtype, &col("n"), by));
            }
            assert_eq!(lost(&frame, &dtype, moved_evenly(col("t"), &dtype, i64::MAX, "mo")), 6);
        }
        let days = df!["t" => [0i32, i32::MAX, i32::MIN], "n" => [1i64, 1, 1]].unwrap();
        assert_eq!(lost(&days, &DataType::Date, moved(col("t"), &DataType::Date, &col("n"), "mo")), 2);
    }

    #[test]
    fn nanoseconds_keep_their_last_digits_and_their_end() {
        let dtype = DataType::Datetime(TimeUnit::Nanoseconds, None);
        let frame = df!["t" => [1i64, 8_000_000_000_000_000_007]].unwrap();
        let moved = moved_evenly(col("t"), &dtype, 1200, "mo").cast(DataType::Int64);
        let out = frame.lazy().with_column(col("t").cast(dtype)).select([moved]).collect().unwrap();
        let values: Vec<Option<i64>> = out.columns()[0].i64().unwrap().iter().collect();
        assert_eq!(values, [Some(3_155_760_000_000_000_001), None]);
    }
}
