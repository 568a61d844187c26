//! `cast`: columns take another type, exactly or not at all.

use polars::prelude::{DataType, Expr, NULL, PlSmallStr, TimeUnit, lit, when};
use schemars::JsonSchema;
use serde::Deserialize;

use super::column::{Found, per_column};
use super::conversion::{Conversion, OnError, lower};
use super::type_name::{named_type, type_name};
use super::{BindContext, Example, Lowering, Step, StepDef, arguments};
use crate::error::Result;
use crate::spec::{Entries, FromNode, Node, Parsed, Spanned, Value, decode};

pub(super) static STEP: StepDef = StepDef {
    name: "cast",
    summary: "Gives columns another type; a value that the type cannot hold stops the run, becomes null or is quarantined.",
    nulls: "Null stays null and is no failure. NaN and infinities cannot become integers or decimals. \
            Integers, decimals and booleans must come through unchanged; floats are rounded to the nearest \
            float32 or decimal. An empty table changes its types only.",
    example: Example {
        step: "cast: {year: string, distance: {type: int16, on_error: null}}",
        input: "year:int64,distance:float64\n2013,1400\n,762.5\n2014,\n2015,99999",
        others: &[],
        output: "year:string,distance:int16\n2013,1400\n,\n2014,\n2015,",
    },
    parse: arguments::plain::<Cast>,
    schema: arguments::schema_of::<Cast>,
};

/// Column (or glob) → type.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(transparent)]
struct Cast(Entries<Parsed<Target>>);

