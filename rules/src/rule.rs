//! What a rule is: its catalogue entry, what it asks for when bound to columns, and how it answers.
//!
//! A rule is parsed from its parameters, bound to a schema, and becomes one of two things: a test of
//! single rows, or a judge of accumulated measures. Everything rules have in common (scope, null policy,
//! `mostly`, samples, what happens to failing rows) belongs to the suite, not to the rule.

use std::fmt::Debug;
use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray};
use arrow::datatypes::{DataType, Schema as ArrowSchema};
use arrow::error::ArrowError;
use chrono::{DateTime, Utc};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::baseline::Baseline;
use crate::check::{Check, Envelope, Nulls, ParamError};
use crate::literal::Literal;
use crate::measure::{Readings, What};
use crate::nearest::did_you_mean;
use crate::proofs::{Delivered, Proofs};
use crate::reference::{Columns as OtherColumns, Gathered, Reference, References};
use crate::sample::Disclosure;
use crate::values::ValuesFile;
use crate::verdict::{Outcome, Verdict};

/// A rule's entry in the catalogue.
pub struct RuleDef {
    /// The name in the pipeline file and the name of the rule's source file.
    pub name: &'static str,
    /// Other names it answers to.
    pub aliases: &'static [&'static str],
    /// The quality dimension; the folder the rule lies in.
    pub dimension: &'static str,
    /// One sentence.
    pub summary: &'static str,
    /// Null, NaN and empty behaviour and the source of the formula, in Markdown.
    pub definition: &'static str,
    /// A worked example that is run as a test.
    pub example: Example,
    /// What answering costs.
    pub cost: Cost,
    /// Whether it is about single rows or about a number.
    pub shape: Shape,
    /// How many columns it reads.
    pub columns: Columns,
    /// The parameter a bare value stands for, when that is not the column.
    pub short: Option<&'static str>,
    /// Whether it has an answer where there are no rows; everything else is skipped then.
    pub answers_empty: bool,
    /// Reads the rule's own parameters; the envelope has been taken out.
    pub parse: ParseParams,
    /// JSON Schema of the rule's own parameters.
    pub schema: fn(&mut SchemaGenerator) -> Schema,
}

/// Reads a rule's parameters.
pub type ParseParams = fn(&Map<String, Value>) -> Result<Box<dyn Rule>, ParamError>;

impl RuleDef {
    /// Whether it tests single rows, so that `mostly`, `on_row` and `nulls` apply.
    pub fn row_rule(&self) -> bool {
        self.shape == Shape::Row
    }

    /// Whether `samples` apply: it can show rows that fail, or rows that repeat a key.
    pub fn shows_rows(&self) -> bool {
        self.row_rule() || matches!(self.cost, Cost::Groups | Cost::Join | Cost::Query)
    }
}

impl Debug for RuleDef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RuleDef").field("name", &self.name).finish_non_exhaustive()
    }
}

/// A worked example of a rule.
#[derive(Debug, Clone, Copy)]
pub struct Example {
    /// The entry of a `checks:` list, without its dash.
    pub yaml: &'static str,
    /// The same parameters as JSON: what the YAML parses to.
    pub params: &'static str,
    /// Rows as CSV under a typed header, such as `id:int64,name:utf8`; an empty field is null. After a line
    /// `---` come rows that were published before, one such section for each day, oldest first.
    pub input: &'static str,
    /// The status it gives, as reports spell it.
    pub status: &'static str,
    /// The observed text it gives.
    pub observed: &'static str,
}

impl Example {
    /// The rows the rule is applied to, with their header.
    pub fn rows(&self) -> &'static str {
        self.input.split_once("---\n").map_or(self.input, |(rows, _)| rows)
    }

    /// What was published before, oldest first, each with the header.
    pub fn earlier(&self) -> Vec<String> {
        let header = self.input.lines().next().unwrap_or_default();
        self.input.split("---\n").skip(1).map(|rows| format!("{header}\n{rows}")).collect()
    }
}

