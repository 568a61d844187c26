//! Functions of dates and timestamps. A week starts on Monday, as in ISO 8601.

use chrono::{NaiveDate, NaiveTime};
use polars::prelude::{
    DataType, Expr, Float64Chunked, Int32Chunked, Int64Chunked, IntoSeries as _, Series, StrptimeOptions,
    TimeUnit, lit,
};

use super::super::cast::cast_expr;
use super::super::function::{Function, Kind};
use super::super::kernel::{kernel, rows};
use super::super::moved::moved;
use super::super::term::Interval;
use super::super::typed::Typed;
use super::{SCALAR, expr, float, takes, takes_maybe, whole};
use crate::error::{Error, Result};
use crate::spec::did_you_mean;

const POINT: DataType = DataType::Datetime(TimeUnit::Microseconds, None);

/// A part of a date or timestamp as a function of its own.
macro_rules! part {
    ($name:literal, $aliases:expr, $summary:literal, $example:expr) => {
        Function {
            name: $name,
            aliases: $aliases,
            signature: concat!($name, "(x)"),
            summary: $summary,
            example: $example,
            params: takes(&[Kind::Temporal]),
            lower: |args| part($name, &args[0]),
            ..SCALAR
        }
    };
}

pub(super) static TIME: &[Function] = &[
    part!("year", &[], "The year.", ("year('2024-03-31')", "2024")),
    part!("quarter", &[], "The quarter, 1 to 4.", ("quarter('2024-03-31')", "1")),
    part!("month", &[], "The month, 1 to 12.", ("month('2024-03-31')", "3")),
    part!("week", &["weekofyear"], "The ISO week, 1 to 53.", ("week('2024-03-31')", "13")),
    part!("day", &["dayofmonth"], "The day of the month, 1 to 31.", ("day('2024-03-31')", "31")),
    part!("dayofweek", &["dow"], "The day of the week, 0 for Sunday to 6.", ("dayofweek('2024-03-31')", "0")),
    part!("isodow", &[], "The day of the week, 1 for Monday to 7.", ("isodow('2024-03-31')", "7")),
    part!("dayofyear", &["doy"], "The day of the year, 1 to 366.", ("dayofyear('2024-03-31')", "91")),
    part!("hour", &[], "The hour, 0 to 23.", ("hour(TIMESTAMP '2024-03-31 15:30:45')", "15")),
    part!("minute", &[], "The minute, 0 to 59.", ("minute(TIMESTAMP '2024-03-31 15:30:45')", "30")),
    part!("second", &[], "The second, 0 to 59.", ("second(TIMESTAMP '2024-03-31 15:30:45')", "45")),
    Function {
        name: "date_part",
        aliases: &["datepart"],
        signature: "date_part('unit', x)",
        summary: "A part by its name, as EXTRACT(unit FROM x): year, quarter, month, week, day, dow, isodow, doy, hour, minute, second, epoch.",
        example: ("EXTRACT(MONTH FROM DATE '2024-03-31')", "3"),
        params: takes(&[Kind::Constant, Kind::Temporal]),
        lower: |args| {
            part(&args[0].constant()?.to_lowercase(), &args[1]).map_err(|error| error.at(args[0].span))
        },
        ..SCALAR
    },
    Function {
        name: "epoch",
        signature: "epoch(x)",
        summary: "Seconds since 1970-01-01 00:00:00 UTC, with their fraction.",
        example: ("epoch(TIMESTAMP '1970-01-01 00:01:00.5')", "60.5"),
        params: takes(&[Kind::Temporal]),
        lower: |args| part("epoch", &args[0]),
        ..SCALAR
    },
    Function {
        name: "date_trunc",
        aliases: &["datetrunc"],
        signature: "date_trunc('unit', x)",
        summary: "The start of the year, quarter, month, week, day, hour, minute or second in which x lies.",
        example: ("date_trunc('month', DATE '2024-03-31')", "2024-03-01"),
        params: takes(&[Kind::Constant, Kind::Temporal]),
        lower: |args| {
            let (short, sub_day) = unit(&args[0])?;
            let input = if sub_day { point(&args[1]) } else { expr(args, 1) };
            Ok(input.dt().truncate(lit(format!("1{short}"))))
        },
        ..SCALAR
    },
    Function {
        name: "date_add",
        signature: "date_add('unit', n, x)",
        summary: "x moved by n units; the day is cut to the month's last where it must. x + INTERVAL '1' DAY does the same.",
        nulls: "null where an argument is null or the result lies outside the calendar",
        example: ("date_add('month', 1, DATE '2024-01-31')", "2024-02-29"),
        params: takes(&[Kind::Constant, Kind::Int, Kind::Temporal]),
        lower: |args| {
            let (short, sub_day) = unit(&args[0])?;
            let (input, dtype) = if sub_day {
                (point(&args[2]), point_type(&args[2]))
            } else {
                (expr(args, 2), args[2].dtype.clone())
            };
            Ok(moved(input, &dtype, &whole(args, 1), short))
        },
        ..SCALAR
    },
    Function {
        name: "date_diff",
        aliases: &["datediff"],
        signature: "date_diff('unit', a, b)",
        summary: "How many starts of a unit lie between a and b, negative where b is earlier.",
        example: ("date_diff('month', DATE '2024-01-31', DATE '2024-03-01')", "2"),
        params: takes(&[Kind::Constant, Kind::Temporal, Kind::Temporal]),
        lower: difference,
        ..SCALAR
    },
    Function {
        name: "make_date",
        signature: "make_date(year, month, day)",
        summary: "The date of these numbers.",
        nulls: "null where an argument is null or there is no such day",
        example: ("make_date(2024, 2, 29)", "2024-02-29"),
        params: takes(&[Kind::Int, Kind::Int, Kind::Int]),
        lower: |args| Ok(dates((0..3).map(|index| whole(args, index)).collect())),
        ..SCALAR
    },
    Function {
        name: "make_timestamp",
        signature: "make_timestamp(year, month, day, hour, minute, second)",
        summary: "The timestamp of these numbers; seconds may have a fraction.",
        nulls: "null where an argument is null or there is no such time",
        example: ("make_timestamp(2024, 2, 29, 12, 30, 1.5)", "2024-02-29 12:30:01.500"),
        params: takes(&[Kind::Int, Kind::Int, Kind::Int, Kind::Int, Kind::Int, Kind::Number]),
        lower: |args| Ok(points((0..5).map(|index| whole(args, index)).chain([float(args, 5)]).collect())),
        ..SCALAR
    },
    Function {
        name: "to_date",
        signature: "to_date(s[, format])",
        summary: "The date a text tells, by default as 2024-01-31; formats are written as in strftime.",
        nulls: "null for null and where the text does not match",
        example: ("to_date('31.01.2024', '%d.%m.%Y')", "2024-01-31"),
        params: takes_maybe(&[Kind::Text], &[Kind::Constant]),
        lower: |args| told(args, &DataType::Date),
        ..SCALAR
    },
    Function {
        name: "to_timestamp",
        aliases: &["try_strptime"],
        signature: "to_timestamp(s[, format])",
        summary: "The timestamp a text tells, by default as 2024-01-31 12:30:00; formats are written as in strftime.",
        nulls: "null for null and where the text does not match",
        example: ("to_timestamp('20240131T1230', '%Y%m%dT%H%M')", "2024-01-31 12:30:00"),
        params: takes_maybe(&[Kind::Text], &[Kind::Constant]),
        lower: |args| told(args, &POINT),
        ..SCALAR
    },
    Function {
        name: "strftime",
        signature: "strftime(x, format)",
        summary: "x as text, with %Y, %m, %d, %H, %M, %S and the other codes of strftime.",
        example: ("strftime(DATE '2024-01-31', '%d.%m.%y')", "31.01.24"),
        params: takes(&[Kind::Temporal, Kind::Constant]),
        lower: |args| Ok(expr(args, 0).dt().to_string(args[1].constant()?)),
        ..SCALAR
    },
];

