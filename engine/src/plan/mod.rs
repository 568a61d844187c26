//! A plan that cannot fail on a name or a type: every source listed and described, every step bound to
//! the schema it meets, every check to the columns it reads.

mod aside;
mod bind;
mod checks;
mod explain;
mod narrow;
mod outputs;
mod phase;
mod queries;
mod returning;
mod trail;
mod unique;
mod write;

use std::sync::Arc;

use arrow::datatypes::Schema as ArrowSchema;
use lockgate_rules::{BindError, Check, Depth, Proofs, References, Suite};
use polars::prelude::Schema;

pub use bind::{Context, bind, visible};
pub use checks::{planned_references, predicates};
pub use explain::{
    CheckPlan, Column, Explanation, OutputPlan, Runs, SourcePlan, StepPlan as StepExplained, TablePlan,
};
pub use returning::Coming;
pub use trail::Trail;
pub use write::{Partitioning, WritePlan, run_time_folder};

use crate::scan::Scan;
use crate::spec::{CheckPlace, QuarantineLimit, Span};
use crate::steps::{Lowering, StepDef};
use crate::store::Dataset;
use crate::validate::ValuesRead;

/// A pipeline bound to its data.
pub struct Plan {
    /// Name of the pipeline.
    pub pipeline: String,
    /// Sources in file order, then tables, each after everything it reads.
    pub nodes: Vec<Node>,
    /// Files of values that checks compare with.
    pub values: Vec<ValuesRead>,
}

/// A source or a table.
pub struct Node {
    /// Its name in the pipeline file.
    pub name: String,
    /// Where it stands there.
    pub span: Span,
    /// Where its rows come from.
    pub rows: Rows,
    /// Schema of its rows, hidden columns included.
    pub schema: Schema,
    /// The columns of `schema` that somebody needs: those its batches have.
    pub carried: Schema,
    /// Whether it is a source of which only partitions are read that no earlier run has published.
    pub reads_new: bool,
    /// The node of which its rows answer a check, if it is only there for that.
    pub answers: Option<usize>,
    /// The checks on its rows, with where each stands.
    pub checks: Vec<(Check, CheckPlace)>,
    /// Columns of which a state is kept; the empty name stands for the rows as such.
    pub profiled: Vec<(String, Depth)>,
    /// Keys by which its rows are proved unique by the steps that made them.
    pub unique: Vec<Vec<String>>,
    /// How it is written, if it is.
    pub write: Option<WritePlan>,
    /// Where its rows go that fail, if anywhere.
    pub quarantine: Option<Dataset>,
    /// How many may go there.
    pub max_quarantine: Option<QuarantineLimit>,
    /// In which phase its rows are made; sources are read in whatever phases need them.
    pub phase: usize,
    /// Whether all its rows must be there before a later phase begins.
    pub gathered: bool,
    /// Nodes whose rows must all be there before its own are made.
    pub reads: Vec<usize>,
    /// The way its rows have taken when they come to its checks.
    pub trail: Trail,
    /// Where rows come in that had left it for the quarantine; none in a run.
    pub entrances: Vec<Entrance>,
}

impl Node {
    /// A node of rows of `schema`, which nobody checks, writes or waits for yet.
    pub fn new(name: impl Into<String>, span: Span, rows: Rows, schema: Schema, trail: Trail) -> Self {
        Self {
            name: name.into(),
            span,
            rows,
            carried: schema.clone(),
            schema,
            reads_new: false,
            answers: None,
            checks: Vec::new(),
            profiled: Vec::new(),
            unique: Vec::new(),
            write: None,
            quarantine: None,
            max_quarantine: None,
            phase: 0,
            gathered: false,
            reads: Vec::new(),
            trail,
            entrances: Vec::new(),
        }
    }

    /// Whether anything is measured of its rows.
    pub fn is_checked(&self) -> bool {
        !self.checks.is_empty() || !self.profiled.is_empty()
    }
}

/// A place where rows of a table that had left for the quarantine come in again.
pub struct Entrance {
    /// Before which of its steps; their number stands for the checks.
    pub stage: usize,
    /// Reads the rows.
    pub scan: Scan,
}

