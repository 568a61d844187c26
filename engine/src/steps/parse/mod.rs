//! `parse`: text becomes dates, times, numbers and booleans, written in a stated way.

use polars::prelude::{
    DataType, Expr, NULL, NonExistent, StrptimeOptions, TimeUnit, TimeZone, coalesce, lit, when,
};
use schemars::JsonSchema;
use serde::Deserialize;

use super::cast::decimal_of_text;
use super::column::{Found, per_column};
use super::conversion::{Conversion, OnError, lower};
use super::type_name::{named_type, type_name};
use super::{BindContext, Example, Lowering, Step, StepDef, arguments};
use crate::error::{Error, Result};
use crate::spec::{Entries, FromNode, Node, OneOrMany, Parsed, Spanned, Value, decode};

mod format;

pub(super) static STEP: StepDef = StepDef {
    name: "parse",
    summary: "Reads text as dates, times, timestamps, numbers or booleans, in one or several stated formats.",
    nulls: "Null stays null, and so do the texts of null_values; other text that does not fit, the empty text \
            among it, stops the run, becomes null or is quarantined. Blanks are not trimmed. \"NaN\" and \"inf\" \
            are floats. An empty table changes its types only.",
    example: Example {
        step: "parse: {day: {type: date, format: [\"%Y-%m-%d\", \"%d.%m.%Y\"]}, \
               price: {type: \"decimal(8,2)\", decimal_separator: \",\", thousands_separator: \".\", on_error: null}, \
               seats: {type: int, null_values: [NA]}}",
        input: "day:string,price:string,seats:string\n2013-01-31,\"1.234,50\",2\n31.01.2013,\"12.34,5\",NA\n,\"7\",",
        others: &[],
        output: "day:date,\"price:decimal(8,2)\",seats:int64\n2013-01-31,1234.50,2\n2013-01-31,,\n,7.00,",
    },
    parse: arguments::plain::<Parse>,
    schema: arguments::schema_of::<Parse>,
};

/// Column (or glob) → how to read it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(transparent)]
struct Parse(Entries<Parsed<Entry>>);

/// `date`, or `{type: date, format: …}`.
#[derive(Debug)]
struct Entry(Reading);

arguments::short_or_long!(Entry, String, Reading);

/// How a column is read.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Reading {
    /// `date`, `time`, `timestamp`, `int` (64 bits), `float` (64 bits), `decimal(12,2)`, `bool`, or a type of
    /// another width.
    #[serde(rename = "type")]
    to: Spanned<String>,
    /// How dates and times are written: strftime patterns, tried in order. ISO 8601 if absent.
    #[serde(default)]
    format: OneOrMany<Spanned<String>>,
    /// The time zone in which timestamps without an offset are read; the zone of the result.
    timezone: Option<Spanned<String>>,
    /// Stands before the fraction; `.` if absent.
    decimal_separator: Option<Spanned<String>>,
    /// Stands between groups of three digits; none if absent.
    thousands_separator: Option<Spanned<String>>,
    /// Texts that mean null.
    #[serde(default)]
    null_values: OneOrMany<String>,
    /// Texts that mean true, case aside; `true`, `t`, `yes`, `y`, `1` if absent.
    true_values: Option<OneOrMany<String>>,
    /// Texts that mean false, case aside; `false`, `f`, `no`, `n`, `0` if absent.
    false_values: Option<OneOrMany<String>>,
    /// What becomes of a row whose text does not fit.
    #[serde(default)]
    on_error: OnError,
}

impl FromNode for Entry {
    fn from_node(node: &Node) -> Result<Self> {
        if let Value::Map(_) = node.value {
            return decode(node).map(Self);
        }
        Ok(Self(Reading {
            to: decode(node)?,
            format: OneOrMany::default(),
            timezone: None,
            decimal_separator: None,
            thousands_separator: None,
            null_values: OneOrMany::default(),
            true_values: None,
            false_values: None,
            on_error: OnError::default(),
        }))
    }
}