/// What answering a rule costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cost {
    /// A Parquet footer can answer it.
    Footer,
    /// A dictionary page may suffice.
    Dictionary,
    /// A vectorised test of each row.
    Row,
    /// A small mergeable aggregate.
    Aggregate,
    /// A mergeable sketch.
    Sketch,
    /// Every distinct key is held.
    Groups,
    /// How often each distinct value occurs is held.
    Frequencies,
    /// Rows are compared in their order.
    Order,
    /// Another dataset is needed.
    Join,
    /// A query is run over all rows.
    Query,
}

/// What kind of answer a rule gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Each row passes or fails; `warn` is a share, as `mostly` is.
    Row,
    /// A number against `min` and `max`; `warn` has the same keys.
    Scalar,
    /// A distance against `fail`; `warn` is a number.
    Distance,
    /// Passes or fails as a whole; there is no `warn`.
    Whole,
}

/// How many columns a rule reads through `column` or `columns`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Columns {
    /// None: the keys belong to the rule's own parameters.
    None,
    /// One; a list or a glob gives one check per column.
    One,
    /// One, as above, or none where the rule's own parameters say what it reads.
    OneOrNone,
    /// A list that is read together, of at least this many columns.
    Together(usize),
    /// Exactly this many, read together.
    Exactly(usize),
}

/// A rule with its parameters, not yet bound to columns.
pub trait Rule: Debug + Send + Sync {
    /// Refuses parameters that contradict each other.
    fn validate(&self) -> Result<(), ParamError> {
        Ok(())
    }
    /// The share of rows that must pass where the check does not say `mostly`.
    fn mostly(&self) -> Option<f64> {
        None
    }
    /// Whether it tests single rows with these parameters, where its entry in the catalogue is of a rule
    /// that does.
    fn tests_rows(&self) -> bool {
        true
    }
    /// Columns it reads besides those of the envelope.
    fn other_columns(&self) -> Vec<&str> {
        Vec::new()
    }
    /// The SQL condition it tests, if it is about one.
    fn predicate(&self) -> Option<&str> {
        None
    }
    /// Every SQL condition it tests, in the order in which its test is handed them.
    fn predicates(&self) -> Vec<&str> {
        self.predicate().into_iter().collect()
    }
    /// A condition in SQL that rows have to meet besides the check's `where`.
    fn scope(&self) -> Option<&str> {
        None
    }
    /// The checks it is made of, if it is made of others.
    fn parts(&self) -> &[Check] {
        &[]
    }
    /// The query of whose result it judges the rows, in place of those of the table.
    fn query(&self) -> Option<Query<'_>> {
        None
    }
    /// What it asks of the files that rows come from, in place of the rows.
    fn delivered(&self) -> Option<Delivered<'_>> {
        None
    }
    /// What it needs of another dataset.
    fn reference(&self) -> Option<Reference> {
        None
    }
    /// All it needs of other datasets.
    fn references(&self) -> Vec<Reference> {
        self.reference().into_iter().collect()
    }
    /// The file its values are in, if they are in one.
    fn values_file(&self) -> Option<&ValuesFile> {
        None
    }
    /// The same rule with the values of its file; None if it has no such file.
    fn with_values(&self, _values: Arc<[Literal]>) -> Option<Arc<dyn Rule>> {
        None
    }
    /// Which points of the history it compares with, if it does.
    fn baseline(&self) -> Option<Baseline> {
        None
    }
    /// The rows of another dataset that it compares its own with, if it does in place of a history; in these
    /// columns, which are the check's own.
    fn baseline_rows(&self, _columns: OtherColumns) -> Option<Reference> {
        None
    }
    /// The figure it follows, where checks of one column are told apart by it.
    fn figure(&self) -> Option<String> {
        None
    }
    /// What it is about, where its columns do not say so; the check is named after it.
    fn about(&self) -> Option<String> {
        None
    }
    /// What is expected, in words, such as `between 1 and 50`.
    fn expected(&self) -> String;
    /// Resolves names and types; what is bound cannot fail on a name or a type later.
    fn bind(&self, site: &mut Site<'_>) -> Result<Bound, Problem>;
}