/// Where the rows of a node come from.
pub enum Rows {
    /// From stored files.
    Scan(Box<Scan>),
    /// From another node, through steps.
    Steps {
        /// Index of the other node.
        from: usize,
        /// The steps.
        steps: Vec<StepPlan>,
    },
    /// From the quarantine alone, at the entrances of this node and of those below it.
    Returning {
        /// The files that the rows once came from, by number.
        files: Arc<[String]>,
    },
}

/// A step bound to the schema it meets.
pub struct StepPlan {
    /// Its entry in the catalogue.
    pub def: &'static StepDef,
    /// Where it stands in the pipeline file.
    pub span: Span,
    /// Indices of the other nodes it reads.
    pub reads: Vec<usize>,
    /// How it runs.
    pub lowering: Lowering,
    /// Schema of the batches coming in.
    pub input: Schema,
    /// Its position among the steps of its table, from 0.
    pub position: usize,
    /// The way rows have taken when they come to it.
    pub trail: Trail,
}

impl Plan {
    /// The scan of a source node.
    pub fn scan(&self, node: usize) -> Option<&Scan> {
        match &self.nodes[node].rows {
            Rows::Scan(scan) => Some(scan),
            Rows::Steps { .. } | Rows::Returning { .. } => None,
        }
    }

    /// The source whose files the rows of `node` come from, following `from`.
    pub fn root(&self, node: usize) -> usize {
        match &self.nodes[node].rows {
            Rows::Scan(_) | Rows::Returning { .. } => node,
            Rows::Steps { from, .. } => self.root(*from),
        }
    }

    /// The files that the rows of `node` come from, by number.
    pub fn files(&self, node: usize) -> Vec<String> {
        match &self.nodes[self.root(node)].rows {
            Rows::Scan(scan) => scan.file_names(),
            Rows::Returning { files } => files.to_vec(),
            Rows::Steps { .. } => Vec::new(),
        }
    }

    /// What a report calls the rows of `node`.
    pub fn reported(&self, node: usize) -> &str {
        &self.nodes[self.nodes[node].answers.unwrap_or(node)].name
    }

    /// The checks and profiles of `node`, bound to the columns of its rows.
    pub fn suite(
        &self,
        node: usize,
        schema: &ArrowSchema,
        references: References,
    ) -> Result<Suite, Vec<BindError>> {
        let own = &self.nodes[node];
        let checks = own.checks.iter().map(|(check, _)| check.clone()).collect();
        Suite::bind_profiling(checks, schema, references, &own.profiled)
    }

    /// Keeps no states, as nothing is going to be published.
    pub fn keep_no_states(&mut self) {
        self.nodes.iter_mut().for_each(|node| node.profiled.clear());
    }

    /// Whether there are sources that read only what is new, and nothing is.
    pub fn nothing_new(&self) -> bool {
        let mut new = self.nodes.iter().enumerate().filter(|(_, node)| node.reads_new).peekable();
        new.peek().is_some()
            && new.all(|(node, _)| self.scan(node).is_some_and(|scan| scan.files().is_empty()))
    }

    /// What is known of the rows of `node` without looking at them; only of their files, if `shortcuts` may not
    /// be taken.
    pub fn proofs(&self, node: usize, shortcuts: bool) -> Proofs {
        let mut proofs = Proofs::default();
        if shortcuts {
            proofs = self.scan(node).map(Scan::proofs).unwrap_or_default();
            proofs.unique.clone_from(&self.nodes[node].unique);
        }
        proofs.delivery = self.scan(node).map(Scan::delivery);
        proofs
    }

    /// Whether what is written depends on the run's time.
    pub fn depends_on_time(&self) -> bool {
        self.nodes
            .iter()
            .filter_map(|node| node.write.as_ref())
            .any(|write| write.partitioning == Partitioning::RunTime)
    }

    /// How many phases there are.
    pub fn phases(&self) -> usize {
        self.nodes.iter().map(|node| node.phase + 1).max().unwrap_or(0)
    }
}