impl Step for Parse {
    fn bind(&self, cx: &BindContext<'_>) -> Result<Lowering> {
        let mut conversions = Vec::new();
        for (column, Parsed(Entry(reading))) in per_column(cx.input, "parse", &self.0)? {
            if column.dtype != DataType::String {
                let cure = format!("use `cast: {{{}: {}}}`, or leave it out", column.name, reading.to.value);
                return Err(column.unfit("parse", "text").hint(cure));
            }
            let to = reading.target()?;
            let source = reading.source(&column);
            conversions.push(Conversion {
                name: column.name.clone(),
                value: reading.value(source.clone(), &to)?,
                source,
                fallible: true,
                on_error: reading.on_error,
                reason: format!("parse: {} is no {}", column.name, type_name(&to)),
            });
        }
        Ok(Lowering::Rows(lower(&conversions)))
    }
}

impl Reading {
    /// The type to come out, with the options checked against it.
    fn target(&self) -> Result<DataType> {
        if self.to.value.eq_ignore_ascii_case("decimal") {
            return Err(Error::wrong("decimal needs its digits")
                .at(self.to.span)
                .hint("write decimal(12,2): twelve digits, two of them after the point"));
        }
        let named = match self.to.value.to_ascii_lowercase().as_str() {
            // Text does not say how wide its numbers are.
            "int" => DataType::Int64,
            "float" => DataType::Float64,
            _ => named_type(&self.to)?,
        };
        let to = match (named, &self.timezone) {
            (DataType::Datetime(unit, None), Some(zone)) => DataType::Datetime(unit, Some(time_zone(zone)?)),
            (DataType::Datetime(unit, None), None)
                if self.format.iter().any(|one| format::has_offset(&one.value)) =>
            {
                DataType::Datetime(unit, Some(TimeZone::UTC))
            }
            (to, _) => to,
        };
        let number = to.is_integer() || to.is_float() || to.is_decimal();
        let temporal = matches!(to, DataType::Date | DataType::Time | DataType::Datetime(..));
        if !number && !temporal && to != DataType::Boolean {
            return Err(Error::wrong(format!("parse does not make {}", type_name(&to)))
                .at(self.to.span)
                .hint("it makes date, time, timestamp, int, float, decimal(p,s) and bool"));
        }
        let misplaced = [
            (self.format.first().map(|one| one.span), "format", temporal, "dates and times"),
            (
                self.timezone.as_ref().map(|zone| zone.span),
                "timezone",
                matches!(to, DataType::Datetime(..)),
                "timestamps",
            ),
            (self.decimal_separator.as_ref().map(|one| one.span), "decimal_separator", number, "numbers"),
            (self.thousands_separator.as_ref().map(|one| one.span), "thousands_separator", number, "numbers"),
        ];
        for (span, option, fits, owner) in misplaced {
            if let (Some(span), false) = (span, fits) {
                let message = format!("{option} is for {owner}, and this is {}", type_name(&to));
                return Err(Error::wrong(message).at(span).hint(format!("remove {option}")));
            }
        }
        if (self.true_values.is_some() || self.false_values.is_some()) && to != DataType::Boolean {
            return Err(Error::wrong("true_values and false_values are for booleans").at(self.to.span));
        }
        Ok(to)
    }

    /// The text, null where it is one of `null_values`.
    fn source(&self, column: &Found) -> Expr {
        let text = column.expr();
        match any_equal(&text, &self.null_values) {
            Some(is_null) => when(is_null).then(lit(NULL)).otherwise(text),
            None => text,
        }
    }

    fn value(&self, text: Expr, to: &DataType) -> Result<Expr> {
        Ok(match to {
            DataType::Boolean => self.boolean(&text)?,
            DataType::Date | DataType::Time | DataType::Datetime(..) => self.moment(&text, to)?,
            DataType::Decimal(_, scale) => decimal_of_text(self.digits(text)?, to, *scale),
            _ => self.digits(text)?.cast(to.clone()),
        })
    }

