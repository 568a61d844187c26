//! `cramers_v`: how strongly two columns of categories are associated.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::association::{self, Association};
use crate::check::ParamError;
use crate::literal::Literal;
use crate::measure::Table;
use crate::rule::{
    Bound, Columns, Cost, Example, Problem, Rule, RuleDef, Shape, Site, parse_params, schema_of,
};
use crate::scalar::Limits;

/// The catalogue entry.
pub static DEF: RuleDef = RuleDef {
    name: "cramers_v",
    aliases: &[],
    dimension: "distribution",
    summary: "Cramér's V of two columns of categories is within limits.",
    definition: "√(χ² ÷ (n·(min(r, c) − 1))) of the r × c contingency table of the rows where both columns are not null, \
                 with Pearson's χ² (Cramér 1946): from 0 (independent) to 1 (one determines the other). Neither \
                 Yates' nor Bergsma's correction is applied, as in scipy's `association` and unlike pandas-profiling, so \
                 that small tables with many categories look associated. NaN is one value, -0.0 is 0.0. A column with \
                 more than `max_categories` (1,000) values is an error: cut it into bins first. Where a column has a \
                 single value, or there are no rows, it is not defined and the check is skipped.",
    example: Example {
        yaml: "cramers_v: {columns: [ship_mode, carrier], min: 0.5}",
        params: r#"{"columns": ["ship_mode", "carrier"], "min": 0.5}"#,
        input: "ship_mode:utf8,carrier:utf8\nAIR,a\nAIR,a\nRAIL,b\nRAIL,a\n,b\nRAIL,\n",
        status: "pass",
        observed: "0.57735",
    },
    cost: Cost::Frequencies,
    shape: Shape::Scalar,
    columns: Columns::Exactly(2),
    short: None,
    answers_empty: false,
    parse: parse_params::<CramersV>,
    schema: schema_of::<CramersV>,
};

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct CramersV {
    /// Smallest value that passes.
    min: Option<Literal>,
    /// Largest value that passes.
    max: Option<Literal>,
    /// The most categories a column may have (1000).
    max_categories: Option<usize>,
}

impl CramersV {
    fn limits(&self) -> Limits {
        Limits::new(self.min.as_ref(), self.max.as_ref())
    }
}

impl Rule for CramersV {
    fn validate(&self) -> Result<(), ParamError> {
        association::validate(self.max_categories)?;
        self.limits().validate()
    }

    fn expected(&self) -> String {
        format!("Cramér's V {}", self.limits().text())
    }

    fn bind(&self, site: &mut Site<'_>) -> Result<Bound, Problem> {
        association::bind(site, self.limits(), self.max_categories, Association(cramers_v))
    }
}

/// V, or why it is not defined.
fn cramers_v(table: &Table) -> Result<f64, &'static str> {
    let smaller = table.left.len().min(table.right.len());
    if smaller < 2 {
        return Err("a column is constant");
    }
    let rows = table.left.iter().sum::<u64>() as f64;
    let mut filled = 0.0;
    let mut terms: Vec<f64> = Vec::with_capacity(table.cells.len() + 1);
    for cell in &table.cells {
        let expected = cell.left as f64 * cell.right as f64 / rows;
        filled += expected;
        terms.push((cell.count as f64 - expected).powi(2) / expected);
    }
    // Each empty cell adds what was expected of it.
    if table.cells.len() < table.left.len() * table.right.len() {
        terms.push((rows - filled).max(0.0));
    }
    let square = terms.iter().sum::<f64>() / (rows * (smaller - 1) as f64);
    Ok(square.sqrt().min(1.0))
}
