//! The envelope: what may stand beside every rule's own parameters.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::pattern::OneOrMany;

/// What every rule shares.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Envelope {
    /// Stable name of the check in reports and history.
    pub id: Option<String>,
    /// Row condition in SQL; rows where it is not true are out of scope.
    #[serde(rename = "where")]
    pub filter: Option<String>,
    /// Columns whose values form groups; the check is judged for each group and fails if one fails. More than
    /// 10,000 groups, or more than about 1 GiB of values that are held for them, are an error. Keys that are looked
    /// for repeats go to disk instead.
    #[serde(deserialize_with = "one_or_many")]
    #[schemars(with = "OneOrMany")]
    pub group_by: Vec<String>,
    /// Share of evaluated rows that must pass.
    pub mostly: Option<Share>,
    /// What a failure leads to.
    pub severity: Severity,
    /// A second, milder threshold: a share for row rules, `{min, max}` for numbers, a number for
    /// distances.
    pub warn: Option<Value>,
    /// What happens to a failing row.
    pub on_row: OnRow,
    /// How null values are treated.
    pub nulls: Option<Nulls>,
    /// Whether an estimate will do.
    pub exactness: Option<Wanted>,
    /// How many failing rows are kept in the report, which of their columns, and whose values are not shown.
    pub samples: Samples,
    /// Quality dimension; the rule's own where absent.
    pub dimension: Option<String>,
    /// Free labels.
    pub tags: Vec<String>,
    /// Who is responsible.
    pub owner: Option<String>,
    /// What the check is for.
    pub description: Option<String>,
}

fn one_or_many<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    Ok(OneOrMany::deserialize(deserializer)?.as_slice().to_vec())
}

/// A number from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize, JsonSchema)]
#[schemars(extend("minimum" = 0, "maximum" = 1))]
pub struct Share(f64);

impl Share {
    /// The number, from 0 to 1.
    pub fn get(self) -> f64 {
        self.0
    }
}

impl<'de> Deserialize<'de> for Share {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let share = f64::deserialize(deserializer)?;
        if (0.0..=1.0).contains(&share) {
            return Ok(Self(share));
        }
        Err(serde::de::Error::custom(format!("{share} is not a share between 0 and 1")))
    }
}

/// What a failure leads to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// It is recorded.
    Log,
    /// It is recorded and people are told; the data is published all the same.
    Alert,
    /// Nothing is published.
    #[default]
    Stop,
}

/// What happens to a failing row.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnRow {
    /// It stays.
    #[default]
    Keep,
    /// It is left out.
    Drop,
    /// It is left out and kept aside with the reasons.
    Quarantine,
    /// It stays; its value becomes null.
    NullOut,
}

/// How null values are treated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Nulls {
    /// They are not evaluated.
    Skip,
    /// They pass.
    Pass,
    /// They fail.
    Fail,
}

/// Whether an estimate will do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Wanted {
    /// The exact figure, whatever it costs.
    Exact,
    /// An estimate with a bound.
    Approx,
}

/// How many failing rows are kept, and which of their columns.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(from = "SamplesForm")]
#[schemars(with = "SamplesForm")]
pub struct Samples {
    /// The first so many failing rows.
    pub rows: usize,
    /// Columns shown; the rule's columns and the suite's keys where absent.
    pub columns: Option<Vec<String>>,
    /// Columns whose values are not shown: neither in rows nor as what any check observed. Counts,
    /// shares and spreads are; what is a value where all are the same, such as a mean, is not.
    pub redact: Vec<String>,
}

impl Default for Samples {
    fn default() -> Self {
        Self { rows: 5, columns: None, redact: Vec::new() }
    }
}

/// A number of rows, or all there is to say.
#[derive(Deserialize, JsonSchema)]
#[serde(untagged, expecting = "a number of rows, or {rows, columns, redact}")]
enum SamplesForm {
    /// The first so many failing rows.
    Rows(usize),
    /// Rows and columns.
    Full(SamplesFull),
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SamplesFull {
    /// The first so many failing rows (5).
    #[serde(default)]
    rows: Option<usize>,
    /// Columns shown.
    #[serde(default)]
    columns: Option<Vec<String>>,
    /// Columns whose values are not shown.
    #[serde(default)]
    redact: Vec<String>,
}

impl From<SamplesForm> for Samples {
    fn from(form: SamplesForm) -> Self {
        match form {
            SamplesForm::Rows(rows) => Self { rows, ..Self::default() },
            SamplesForm::Full(SamplesFull { rows, columns, redact }) => {
                Self { rows: rows.unwrap_or(5), columns, redact }
            }
        }
    }
}