    fn boolean(&self, text: &Expr) -> Result<Expr> {
        let texts = |given: &Option<OneOrMany<String>>, usual: [&str; 5]| -> Vec<String> {
            match given {
                Some(given) => given.iter().map(|text| text.to_lowercase()).collect(),
                None => usual.map(str::to_owned).to_vec(),
            }
        };
        let yes = texts(&self.true_values, ["true", "t", "yes", "y", "1"]);
        let no = texts(&self.false_values, ["false", "f", "no", "n", "0"]);
        if let Some(both) = yes.iter().find(|text| no.contains(text)) {
            return Err(Error::wrong(format!("\"{both}\" cannot mean both true and false")).at(self.to.span));
        }
        let lower = text.clone().str().to_lowercase();
        let (Some(is_true), Some(is_false)) = (any_equal(&lower, &yes), any_equal(&lower, &no)) else {
            return Err(Error::wrong("true_values and false_values need a text each").at(self.to.span));
        };
        Ok(when(is_true).then(lit(true)).when(is_false).then(lit(false)).otherwise(lit(NULL)))
    }

    fn moment(&self, text: &Expr, to: &DataType) -> Result<Expr> {
        if self.format.is_empty() {
            return Ok(either(format::iso(to).iter().map(|pattern| moment(text, pattern, to)).collect()));
        }
        for pattern in &self.format {
            format::check(pattern, to)?;
        }
        Ok(either(self.format.iter().map(|pattern| moment(text, &pattern.value, to)).collect()))
    }

    /// The text with separators as Polars reads them; null where it is not written with these separators.
    fn digits(&self, text: Expr) -> Result<Expr> {
        let separator = |given: &Option<Spanned<String>>| match given {
            Some(one)
                if one.value.chars().count() != 1 || one.value.contains(|c: char| c.is_ascii_digit()) =>
            {
                Err(Error::wrong("a separator is one character and no digit").at(one.span))
            }
            Some(one) => Ok(Some(one.value.clone())),
            None => Ok(None),
        };
        let decimal = separator(&self.decimal_separator)?;
        let thousands = separator(&self.thousands_separator)?;
        if decimal.is_none() && thousands.is_none() {
            return Ok(text);
        }
        let decimal = decimal.unwrap_or_else(|| ".".to_owned());
        if Some(&decimal) == thousands.as_ref() {
            let span = self.thousands_separator.as_ref().map_or(self.to.span, |one| one.span);
            return Err(Error::wrong("the two separators are the same").at(span));
        }
        let point = regex::escape(&decimal);
        let fraction = format!(r"(?:{point}\d*)?(?:[eE][+-]?\d+)?");
        let mut form = format!(r"^[+-]?\d+{fraction}$");
        let mut digits = text.clone();
        if let Some(thousands) = thousands {
            form = format!(r"{form}|^[+-]?\d{{1,3}}(?:{}\d{{3}})+{fraction}$", regex::escape(&thousands));
            digits = digits.str().replace_all(lit(thousands), lit(""), true);
        }
        if decimal != "." {
            digits = digits.str().replace_all(lit(decimal), lit("."), true);
        }
        Ok(when(text.str().contains(lit(form), true)).then(digits).otherwise(lit(NULL)))
    }
}

/// Whether `text` is one of `values`; none if there are no values.
fn any_equal(text: &Expr, values: &[String]) -> Option<Expr> {
    values.iter().map(|value| text.clone().eq(lit(value.as_str()))).reduce(Expr::or)
}

fn either(mut readings: Vec<Expr>) -> Expr {
    match readings.len() {
        1 => readings.swap_remove(0),
        _ => coalesce(&readings),
    }
}

/// `text` read by one pattern; null where it is written otherwise.
fn moment(text: &Expr, pattern: &str, to: &DataType) -> Expr {
    let options = StrptimeOptions { format: Some(pattern.into()), strict: false, exact: true, cache: true };
    let text = text.clone().str();
    let DataType::Datetime(unit, zone) = to else {
        return text.strptime(to.clone(), options, lit("raise"));
    };
    let unit: TimeUnit = *unit;
    if format::has_offset(pattern) {
        let moment = text.to_datetime(Some(unit), Some(TimeZone::UTC), options, lit("raise"));
        return match zone {
            Some(zone) if *zone != TimeZone::UTC => moment.dt().convert_time_zone(zone.clone()),
            _ => moment,
        };
    }
    let clock = text.to_datetime(Some(unit), None, options, lit("raise"));
    match zone {
        // A clock reading that the zone skipped or had twice is no moment.
        Some(zone) => clock.dt().replace_time_zone(Some(zone.clone()), lit("null"), NonExistent::Null),
        None => clock,
    }
}

