//! `schema_match`: columns and types are those of another dataset.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::check::ParamError;
use crate::declared::Declared;
use crate::measure::Readings;
use crate::other::{Dataset, rows_of};
use crate::proofs::Proofs;
use crate::reference::Reference;
use crate::rule::{
    Bound, Columns, Cost, Example, Judge, Problem, Rule, RuleDef, Shape, Site, parse_params, schema_of,
};
use crate::schema_difference::{Differences, How, Mode, TypeMode, Wanted};
use crate::verdict::{AnsweredFrom, Outcome};

/// The catalogue entry.
pub static DEF: RuleDef = RuleDef {
    name: "schema_match",
    aliases: &[],
    dimension: "consistency",
    summary: "The dataset has the columns and types of another one.",
    definition: "As `schema`, with the other dataset's columns in place of declared ones: `mode: exact` (default) wants \
                 them and no others, `contains` at least them, `subset` at most them. `type_mode: exact` (default) wants \
                 the type itself, `widenable` a type all of whose values fit the one there, `family` one of the same \
                 nature. Texts are texts whatever their layout, and dictionaries count as their values. Names have to be \
                 equal to the letter (datacompy lower-cases them), and a column too many is a difference, as in Great \
                 Expectations' `expect_table_columns_to_match_set`. Order counts with `ordered: true` only. \
                 Whether nulls may occur is no part of it: every column may hold nulls here. `where` on either side does \
                 not matter. Found in the plan before any data is read, so there is an answer for empty datasets too.",
    example: Example {
        yaml: "schema_match: {to: {source: cities}}",
        params: r#"{"to": {"source": "cities"}}"#,
        input: "name:utf8,country:utf8\nBern,CH\n",
        status: "fail",
        observed: "added country; removed population, area",
    },
    cost: Cost::Footer,
    shape: Shape::Whole,
    columns: Columns::None,
    short: None,
    answers_empty: true,
    parse: parse_params::<SchemaMatch>,
    schema: schema_of::<SchemaMatch>,
};

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SchemaMatch {
    /// The dataset whose columns are wanted.
    to: Dataset,
    /// Which columns there may be.
    #[serde(default)]
    mode: Mode,
    /// Whether the order of columns matters.
    #[serde(default)]
    ordered: bool,
    /// How close types have to be.
    #[serde(default)]
    type_mode: TypeMode,
    /// Columns that are left out of the comparison on both sides.
    #[serde(default)]
    ignore_columns: Vec<String>,
}

impl Rule for SchemaMatch {
    fn validate(&self) -> Result<(), ParamError> {
        self.to.validate("to")
    }

    fn reference(&self) -> Option<Reference> {
        Some(self.to.schema())
    }

    fn about(&self) -> Option<String> {
        Some(self.to.name().to_owned())
    }

    fn expected(&self) -> String {
        format!("{}the columns of {}", self.mode.text(), self.to.name())
    }

    fn bind(&self, site: &mut Site<'_>) -> Result<Bound, Problem> {
        let other = rows_of(site, &self.to.schema())?;
        let is_compared = |name: &str| !self.ignore_columns.iter().any(|ignored| ignored == name);
        let fields = other.schema.fields().iter().filter(|field| is_compared(field.name()));
        let fields: Vec<(&str, Declared)> =
            fields.map(|field| (field.name().as_str(), Declared::of(field.data_type()))).collect();
        let wanted: Vec<Wanted<'_>> = fields
            .iter()
            .map(|(name, data_type)| Wanted { name, data_type: Some(data_type), optional: false })
            .collect();
        let kept: Vec<usize> =
            (0..site.schema.fields().len()).filter(|at| is_compared(site.schema.field(*at).name())).collect();
        let found = site.schema.project(&kept).map_err(|error| Problem::new(error.to_string()))?;
        let how =
            How { mode: self.mode, type_mode: self.type_mode, ordered: self.ordered, allow_extra: false };
        Ok(Bound::Whole(Box::new(Compared { differences: Differences::between(&wanted, &found, how) })))
    }
}

#[derive(Debug)]
struct Compared {
    differences: Differences,
}

impl Judge for Compared {
    fn judge(&self, _: &Readings<'_>) -> Outcome {
        self.differences.outcome(&[], "the same columns").from(AnsweredFrom::Plan)
    }

    fn prove(&self, _: &Proofs, _: DateTime<Utc>) -> Option<Outcome> {
        Some(self.differences.outcome(&[], "the same columns").from(AnsweredFrom::Plan))
    }
}