/// A query over the rows of a table.
#[derive(Debug, Clone, Copy)]
pub struct Query<'a> {
    /// One SELECT; the table is called `this`.
    pub text: &'a str,
    /// Other sources and tables it names.
    pub reads: &'a [String],
}

/// What a rule becomes when bound.
#[derive(Debug)]
pub enum Bound {
    /// A test of single rows.
    Rows(Box<dyn RowTest>),
    /// A judge of the measures that were requested while binding.
    Whole(Box<dyn Judge>),
    /// A judge of the verdicts on its parts, each a check of its own.
    Parts(Box<dyn Combine>),
}

/// A judge of the verdicts on other checks.
pub trait Combine: Debug + Send + Sync {
    /// The outcome that the verdicts on the parts give, in their order.
    fn combine(&self, parts: &[Verdict]) -> Outcome;
}

/// A test of single rows, a batch at a time.
pub trait RowTest: Debug + Send + Sync {
    /// Which rows pass; null where the test cannot say, which the check's null policy decides.
    fn test(&self, rows: &Rows<'_>) -> Result<BooleanArray, ArrowError>;
    /// Whether the outcome depends on the value of the one column alone, nulls included, so that a
    /// dictionary's values can be tested in place of the rows.
    fn per_value(&self) -> bool {
        false
    }
    /// Whether rows that fail are shown where enough others pass.
    fn shows_what_passes(&self) -> bool {
        true
    }
    /// How many rows fail, where what is proven about the columns tells exactly; nulls aside, unless they are what it
    /// tests.
    fn known_to_fail(&self, _proofs: &Proofs, _columns: &[&str]) -> Option<u64> {
        None
    }
    /// Whether nulls are what it tests, so that they have to be proven absent too.
    fn tests_nulls(&self) -> bool {
        false
    }
    /// How rows are treated for which the test cannot say, where the check does not.
    fn default_nulls(&self) -> Nulls {
        Nulls::Skip
    }
}

/// The rows of a batch a test looks at.
#[derive(Debug, Clone, Copy)]
pub struct Rows<'a> {
    /// The columns the rule was bound to: those of the envelope, then the rule's other columns.
    pub columns: &'a [ArrayRef],
    /// The rule's SQL conditions over the batch.
    pub predicates: &'a [&'a BooleanArray],
    /// The run's clock.
    pub now: DateTime<Utc>,
}

impl<'a> Rows<'a> {
    /// The first (often the only) column.
    pub fn first(&self) -> Result<&'a ArrayRef, ArrowError> {
        self.at(0)
    }

    /// The column at a position.
    pub fn at(&self, position: usize) -> Result<&'a ArrayRef, ArrowError> {
        let missing = || ArrowError::InvalidArgumentError("a column the rule was bound to is missing".into());
        self.columns.get(position).ok_or_else(missing)
    }

    /// The rule's first (often the only) SQL condition.
    pub fn predicate(&self) -> Result<&'a BooleanArray, ArrowError> {
        let missing = || ArrowError::InvalidArgumentError("the condition was not evaluated".into());
        self.predicates.first().copied().ok_or_else(missing)
    }
}

/// A judge of accumulated measures.
pub trait Judge: Debug + Send + Sync {
    /// The outcome that the measures give.
    fn judge(&self, readings: &Readings<'_>) -> Outcome;
    /// The outcome as far as it is proven without measuring. Only asked for checks without `where`.
    fn prove(&self, _proofs: &Proofs, _now: DateTime<Utc>) -> Option<Outcome> {
        None
    }
    /// The measures that suffice with what the plan has proven of any rows there may be, if that spares
    /// others. The same proofs then come with the readings.
    fn eased(&self, _proofs: &Proofs) -> Option<Vec<usize>> {
        None
    }
}

/// Where a rule is bound: the columns it reads and what it may ask for.
pub struct Site<'a> {
    /// The envelope's columns with their types, in the order given.
    pub columns: &'a [(String, DataType)],
    /// The rule's other columns with their types.
    pub others: &'a [(String, DataType)],
    /// The whole schema.
    pub schema: &'a ArrowSchema,
    /// What every rule shares.
    pub envelope: &'a Envelope,
    pub(crate) references: &'a References,
    /// Columns that some check of the suite redacts.
    pub(crate) redacted: &'a [String],
    pub(crate) request: &'a mut dyn FnMut(What, Vec<String>) -> usize,
}

