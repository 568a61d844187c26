//! The values that `in_set` and `not_in_set` compare with: listed, or in a file.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::datatypes::DataType;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::check::ParamError;
use crate::literal::{Family, Literal};
use crate::rule::Problem;
use crate::scalar::grouped;
use crate::value_set::ValueSet;

/// Values, or where they are.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "a list of values, or {file: path} or {file: path, column: name}")]
pub(crate) enum Values {
    /// The values.
    Listed(Vec<Literal>),
    /// A file of them.
    File(ValuesFile),
}

/// A file of values: one a line, or a column of a CSV or Parquet file. Blank lines and nulls are no values.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ValuesFile {
    /// Its path, relative to the pipeline file, or its address in a store. `.csv`, `.tsv` and `.parquet`
    /// are read as such, the first two with a header; anything else as text with one value a line.
    pub file: String,
    /// Which column of a CSV or Parquet file, if it has several.
    pub column: Option<String>,
    /// What was read from it.
    #[serde(skip)]
    #[schemars(skip)]
    values: Option<Arc<[Literal]>>,
}

impl PartialEq for ValuesFile {
    fn eq(&self, other: &Self) -> bool {
        (&self.file, &self.column) == (&other.file, &other.column)
    }
}

impl Eq for ValuesFile {}

impl Hash for ValuesFile {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (&self.file, &self.column).hash(state);
    }
}

impl std::fmt::Display for ValuesFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.file)?;
        self.column.as_ref().map_or(Ok(()), |column| write!(f, "({column})"))
    }
}

impl Values {
    /// Refuses an empty list; an empty file is found when it is read.
    pub(crate) fn validate(&self, consequence: &str) -> Result<(), ParamError> {
        match self {
            Self::Listed(values) if values.is_empty() => {
                Err(ParamError::new(format!("values is empty, so {consequence}")).key("values"))
            }
            Self::Listed(_) | Self::File(_) => Ok(()),
        }
    }

    /// The file they are in, if they are in one.
    pub(crate) fn file(&self) -> Option<&ValuesFile> {
        match self {
            Self::Listed(_) => None,
            Self::File(file) => Some(file),
        }
    }

    /// The same with what was read from the file.
    pub(crate) fn read(&self, values: Arc<[Literal]>) -> Self {
        match self {
            Self::Listed(_) => self.clone(),
            Self::File(file) => Self::File(ValuesFile { values: Some(values), ..file.clone() }),
        }
    }

    /// A few of the values, or the file, in words.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Listed(values) => {
                let mut text: Vec<String> = values.iter().take(8).map(ToString::to_string).collect();
                if values.len() > 8 {
                    text.push(format!("… ({} values)", values.len()));
                }
                text.join(", ")
            }
            Self::File(file) => match &file.values {
                Some(values) => format!("the {} values of {file}", grouped(values.len() as i128)),
                None => format!("the values of {file}"),
            },
        }
    }

    /// The values brought to the type of a column.
    pub(crate) fn set(
        &self,
        data_type: &DataType,
        ignore_case: bool,
        trim: bool,
    ) -> Result<ValueSet, Problem> {
        let file = match self {
            Self::Listed(values) => return ValueSet::new(values, data_type, ignore_case, trim),
            Self::File(file) => file,
        };
        let unread = || Problem::new(format!("{file} was not read")).key("values.file");
        let values = file.values.as_ref().ok_or_else(unread)?;
        let truths =
            (Family::of(data_type) == Family::Bool).then(|| values.iter().map(truth).collect::<Vec<_>>());
        ValueSet::new(truths.as_deref().unwrap_or(values), data_type, ignore_case, trim).map_err(|problem| {
            let Problem { key, message, hint } = problem;
            let at =
                key.as_deref().and_then(|key| key.strip_prefix("values[")?.strip_suffix(']')?.parse().ok());
            let which = at.map_or_else(String::new, |at: usize| format!("value {} of ", at + 1));
            Problem { key: Some("values.file".into()), message: format!("{which}{file}: {message}"), hint }
        })
    }
}

/// A text file has no other way to say true and false than in words.
fn truth(literal: &Literal) -> Literal {
    match literal {
        Literal::Text(text) if text.eq_ignore_ascii_case("true") => Literal::Bool(true),
        Literal::Text(text) if text.eq_ignore_ascii_case("false") => Literal::Bool(false),
        other => other.clone(),
    }
}
