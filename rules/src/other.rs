//! The other dataset that a rule compares with: how it is named, what is asked of it, and which of its
//! columns belong to which of the check's.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::datatypes::DataType;
use arrow::error::ArrowError;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::align::{Align, align, align_keys};
use crate::check::ParamError;
use crate::literal::type_name;
use crate::measure::{Accumulated, What, over, unpacked};
use crate::pattern::OneOrMany;
use crate::reference::{Columns, Gathered, OtherRows, Reference, Want};
use crate::rule::{Problem, Site};

/// Another dataset, and columns of it.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct To {
    /// A source of the pipeline.
    source: Option<String>,
    /// A table of the pipeline.
    table: Option<String>,
    /// Its columns, in the order of the check's.
    #[serde(alias = "column")]
    columns: OneOrMany,
    /// A condition on its rows, in SQL.
    #[serde(rename = "where")]
    filter: Option<String>,
}

impl To {
    /// Refuses what names no dataset, or two, or no columns.
    pub(crate) fn validate(&self) -> Result<(), ParamError> {
        named_once(self.source.as_ref(), self.table.as_ref(), "to")?;
        if self.columns().is_empty() {
            return Err(ParamError::new("the other dataset's columns are not named").key("to.columns"));
        }
        Ok(())
    }

    pub(crate) fn dataset(&self) -> &str {
        self.source.as_deref().or(self.table.as_deref()).unwrap_or_default()
    }

    pub(crate) fn columns(&self) -> &[String] {
        self.columns.as_slice()
    }

    /// What is wanted of its columns.
    pub(crate) fn reference(&self, want: Want) -> Reference {
        Reference {
            dataset: self.dataset().to_owned(),
            columns: Columns::Named(self.columns().to_vec()),
            filter: self.filter.clone(),
            want,
        }
    }

    /// In words: `cities(name)`.
    pub(crate) fn text(&self) -> String {
        format!("{}({})", self.dataset(), self.columns().join(", "))
    }
}

/// Another dataset.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Dataset {
    /// A source of the pipeline.
    source: Option<String>,
    /// A table of the pipeline.
    table: Option<String>,
    /// A condition on its rows, in SQL.
    #[serde(rename = "where")]
    filter: Option<String>,
}

impl Dataset {
    /// Refuses what names no dataset, or two, in the parameter `key`.
    pub(crate) fn validate(&self, key: &str) -> Result<(), ParamError> {
        named_once(self.source.as_ref(), self.table.as_ref(), key)
    }

    pub(crate) fn name(&self) -> &str {
        self.source.as_deref().or(self.table.as_deref()).unwrap_or_default()
    }

    /// Which columns it has.
    pub(crate) fn schema(&self) -> Reference {
        Reference { dataset: self.name().to_owned(), columns: Columns::All, filter: None, want: Want::Schema }
    }

    /// Its rows, with these columns.
    pub(crate) fn rows(&self, columns: Columns) -> Reference {
        Reference { dataset: self.name().to_owned(), columns, filter: self.filter.clone(), want: Want::Rows }
    }

    /// In words: `cities where population < 1000`.
    pub(crate) fn text(&self) -> String {
        self.filter
            .as_ref()
            .map_or_else(|| self.name().to_owned(), |filter| format!("{} where {filter}", self.name()))
    }
}

fn named_once(source: Option<&String>, table: Option<&String>, key: &str) -> Result<(), ParamError> {
    match (source, table) {
        (None, None) => {
            Err(ParamError::new("the other dataset is not named").key(key).hint("give source or table"))
        }
        (Some(_), Some(_)) => {
            let both = ParamError::new("both source and table are given").key(format!("{key}.table"));
            Err(both.hint("keep one"))
        }
        _ => Ok(()),
    }
}

/// The rows that were gathered for a reference.
pub(crate) fn rows_of(site: &Site<'_>, reference: &Reference) -> Result<Arc<OtherRows>, Problem> {
    match site.gathered(reference) {
        Some(Gathered::Rows(rows)) => Ok(Arc::clone(rows)),
        _ => Err(Problem::new(format!("the rows of \"{}\" were not gathered", reference.dataset)).key("to")),
    }
}

/// So many rows are measured at once: of a large batch, hashes and copies would take more room than it does.
const MEASURED_AT_ONCE: usize = 1 << 16;