/// Units of `date_trunc`, `date_add` and `date_diff`: their names, Polars' name, whether below a day.
const UNITS: &[(&str, &str, bool)] = &[
    ("year", "y", false),
    ("quarter", "q", false),
    ("month", "mo", false),
    ("week", "w", false),
    ("day", "d", false),
    ("hour", "h", true),
    ("minute", "m", true),
    ("second", "s", true),
    ("millisecond", "ms", true),
    ("microsecond", "us", true),
];

fn unit(arg: &Typed) -> Result<(&'static str, bool)> {
    let name = arg.constant()?.to_lowercase();
    let singular = name.strip_suffix('s').unwrap_or(&name);
    UNITS.iter().find(|(unit, ..)| *unit == singular).map(|(_, short, below)| (*short, *below)).ok_or_else(
        || {
            let known = UNITS.iter().map(|(unit, ..)| *unit);
            Error::wrong(format!("there is no unit '{name}'")).at(arg.span).hint(did_you_mean(
                &name,
                known,
                "the units are",
            ))
        },
    )
}

/// A date as the timestamp of its midnight; a timestamp as it is.
fn point(arg: &Typed) -> Expr {
    if arg.dtype == DataType::Date { arg.cast(&POINT) } else { arg.expr.clone() }
}

fn point_type(arg: &Typed) -> DataType {
    if arg.dtype == DataType::Date { POINT } else { arg.dtype.clone() }
}

