//! How a schema differs from the columns that are wanted; what `schema` and `schema_match` share.

use arrow::datatypes::Schema;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::declared::Declared;
use crate::literal::type_name;
use crate::verdict::{Outcome, Status};

/// Which columns there may be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Mode {
    /// Those wanted and no others.
    #[default]
    Exact,
    /// At least those wanted.
    Contains,
    /// At most those wanted.
    Subset,
}

impl Mode {
    /// In words, before the columns.
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::Exact => "",
            Self::Contains => "at least ",
            Self::Subset => "at most ",
        }
    }
}

/// How close types have to be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum TypeMode {
    /// The type itself.
    #[default]
    Exact,
    /// A type whose values all fit the one wanted.
    Widenable,
    /// A type of the same nature.
    Family,
}

/// What is compared, and how closely.
#[derive(Debug, Clone, Copy)]
pub(crate) struct How {
    pub(crate) mode: Mode,
    pub(crate) type_mode: TypeMode,
    pub(crate) ordered: bool,
    pub(crate) allow_extra: bool,
}

/// A column that is wanted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted<'a> {
    pub(crate) name: &'a str,
    /// Any type where absent.
    pub(crate) data_type: Option<&'a Declared>,
    /// Whether the column may be absent.
    pub(crate) optional: bool,
}

/// How a schema differs.
#[derive(Debug, Clone, Default)]
pub(crate) struct Differences {
    added: Vec<String>,
    removed: Vec<String>,
    /// Columns with the types wanted and found.
    changed: Vec<(String, String, String)>,
    reordered: Vec<String>,
}

impl Differences {
    pub(crate) fn between(wanted: &[Wanted<'_>], found: &Schema, how: How) -> Self {
        let mut differences = Self::default();
        for column in wanted {
            let Ok(field) = found.field_with_name(column.name) else {
                if !column.optional && how.mode != Mode::Subset {
                    differences.removed.push(column.name.to_owned());
                }
                continue;
            };
            let fits = |declared: &Declared| match how.type_mode {
                TypeMode::Exact => declared.is(field.data_type()),
                TypeMode::Widenable => declared.holds(field.data_type()),
                TypeMode::Family => declared.same_family(field.data_type()),
            };
            if let Some(declared) = column.data_type.filter(|declared| !fits(declared)) {
                let found = type_name(field.data_type());
                differences.changed.push((column.name.to_owned(), declared.name().to_owned(), found));
            }
        }
        let is_wanted = |name: &str| wanted.iter().any(|column| column.name == name);
        let names: Vec<&str> = found.fields().iter().map(|field| field.name().as_str()).collect();
        if how.mode != Mode::Contains && !how.allow_extra {
            let extra = names.iter().filter(|name| !is_wanted(name));
            differences.added = extra.map(|name| (*name).to_owned()).collect();
        }
        if how.ordered {
            let present = names.iter().filter(|name| is_wanted(name));
            let order = wanted.iter().map(|column| column.name).filter(|name| names.contains(name));
            let moved = present.zip(order).filter(|(found, wanted)| *found != wanted);
            differences.reordered = moved.map(|(found, _)| (*found).to_owned()).collect();
        }
        differences
    }

    /// The outcome, given columns with nulls that must have none and what to say where nothing differs.
    pub(crate) fn outcome(&self, with_nulls: &[String], same: &str) -> Outcome {
        let Self { added, removed, changed, reordered } = self;
        let types =
            changed.iter().map(|(name, wanted, found)| format!("{name} is {found} instead of {wanted}"));
        let types: Vec<String> = types.collect();
        let parts = [
            ("added ", added.as_slice()),
            ("removed ", removed),
            ("", &types),
            ("reordered ", reordered),
            ("nulls in ", with_nulls),
        ];
        let parts = parts.iter().filter(|(_, names)| !names.is_empty());
        let text: Vec<String> = parts.map(|(what, names)| format!("{what}{}", names.join(", "))).collect();
        let status = if text.is_empty() { Status::Pass } else { Status::Fail };
        let shown = if text.is_empty() { same.into() } else { text.join("; ") };
        let other_types: Vec<Value> = changed
            .iter()
            .map(|(name, wanted, found)| json!({"column": name, "expected": wanted, "found": found}))
            .collect();
        let observed = json!({
            "added": added, "removed": removed, "changed": other_types, "reordered": reordered, "nulls": with_nulls,
        });
        Outcome::new(status, observed, shown)
    }
}
