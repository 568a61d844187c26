//! `mutual_information`: how much two columns of categories tell of each other.

use schemars::JsonSchema;
use serde::Deserialize;

use super::entropy::nats;
use crate::association::{self, Association};
use crate::check::ParamError;
use crate::literal::Literal;
use crate::measure::{Cell, Table};
use crate::rule::{
    Bound, Columns, Cost, Example, Problem, Rule, RuleDef, Shape, Site, parse_params, schema_of,
};
use crate::scalar::Limits;

/// The catalogue entry.
pub static DEF: RuleDef = RuleDef {
    name: "mutual_information",
    aliases: &[],
    dimension: "distribution",
    summary: "The mutual information of two columns of categories is within limits.",
    definition: "Σ p(x,y)·ln(p(x,y) ÷ (p(x)·p(y))) over the rows where both columns are not null, in nats: the plug-in \
                 estimate, not corrected for its bias, which is above 0 for independent columns too. `normalised: true` \
                 divides by the mean of both entropies (from 0 to 1; scikit-learn's default, Deequ has no such option). \
                 NaN is one value, -0.0 is 0.0. A column with more than `max_categories` (1,000) values is an error: cut \
                 it into bins first. Without rows, or normalised where both columns are constant, the check is skipped.",
    example: Example {
        yaml: "mutual_information: {columns: [ship_mode, carrier], min: 0.5, normalised: true}",
        params: r#"{"columns": ["ship_mode", "carrier"], "min": 0.5, "normalised": true}"#,
        input: "ship_mode:utf8,carrier:utf8\nAIR,a\nAIR,a\nRAIL,b\nRAIL,a\n,b\nRAIL,\n",
        status: "fail",
        observed: "0.343711",
    },
    cost: Cost::Frequencies,
    shape: Shape::Scalar,
    columns: Columns::Exactly(2),
    short: None,
    answers_empty: false,
    parse: parse_params::<MutualInformation>,
    schema: schema_of::<MutualInformation>,
};

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct MutualInformation {
    /// Smallest value that passes.
    min: Option<Literal>,
    /// Largest value that passes.
    max: Option<Literal>,
    /// Whether it is divided by the mean of both entropies.
    #[serde(default)]
    normalised: bool,
    /// The most categories a column may have (1000).
    max_categories: Option<usize>,
}

impl MutualInformation {
    fn limits(&self) -> Limits {
        Limits::new(self.min.as_ref(), self.max.as_ref())
    }
}

impl Rule for MutualInformation {
    fn validate(&self) -> Result<(), ParamError> {
        association::validate(self.max_categories)?;
        self.limits().validate()
    }

    fn expected(&self) -> String {
        let what =
            if self.normalised { "normalised mutual information" } else { "mutual information (nats)" };
        format!("{what} {}", self.limits().text())
    }

    fn bind(&self, site: &mut Site<'_>) -> Result<Bound, Problem> {
        let figure = if self.normalised { normalised } else { |table: &Table| Ok(information(table)) };
        association::bind(site, self.limits(), self.max_categories, Association(figure))
    }
}

/// I(x; y) in nats; never below 0.
fn information(table: &Table) -> f64 {
    let rows = table.left.iter().sum::<u64>() as f64;
    let term = |cell: &Cell| {
        let (count, left, right) = (cell.count as f64, cell.left as f64, cell.right as f64);
        count / rows * (count * rows / (left * right)).ln()
    };
    table.cells.iter().map(term).sum::<f64>().max(0.0)
}

/// I(x; y) ÷ ((H(x) + H(y)) ÷ 2).
fn normalised(table: &Table) -> Result<f64, &'static str> {
    let rows = table.left.iter().sum();
    let entropies = nats(&table.left, rows) + nats(&table.right, rows);
    if entropies == 0.0 {
        return Err("both columns are constant");
    }
    Ok((information(table) / (entropies / 2.0)).min(1.0))
}
