//! What a step is: a name and documentation in the catalogue, arguments parsed once, and a lowering.
//!
//! A step has one meaning, its lowering into a Polars lazy plan. Steps that work row by row say so as
//! data (`RowOp`s), and steps that need little memory bring an operator over the ordered stream of
//! batches. Both are held to the lazy meaning by `laws.rs` and the tests beside each.

use std::fmt::Debug;

use polars::prelude::{DataFrame, Expr, LazyFrame, PlSmallStr, PolarsResult, Schema};
use schemars::SchemaGenerator;

use super::narrow::{ColumnSet, Needs};
use crate::error::Result;
use crate::memory::{Memory, Table};
use crate::spec::{Node, Spanned};

/// A step as the catalogue lists it.
pub struct StepDef {
    /// The key under `steps:`; also the name of the step's file.
    pub name: &'static str,
    /// What it does, in one sentence.
    pub summary: &'static str,
    /// What it does with null, NaN and empty input.
    pub nulls: &'static str,
    /// A runnable example.
    pub example: Example,
    /// Reads the arguments from the pipeline file.
    pub parse: fn(&Node) -> Result<Box<dyn Step>>,
    /// JSON Schema of the arguments.
    pub schema: fn(&mut SchemaGenerator) -> schemars::Schema,
}

impl std::fmt::Debug for StepDef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StepDef").field("name", &self.name).finish_non_exhaustive()
    }
}

/// An example that stands in the documentation and runs as a test.
///
/// Tables are CSV with a typed header (`name:int64,…`); an empty field is null, `""` the empty string.
pub struct Example {
    /// The step as it stands under `steps:`, YAML, without the leading dash.
    pub step: &'static str,
    /// Rows going in.
    pub input: &'static str,
    /// Other tables the step reads, by name.
    pub others: &'static [(&'static str, &'static str)],
    /// Rows coming out.
    pub output: &'static str,
}

/// A parsed step, not yet bound to a schema.
pub trait Step: Debug + Send + Sync {
    /// Other sources or tables this step reads, in the order `Lowering` gets them.
    fn reads(&self) -> Vec<&Spanned<String>> {
        Vec::new()
    }

    /// Checks columns and types against the schemas and says how the step runs.
    fn bind(&self, cx: &BindContext<'_>) -> Result<Lowering>;
}

/// What a step may know while it is bound.
pub struct BindContext<'a> {
    /// Schema of the rows coming in. Columns whose name starts with `HIDDEN` are not the user's.
    pub input: &'a Schema,
    /// Name and schema of each of `Step::reads`, in that order.
    pub others: &'a [(&'a str, &'a Schema)],
    /// Seed of everything random in the run.
    pub seed: u64,
}

/// Prefix of columns the engine carries along for itself; steps keep them and never show them.
pub const HIDDEN: &str = "__lockgate_";

/// How a bound step runs.
pub enum Lowering {
    /// Every output row depends on its own input row only.
    Rows(Vec<RowOp>),
    /// State over the ordered stream of batches.
    Stream(Box<dyn StreamStep>),
    /// All rows at once.
    Whole(Box<dyn WholeStep>),
}

impl Lowering {
    /// Whether what becomes of a row depends on that row, and on the other tables the step reads, alone.
    pub fn is_row_by_row(&self) -> bool {
        match self {
            Self::Rows(_) => true,
            Self::Stream(step) => step.is_row_by_row(),
            Self::Whole(step) => step.is_row_by_row(),
        }
    }
}

