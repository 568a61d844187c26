//! Rows of the quarantine go through the pipeline again, from where they had left, and once.
//!
//! The flow is that of a run with other inputs: the files of the quarantine. What passes is appended to the
//! tables, and the files that were read leave the quarantine, in the same commit; rows that fail again are in
//! new files of it. So a row is either published or kept, whatever happens.
//!
//! What was published before is neither read nor changed: nobody looks for keys that are there already.

mod kept;
mod reread;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use futures::{StreamExt, TryStreamExt, stream};

use self::kept::{KeptFile, kept_files};
use crate::commit::{self, Begun, Home, Output, Recovered, Replaced, Session};
use crate::engine::Engine;
use crate::error::{Error, Kind, Result};
use crate::exec::conduct::{Conduct, NodeOutcome};
use crate::history::{self, Since};
use crate::plan::{Coming, Plan};
use crate::report::{Assembly, InputFile, RecoveredRun, Replay, Reread, Returned, RunRecord, RunStatus};
use crate::run::{self, Phases};
use crate::scan::{self, Origins};
use crate::spec::Pipeline;
use crate::validate::{Ruling, rule};

/// Partitions that are claimed at once.
const AT_ONCE: usize = 16;

/// Which rows shall go on, and which tables shall not get them.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Those of this source or table; all without it.
    pub table: Option<String>,
    /// Those of runs whose id begins with one of these; all without any.
    pub runs: Vec<String>,
    /// Those that left here: `checks`, or the name of a step, or a step with its position (`step-2-parse`).
    pub at: Option<String>,
    /// Also those whose files a later run has read again, which may have published them.
    pub reread: bool,
    /// Tables that stay as they are.
    pub leave: Vec<String>,
    /// The replay's logical time; without it, that of the runs in which the rows had left where tables are
    /// partitioned by it, else the engine's.
    pub run_time: Option<DateTime<Utc>>,
}

/// Rows that go on, and those that do not.
#[derive(Default)]
struct Found {
    files: Vec<KeptFile>,
    /// Where the rows of each file came from.
    origins: Vec<Origins>,
    /// The runs in which they had left, and what was published since.
    since: BTreeMap<String, Since>,
    reread: Vec<Reread>,
}

/// Takes the rows `wanted` of the pipeline's quarantines through the pipeline, and publishes those that pass if
/// the gate opens.
pub fn replay(engine: &Engine, pipeline: &Pipeline, wanted: &Wanted) -> Result<RunRecord, Vec<Error>> {
    let mut clock = Phases::start(engine);
    clock.enter("plan");
    let io = engine.stores.io();
    let home = engine.home(pipeline).map_err(|error| vec![error])?;
    let recovered = recover(engine, &home).map_err(|error| vec![error])?;
    let plan = engine.bind_whole(pipeline)?;
    let found = find(engine, pipeline, &plan, wanted).map_err(|error| vec![error])?;
    let told = told(&plan, &found, wanted);
    if found.files.is_empty() {
        return Ok(nothing(engine, pipeline, &told, &recovered, &mut clock));
    }
    let taken = taken(&plan, &found.files);
    let coming = coming(engine, &plan, &found).map_err(|error| vec![error])?;
    let mut plan = plan.returning(coming, &wanted.leave, reread::files(&found.origins))?;
    plan.narrow(true, engine.options.shortcuts).map_err(|error| vec![error])?;
    let run_time = run_time(engine, &plan, &found, wanted).map_err(|error| vec![error])?;
    let run_id = run::run_id(pipeline, &plan, engine, run_time);
    let past = engine.past_in(home.clone(), &pipeline.name.value);
    clock.enter("begin");
    let begun = run::begin(engine, pipeline, home, &plan, &run_id, clock.started_at);
    let session = match begun.map_err(|error| vec![error])? {
        Begun::Started(session) => *session,
        Begun::AlreadyPublished(record) => return RunRecord::stored(record).map_err(|error| vec![error]),
    };
    clock.enter("run");
    let conduct =
        Conduct { run_id, run_time, write: true, shortcuts: engine.options.shortcuts, past: Some(past) };
    let outcomes = match run::carry_out(engine, &mut plan, &conduct, session.staging()) {
        Ok(outcomes) => outcomes,
        Err(error) => return Err(run::abandon(engine, session, error)),
    };
    clock.enter("publish");
    let ruling = rule(&outcomes.iter().flat_map(|outcome| &outcome.verdicts));
    let outputs = outputs(&plan, &outcomes, taken);
    let record = run::assemble(pipeline, &plan, &outcomes, &ruling, &conduct);
    let told = counted(told, &outcomes);
    let mut record = Assembly { recovered: &recovered, replay: Some(&told), ..record }.finish(clock.read());
    let publishes = matches!(ruling, Ruling::Publish { .. }) && !engine.options.dry_run;
    if publishes && let Err(error) = io.block_on(hold(&session, &outputs, pipeline, &found)) {
        return Err(run::abandon(engine, session, error));
    }
    // Of so few rows no state is kept: it would be no past to compare with.
    run::settle(engine, session, &ruling, (outputs, Vec::new()), &record).map_err(|error| vec![error])?;
    if engine.options.dry_run && record.status != RunStatus::Withheld {
        record.status = RunStatus::DryRun;
    }
    record.resources = clock.read().1;
    Ok(record)
}

