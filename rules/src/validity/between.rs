//! `between`: values lie within limits.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::check::ParamError;
use crate::comparison::{self, Op};
use crate::literal::Operand;
use crate::rule::{
    Bound, Columns, Cost, Example, Problem, Rule, RuleDef, Shape, Site, parse_params, schema_of,
};

/// The catalogue entry.
pub static DEF: RuleDef = RuleDef {
    name: "between",
    aliases: &[],
    dimension: "validity",
    summary: "Every value lies between limits, which may be literals or other columns.",
    definition: "Both limits are included unless `strict_min` or `strict_max`; either may be left out. Numbers, \
                 decimals, dates and timestamps are compared exactly (as floats, where one of two columns has floats), \
                 texts by their UTF-8 bytes. NaN lies between no \
                 limits and fails; infinities are compared as numbers. A row where the value or a limit is null is \
                 not evaluated (see `nulls`). Where nothing is evaluated the check is skipped. Footers answer it \
                 (but for floats, whose statistics leave out NaN) when no row can fail.",
    example: Example {
        yaml: "between: {column: quantity, min: 1, max: 50}",
        params: r#"{"column": "quantity", "min": 1, "max": 50}"#,
        input: "quantity:float64\n1\n50\n50.5\n\nnan\n",
        status: "fail",
        observed: "2 of 4 fail (50 %)",
    },
    cost: Cost::Footer,
    shape: Shape::Row,
    columns: Columns::One,
    short: None,
    answers_empty: false,
    parse: parse_params::<Between>,
    schema: schema_of::<Between>,
};

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Between {
    /// Smallest value that passes, or the column that holds it.
    min: Option<Operand>,
    /// Largest value that passes, or the column that holds it.
    max: Option<Operand>,
    /// Whether the smallest value itself fails.
    #[serde(default)]
    strict_min: bool,
    /// Whether the largest value itself fails.
    #[serde(default)]
    strict_max: bool,
}

impl Rule for Between {
    fn validate(&self) -> Result<(), ParamError> {
        if self.min.is_none() && self.max.is_none() {
            return Err(ParamError::new("neither min nor max is given").key("min").hint("give at least one"));
        }
        let number = |operand: &Option<Operand>| match operand {
            Some(Operand::Literal(literal)) => literal.to_string().parse::<f64>().ok(),
            _ => None,
        };
        match (number(&self.min), number(&self.max)) {
            (Some(min), Some(max)) if min > max => {
                Err(ParamError::new(format!("min {min} is above max {max}, so nothing could pass"))
                    .key("min"))
            }
            _ => Ok(()),
        }
    }

    fn other_columns(&self) -> Vec<&str> {
        self.min.iter().chain(&self.max).filter_map(Operand::column).collect()
    }

    fn expected(&self) -> String {
        let min = self.min.as_ref().map(|min| (if self.strict_min { Op::Gt } else { Op::Ge }, min));
        let max = self.max.as_ref().map(|max| (if self.strict_max { Op::Lt } else { Op::Le }, max));
        match (min, max) {
            (Some((Op::Ge, min)), Some((Op::Le, max))) => format!("between {min} and {max}"),
            (min, max) => {
                let parts: Vec<String> =
                    min.into_iter().chain(max).map(|(op, limit)| format!("{} {limit}", op.text())).collect();
                parts.join(" and ")
            }
        }
    }

    fn bind(&self, site: &mut Site<'_>) -> Result<Bound, Problem> {
        let min = self.min.as_ref().map(|min| (if self.strict_min { Op::Gt } else { Op::Ge }, min, "min"));
        let max = self.max.as_ref().map(|max| (if self.strict_max { Op::Lt } else { Op::Le }, max, "max"));
        let parts: Vec<_> = min.into_iter().chain(max).collect();
        comparison::bind(site, &parts)
    }
}