/// One row-local operation, as data. Applied in order.
#[derive(Debug, Clone)]
pub enum RowOp {
    /// Adds or replaces columns; all expressions see the input.
    With(Vec<Expr>),
    /// Keeps the rows for which the predicate is true; false and null are removed and counted.
    Keep(Expr),
    /// Exactly these columns, in this order (hidden ones are kept besides).
    Project(Vec<Expr>),
    /// Takes these columns away; hidden ones may be among them.
    Drop(Vec<PlSmallStr>),
    /// One row for each item of list columns, which have equally many; the other columns repeat.
    Explode {
        /// The list columns.
        columns: Vec<PlSmallStr>,
        /// Whether an empty or null list leaves one row with null, or none.
        keep_empty: bool,
    },
    /// Rows for which any of the predicates is true leave for the quarantine, with the reason of each that
    /// is, as the quarantine and the report show it.
    Divert(Vec<(Expr, String)>),
    /// Counts the rows for which the predicate is true, for the summary and the run record.
    Count {
        /// What is counted.
        what: &'static str,
        /// True for a row that counts.
        rows: Expr,
    },
    /// Stops the run with this message if the predicate is true for any row.
    Refuse {
        /// True for a row that is not acceptable.
        failed: Expr,
        /// What is wrong with such a row; the engine adds where the first one is.
        reason: String,
    },
}

/// A step that needs all rows.
pub trait WholeStep: Send + Sync {
    /// The meaning, as a lazy plan. Row order in and out is part of the meaning.
    fn lazy(&self, input: LazyFrame, others: Vec<LazyFrame>) -> PolarsResult<LazyFrame>;

    /// Whether what becomes of a row depends on that row and `others` alone, but for its place among others.
    fn is_row_by_row(&self) -> bool {
        false
    }
}

/// A step that keeps state over the ordered stream of batches.
pub trait StreamStep: Send + Sync {
    /// The meaning, as a lazy plan: the reference the operator is tested against.
    fn lazy(&self, input: LazyFrame, others: Vec<LazyFrame>) -> PolarsResult<LazyFrame>;

    /// The operator for one run; `others` are the complete tables of `Step::reads`. What it keeps, it keeps
    /// within `memory`.
    fn open(&self, others: Vec<Table>, memory: &Memory) -> Result<Box<dyn Operator>>;

    /// Gives up what is not `wanted` of the rows coming out and says which columns are needed; none if all
    /// are.
    fn narrow(&mut self, _wanted: &ColumnSet) -> Option<Needs> {
        None
    }

    /// Keys by which the rows coming out are proved unique, if they are.
    fn proves_unique(&self) -> Option<Vec<String>> {
        None
    }

    /// Whether rows proved unique by some key before this step are still so after it.
    fn keeps_unique(&self) -> bool {
        false
    }

    /// Whether what becomes of a row depends on that row and `others` alone, but for its place among others.
    fn is_row_by_row(&self) -> bool {
        false
    }
}

/// What a batch still needs, in batch order: runs alone, after the turn of all earlier batches.
pub type Turn<'a> = Box<dyn FnOnce() -> Result<Then<'a>> + Send + 'a>;

/// What a batch needs after its turn, in parallel again. `None` stands for no rows.
pub type Then<'a> = Box<dyn FnOnce() -> Result<Option<DataFrame>> + Send + 'a>;

/// What comes after the last batch: frames in order, each finished in parallel.
pub type Rest<'a> = Box<dyn Iterator<Item = Result<Then<'a>>> + Send + 'a>;

/// A stateful operator of one run.
///
/// `prepare` runs in parallel and does the heavy part (keys, hashes, expressions); the turn it
/// returns updates state in batch order and must be short; what the turn returns finishes the batch
/// in parallel. Output rows keep the order of input rows.
pub trait Operator: Send + Sync {
    /// Takes a batch; state is reached through `self`, behind a lock taken in the turn.
    fn prepare(&self, batch: DataFrame) -> Result<Turn<'_>>;

    /// After the last batch: rows that could not leave earlier, in order.
    fn end(&self) -> Result<Rest<'_>> {
        Ok(Box::new(std::iter::empty()))
    }

    /// Facts for the summary and the run record: rows unmatched, duplicates found, groups.
    fn counts(&self) -> Vec<(&'static str, u64)> {
        Vec::new()
    }
}
