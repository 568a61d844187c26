//! `schema`: columns and types are as declared.

use arrow::datatypes::Schema as ArrowSchema;
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::check::ParamError;
use crate::declared::Declared;
use crate::measure::{Readings, What};
use crate::proofs::Proofs;
use crate::rule::{
    Bound, Columns, Cost, Example, Judge, Problem, Rule, RuleDef, Shape, Site, parse_params, schema_of,
};
use crate::schema_difference::{Differences, How, Mode, TypeMode, Wanted};
use crate::verdict::{AnsweredFrom, Outcome};

/// The catalogue entry.
pub static DEF: RuleDef = RuleDef {
    name: "schema",
    aliases: &[],
    dimension: "schema",
    summary: "The dataset has the columns and types that are declared.",
    definition: "`mode: exact` (default) wants the declared columns and no others, `contains` allows others, `subset` \
                 allows declared ones to be absent. `optional: true` lets a column be absent, `allow_extra: true` \
                 others be present, `ordered: true` wants the declared order. `type_mode: exact` (default) wants the \
                 type itself, `widenable` a type all of whose values fit the declared one, `family` one of the same \
                 nature. Texts are texts whatever their layout. `nullable: false` wants no nulls, which footers or the \
                 rows answer. Without rows the declaration still holds or does not: the check has an answer for an \
                 empty dataset. Found in the schema before any data is read.",
    example: Example {
        yaml: "schema: {columns: {id: int64, name: {type: string, optional: true}}}",
        params: r#"{"columns": {"id": "int64", "name": {"type": "string", "optional": true}}}"#,
        input: "id:int64,extra:utf8\n1,a\n",
        status: "fail",
        observed: "added extra",
    },
    cost: Cost::Footer,
    shape: Shape::Whole,
    columns: Columns::None,
    short: None,
    answers_empty: true,
    parse: parse_params::<Schema>,
    schema: schema_of::<Schema>,
};

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Schema {
    /// The columns: a mapping from names to types, or a list.
    columns: ColumnsForm,
    /// Which columns there may be.
    #[serde(default)]
    mode: Mode,
    /// Whether the order of columns matters.
    #[serde(default)]
    ordered: bool,
    /// Whether other columns may be present.
    #[serde(default)]
    allow_extra: bool,
    /// How close types have to be.
    #[serde(default)]
    type_mode: TypeMode,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(
    untagged,
    expecting = "columns as {name: type}, {name: {type, nullable, optional}}, or a list of {name, type, …}"
)]
enum ColumnsForm {
    /// Types by name.
    Map(#[schemars(with = "std::collections::BTreeMap<String, ColumnForm>")] Map<String, Value>),
    /// Columns in a list.
    List(Vec<NamedColumn>),
}

/// What may stand beside a column's name.
#[derive(JsonSchema)]
#[serde(untagged)]
#[expect(
    dead_code,
    reason = "describes the form; entries are read one by one, so that errors name the column"
)]
enum ColumnForm {
    /// A type.
    Type(Declared),
    /// A type and more.
    Full(FullColumn),
}

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct FullColumn {
    /// The type; any where absent.
    #[serde(rename = "type")]
    data_type: Option<Declared>,
    /// Whether nulls may occur.
    #[serde(default = "yes")]
    nullable: bool,
    /// Whether the column may be absent.
    #[serde(default)]
    optional: bool,
}

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NamedColumn {
    /// The column's name.
    name: String,
    /// The type; any where absent.
    #[serde(rename = "type")]
    data_type: Option<Declared>,
    /// Whether nulls may occur.
    #[serde(default = "yes")]
    nullable: bool,
    /// Whether the column may be absent.
    #[serde(default)]
    optional: bool,
}

fn yes() -> bool {
    true
}

impl Schema {
    fn declared(&self) -> Result<Vec<NamedColumn>, ParamError> {
        let entries = match &self.columns {
            ColumnsForm::List(columns) => return Ok(columns.clone()),
            ColumnsForm::Map(entries) => entries,
        };
        let read = |(name, value): (&String, &Value)| {
            // The untagged form would hide which part of an entry is wrong.
            let full: Result<FullColumn, _> = match value {
                Value::String(_) => Declared::deserialize(value).map(|data_type| FullColumn {
                    data_type: Some(data_type),
                    nullable: true,
                    optional: false,
                }),
                _ => FullColumn::deserialize(value),
            };
            full.map_err(|error| ParamError::new(error.to_string()).key(format!("columns.{name}"))).map(
                |full| {
                    let FullColumn { data_type, nullable, optional } = full;
                    NamedColumn { name: name.clone(), data_type, nullable, optional }
                },
            )
        };
        entries.iter().map(read).collect()
    }

    fn compare(&self, declared: &[NamedColumn], found: &ArrowSchema) -> Differences {
        let wanted: Vec<Wanted<'_>> = declared
            .iter()
            .map(|column| Wanted {
                name: &column.name,
                data_type: column.data_type.as_ref(),
                optional: column.optional,
            })
            .collect();
        let how = How {
            mode: self.mode,
            type_mode: self.type_mode,
            ordered: self.ordered,
            allow_extra: self.allow_extra,
        };
        Differences::between(&wanted, found, how)
    }
}

impl Rule for Schema {
    fn validate(&self) -> Result<(), ParamError> {
        let declared = self.declared()?;
        if declared.is_empty() {
            return Err(ParamError::new("no columns are declared").key("columns"));
        }
        let twice = declared
            .iter()
            .enumerate()
            .find(|(at, column)| declared.iter().take(*at).any(|other| other.name == column.name));
        match twice {
            Some((_, column)) => {
                Err(ParamError::new(format!("column \"{}\" is declared twice", column.name)).key("columns"))
            }
            None => Ok(()),
        }
    }

    fn expected(&self) -> String {
        let count = match &self.columns {
            ColumnsForm::Map(entries) => entries.len(),
            ColumnsForm::List(columns) => columns.len(),
        };
        let which = self.mode.text();
        format!("{which}the {count} declared columns")
    }

    fn bind(&self, site: &mut Site<'_>) -> Result<Bound, Problem> {
        let declared = self.declared()?;
        let differences = self.compare(&declared, site.schema);
        let mut required = Vec::new();
        for column in declared.iter().filter(|column| !column.nullable) {
            if site.schema.field_with_name(&column.name).is_ok() {
                let measure = site.measure(What::Rows, std::slice::from_ref(&column.name));
                required.push((column.name.clone(), measure));
            }
        }
        Ok(Bound::Whole(Box::new(Compared { differences, required })))
    }
}

#[derive(Debug)]
struct Compared {
    differences: Differences,
    /// Columns that must hold no nulls, with the measure that counts them.
    required: Vec<(String, usize)>,
}

impl Judge for Compared {
    fn judge(&self, readings: &Readings<'_>) -> Outcome {
        let nulls = |measure: &usize| readings.at(*measure).map_or(0, |all| all.nulls);
        let with_nulls = self.required.iter().filter(|(_, measure)| nulls(measure) > 0);
        self.differences.outcome(&with_nulls.map(|(name, _)| name.clone()).collect::<Vec<_>>(), "as declared")
    }

    fn prove(&self, proofs: &Proofs, _: DateTime<Utc>) -> Option<Outcome> {
        let mut with_nulls = Vec::new();
        for (name, _) in &self.required {
            if proofs.nulls(name)? > 0 {
                with_nulls.push(name.clone());
            }
        }
        let from = if self.required.is_empty() { AnsweredFrom::Plan } else { AnsweredFrom::Footer };
        Some(self.differences.outcome(&with_nulls, "as declared").from(from))
    }
}
