//! A suite: checks bound to a schema, compiled to the smallest set of tests and measures.
//!
//! Row rules look at every batch as it comes; rows they drop or quarantine, and values they null out, are
//! gone for the measures of all other rules, which so describe what will be published. Measuring takes no
//! thresholds; only judging does.

mod batch;
mod bind;
mod group_parts;
mod grouping;
mod judge;
mod partitions;
mod state;

use arrow::array::{BooleanArray, RecordBatch, UInt64Array};
use arrow::datatypes::DataType;
use chrono::{DateTime, Utc};

pub use bind::glob_matches;
pub use state::{Part, State};

use crate::baseline::History;
use crate::check::Check;
use crate::measure::{Partitions, Spec};
use crate::proofs::Proofs;
use crate::rule::{Combine, Judge, RowTest};
use crate::verdict::AnsweredFrom;

/// Checks bound to a schema.
#[derive(Debug)]
pub struct Suite {
    /// Those that get a verdict, then parts of others, whose verdicts only these see.
    checks: Vec<BoundCheck>,
    /// So many get a verdict.
    shown: usize,
    inputs: Vec<Input>,
    columns: Vec<String>,
    predicates: Vec<String>,
    measures: Vec<PlannedMeasure>,
    groupings: Vec<grouping::Grouping>,
}

/// A check with everything it named resolved.
#[derive(Debug)]
struct BoundCheck {
    check: Check,
    id: String,
    way: Way,
    /// Positions among the suite's columns: the envelope's, then the rule's others.
    columns: Vec<usize>,
    /// Position of the scope among the suite's predicates.
    filter: Option<usize>,
    /// Positions of the tested conditions among the suite's predicates.
    predicates: Vec<usize>,
    samples: Vec<SampleColumn>,
    /// Positions among the suite's measures.
    measures: Vec<usize>,
    /// Whether batches are looked at for it; not, where proofs answer.
    measured: bool,
}

/// How a check is answered.
#[derive(Debug)]
enum Way {
    /// By a test of single rows.
    Rows(Box<dyn RowTest>),
    /// From measures.
    Whole(Box<dyn Judge>),
    /// From the verdicts on its parts, given by their positions among the suite's checks.
    Parts(Box<dyn Combine>, Vec<usize>),
    /// For each group: by the check at a position of the suite of a grouping.
    Groups { grouping: usize, check: usize },
}

#[derive(Debug, Clone)]
struct SampleColumn {
    name: String,
    column: usize,
    redact: bool,
}

#[derive(Debug)]
struct PlannedMeasure {
    spec: Spec,
    columns: Vec<usize>,
    types: Vec<DataType>,
    filter: Option<usize>,
    measured: bool,
    /// Whether it is wanted for itself, without any check.
    profiled: bool,
    /// Whether values are not to be named in it, as some check redacts its column.
    redacted: bool,
    /// So many rows are kept for the samples of its checks, if it is one of keys or of their nulls.
    sample_rows: usize,
    /// The columns these show; those that no check shows are marked to be redacted.
    shown: Vec<SampleColumn>,
}

/// What a suite needs of every batch.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Input {
    /// A column of the record batch.
    Column(String),
    /// A SQL condition, evaluated by the caller into one boolean a row.
    Predicate(String),
}

/// A batch of rows.
#[derive(Debug, Clone, Copy)]
pub struct Batch<'a> {
    /// At least the columns that the suite needs, found by name.
    pub record: &'a RecordBatch,
    /// The predicates of the suite's inputs, in their order.
    pub predicates: &'a [BooleanArray],
    /// Where each row came from, for samples.
    pub origins: Option<&'a UInt64Array>,
    /// The run's clock.
    pub now: DateTime<Utc>,
    /// The partition each row belongs to, for profiles; all rows under the name "" where absent.
    pub partitions: Option<Partitions<'a>>,
}

/// What a batch gave.
#[derive(Debug)]
pub struct Measured {
    /// To be merged into the state, in batch order.
    pub part: Part,
    /// Rows that stay; `None` when all do.
    pub keep: Option<BooleanArray>,
    /// Rows to be kept aside.
    pub quarantined: Vec<Quarantined>,
    /// Values to be replaced by null.
    pub null_out: Vec<NulledOut>,
}

/// A row to be kept aside, with every check it failed, whatever that check does with rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quarantined {
    /// Its place in the batch.
    pub row: usize,
    /// Positions among [`Suite::ids`].
    pub checks: Vec<u32>,
}

/// Values of a column to be replaced by null.
#[derive(Debug, Clone)]
pub struct NulledOut {
    /// The column.
    pub column: String,
    /// The rows, before any is dropped.
    pub rows: BooleanArray,
}

/// What judging needs besides the state.
#[derive(Debug, Clone, Copy)]
pub struct JudgeContext<'a> {
    /// The run's clock.
    pub now: DateTime<Utc>,
    /// What is known without measuring.
    pub proofs: &'a Proofs,
    /// Where the state came from: the rows of this run, or an earlier run's record.
    pub source: AnsweredFrom,
    /// What was published before, without the run that is judged.
    pub history: &'a History,
}

