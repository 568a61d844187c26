//! `lockgate suggest`: checks for a dataset, learnt from a part of it and tested on the others, or from what was
//! published of it.

use std::collections::BTreeSet;

use lockgate_engine::{Error, Part, RunRecord};
use lockgate_rules::Status;
use serde_json::{Value, json};

use super::init::name;
use super::profile::dataset;
use crate::args::{DataFormat, Job, Subject};
use crate::exit::Ended;
use crate::failure::Failure;
use crate::render;
use crate::screen::Screen;
use crate::session::Session;
use crate::suggest::{Learnt, Proof, Suggestion, check, from_past, list, pipeline, suggestions};

/// The version of the document. New fields do not change it, other meanings do.
const VERSION: u32 = 1;

/// Suggests checks, as a pipeline file.
pub(super) fn suggest(job: &Job, screen: &Screen) -> Result<Ended, Failure> {
    let mut session = Session::open(job, screen)?;
    let profiled = session.ask(|engine, pipeline| engine.profile(pipeline, Part::Training))?;
    let all = suggestions(&profiled);
    let (tested, others) = test(&mut session, job, &all, Part::HeldOut, |_| true)?;
    let (_, whole) = test(&mut session, job, &all, Part::Whole, |proof| proof == Proof::Tried)?;
    let failed: BTreeSet<usize> = others.union(&whole).copied().collect();
    let (left_out, kept): (Vec<_>, Vec<_>) =
        all.into_iter().enumerate().partition(|(at, _)| failed.contains(at));
    let kept: Vec<Suggestion> = kept.into_iter().map(|(_, suggestion)| suggestion).collect();
    let told = left_out.into_iter().map(|(_, suggestion)| suggestion);
    let left_out: Vec<Suggestion> = told.filter(|suggestion| suggestion.proof != Proof::Tried).collect();

    let learnt = Learnt {
        read: dataset(job),
        format: format(job).name(),
        name: &name(dataset(job)),
        rows: profiled.rows,
        tested,
        left_out: left_out.len(),
    };
    let text = pipeline(&learnt, &kept);
    let value = json!({
        "format_version": VERSION,
        "dataset": learnt.read,
        "rows_learnt_from": learnt.rows,
        "rows_tested_on": learnt.tested,
        "checks": kept,
        "left_out": left_out,
        "pipeline": text,
    });
    screen.show(&value, |_| text.clone())?;
    screen.note(&render::suggested(kept.len(), &left_out, "other rows"));
    Ok(Ended::Done)
}

/// Points of the history that are learnt from and tested on, the newest.
const POINTS: usize = 100;

/// Suggests checks for `table`, or for all sources and tables that keep states, as a list for each.
pub(super) fn from_history(job: &Job, table: Option<&str>, screen: &Screen) -> Result<Ended, Failure> {
    let session = Session::open(job, screen)?;
    let remembered = session.ask(|engine, _| engine.remembered(session.whose(), table, POINTS))?;
    let learnt: Vec<_> = remembered.iter().filter_map(from_past).collect();
    if learnt.is_empty() {
        let error = Error::wrong("so far there is one point to learn from, and none to test on");
        return Err(error.hint("`lockgate suggest DATASET` learns from rows").into());
    }
    let texts: Vec<String> = learnt.iter().map(list).collect();
    let suggested = learnt.iter().zip(&texts).map(|(learnt, text)| {
        let mut told = json!(learnt);
        told["text"] = json!(text);
        told
    });
    let value = json!({ "format_version": VERSION, "suggested": suggested.collect::<Vec<_>>() });
    screen.show(&value, |_| texts.join("---\n"))?;
    let kept = learnt.iter().map(|learnt| learnt.checks.len()).sum();
    let left_out: Vec<Suggestion> = learnt.into_iter().flat_map(|learnt| learnt.left_out).collect();
    screen.note(&render::suggested(kept, &left_out, "newer points"));
    Ok(Ended::Done)
}

fn format(job: &Job) -> DataFormat {
    match &job.subject {
        Subject::Dataset { format, .. } => *format,
        Subject::File(_) => DataFormat::Parquet,
    }
}

/// Runs those suggestions on a part of the rows whose proof asks for it: the rows, and which of the
/// suggestions failed.
fn test(
    session: &mut Session,
    job: &Job,
    all: &[Suggestion],
    part: Part,
    wanted: impl Fn(Proof) -> bool,
) -> Result<(u64, BTreeSet<usize>), Failure> {
    let wanted: Vec<usize> = (0..all.len()).filter(|at| wanted(all[*at].proof)).collect();
    if wanted.is_empty() {
        return Ok((0, BTreeSet::new()));
    }
    let named = |at: &usize| {
        let mut named = all[*at].clone();
        named.params.insert("id".into(), Value::from(id(*at)));
        check(&named)
    };
    let checks = wanted.iter().map(named).collect();
    let read = dataset(job).to_owned();
    session.turn_to(&Subject::Dataset { read, format: format(job), checks })?;
    let record = session.ask(|engine, pipeline| engine.validate_part(pipeline, part))?;
    let failed = wanted.into_iter().filter(|at| fails(&record, &id(*at)));
    Ok((record.inputs.iter().map(|input| input.rows).sum(), failed.collect()))
}

fn id(at: usize) -> String {
    format!("suggestion-{at}")
}

fn fails(record: &RunRecord, id: &str) -> bool {
    let verdict = record.checks.iter().map(|check| &check.verdict).find(|verdict| verdict.id == id);
    verdict.is_none_or(|verdict| matches!(verdict.status, Status::Fail | Status::Error))
}