/// Finishes or undoes runs that died: what they left half done may be the rows that are wanted.
fn recover(engine: &Engine, home: &Home) -> Result<Vec<RecoveredRun>> {
    let found = engine.recover_in(home)?;
    let is_running = |run: &&Recovered| matches!(run.action, Ok(commit::Action::Running));
    Ok(found.iter().filter(|run| !is_running(run)).map(run::told).collect())
}

/// The files of the rows wanted, without those about whose rows a later run has decided.
fn find(engine: &Engine, pipeline: &Pipeline, plan: &Plan, wanted: &Wanted) -> Result<Found> {
    let io = engine.stores.io();
    let mut found = Found::default();
    let kept = kept_files(plan, wanted, io)?;
    if kept.is_empty() {
        return Ok(found);
    }
    let runs: BTreeSet<String> = kept.iter().map(|file| file.run.clone()).collect();
    let home = engine.home(pipeline)?;
    found.since = io.block_on(history::published_since(&home, &pipeline.name.value, &runs))?;
    let entries: Vec<_> = kept.iter().map(|file| file.entry.clone()).collect();
    let origins = scan::origins("quarantine", &entries, io)?;
    for (file, origins) in kept.into_iter().zip(origins) {
        let since = found.since.get(&file.run);
        let since = since.ok_or_else(|| Error::defect("a run in quarantine was not looked up"))?;
        let reread = if wanted.reread { None } else { reread::reread(plan, &file, &origins, since)? };
        match reread {
            Some(reread) => found.reread.push(reread),
            None => {
                found.files.push(file);
                found.origins.push(origins);
            }
        }
    }
    Ok(found)
}

/// The time that the rows go on with: where tables are partitioned by it, they belong to the partition that
/// they would have been in.
fn run_time(engine: &Engine, plan: &Plan, found: &Found, wanted: &Wanted) -> Result<DateTime<Utc>> {
    let runs = found.files.iter().filter_map(|file| found.since.get(&file.run));
    let times: BTreeSet<DateTime<Utc>> = runs.map(|since| since.run_time).collect();
    let mut times = times.iter();
    match (wanted.run_time, times.next(), times.next()) {
        (Some(given), ..) => Ok(given),
        (None, Some(only), None) if plan.depends_on_time() => Ok(*only),
        (None, Some(first), Some(second)) if plan.depends_on_time() => {
            let what =
                format!("the rows belong to partitions of different run times, such as {first} and {second}");
            Err(Error::wrong(what)
                .hint("replay the rows of one run after the other with `--run`, or say with `--run-time` where they go"))
        }
        _ => Ok(engine.options.run_time),
    }
}

/// Where the rows come in again.
fn coming(engine: &Engine, plan: &Plan, found: &Found) -> Result<Vec<Coming>> {
    let names = reread::files(&found.origins);
    let numbers: HashMap<String, u64> = names.into_iter().zip(0..).collect();
    let numbers = Arc::new(numbers);
    let mut places: BTreeMap<(usize, usize), Vec<_>> = BTreeMap::new();
    for file in &found.files {
        let stage = plan.stage_after(file.node, &file.trail).ok_or_else(|| lost(plan, file))?;
        places.entry((file.node, stage)).or_default().push(file.entry.clone());
    }
    let coming = places.into_iter().map(|((node, stage), entries)| {
        let schema = plan.schema_at(node, stage);
        let scan = scan::plan_kept(&plan.nodes[node].name, schema, &entries, &numbers, engine.stores.io())?;
        Ok(Coming { node, stage, scan })
    });
    coming.collect()
}

/// The rows have taken steps that are not in the pipeline any more.
fn lost(plan: &Plan, file: &KeptFile) -> Error {
    let node = &plan.nodes[file.node];
    let what = format!(
        "rows that left \"{}\" at \"{}\" in run {} have taken steps before it that the pipeline has changed since",
        node.name, file.point, file.run
    );
    Error::wrong(what).at(node.span).hint(
        "steps from there on and checks may change; bring back the steps before, or run the pipeline again over \
         the files that the rows came from",
    )
}

