//! Puts the run record together from the plan and what became of it.

use chrono::{DateTime, Utc};

use super::distribution::Distribution;
use super::record::{
    Check, FORMAT_VERSION, Input, InputFile, Output, OutputFile, RecoveredRun, Replay, Resources, RunRecord,
    RunStatus, Step, Table, ValuesFile,
};
use crate::engine::VERSION;
use crate::exec::conduct::NodeOutcome;
use crate::plan::{Node, Plan, Rows};
use crate::scan::ROW_BITS;
use crate::sink::StagedFile;
use crate::spec::Pipeline;
use crate::store::Dataset;
use crate::validate::{Ruling, ValuesRead};

/// What a record is made of.
pub struct Assembly<'a> {
    /// What was asked.
    pub pipeline: &'a Pipeline,
    /// What was planned.
    pub plan: &'a Plan,
    /// What became of each node.
    pub outcomes: &'a [NodeOutcome],
    /// What the gate decided.
    pub ruling: &'a Ruling,
    /// Id of the run.
    pub run_id: &'a str,
    /// The run's time.
    pub run_time: DateTime<Utc>,
    /// What became of earlier runs that had died.
    pub recovered: &'a [RecoveredRun],
    /// What it brought back, if it took rows of the quarantine through the pipeline.
    pub replay: Option<&'a Replay>,
    /// How the values of columns are spread, where the record is the only one to keep it.
    pub distributions: &'a [Distribution],
}

impl Assembly<'_> {
    /// The record of a run that began, took and ended as given.
    pub fn finish(
        &self,
        (started_at, resources, ended_at): (DateTime<Utc>, Resources, DateTime<Utc>),
    ) -> RunRecord {
        let nodes = || self.plan.nodes.iter().zip(self.outcomes).enumerate();
        let record = RunRecord {
            format_version: FORMAT_VERSION,
            run_id: self.run_id.to_owned(),
            pipeline: self.pipeline.name.value.clone(),
            engine_version: VERSION.to_owned(),
            status: match self.ruling {
                Ruling::Withhold { .. } => RunStatus::Withheld,
                Ruling::Publish { alerts } if alerts.is_empty() => RunStatus::Published,
                Ruling::Publish { .. } => RunStatus::PublishedWithAlerts,
            },
            replay: self.replay.cloned(),
            already_published: false,
            recovered: self.recovered.to_vec(),
            run_time: self.run_time,
            started_at,
            ended_at,
            vars: self.pipeline.vars.shown(),
            inputs: nodes().filter_map(|(_, (node, outcome))| self.input(node, outcome)).collect(),
            values: self.plan.values.iter().map(values).collect(),
            tables: nodes().filter_map(|(_, (node, outcome))| self.table(node, outcome)).collect(),
            checks: nodes().flat_map(|(index, (_, outcome))| self.checks(index, outcome)).collect(),
            distributions: self.distributions.to_vec(),
            resources,
        };
        self.pipeline.vars.masked(&self.pipeline.text.text, record)
    }

    fn table(&self, node: &Node, outcome: &NodeOutcome) -> Option<Table> {
        let Rows::Steps { from, .. } = &node.rows else { return None };
        if node.answers.is_some() {
            return None;
        }
        let steps: Vec<Step> = outcome
            .steps
            .iter()
            .map(|step| Step {
                step: step.step.to_owned(),
                rows_in: step.rows_in,
                rows_out: step.rows_out,
                counts: step.counts.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect(),
                busy_ms: step.nanos as f64 / 1e6,
            })
            .collect();
        Some(Table {
            table: node.name.clone(),
            from: self.plan.nodes[*from].name.clone(),
            reads: self.reads(node),
            rows_in: steps.first().map_or(outcome.rows_in, |step| step.rows_in + outcome.rows_entered),
            rows_out: outcome.rows_out,
            rows_quarantined: rows(&outcome.quarantined),
            busy_ms: outcome.nanos as f64 / 1e6 + steps.iter().map(|step| step.busy_ms).sum::<f64>(),
            steps,
            output: node.write.as_ref().map(|write| output(&write.dataset, &outcome.staged)),
            quarantine: quarantine(node, outcome),
        })
    }

    fn input(&self, node: &Node, outcome: &NodeOutcome) -> Option<Input> {
        let Rows::Scan(scan) = &node.rows else { return None };
        Some(Input {
            source: node.name.clone(),
            location: scan.address().to_owned(),
            reads: self.reads(node),
            rows: outcome.rows_in,
            rows_out: outcome.rows_out,
            rows_quarantined: rows(&outcome.quarantined),
            quarantine: quarantine(node, outcome),
            bytes: scan.files().iter().map(|file| file.entry.size).sum(),
            files: scan
                .files()
                .iter()
                .map(|file| InputFile {
                    path: file.entry.location.to_string(),
                    bytes: file.entry.size,
                    etag: file.entry.etag.clone(),
                })
                .collect(),
            schema_differences: scan.differences().to_vec(),
        })
    }

    /// What `node` reads beside the rows that it is made from, each once.
    fn reads(&self, node: &Node) -> Vec<String> {
        let mut reads = node.reads.clone();
        reads.sort_unstable();
        reads.dedup();
        reads.into_iter().map(|read| self.plan.nodes[read].name.clone()).collect()
    }

    fn checks(&self, index: usize, outcome: &NodeOutcome) -> Vec<Check> {
        let files = self.plan.files(index);
        outcome
            .verdicts
            .iter()
            .map(|verdict| Check {
                on: self.plan.reported(index).to_owned(),
                sample_places: verdict.samples.iter().map(|sample| place(&files, sample.origin)).collect(),
                verdict: verdict.clone(),
            })
            .collect()
    }
}

fn place(files: &[String], origin: Option<u64>) -> Option<String> {
    let file = files.get((origin? >> ROW_BITS) as usize)?;
    Some(format!("{file}:{}", origin? & ((1 << ROW_BITS) - 1)))
}

fn values(read: &ValuesRead) -> ValuesFile {
    ValuesFile { path: read.path.clone(), bytes: read.bytes, sha256: read.digest.clone() }
}

/// What went to the quarantine, if anything did.
fn quarantine(node: &Node, outcome: &NodeOutcome) -> Option<Output> {
    let dataset = node.quarantine.as_ref().filter(|_| rows(&outcome.quarantined) > 0)?;
    Some(output(dataset, &outcome.quarantined))
}

fn rows(files: &[StagedFile]) -> u64 {
    files.iter().map(|file| file.rows).sum()
}

fn output(dataset: &Dataset, files: &[StagedFile]) -> Output {
    let mut folders: Vec<&str> = files.iter().map(|file| &*file.folder).collect();
    folders.sort_unstable();
    folders.dedup();
    Output {
        location: dataset.folder().to_string(),
        partitions: folders.len(),
        rows: rows(files),
        bytes: files.iter().map(|file| file.bytes).sum(),
        files: files
            .iter()
            .map(|file| OutputFile { path: file.path.clone(), rows: file.rows, bytes: file.bytes })
            .collect(),
    }
}