/// What a measure gives over columns of the other dataset.
pub(crate) fn measured(what: &What, names: &[String], rows: &OtherRows) -> Result<Accumulated, ArrowError> {
    let fields = names.iter().map(|name| Ok(rows.schema.field_with_name(name)?.data_type().clone()));
    let types = fields.collect::<Result<Vec<_>, ArrowError>>()?;
    let slices = rows.batches.iter().flat_map(|batch| {
        let starts = (0..batch.num_rows()).step_by(MEASURED_AT_ONCE);
        starts.map(|start| batch.slice(start, MEASURED_AT_ONCE.min(batch.num_rows() - start)))
    });
    let batches = slices.map(|batch| {
        let column = |name: &String| {
            let missing = || ArrowError::SchemaError(format!("the other dataset has no \"{name}\""));
            unpacked(batch.column_by_name(name).ok_or_else(missing)?)
        };
        Ok((names.iter().map(column).collect::<Result<Vec<_>, _>>()?, batch.num_rows()))
    });
    over(what, &types, batches)
}

/// Columns here, each with one of the other dataset.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "a column, a list of columns, or {column here: column there}")]
pub(crate) enum Pairs {
    /// One, of the same name there.
    One(String),
    /// Several, of the same names there.
    Many(Vec<String>),
    /// Columns there by columns here.
    Map(#[schemars(with = "BTreeMap<String, String>")] Map<String, Value>),
}

impl Pairs {
    /// Refuses no columns, names that are no texts, and a column here named twice.
    pub(crate) fn validate(&self, key: &str) -> Result<(), ParamError> {
        let here = self.here();
        if here.is_empty() {
            return Err(ParamError::new("no columns are named").key(key));
        }
        if let Some(twice) = here.iter().enumerate().find(|(at, name)| here[..*at].contains(name)) {
            return Err(ParamError::new(format!("column \"{}\" is named twice", twice.1)).key(key));
        }
        match self {
            Self::Map(map) if !map.values().all(Value::is_string) => {
                Err(ParamError::new("column names have to be texts").key(key))
            }
            _ => Ok(()),
        }
    }

    /// The columns here.
    pub(crate) fn here(&self) -> Vec<&str> {
        match self {
            Self::One(name) => vec![name],
            Self::Many(names) => names.iter().map(String::as_str).collect(),
            Self::Map(map) => map.keys().map(String::as_str).collect(),
        }
    }

    /// The columns there, in the same order.
    pub(crate) fn there(&self) -> Vec<&str> {
        match self {
            Self::Map(map) => map.values().filter_map(Value::as_str).collect(),
            _ => self.here(),
        }
    }
}

/// A column here and one there, with how the two are brought together.
#[derive(Debug, Clone)]
pub(crate) struct Pair {
    pub(crate) here: String,
    pub(crate) there: String,
    pub(crate) ways: (Align, Align),
}

impl Pair {
    /// A pair of key columns.
    pub(crate) fn of_keys(
        here: (&str, &DataType),
        there: (&str, &DataType),
        key: &str,
    ) -> Result<Self, Problem> {
        Self::of(here, there, key, align_keys(here.1, there.1))
    }

    /// A pair of columns whose values are compared.
    pub(crate) fn of_values(
        here: (&str, &DataType),
        there: (&str, &DataType),
        key: &str,
    ) -> Result<Self, Problem> {
        Self::of(here, there, key, align(here.1, there.1))
    }

    fn of(
        here: (&str, &DataType),
        there: (&str, &DataType),
        key: &str,
        ways: Option<(Align, Align)>,
    ) -> Result<Self, Problem> {
        let (mine, theirs) = (type_name(here.1), type_name(there.1));
        let apart = || {
            Problem::new(format!(
                "column \"{}\" ({mine}) cannot be compared with \"{}\" ({theirs}) of the other dataset",
                here.0, there.0
            ))
            .key(key)
            .hint("cast one of them to the type of the other")
        };
        let ways = ways.ok_or_else(apart)?;
        Ok(Self { here: here.0.to_owned(), there: there.0.to_owned(), ways })
    }
}

/// The type of a column of the other dataset.
pub(crate) fn other_type<'a>(rows: &'a OtherRows, name: &str, key: &str) -> Result<&'a DataType, Problem> {
    let field = rows.schema.field_with_name(name);
    field.map(arrow::datatypes::Field::data_type).map_err(|_| {
        let known: Vec<&str> = rows.schema.fields().iter().map(|field| field.name().as_str()).collect();
        Problem::new(format!("the other dataset has no column \"{name}\""))
            .key(key)
            .unknown(name)
            .hint(format!("its columns are {}", known.join(", ")))
    })
}

/// The key columns of a check with those of the other dataset.
pub(crate) fn key_pairs(
    here: &[(String, DataType)],
    there: &[String],
    rows: &OtherRows,
) -> Result<Vec<Pair>, Problem> {
    if here.len() != there.len() {
        let message = format!("{} columns are compared with {}", here.len(), there.len());
        return Err(Problem::new(message).key("to.columns"));
    }
    let pairs = here.iter().zip(there).map(|((name, data_type), other)| {
        Pair::of_keys((name, data_type), (other, other_type(rows, other, "to.columns")?), "columns")
    });
    pairs.collect()
}