/// A check that does not fit the schema.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct BindError {
    /// Position among the checks given.
    pub check: usize,
    /// The parameter at fault, as a dotted path.
    pub key: Option<String>,
    /// A name that stands for nothing, wherever it was written.
    pub unknown: Option<String>,
    /// What does not fit.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

/// A batch that is not what the suite was bound to.
#[derive(Debug, thiserror::Error)]
pub enum RuleError {
    /// A column of the suite's inputs is not in the batch.
    #[error("the batch has no column \"{0}\"")]
    MissingColumn(String),
    /// Fewer predicates than the suite's inputs, or of another length.
    #[error("the batch comes with {found} predicates of its length instead of {wanted}")]
    Predicates {
        /// As many as the inputs have.
        wanted: usize,
        /// As many as came.
        found: usize,
    },
    /// A measure could not take the batch.
    #[error("measuring {0} failed")]
    Measure(String, #[source] arrow::error::ArrowError),
    /// Keys could not be put away.
    #[error("keys that do not fit in memory could not be put away")]
    Room(#[source] std::io::Error),
    /// A part of another suite.
    #[error("the part does not belong to this state")]
    ForeignPart,
}

impl Suite {
    /// What it needs of every batch: columns, then predicates.
    pub fn inputs(&self) -> &[Input] {
        &self.inputs
    }

    /// The columns among its inputs.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// The columns that batches must bring: those of checks that proofs do not answer. Predicates read
    /// columns of their own.
    pub fn needed(&self) -> impl Iterator<Item = &str> {
        let columns = self.columns.iter().enumerate();
        columns.filter(|(column, _)| self.is_needed(*column)).map(|(_, name)| name.as_str())
    }

    /// The columns among those that batches need not bring if their values were listed and all passed.
    pub fn listable(&self) -> impl Iterator<Item = &str> {
        let is_listable = move |column| {
            let tested =
                |check: &BoundCheck| check.measured && check.is_of_values() && check.columns == [column];
            self.checks.iter().any(tested) && !self.is_read(column, |check| !check.is_of_values())
        };
        let columns = self.columns.iter().enumerate();
        columns.filter(move |(column, _)| is_listable(*column)).map(|(_, name)| name.as_str())
    }

    fn is_needed(&self, column: usize) -> bool {
        self.is_read(column, |_| true)
    }

    /// Whether a check that counts reads a column, or something that belongs to no single one.
    fn is_read(&self, column: usize, counts: impl Fn(&BoundCheck) -> bool) -> bool {
        let by_check = |check: &BoundCheck| {
            let samples = check.samples.iter().map(|sample| &sample.column);
            check.measured && counts(check) && check.columns.iter().chain(samples).any(|read| *read == column)
        };
        let by_measure = |measure: &PlannedMeasure| {
            let shown = measure.shown.iter().map(|shown| &shown.column);
            measure.measured && measure.columns.iter().chain(shown).any(|read| *read == column)
        };
        let by_group = |grouping: &grouping::Grouping| grouping.reads(column);
        self.checks.iter().any(by_check)
            || self.measures.iter().any(by_measure)
            || self.groupings.iter().any(by_group)
    }

    /// The predicates among its inputs, in the order in which batches bring them.
    pub fn predicates(&self) -> &[String] {
        &self.predicates
    }

    /// The identifiers of its checks, in the order of verdicts.
    pub fn ids(&self) -> impl ExactSizeIterator<Item = &str> {
        self.shown().map(|check| check.id.as_str())
    }

    /// The checks with globs resolved, in the order of verdicts.
    pub fn checks(&self) -> impl ExactSizeIterator<Item = &Check> {
        self.shown().map(|check| &check.check)
    }

    fn shown(&self) -> impl ExactSizeIterator<Item = &BoundCheck> {
        self.checks.iter().take(self.shown)
    }

    /// The measures it compiled to.
    pub fn measures(&self) -> impl ExactSizeIterator<Item = &Spec> {
        self.measures.iter().map(|measure| &measure.spec)
    }

    /// Whether rows or values of a batch may be taken out.
    pub fn alters_rows(&self) -> bool {
        self.checks
            .iter()
            .any(|check| check.measured && check.check.envelope.on_row != crate::check::OnRow::Keep)
    }

    /// Whether batches have to be looked at for anything.
    pub fn is_measured(&self) -> bool {
        self.checks.iter().any(|check| check.measured) || self.measures.iter().any(|measure| measure.profiled)
    }

    /// An empty state, into which parts are merged in batch order.
    pub fn start(&self) -> State {
        State::new(
            self.checks.len(),
            self.groupings.len(),
            self.measures
                .iter()
                .map(|planned| (planned.spec.clone(), planned.measured, planned.types.as_slice())),
        )
    }
}
