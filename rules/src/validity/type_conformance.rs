//! `type_conformance`: values can be read as another type without loss.

use arrow::array::{Array, BooleanArray};
use arrow::buffer::BooleanBuffer;
use arrow::datatypes::{DataType, TimeUnit};
use arrow::error::ArrowError;
use chrono::{DateTime, NaiveDate, NaiveDateTime};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::check::ParamError;
use crate::comparison::whole_within;
use crate::declared::Declared;
use crate::literal::{Exact, Family, scale_of, type_name};
use crate::mask::{pack, test_texts, with_nulls};
use crate::measure::floats;
use crate::pattern::OneOrMany;
use crate::rule::{
    Bound, Columns, Cost, Example, Problem, RowTest, Rows, Rule, RuleDef, Shape, Site, parse_params,
    schema_of,
};

/// The catalogue entry.
pub static DEF: RuleDef = RuleDef {
    name: "type_conformance",
    aliases: &[],
    dimension: "validity",
    summary: "Every value can be read as another type without loss.",
    definition: "For texts: the whole text, without blanks around it, is a number of the type in decimal notation that \
                 fits its range and places; `true`, `false`, `t`, `f`, `yes`, `no`, `y`, `n`, `1` or `0` in any case \
                 for bool; a date `2024-01-31`, or an RFC 3339 or SQL timestamp, unless `format` gives other strftime \
                 patterns. NaN and infinities are floats only. For numbers: the value is in range and loses no \
                 decimals. Everything conforms to string. Null is not evaluated (see `nulls`); an empty text conforms \
                 to string only. Where nothing is evaluated the check is skipped.",
    example: Example {
        yaml: "type_conformance: {column: amount, type: 'decimal(5,2)'}",
        params: r#"{"column": "amount", "type": "decimal(5,2)"}"#,
        input: "amount:utf8\n12.50\n1e2\n-3\n1.005\n\nabc\n",
        status: "fail",
        observed: "2 of 5 fail (40 %)",
    },
    cost: Cost::Dictionary,
    shape: Shape::Row,
    columns: Columns::One,
    short: None,
    answers_empty: false,
    parse: parse_params::<TypeConformance>,
    schema: schema_of::<TypeConformance>,
};

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct TypeConformance {
    /// The type.
    #[serde(rename = "type")]
    target: Declared,
    /// Strftime patterns of dates and timestamps.
    format: Option<OneOrMany>,
}

impl Rule for TypeConformance {
    fn validate(&self) -> Result<(), ParamError> {
        if self.format.is_some() && Family::of(&self.target.data_type()) != Family::Time {
            return Err(ParamError::new("format is for dates and timestamps").key("format"));
        }
        Ok(())
    }

    fn expected(&self) -> String {
        format!("readable as {}", self.target.name())
    }

    fn bind(&self, site: &mut Site<'_>) -> Result<Bound, Problem> {
        let (name, data_type) = site.column()?;
        let target = self.target.data_type();
        let formats = self.format.as_ref().map(|formats| formats.as_slice().to_vec()).unwrap_or_default();
        let numbers = Family::of(data_type).is_number() && Family::of(&target).is_number();
        if Family::of(&target) == Family::Text || self.target.holds(data_type) {
            return Ok(Bound::Rows(Box::new(Conforms::Always)));
        }
        if Family::of(data_type) == Family::Text {
            return Ok(Bound::Rows(Box::new(Conforms::Text { target, formats })));
        }
        if !numbers {
            let (from, to) = (type_name(data_type), self.target.name());
            let message = format!("column \"{name}\" is of type {from}, whose values are never {to}");
            return Err(Problem::new(message).key("type"));
        }
        Ok(Bound::Rows(Box::new(Conforms::Number { target })))
    }
}

#[derive(Debug)]
enum Conforms {
    Always,
    Text { target: DataType, formats: Vec<String> },
    Number { target: DataType },
}

impl RowTest for Conforms {
    fn test(&self, rows: &Rows<'_>) -> Result<BooleanArray, ArrowError> {
        let column = rows.first()?;
        match self {
            Self::Always => Ok(with_nulls(BooleanBuffer::new_set(column.len()), column)),
            Self::Text { target, formats } => test_texts(column, |text| reads_as(text, target, formats)),
            Self::Number { target } => {
                let (low, high) = limits(target);
                if Family::of(column.data_type()) == Family::Float {
                    let unit = 10_f64.powi(scale_of(target));
                    let whole = Family::of(target) == Family::Whole;
                    let test = |value: f64| {
                        let scaled = value * unit;
                        let fits = scaled.abs() < 1e38 && scaled.fract() == 0.0;
                        let fits = fits && (low..=high).contains(&(scaled as i128));
                        if whole {
                            fits
                        } else {
                            value.is_nan() || f64::from(value as f32).total_cmp(&value).is_eq()
                        }
                    };
                    return Ok(with_nulls(pack(&floats(column)?, test), column));
                }
                whole_conforms(column, target, low, high)
            }
        }
    }