impl Site<'_> {
    /// The first (often the only) column.
    pub fn column(&self) -> Result<&(String, DataType), Problem> {
        self.columns.first().ok_or_else(|| Problem::new("the rule needs a column").key("column"))
    }

    /// Asks for a measure over columns within the check's scope; equal requests share one accumulator.
    pub fn measure(&mut self, what: What, columns: &[String]) -> usize {
        (self.request)(what, columns.to_vec())
    }

    /// The type of another column the rule names.
    pub fn other(&self, name: &str) -> Result<&DataType, Problem> {
        let found = self.others.iter().chain(self.columns).find(|(n, _)| n == name);
        found.map(|(_, t)| t).ok_or_else(|| Problem::new(format!("no column \"{name}\"")).unknown(name))
    }

    /// The position of a column among those a row test will be handed.
    pub fn position(&self, name: &str) -> Option<usize> {
        let after = self.columns.len();
        let other = self.others.iter().position(|(n, _)| n == name).map(|at| at + after);
        other.or_else(|| self.columns.iter().position(|(n, _)| n == name))
    }

    /// What was gathered of another dataset, as [`Rule::references`] asked.
    pub fn gathered(&self, reference: &Reference) -> Option<&Gathered> {
        self.references.get(reference)
    }

    /// Whether some check of the suite keeps back the values of a column.
    pub(crate) fn is_redacted(&self, name: &str) -> bool {
        self.redacted.iter().any(|redacted| redacted == name)
    }

    /// Whether a judge may show values of columns: not, where one of them is kept back.
    pub(crate) fn disclosure<'n>(&self, names: impl IntoIterator<Item = &'n str>) -> Disclosure {
        let redacted = names.into_iter().any(|name| self.is_redacted(name));
        if redacted { Disclosure::Redacted } else { Disclosure::Shown }
    }

    /// How nulls are treated, where the check says so.
    pub fn nulls(&self) -> Option<Nulls> {
        self.envelope.nulls
    }
}

/// Why a rule does not fit the columns it was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The parameter at fault, as a dotted path.
    pub key: Option<String>,
    /// A name that stands for nothing, wherever it was written.
    pub unknown: Option<String>,
    /// What does not fit.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl From<ParamError> for Problem {
    fn from(error: ParamError) -> Self {
        Self { key: error.key, unknown: error.unknown, message: error.message, hint: error.hint }
    }
}

impl Problem {
    /// A problem described in words, lower case and without a full stop.
    pub fn new(message: impl Into<String>) -> Self {
        Self { key: None, unknown: None, message: message.into(), hint: None }
    }

    /// There is no column of that name among those of `schema`.
    pub fn no_column(name: &str, schema: &ArrowSchema) -> Self {
        let known = schema.fields().iter().map(|field| field.name().as_str());
        Self::new(format!("no column \"{name}\"")).unknown(name).hint(did_you_mean(
            name,
            known,
            "the columns are",
        ))
    }

    /// Names the parameter at fault.
    #[must_use]
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into());
        self
    }

    /// Names what stands for nothing.
    #[must_use]
    pub fn unknown(mut self, name: impl Into<String>) -> Self {
        self.unknown = Some(name.into());
        self
    }

    /// Says what to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// Reads a rule's parameters through serde and lets it refuse contradictions.
pub fn parse_params<R>(params: &Map<String, Value>) -> Result<Box<dyn Rule>, ParamError>
where
    R: Rule + DeserializeOwned + JsonSchema + 'static,
{
    let rule: R = crate::check::read(params)?;
    rule.validate()?;
    Ok(Box::new(rule))
}

/// The JSON Schema of a rule's parameters.
pub fn schema_of<R: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    R::json_schema(generator)
}