/// `int32`, or `{type: int32, on_error: …}`.
#[derive(Debug)]
struct Target {
    to: Spanned<String>,
    on_error: OnError,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct LongTarget {
    /// Name of the type, such as `int32`, `decimal(12,2)`, `string`.
    #[serde(rename = "type")]
    to: Spanned<String>,
    #[serde(default)]
    on_error: OnError,
}

impl FromNode for Target {
    fn from_node(node: &Node) -> Result<Self> {
        if let Value::Map(_) = node.value {
            let LongTarget { to, on_error } = decode(node)?;
            return Ok(Self { to, on_error });
        }
        Ok(Self { to: decode(node)?, on_error: OnError::default() })
    }
}

arguments::short_or_long!(Target, String, LongTarget);

impl Step for Cast {
    fn bind(&self, cx: &BindContext<'_>) -> Result<Lowering> {
        let mut conversions = Vec::new();
        for (column, target) in per_column(cx.input, "cast", &self.0)? {
            let to = named_type(&target.to)?;
            let (value, fallible) = convert(&column, &to)?;
            conversions.push(Conversion {
                name: column.name.clone(),
                source: column.expr(),
                value,
                fallible,
                on_error: target.on_error,
                reason: format!("cast: {} is no {}", column.name, type_name(&to)),
            });
        }
        Ok(Lowering::Rows(lower(&conversions)))
    }
}

/// The column as a `to`, null where it cannot be, and whether there are such values.
fn convert(column: &Found, to: &DataType) -> Result<(Expr, bool)> {
    use DataType::{Boolean, Date, Datetime, Decimal, String, Time};
    let (from, x) = (&column.dtype, column.expr());
    let cast = x.clone().cast(to.clone());
    Ok(match (from, to) {
        (from, to) if from == to => (x, false),
        (String, Boolean) => (bool_of(x, ["false", "true"].map(lit)), true),
        (String, Decimal(_, scale)) => (decimal_of_text(x, to, *scale), true),
        (String, to) if to.is_integer() || to.is_float() => (cast, true),
        (from, String)
            if from.is_primitive_numeric() || from.is_decimal() || from.is_bool() || from.is_temporal() =>
        {
            (cast, false)
        }
        (Boolean, to) if to.is_integer() || to.is_float() => (cast, false),
        (Boolean, Decimal(..)) => (x.cast(DataType::Int64).cast(to.clone()), true),
        (from, Boolean) if from.is_integer() => {
            (bool_of(x, [0, 1].map(|bit| lit(bit).cast(from.clone()))), true)
        }
        (from, to) if from.is_integer() && to.is_integer() => (cast, !contains(to, from)),
        (from, to) if from.is_integer() && to.is_float() => (unchanged(&x, cast, from), !contains(to, from)),
        (from, Decimal(..)) if from.is_integer() => (cast, true),
        (from, to) if from.is_float() && to.is_integer() => (unchanged(&x, cast, from), true),
        (DataType::Float64, DataType::Float32) => {
            let overflow = cast.clone().is_infinite().and(x.is_finite());
            (when(overflow).then(lit(NULL)).otherwise(cast), true)
        }
        (from, to) if from.is_float() && to.is_float() => (cast, false),
        (from, Decimal(precision, scale)) if from.is_float() => {
            // Polars converts without looking whether the value fits.
            let limit = lit(10f64.powi(i32::try_from(precision - scale).unwrap_or(38)));
            let fits = x.clone().cast(DataType::Float64).abs().lt(limit);
            (when(fits).then(x).otherwise(lit(NULL)).cast(to.clone()), true)
        }
        (Decimal(..), to) if to.is_float() => (cast, false),
        (Decimal(..), to) if to.is_integer() || to.is_decimal() => (unchanged(&x, cast, from), true),
        (Date, Datetime(_, None)) => (cast, false),
        (Datetime(..), Date) => (x.dt().date(), false),
        (Datetime(..), Time) => (x.dt().time(), false),
        (Datetime(from_unit, None), Datetime(unit, None)) => {
            (unchanged(&x, cast, from), coarser(*unit, *from_unit))
        }
        (Datetime(from_unit, Some(_)), Datetime(unit, Some(zone))) => {
            let value = x.clone().dt().cast_time_unit(*unit);
            let value = unchanged(&x, value, from).dt().convert_time_zone(zone.clone());
            (value, coarser(*unit, *from_unit))
        }
        _ => return Err(impossible(column, to)),
    })
}

/// `cast` where casting it back gives `x` again, null elsewhere.
fn unchanged(x: &Expr, cast: Expr, from: &DataType) -> Expr {
    when(cast.clone().cast(from.clone()).eq(x.clone())).then(cast).otherwise(lit(NULL))
}

fn bool_of(x: Expr, [no, yes]: [Expr; 2]) -> Expr {
    let is_false = x.clone().eq(no);
    when(is_false).then(lit(false)).when(x.eq(yes)).then(lit(true)).otherwise(lit(NULL))
}

/// Digits as a decimal. Polars rounds digits beyond the scale away, so these are looked for first.
pub(super) fn decimal_of_text(x: Expr, to: &DataType, scale: usize) -> Expr {
    let form = format!(r"^[+-]?(\d+(\.\d{{0,{scale}}}0*)?|\.\d{{1,{scale}}}0*)$");
    let form = if scale == 0 { r"^[+-]?\d+(\.0*)?$".to_owned() } else { form };
    when(x.clone().str().contains(lit(form), true)).then(x).otherwise(lit(NULL)).cast(to.clone())
}

/// Whether every value of integer type `inner` is a value of numeric type `outer`.
fn contains(outer: &DataType, inner: &DataType) -> bool {
    let bits = |dtype: &DataType| match dtype {
        DataType::Int8 | DataType::UInt8 => 8,
        DataType::Int16 | DataType::UInt16 => 16,
        DataType::Float32 => 24,
        DataType::Int32 | DataType::UInt32 => 32,
        DataType::Float64 => 53,
        _ => 64,
    };
    match (outer.is_unsigned_integer(), inner.is_unsigned_integer()) {
        (true, false) => false,
        (false, true) => bits(outer) > bits(inner),
        _ => bits(outer) >= bits(inner),
    }
}

/// Whether unit `to` cannot tell apart all that `from` can.
fn coarser(to: TimeUnit, from: TimeUnit) -> bool {
    let rank = |unit| match unit {
        TimeUnit::Milliseconds => 0,
        TimeUnit::Microseconds => 1,
        TimeUnit::Nanoseconds => 2,
    };
    rank(to) < rank(from)
}

fn impossible(column: &Found, to: &DataType) -> crate::error::Error {
    let name: &PlSmallStr = &column.name;
    let kind = type_name(to);
    let kind = kind.split('(').next().unwrap_or_default();
    let hint = match (&column.dtype, to) {
        (DataType::String, to) if to.is_temporal() => {
            &format!("use `parse: {{{name}: {kind}}}`, which knows how dates and times are written")
        }
        (DataType::Datetime(..), DataType::Datetime(..)) => {
            "a clock reading becomes a moment only with a time zone: give `parse` the `timezone`"
        }
        (from, DataType::Date | DataType::Datetime(..)) if from.is_integer() => {
            "say what the number counts: `derive` it with an expression"
        }
        _ => "`derive` a column with an expression that says what is meant",
    };
    let from = type_name(&column.dtype);
    crate::error::Error::wrong(format!("cannot cast column \"{name}\" from {from} to {}", type_name(to)))
        .at(column.span)
        .hint(hint)
}

#[cfg(test)]
mod tests {
    use crate::steps::laws::{gives, outcome};