    fn per_value(&self) -> bool {
        true
    }
}

/// Whole numbers and decimals as others of another range or scale, or as floats.
fn whole_conforms(
    column: &arrow::array::ArrayRef,
    target: &DataType,
    low: i128,
    high: i128,
) -> Result<BooleanArray, ArrowError> {
    if Family::of(target) == Family::Float {
        // Without loss where the digits fit the mantissa.
        let most = if matches!(target, DataType::Float32) { 1 << 24 } else { 1 << 53 };
        return whole_within(column, -most, most, false);
    }
    let shift = scale_of(target) - scale_of(column.data_type());
    let ten = 10_i128.pow(shift.unsigned_abs().min(38));
    if shift >= 0 {
        return whole_within(
            column,
            low.div_euclid(ten) + i128::from(low.rem_euclid(ten) != 0),
            high / ten,
            false,
        );
    }
    let values: Vec<i128> =
        (0..column.len()).map(|row| crate::measure::whole_value(column, row).unwrap_or(0)).collect();
    let fits = pack(&values, |value| value % ten == 0 && value / ten >= low && value / ten <= high);
    Ok(with_nulls(fits, column))
}

/// The least and greatest value of a type of whole numbers, in its own unit.
fn limits(target: &DataType) -> (i128, i128) {
    match target {
        DataType::Int8 => (i8::MIN.into(), i8::MAX.into()),
        DataType::Int16 => (i16::MIN.into(), i16::MAX.into()),
        DataType::Int32 => (i32::MIN.into(), i32::MAX.into()),
        DataType::Int64 => (i64::MIN.into(), i64::MAX.into()),
        DataType::UInt8 => (0, u8::MAX.into()),
        DataType::UInt16 => (0, u16::MAX.into()),
        DataType::UInt32 => (0, u32::MAX.into()),
        DataType::UInt64 => (0, u64::MAX.into()),
        DataType::Decimal128(precision, _) => {
            let most = 10_i128.checked_pow(u32::from(*precision)).map_or(i128::MAX, |ten| ten - 1);
            (-most, most)
        }
        _ => (i128::MIN, i128::MAX),
    }
}

fn reads_as(text: &str, target: &DataType, formats: &[String]) -> bool {
    match Family::of(target) {
        Family::Whole => {
            let (low, high) = limits(target);
            Exact::parse(text).is_some_and(|number| {
                let at = number.at_scale(scale_of(target));
                at.exact && at.floor >= low && at.floor <= high
            })
        }
        Family::Float => {
            let numeric = text.parse::<f64>().is_ok();
            numeric && !text.starts_with('+')
        }
        Family::Bool => {
            let words = ["true", "false", "t", "f", "yes", "no", "y", "n", "1", "0"];
            words.iter().any(|word| text.eq_ignore_ascii_case(word))
        }
        Family::Time if matches!(target, DataType::Date32 | DataType::Date64) => {
            let reads = |format: &str| NaiveDate::parse_from_str(text, format).is_ok();
            if formats.is_empty() { reads("%Y-%m-%d") } else { formats.iter().any(|format| reads(format)) }
        }
        Family::Time => reads_as_timestamp(text, target, formats),
        Family::Text => true,
        Family::List | Family::Other => false,
    }
}

fn reads_as_timestamp(text: &str, target: &DataType, formats: &[String]) -> bool {
    let fits = |nanos: u32| match target {
        DataType::Timestamp(TimeUnit::Second, _) => nanos == 0,
        DataType::Timestamp(TimeUnit::Millisecond, _) => nanos.is_multiple_of(1_000_000),
        DataType::Timestamp(TimeUnit::Microsecond, _) => nanos.is_multiple_of(1_000),
        _ => true,
    };
    let naive = |format: &str| {
        NaiveDateTime::parse_from_str(text, format)
            .is_ok_and(|at| fits(at.and_utc().timestamp_subsec_nanos()))
    };
    if !formats.is_empty() {
        return formats.iter().any(|format| naive(format) || DateTime::parse_from_str(text, format).is_ok());
    }
    DateTime::parse_from_rfc3339(text).is_ok_and(|at| fits(at.timestamp_subsec_nanos()))
        || naive("%Y-%m-%d %H:%M:%S%.f")
        || naive("%Y-%m-%dT%H:%M:%S%.f")
}