fn time_zone(name: &Spanned<String>) -> Result<TimeZone> {
    TimeZone::opt_try_new(Some(name.value.as_str())).ok().flatten().ok_or_else(|| {
        Error::wrong(format!("no time zone \"{}\"", name.value))
            .at(name.span)
            .hint("use a name of the IANA database, such as America/New_York or UTC")
    })
}

#[cfg(test)]
mod tests {
    use crate::steps::laws::{gives, outcome};

    #[test]
    fn iso_dates_and_times_need_no_format() {
        gives("parse: {x: date}", "x:string\n2013-02-28\n", "x:date\n2013-02-28\n");
        gives("parse: {x: time}", "x:string\n05:17\n05:17:30.5", "x:time\n05:17:00\n05:17:30.5");
        gives(
            "parse: {x: timestamp}",
            "x:string\n2013-01-01 05:17:00\n2013-01-01T05:17:00.25",
            "x:timestamp\n2013-01-01 05:17:00\n2013-01-01 05:17:00.25",
        );
    }

    #[test]
    fn text_in_no_format_stops_the_run() {
        for (yaml, text) in [
            ("date", "2013-02-30"),
            ("date", "28.02.2013"),
            ("date", "2013-02-28 "),
            ("date", "\"\""),
            ("int", "1.5"),
            ("int", " 1"),
            ("float", "\"1,5\""),
            ("bool", "maybe"),
            ("\"decimal(5,2)\"", "1e2"),
            ("\"decimal(5,2)\"", "1000"),
        ] {
            let error =
                outcome(&format!("parse: {{x: {yaml}}}"), &format!("x:string\n{text}")).expect_err(text);
            assert!(error.contains("parse: x is no"), "{yaml} {text}: {error}");
        }
    }

    #[test]
    fn a_clock_reading_in_a_zone_is_a_moment() {
        gives(
            "parse: {x: {type: timestamp, timezone: America/New_York, on_error: null}}",
            "x:string\n2013-01-01 05:17:00\n2013-03-10 02:30:00\n2013-11-03 01:30:00",
            "\"x:timestamp(us, America/New_York)\"\n2013-01-01T05:17:00-05:00\n\n",
        );
    }

    #[test]
    fn an_offset_makes_a_moment_in_utc() {
        gives(
            "parse: {x: {type: timestamp, format: \"%Y-%m-%dT%H:%M:%S%z\"}}",
            "x:string\n2013-01-01T05:17:00-0500",
            "\"x:timestamp(us, UTC)\"\n2013-01-01T10:17:00Z",
        );
    }

    #[test]
    fn separators_must_stand_where_they_belong() {
        let yaml =
            "parse: {x: {type: float, decimal_separator: \",\", thousands_separator: \".\", on_error: null}}";
        gives(
            yaml,
            "x:string\n\"1.234.567,25\"\n\"1234,5\"\n1.5\n\"1.23,4\"\n\"-1.000\"",
            "x:float64\n1234567.25\n1234.5\n\n\n-1000",
        );
    }

    #[test]
    fn booleans_are_read_without_regard_to_case() {
        gives("parse: {x: bool}", "x:string\nYes\nF\n1\n", "x:bool\ntrue\nfalse\ntrue\n");
        gives(
            "parse: {x: {type: bool, true_values: Ja, false_values: Nein}}",
            "x:string\nJA\nnein",
            "x:bool\ntrue\nfalse",
        );
    }

    #[test]
    fn an_option_of_another_type_is_refused() {
        for yaml in [
            "{type: int, format: \"%Y\"}",
            "{type: date, timezone: UTC}",
            "{type: date, decimal_separator: \",\"}",
            "{type: decimal}",
            "{type: string}",
            "{type: int, true_values: x}",
            "{type: float, decimal_separator: \".\", thousands_separator: \".\"}",
            "{type: timestamp, timezone: Mars/Base}",
        ] {
            assert!(outcome(&format!("parse: {{x: {yaml}}}"), "x:string\n1").is_err(), "{yaml}");
        }
    }
}