fn part(name: &str, arg: &Typed) -> Result<Expr> {
    let input = arg.expr.clone();
    let number = match name.strip_suffix('s').unwrap_or(name) {
        "year" => input.dt().year(),
        "quarter" => input.dt().quarter(),
        "month" => input.dt().month(),
        "week" | "isoweek" => input.dt().week(),
        "day" => input.dt().day(),
        "dayofweek" | "dow" => input.dt().weekday() % lit(7),
        "isodow" => input.dt().weekday(),
        "dayofyear" | "doy" => input.dt().ordinal_day(),
        "isoyear" => input.dt().iso_year(),
        "hour" => point(arg).dt().hour(),
        "minute" => point(arg).dt().minute(),
        "second" => point(arg).dt().second(),
        "epoch" => {
            return Ok(point(arg).dt().timestamp(TimeUnit::Microseconds).cast(DataType::Float64) / lit(1e6));
        }
        _ => {
            let known = [
                "year", "quarter", "month", "week", "day", "dow", "isodow", "doy", "isoyear", "hour",
                "minute", "second", "epoch",
            ];
            return Err(Error::wrong(format!("a date has no part '{name}'")).hint(did_you_mean(
                name,
                known,
                "the parts are",
            )));
        }
    };
    Ok(number.cast(DataType::Int64))
}

fn difference(args: &[Typed]) -> Result<Expr> {
    let (short, _) = unit(&args[0])?;
    let days = |arg: &Typed| arg.expr.clone().dt().date().cast(DataType::Int32).cast(DataType::Int64);
    let year = |arg: &Typed| arg.expr.clone().dt().year().cast(DataType::Int64);
    let count = |arg: &Typed| match short {
        "y" => year(arg),
        "q" => year(arg) * lit(4_i64) + arg.expr.clone().dt().quarter().cast(DataType::Int64),
        "mo" => year(arg) * lit(12_i64) + arg.expr.clone().dt().month().cast(DataType::Int64),
        // Day 0 was a Thursday; Monday the 29th of December 1969 starts its week.
        "w" => (days(arg) + lit(3_i64)).floor_div(lit(7_i64)),
        "d" => days(arg),
        short => {
            let each =
                UNITS.iter().find(|(_, known, _)| *known == short).and_then(|(name, ..)| Interval::of(name));
            let each = each.map_or(1, |interval| interval.micros.max(1));
            point(arg).dt().timestamp(TimeUnit::Microseconds).floor_div(lit(each))
        }
    };
    Ok(count(&args[2]) - count(&args[1]))
}

fn told(args: &[Typed], wanted: &DataType) -> Result<Expr> {
    let Some(format) = args.get(1) else { return cast_expr(&args[0].expr, &DataType::String, wanted, true) };
    let format = Some(format.constant()?.into());
    let options = StrptimeOptions { format, strict: false, exact: true, cache: true };
    Ok(expr(args, 0).str().strptime(wanted.clone(), options, lit("null")))
}

fn dates(args: Vec<Expr>) -> Expr {
    kernel(args, DataType::Date, |args| {
        let day = |row| date_at(args, row).map(|date| (date - NaiveDate::default()).num_days() as i32);
        Ok((0..rows(args)).map(day).collect::<Int32Chunked>().into_date().into_series())
    })
}

fn points(args: Vec<Expr>) -> Expr {
    kernel(args, POINT, |args| {
        let seconds = args[5].f64()?;
        let micros = |row| {
            let second = float_at(seconds, row).filter(|second| (0.0..60.0).contains(second))?;
            let (hour, minute) = (number_at(&args[3], row)?, number_at(&args[4], row)?);
            let time = NaiveTime::from_hms_opt(hour.try_into().ok()?, minute.try_into().ok()?, 0)?;
            let start = date_at(args, row)?.and_time(time).and_utc().timestamp_micros();
            Some(start + (second * 1e6).round() as i64)
        };
        let out: Int64Chunked = (0..rows(args)).map(micros).collect();
        Ok(out.into_datetime(TimeUnit::Microseconds, None).into_series())
    })
}

fn date_at(args: &[Series], row: usize) -> Option<NaiveDate> {
    let number = |index: usize| number_at(&args[index], row);
    NaiveDate::from_ymd_opt(
        number(0)?.try_into().ok()?,
        number(1)?.try_into().ok()?,
        number(2)?.try_into().ok()?,
    )
}

fn number_at(column: &Series, row: usize) -> Option<i64> {
    super::super::kernel::whole(column.i64().ok()?, row)
}

fn float_at(column: &Float64Chunked, row: usize) -> Option<f64> {
    column.get(if column.len() == 1 { 0 } else { row })
}
