//! What is said about a check in the end.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::baseline::Compared;
use crate::check::{OnRow, Severity};
use crate::sample::Sample;

/// The result of one check.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Verdict {
    /// Stable name of the check in reports and history.
    pub id: String,
    /// The rule applied.
    pub rule: String,
    /// The columns it was applied to.
    pub columns: Vec<String>,
    /// The scope, as SQL.
    #[serde(rename = "where", skip_serializing_if = "Option::is_none", default)]
    pub filter: Option<String>,
    /// What a failure leads to.
    pub severity: Severity,
    /// What came out.
    pub status: Status,
    /// What was found, for machines.
    pub observed: Value,
    /// What was found, in words.
    pub observed_text: String,
    /// What was wanted, in words.
    pub expected: String,
    /// Rows or values that were looked at.
    pub n_evaluated: u64,
    /// Rows or values that failed, for rules that can tell.
    pub n_failed: u64,
    /// Rows in scope whose value was null.
    pub n_null: u64,
    /// Whether the observed figure is exact.
    pub exactness: Exactness,
    /// Where the answer came from.
    pub answered_from: AnsweredFrom,
    /// The published points it was reached against, for rules that compare with history.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub baseline: Option<Compared>,
    /// Rows that fail, or that repeat a key.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub samples: Vec<Sample>,
    /// How the groups came out, those that fail first, where it was judged by group; or the partitions, where
    /// what each holds was compared with history by itself.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub groups: Vec<GroupVerdict>,
    /// Quality dimension.
    pub dimension: String,
    /// Free labels.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub tags: Vec<String>,
    /// Who is responsible.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub owner: Option<String>,
    /// What the check is for.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub description: Option<String>,
    /// What happened to failing rows.
    pub on_row: OnRow,
}

impl Verdict {
    /// Whether nothing may be published: a failed check of severity `stop`, or a check that could not
    /// be answered.
    pub fn closes_gate(&self) -> bool {
        match self.status {
            Status::Fail => self.severity == Severity::Stop,
            Status::Error => true,
            Status::Pass | Status::Warn | Status::Skipped => false,
        }
    }

    /// Whether people should be told although the data is published.
    pub fn alerts(&self) -> bool {
        match self.status {
            Status::Fail => self.severity == Severity::Alert,
            Status::Warn => self.severity != Severity::Log,
            Status::Pass | Status::Error | Status::Skipped => false,
        }
    }
}

/// How a check came out for one group.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct GroupVerdict {
    /// The values that make the group.
    pub group: Map<String, Value>,
    /// What came out.
    pub status: Status,
    /// What was found, for machines.
    pub observed: Value,
    /// What was found, in words.
    pub observed_text: String,
    /// Rows or values that were looked at.
    pub n_evaluated: u64,
    /// Rows or values that failed, for rules that can tell.
    pub n_failed: u64,
    /// Rows in scope whose value was null.
    pub n_null: u64,
}

/// How a check came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// As expected.
    Pass,
    /// Beyond the milder threshold only.
    Warn,
    /// Not as expected.
    Fail,
    /// The rule itself could not be applied.
    Error,
    /// Nothing was there to evaluate.
    Skipped,
}

impl Status {
    /// As reports spell it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Warn => "warn",
            Self::Fail => "fail",
            Self::Error => "error",
            Self::Skipped => "skipped",
        }
    }
}

/// Whether a figure is exact.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Exactness {
    /// Exactly the figure of the rows.
    Exact,
    /// An estimate.
    Approx {
        /// For a quantile the largest possible error of its rank, for a distance between distributions that of the
        /// ranks or shares it is made of, for a count of distinct values the relative standard error; all as shares.
        bound: f64,
    },
}

/// Where an answer came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AnsweredFrom {
    /// Statistics in file footers.
    Footer,
    /// Dictionary pages.
    Dictionary,
    /// The rows.
    Scan,
    /// A stored state.
    State,
    /// The plan: its schema, its files, or what a step guarantees.
    Plan,
}

/// What a judge finds; the suite adds the rest of the [`Verdict`].
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// How it came out.
    pub status: Status,
    /// For machines.
    pub observed: Value,
    /// In words.
    pub text: String,
    /// Rows or values looked at.
    pub n_evaluated: u64,
    /// Those that failed.
    pub n_failed: u64,
    /// Null rows in scope.
    pub n_null: u64,
    /// Exact or not.
    pub exactness: Exactness,
    /// Where the answer came from.
    pub answered_from: AnsweredFrom,
    /// The published points it was compared with.
    pub baseline: Option<Compared>,
    /// Rows that show it, for rules about keys.
    pub samples: Vec<Sample>,
    /// How each group came out.
    pub groups: Vec<GroupVerdict>,
}

impl Outcome {
    /// An exact outcome of a scan.
    pub fn new(status: Status, observed: impl Into<Value>, text: impl Into<String>) -> Self {
        Self {
            status,
            observed: observed.into(),
            text: text.into(),
            n_evaluated: 0,
            n_failed: 0,
            n_null: 0,
            exactness: Exactness::Exact,
            answered_from: AnsweredFrom::Scan,
            baseline: None,
            samples: Vec::new(),
            groups: Vec::new(),
        }
    }

    /// There was nothing to evaluate.
    pub fn skipped(why: impl Into<String>) -> Self {
        Self::new(Status::Skipped, Value::Null, why)
    }

    /// The rule could not be applied.
    pub fn error(why: impl Into<String>) -> Self {
        Self::new(Status::Error, Value::Null, why)
    }

    /// With the numbers of values evaluated and null.
    #[must_use]
    pub fn counts(mut self, n_evaluated: u64, n_null: u64) -> Self {
        self.n_evaluated = n_evaluated;
        self.n_null = n_null;
        self
    }

    /// With the number that failed.
    #[must_use]
    pub fn failed(mut self, n_failed: u64) -> Self {
        self.n_failed = n_failed;
        self
    }

    /// With an exactness.
    #[must_use]
    pub fn exactness(mut self, exactness: Exactness) -> Self {
        self.exactness = exactness;
        self
    }

    /// With what it was compared with.
    #[must_use]
    pub fn against(mut self, compared: Option<Compared>) -> Self {
        self.baseline = compared;
        self
    }

    /// With rows that show it.
    #[must_use]
    pub fn samples(mut self, samples: impl IntoIterator<Item = Sample>) -> Self {
        self.samples = samples.into_iter().collect();
        self
    }

    /// With the place the answer came from.
    #[must_use]
    pub fn from(mut self, answered_from: AnsweredFrom) -> Self {
        self.answered_from = answered_from;
        self
    }
}
