//! The values that `in_set` and `not_in_set` compare with: listed, or in a file.

use std::borrow::Cow;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::datatypes::DataType;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::check::ParamError;
use crate::literal::{Family, Literal, Point, point, type_name};
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
        let points = self.points(&self.literals(data_type)?, data_type)?;
        Ok(ValueSet::new(points, data_type, ignore_case, trim))
    }

    /// The values as literals for a column.
    pub(crate) fn literals(&self, data_type: &DataType) -> Result<Cow<'_, [Literal]>, Problem> {
        let file = match self {
            Self::Listed(values) => return Ok(values.into()),
            Self::File(file) => file,
        };
        let unread = || Problem::new(format!("{file} was not read")).key("values.file");
        let values = file.values.as_deref().ok_or_else(unread)?;
        let of_truths = Family::of(data_type) == Family::Bool;
        Ok(if of_truths { values.iter().map(truth).collect() } else { values.into() })
    }

    /// Its literals brought to the type of a column; one that no value of the type equals is a problem.
    pub(crate) fn points(&self, literals: &[Literal], data_type: &DataType) -> Result<Vec<Point>, Problem> {
        points(literals, data_type).map_err(|(at, problem)| match self {
            Self::Listed(_) => problem.key(format!("values.{at}")),
            Self::File(file) => Problem {
                key: Some("values.file".into()),
                message: format!("value {} of {file}: {}", at + 1, problem.message),
                ..problem
            },
        })
    }
}

/// Literals brought to the type of a column, or which of them no value of the type equals.
pub(crate) fn points(literals: &[Literal], data_type: &DataType) -> Result<Vec<Point>, (usize, Problem)> {
    let brought = |(at, literal): (usize, &Literal)| match point(literal, data_type) {
        Ok(Point::Whole(value)) if !value.exact => {
            Err((at, Problem::new(format!("no value of type {} is {literal}", type_name(data_type)))))
        }
        Ok(point) => Ok(point),
        Err(problem) => Err((at, problem)),
    };
    literals.iter().enumerate().map(brought).collect()
}

/// A text file has no other way to say true and false than in words.
fn truth(literal: &Literal) -> Literal {
    match literal {
        Literal::Text(text) if text.eq_ignore_ascii_case("true") => Literal::Bool(true),
        Literal::Text(text) if text.eq_ignore_ascii_case("false") => Literal::Bool(false),
        other => other.clone(),
    }
}
