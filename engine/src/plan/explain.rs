//! What a run would read, do and write, for people and machines.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use lockgate_rules::{AnsweredFrom, JudgeContext, NO_HISTORY, Proofs, Severity};
use serde::{Deserialize, Serialize};

use super::checks::planned_references;
use super::{Node, Partitioning, Plan, Rows, visible, write};
use crate::error::{Error, Result};
use crate::exec::bridge;
use crate::scan::{Difference, Scan};
use crate::spec::Mode;
use crate::steps::Lowering;
use crate::store::partition_folder;

/// A plan, told.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Explanation {
    /// Name of the pipeline.
    pub pipeline: String,
    /// The run's time.
    pub run_time: DateTime<Utc>,
    /// What is read.
    pub sources: Vec<SourcePlan>,
    /// What is made.
    pub tables: Vec<TablePlan>,
    /// What is checked.
    pub checks: Vec<CheckPlan>,
}

/// A source of a plan.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SourcePlan {
    /// Its name.
    pub source: String,
    /// Where its files are.
    pub location: String,
    /// Files that are read.
    pub files: usize,
    /// Stored bytes of the columns that are read.
    pub bytes: u64,
    /// Rows, where footers say.
    pub rows: Option<u64>,
    /// Folders of the partitions that are read, in order.
    pub partitions: Vec<String>,
    /// Its columns.
    pub columns: Vec<Column>,
    /// Those of them that are read, because something needs them.
    pub columns_read: Vec<String>,
    /// How files differ.
    pub schema_differences: Vec<Difference>,
}

/// A column of a plan.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its type.
    pub data_type: String,
}

/// A table of a plan.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TablePlan {
    /// Its name.
    pub table: String,
    /// Where its rows come from.
    pub from: String,
    /// Its steps.
    pub steps: Vec<StepPlan>,
    /// Its columns.
    pub columns: Vec<Column>,
    /// Where it is written.
    pub output: Option<OutputPlan>,
    /// Where rows go that fail.
    pub quarantine: Option<String>,
}

/// A step of a plan.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct StepPlan {
    /// Its name.
    pub step: String,
    /// How it runs.
    pub runs: Runs,
}

/// How a step runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Runs {
    /// On each batch alone.
    Rows,
    /// Over the stream of batches, with state.
    Stream,
    /// On all rows at once.
    Whole,
}

/// A check of a plan.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CheckPlan {
    /// The source or table.
    pub on: String,
    /// Its id.
    pub id: String,
    /// Its rule.
    pub rule: String,
    /// The columns it is about.
    pub columns: Vec<String>,
    /// What happens if it fails.
    pub severity: Severity,
    /// What must hold.
    pub expected: String,
    /// Where the answer will come from.
    pub answered_from: AnsweredFrom,
}

/// Where a table is written.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct OutputPlan {
    /// The dataset's folder.
    pub location: String,
    /// What happens to what is there.
    pub mode: String,
    /// Its partition columns, or the one folder that is written.
    pub partition_by: String,
}

impl Explanation {
    /// Tells `plan`.
    pub fn of(plan: &Plan, run_time: DateTime<Utc>, shortcuts: bool) -> Result<Self> {
        let mut told = Self {
            pipeline: plan.pipeline.clone(),
            run_time,
            sources: Vec::new(),
            tables: Vec::new(),
            checks: Vec::new(),
        };
        for (index, node) in plan.nodes.iter().enumerate() {
            told.checks.extend(checks(plan, index, run_time, shortcuts)?);
            match &node.rows {
                _ if node.answers.is_some() => {}
                Rows::Returning { .. } => {}
                Rows::Scan(scan) => told.sources.push(source(node, scan)),
                Rows::Steps { from, .. } => told.tables.push(table(node, &plan.nodes[*from].name, run_time)),
            }
        }
        Ok(told)
    }
}

fn source(node: &Node, scan: &Scan) -> SourcePlan {
    let folder = |partition: &[(String, Option<String>)]| {
        let folders = partition.iter().map(|(name, value)| partition_folder(name, value.as_deref()));
        folders.collect::<Vec<_>>().join("/")
    };
    let partitions: BTreeSet<String> = scan.files().iter().map(|file| folder(&file.partition)).collect();
    SourcePlan {
        source: node.name.clone(),
        location: scan.address().to_owned(),
        files: scan.files().len(),
        bytes: scan.bytes(),
        rows: scan.footer_rows(),
        partitions: partitions.into_iter().filter(|folder| !folder.is_empty()).collect(),
        columns: columns(node),
        columns_read: visible(&node.carried).iter_names().map(ToString::to_string).collect(),
        schema_differences: scan.differences().to_vec(),
    }
}

fn table(node: &Node, from: &str, run_time: DateTime<Utc>) -> TablePlan {
    let steps = match &node.rows {
        Rows::Steps { steps, .. } => steps.as_slice(),
        Rows::Scan(_) | Rows::Returning { .. } => &[],
    };
    TablePlan {
        table: node.name.clone(),
        from: from.to_owned(),
        steps: steps
            .iter()
            .map(|step| StepPlan {
                step: step.def.name.to_owned(),
                runs: match step.lowering {
                    Lowering::Rows(_) => Runs::Rows,
                    Lowering::Stream(_) => Runs::Stream,
                    Lowering::Whole(_) => Runs::Whole,
                },
            })
            .collect(),
        columns: columns(node),
        output: node.write.as_ref().map(|write| OutputPlan {
            location: write.dataset.folder().to_string(),
            mode: match write.mode {
                Mode::Replace => "replace",
                Mode::Append => "append",
                Mode::ErrorIfExists => "error_if_exists",
            }
            .to_owned(),
            partition_by: match &write.partitioning {
                Partitioning::Columns(columns) => columns.join(", "),
                Partitioning::RunTime => write::run_time_folder(run_time),
                Partitioning::Folder(folder) => folder.clone(),
            },
        }),
        quarantine: node.quarantine.as_ref().map(|dataset| dataset.folder().to_string()),
    }
}

fn columns(node: &Node) -> Vec<Column> {
    let schema = visible(&node.schema);
    let column = |(name, dtype): (&polars::prelude::PlSmallStr, &polars::prelude::DataType)| Column {
        name: name.to_string(),
        data_type: crate::expr::type_name(dtype),
    };
    schema.iter().map(column).collect()
}

fn checks(plan: &Plan, index: usize, now: DateTime<Utc>, shortcuts: bool) -> Result<Vec<CheckPlan>> {
    let node = &plan.nodes[index];
    if node.checks.is_empty() {
        return Ok(Vec::new());
    }
    let proofs = plan.proofs(index, shortcuts);
    let schema = bridge::arrow_schema(&visible(&node.schema))?;
    let suite = plan
        .suite(index, &schema, planned_references(plan, node)?)
        .map_err(|_| Error::defect(format!("the checks of \"{}\" no longer fit its rows", node.name)))?;
    let sources = suite.answered(&proofs).into_iter().map(|from| from.unwrap_or(AnsweredFrom::Scan));
    let nothing = Proofs::default();
    let context = JudgeContext { now, proofs: &nothing, source: AnsweredFrom::Scan, history: &NO_HISTORY };
    let asked = suite.judge(&suite.start(), &context);
    let told = asked.into_iter().zip(sources).map(|(verdict, answered_from)| CheckPlan {
        on: plan.reported(index).to_owned(),
        id: verdict.id,
        rule: verdict.rule,
        columns: verdict.columns,
        severity: verdict.severity,
        expected: verdict.expected,
        answered_from,
    });
    Ok(told.collect())
}