/// The files that leave each quarantine, by its node's name.
fn taken(plan: &Plan, files: &[KeptFile]) -> BTreeMap<String, Vec<Replaced>> {
    let mut taken: BTreeMap<String, Vec<Replaced>> = BTreeMap::new();
    for file in files {
        let KeptFile { path, entry, .. } = file;
        let file_now = Replaced { path: path.clone(), size: entry.size, etag: entry.etag.clone() };
        taken.entry(plan.nodes[file.node].name.clone()).or_default().push(file_now);
    }
    taken
}

/// What each dataset gets, and what leaves the quarantines.
fn outputs(plan: &Plan, outcomes: &[NodeOutcome], mut taken: BTreeMap<String, Vec<Replaced>>) -> Vec<Output> {
    let mut outputs = run::outputs(plan, outcomes);
    for node in plan.nodes.iter().filter(|node| !node.entrances.is_empty()) {
        let quarantine = outputs.iter_mut().find(|output| Some(&output.dataset) == node.quarantine.as_ref());
        if let (Some(output), Some(files)) = (quarantine, taken.remove(&node.name)) {
            output.taken = files;
        }
    }
    outputs
}

/// Takes the partitions that are going to be written, so that no run can write them any more, and makes sure that
/// none has decided about the rows until then.
async fn hold(session: &Session, outputs: &[Output], pipeline: &Pipeline, found: &Found) -> Result<()> {
    let partitions = outputs.iter().flat_map(|output| output.partitions.iter().map(move |to| (output, to)));
    stream::iter(partitions.map(|(output, to)| session.claim(&output.dataset, to, output.mode)))
        .buffer_unordered(AT_ONCE)
        .try_collect::<()>()
        .await?;
    let runs = found.since.keys().cloned().collect();
    if history::published_since(session.home(), &pipeline.name.value, &runs).await? == found.since {
        return Ok(());
    }
    Err(Error::new(Kind::Conflict, "a run of the pipeline was published while its quarantine was replayed")
        .hint("try again: what that run has decided about is left out then"))
}

/// What the record tells of the rows that were found.
fn told(plan: &Plan, found: &Found, wanted: &Wanted) -> Replay {
    let runs: BTreeSet<&String> = found.files.iter().map(|file| &file.run).collect();
    let mut returned: BTreeMap<(usize, &kept::Point), Returned> = BTreeMap::new();
    for (file, origins) in found.files.iter().zip(&found.origins) {
        let place = returned.entry((file.node, &file.point)).or_insert_with(|| Returned {
            on: plan.nodes[file.node].name.clone(),
            point: file.point.to_string(),
            rows: 0,
            files: Vec::new(),
        });
        place.rows += origins.values().sum::<u64>();
        let path = file.entry.location.to_string();
        place.files.push(InputFile { path, bytes: file.entry.size, etag: file.entry.etag.clone() });
    }
    let returned: Vec<Returned> = returned.into_values().collect();
    Replay {
        runs: runs.into_iter().cloned().collect(),
        rows_in: returned.iter().map(|place| place.rows).sum(),
        rows_published: 0,
        rows_kept: 0,
        returned,
        reread: found.reread.clone(),
        left: wanted.leave.clone(),
    }
}

/// The same, with what became of the rows.
fn counted(told: Replay, outcomes: &[NodeOutcome]) -> Replay {
    let rows = |files: &[crate::sink::StagedFile]| files.iter().map(|file| file.rows).sum::<u64>();
    Replay {
        rows_published: outcomes.iter().map(|outcome| rows(&outcome.staged)).sum(),
        rows_kept: outcomes.iter().map(|outcome| rows(&outcome.quarantined)).sum(),
        ..told
    }
}

/// The record of a replay that found no rows. It is not kept.
fn nothing(
    engine: &Engine,
    pipeline: &Pipeline,
    told: &Replay,
    recovered: &[RecoveredRun],
    clock: &mut Phases<'_>,
) -> RunRecord {
    let plan = Plan { pipeline: pipeline.name.value.clone(), nodes: Vec::new(), values: Vec::new() };
    let conduct = Conduct {
        run_id: run::run_id(pipeline, &plan, engine, engine.options.run_time),
        run_time: engine.options.run_time,
        write: false,
        shortcuts: engine.options.shortcuts,
        past: None,
    };
    let ruling = Ruling::Publish { alerts: Vec::new() };
    let record = run::assemble(pipeline, &plan, &[], &ruling, &conduct);
    let record = Assembly { recovered, replay: Some(told), ..record }.finish(clock.read());
    RunRecord { status: RunStatus::NothingNew, ..record }
}
