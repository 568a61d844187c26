//! `nan_inf`: floats are finite numbers.

use arrow::array::BooleanArray;
use arrow::error::ArrowError;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::check::ParamError;
use crate::literal::{Family, type_name};
use crate::mask::{pack, with_nulls};
use crate::measure::floats;
use crate::rule::{
    Bound, Columns, Cost, Example, Problem, RowTest, Rows, Rule, RuleDef, Shape, Site, parse_params,
    schema_of,
};

/// The catalogue entry.
pub static DEF: RuleDef = RuleDef {
    name: "nan_inf",
    aliases: &[],
    dimension: "validity",
    summary: "Every float is a finite number.",
    definition: "A row passes when its value is neither NaN (unless `allow_nan`) nor positive or negative infinity \
                 (unless `allow_inf`). Null is not evaluated (see `nulls`): it is not NaN. Where nothing is evaluated \
                 the check is skipped. Columns of other types, which hold nothing of the kind, are refused. Footers \
                 cannot answer it, as their statistics leave out NaN.",
    example: Example {
        yaml: "nan_inf: {column: ratio, allow_inf: true}",
        params: r#"{"column": "ratio", "allow_inf": true}"#,
        input: "ratio:float64\n0.5\nnan\n-inf\n\n",
        status: "fail",
        observed: "1 of 3 fail (33.33 %)",
    },
    cost: Cost::Row,
    shape: Shape::Row,
    columns: Columns::One,
    short: None,
    answers_empty: false,
    parse: parse_params::<NanInf>,
    schema: schema_of::<NanInf>,
};

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct NanInf {
    /// Whether NaN passes.
    allow_nan: bool,
    /// Whether infinities pass.
    allow_inf: bool,
}

impl Rule for NanInf {
    fn validate(&self) -> Result<(), ParamError> {
        if self.allow_nan && self.allow_inf {
            return Err(ParamError::new("NaN and infinity are both allowed, so nothing could fail")
                .key("allow_nan")
                .hint("allow one of them, or leave the check out"));
        }
        Ok(())
    }

    fn expected(&self) -> String {
        match (self.allow_nan, self.allow_inf) {
            (true, _) => "not infinite".into(),
            (false, true) => "not NaN".into(),
            (false, false) => "finite".into(),
        }
    }

    fn bind(&self, site: &mut Site<'_>) -> Result<Bound, Problem> {
        let (name, data_type) = site.column()?;
        if Family::of(data_type) != Family::Float {
            let shown = type_name(data_type);
            let misfit =
                Problem::new(format!("column \"{name}\" is of type {shown}, which has no NaN or infinity"));
            return Err(misfit.key("column").hint("give a column of floats"));
        }
        Ok(Bound::Rows(Box::new(Finite { allow_nan: self.allow_nan, allow_inf: self.allow_inf })))
    }
}

#[derive(Debug)]
struct Finite {
    allow_nan: bool,
    allow_inf: bool,
}

impl RowTest for Finite {
    fn test(&self, rows: &Rows<'_>) -> Result<BooleanArray, ArrowError> {
        let column = rows.first()?;
        let values = floats(column)?;
        let mask = match (self.allow_nan, self.allow_inf) {
            (true, _) => pack(&values, |value| !value.is_infinite()),
            (false, true) => pack(&values, |value| !value.is_nan()),
            (false, false) => pack(&values, f64::is_finite),
        };
        Ok(with_nulls(mask, column))
    }

    fn per_value(&self) -> bool {
        true
    }
}