    fn to(yaml: &str, input: &str) -> Result<(), String> {
        outcome(&format!("cast: {{x: {yaml}}}"), input).map(drop)
    }

    #[test]
    fn a_value_the_type_cannot_hold_stops_the_run() {
        for (yaml, input) in [
            ("int8", "x:int64\n1\n128"),
            ("uint8", "x:int64\n-1"),
            ("int64", "x:float64\n1.5"),
            ("int64", "x:float64\nNaN"),
            ("int64", "x:float64\n1e19"),
            ("float64", "x:int64\n9007199254740993"),
            ("float64", "x:int64\n9223372036854775807"),
            ("int64", "x:string\n12a"),
            ("int64", "x:string\n1.0"),
            ("int64", "x:string\n\"\""),
            ("\"decimal(4,2)\"", "x:string\n1.234"),
            ("\"decimal(4,2)\"", "x:float64\n100"),
            ("\"decimal(38,2)\"", "x:float64\n1e37"),
            ("\"decimal(4,1)\"", "\"x:decimal(4,2)\"\n1.23"),
            ("bool", "x:int64\n2"),
            ("bool", "x:string\nyes"),
        ] {
            let refused = to(yaml, input).expect_err(yaml);
            assert!(refused.contains("cast: x is no"), "{yaml}: {refused}");
        }
    }

    #[test]
    fn a_value_the_type_holds_comes_through_unchanged() {
        gives("cast: {x: int8}", "x:int64\n127\n-128\n", "x:int8\n127\n-128\n");
        gives("cast: {x: int64}", "x:float64\n-3\n1e15", "x:int64\n-3\n1000000000000000");
        gives("cast: {x: float64}", "x:int64\n9007199254740992", "x:float64\n9007199254740992");
        gives("cast: {x: int32}", "x:string\n007\n-5", "x:int32\n7\n-5");
        gives(
            "cast: {x: \"decimal(6,2)\"}",
            "x:string\n1.50\n-.5\n7\n2.100",
            "\"x:decimal(6,2)\"\n1.5\n-0.5\n7\n2.1",
        );
        gives("cast: {x: \"decimal(6,2)\"}", "x:float64\n0.1\n-9999.99", "\"x:decimal(6,2)\"\n0.1\n-9999.99");
        gives("cast: {x: int64}", "\"x:decimal(6,2)\"\n12.00", "x:int64\n12");
        gives("cast: {x: bool}", "x:string\ntrue\nfalse", "x:bool\ntrue\nfalse");
        gives("cast: {x: bool}", "x:uint8\n1\n0", "x:bool\ntrue\nfalse");
        gives("cast: {x: string}", "x:bool\ntrue\n", "x:string\ntrue\n");
        gives("cast: {x: date}", "x:timestamp\n2013-01-01 23:59:59", "x:date\n2013-01-01");
        gives("cast: {x: timestamp}", "x:date\n2013-01-01", "x:timestamp\n2013-01-01 00:00:00");
    }

    #[test]
    fn a_quarantined_row_leaves_and_takes_no_other_with_it() {
        gives(
            "cast: {\"*\": {type: int64, on_error: quarantine}}",
            "a:string,b:string\n1,2\nx,3\n4,y\n5,",
            "a:int64,b:int64\n1,2\n5,",
        );
    }

    #[test]
    fn null_means_null_with_and_without_quotes() {
        for null in ["null", "\"null\""] {
            gives(
                &format!("cast: {{x: {{type: int64, on_error: {null}}}}}"),
                "x:string\n1\nx",
                "x:int64\n1\n",
            );
        }
    }

    #[test]
    fn text_becomes_no_date_without_a_format() {
        let error = to("date", "x:string\n2013-01-01").unwrap_err();
        assert!(
            error.contains("cannot cast column \"x\" from string to date")
                && error.contains("parse: {x: date}"),
            "{error}"
        );
    }

    #[test]
    fn a_column_cannot_be_cast_twice() {
        let error = outcome("cast: {x: int8, \"*\": int16}", "x:int64\n1").unwrap_err();
        assert!(error.contains("cast names column \"x\" twice"), "{error}");
    }
}
