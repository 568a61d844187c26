//! The whole flow of a run: start reading here.

use std::collections::BTreeMap;
use std::time::Instant;

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};

use crate::commit::{
    Action, Begun, Holder, Home, Output, Patience, Recovered, Request, Session, State, WriteMode,
};
use crate::engine::{Engine, VERSION};
use crate::error::{Error, Result};
use crate::exec::conduct::{self, Conduct, NodeOutcome};
use crate::exec::flow::Machine;
use crate::exec::progress::Progress;
use crate::history;
use crate::plan::{Plan, Rows};
use crate::report::{Assembly, Distribution, RecoveredRun, RunRecord, RunStatus};
use crate::scan::Part;
use crate::spec::{Mode, Pipeline};
use crate::store::{Dataset, Entry, Staging};
use crate::validate::{Ruling, rule};

/// Runs `pipeline`: binds it to its data, makes and checks its tables in one pass, and publishes them if
/// the gate opens. A run that was published before is not done again; its record is given.
pub fn run(engine: &Engine, pipeline: &Pipeline) -> Result<RunRecord, Vec<Error>> {
    let mut clock = Phases::start(engine);
    clock.enter("plan");
    let mut plan = engine.bind(pipeline)?;
    let run_id = run_id(pipeline, &plan, engine, engine.options.run_time);
    if plan.nothing_new() {
        // What a run has read counts as published before the files go that it replaces: it may have died between.
        let recovered = engine.recover(pipeline).map_err(|error| vec![error])?;
        let done = recovered.iter().filter(|run| !matches!(run.action, Ok(Action::Running))).map(told);
        return Ok(nothing_new(engine, pipeline, &plan, run_id, &done.collect::<Vec<_>>(), &mut clock));
    }
    plan.narrow(true, engine.options.shortcuts).map_err(|error| vec![error])?;
    let home = engine.home(pipeline).map_err(|error| vec![error])?;
    let past = engine.past_in(home.clone(), &pipeline.name.value);
    clock.enter("begin");
    let begun = begin(engine, pipeline, home, &plan, &run_id, clock.started_at);
    let session = match begun.map_err(|error| vec![error])? {
        Begun::Started(session) => *session,
        Begun::AlreadyPublished(record) => return RunRecord::stored(record).map_err(|error| vec![error]),
    };
    let recovered: Vec<RecoveredRun> = session.recovered().map(told).collect();
    clock.enter("run");
    let conduct = Conduct {
        run_id,
        run_time: engine.options.run_time,
        write: true,
        shortcuts: engine.options.shortcuts,
        past: Some(past),
    };
    let outcomes = match carry_out(engine, &mut plan, &conduct, session.staging()) {
        Ok(outcomes) => outcomes,
        Err(error) => return Err(abandon(engine, session, error)),
    };
    clock.enter("publish");
    let ruling = rule(&outcomes.iter().flat_map(|outcome| &outcome.verdicts));
    let outputs = outputs(&plan, &outcomes);
    let distributions = withheld_distributions(&plan, &outcomes, &ruling, &conduct);
    let record = assemble(pipeline, &plan, &outcomes, &ruling, &conduct);
    let record = Assembly { recovered: &recovered, distributions: &distributions, ..record };
    let mut record = record.finish(clock.read());
    let states = states(&plan, &outcomes, &conduct).map_err(|error| vec![error])?;
    settle(engine, session, &ruling, (outputs, states), &record).map_err(|error| vec![error])?;
    if engine.options.dry_run && record.status != RunStatus::Withheld {
        record.status = RunStatus::DryRun;
    }
    record.resources = clock.read().1;
    Ok(record)
}

/// Begins a session of the commit for the run.
pub(crate) fn begin(
    engine: &Engine,
    pipeline: &Pipeline,
    home: Home,
    plan: &Plan,
    run_id: &str,
    now: DateTime<Utc>,
) -> Result<Begun> {
    let request = Request {
        home,
        pipeline: pipeline.name.value.clone(),
        run_id: run_id.to_owned(),
        datasets: datasets(plan),
        holder: Holder::current(),
        patience: Patience::default(),
        now,
        engine: VERSION.to_owned(),
    };
    engine.stores.io().block_on(Session::begin(&engine.stores, request))
}

/// Discards everything because of `error`; gives what went wrong.
pub(crate) fn abandon(engine: &Engine, session: Session, error: Error) -> Vec<Error> {
    let undone = engine.stores.io().block_on(session.abandon(None));
    std::iter::once(error).chain(undone.err()).collect()
}

/// The record of a run that found nothing to do. It is not kept.
fn nothing_new(
    engine: &Engine,
    pipeline: &Pipeline,
    plan: &Plan,
    run_id: String,
    recovered: &[RecoveredRun],
    clock: &mut Phases<'_>,
) -> RunRecord {
    let conduct = Conduct {
        run_id,
        run_time: engine.options.run_time,
        write: false,
        shortcuts: engine.options.shortcuts,
        past: None,
    };
    let ruling = Ruling::Publish { alerts: Vec::new() };
    let record = assemble(pipeline, plan, &[], &ruling, &conduct);
    let record = Assembly { recovered, ..record }.finish(clock.read());
    RunRecord { status: RunStatus::NothingNew, ..record }
}

/// Runs the checks of `pipeline` on a part of the rows and writes nothing.
pub fn validate(engine: &Engine, pipeline: &Pipeline, part: Part) -> Result<RunRecord, Vec<Error>> {
    let mut clock = Phases::start(engine);
    clock.enter("plan");
    let mut plan = engine.bind(pipeline)?;
    let run_id = run_id(pipeline, &plan, engine, engine.options.run_time);
    if plan.nothing_new() {
        return Ok(nothing_new(engine, pipeline, &plan, run_id, &[], &mut clock));
    }
    plan.keep_no_states();
    plan.restrict(part);
    // Footers tell of all rows.
    let shortcuts = engine.options.shortcuts && part == Part::Whole;
    let home = engine.home_if_any(pipeline).map_err(|error| vec![error])?;
    let past = home.map(|home| engine.past_in(home, &pipeline.name.value));
    plan.narrow(false, shortcuts).map_err(|error| vec![error])?;
    clock.enter("run");
    let conduct = Conduct { run_id, run_time: engine.options.run_time, write: false, shortcuts, past };
    let staging = Staging::new(conduct.run_id.as_str(), engine.stores.io(), None);
    let outcomes = carry_out(engine, &mut plan, &conduct, &staging).map_err(|error| vec![error])?;
    let ruling = rule(&outcomes.iter().flat_map(|outcome| &outcome.verdicts));
    let mut record = assemble(pipeline, &plan, &outcomes, &ruling, &conduct).finish(clock.read());
    if record.status != RunStatus::Withheld {
        record.status = RunStatus::Validated;
    }
    Ok(record)
}

/// Runs all phases of a plan.
pub(crate) fn carry_out(
    engine: &Engine,
    plan: &mut Plan,
    conduct: &Conduct,
    staging: &Staging,
) -> Result<Vec<NodeOutcome>> {
    let bytes = plan.nodes.iter().filter_map(|node| match &node.rows {
        Rows::Scan(scan) => Some(scan.bytes()),
        Rows::Steps { .. } | Rows::Returning { .. } => None,
    });
    let returning = plan.nodes.iter().flat_map(|node| &node.entrances).map(|entrance| entrance.scan.bytes());
    let bytes = bytes.chain(returning);
    Progress::add(&engine.progress().bytes_total, bytes.sum());
    let machine = Machine {
        pool: engine.pool()?,
        io: engine.stores.io(),
        cancel: engine.cancel(),
        progress: engine.progress(),
        memory: &engine.memory,
    };
    conduct::run(plan, conduct, staging, &machine)
}

/// Publishes, withholds, or forgets what was staged.
pub(crate) fn settle(
    engine: &Engine,
    session: Session,
    ruling: &Ruling,
    (outputs, states): (Vec<Output>, Vec<State>),
    record: &RunRecord,
) -> Result<()> {
    let io = engine.stores.io();
    let stored = serde_json::to_value(record)
        .map_err(|error| Error::defect("could not write the run record").because(error))?;
    if engine.options.dry_run {
        return io.block_on(session.abandon(None));
    }
    match ruling {
        Ruling::Withhold { stops } => io.block_on(session.withhold(stops.clone(), stored)),
        Ruling::Publish { .. } => io.block_on(async {
            match engine.cancel().check() {
                Ok(()) => session.publish(outputs, stored, states).await,
                Err(error) => {
                    // That it was interrupted says more than that something of it is left.
                    let _ = session.abandon(None).await;
                    Err(error)
                }
            }
        }),
    }
}

/// What a run is: the same pipeline, variables, seed, engine, time, inputs and files of values give the same id.
pub(crate) fn run_id(pipeline: &Pipeline, plan: &Plan, engine: &Engine, run_time: DateTime<Utc>) -> String {
    let mut hash = Sha256::new();
    let mut add = |part: &str| {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part.as_bytes());
    };
    add(VERSION);
    add(&pipeline.text.text);
    for (name, value) in pipeline.vars.identity(&pipeline.text.text) {
        add(name);
        add(value);
    }
    add(&engine.options.seed.to_string());
    if plan.depends_on_time() {
        add(&run_time.to_rfc3339());
    }
    for node in &plan.nodes {
        add(&node.name);
        let scan = match &node.rows {
            Rows::Scan(scan) => Some(&**scan),
            Rows::Steps { .. } | Rows::Returning { .. } => None,
        };
        if let Some(scan) = scan {
            scan.files().iter().for_each(|file| add_entry(&mut add, &file.entry));
        }
        // The same files taken from the quarantine are another thing than read by a run.
        for entrance in &node.entrances {
            add("from the quarantine");
            add(&entrance.stage.to_string());
            entrance.scan.files().iter().for_each(|file| add_entry(&mut add, &file.entry));
        }
    }
    for file in &plan.values {
        add(&file.path);
        add(&file.digest);
    }
    let digest = hash.finalize();
    let bytes: [u8; 16] = std::array::from_fn(|index| digest[index]);
    format!("{:032x}", u128::from_be_bytes(bytes))
}

fn add_entry(add: &mut impl FnMut(&str), entry: &Entry) {
    add(&entry.location.to_string());
    add(&entry.size.to_string());
    add(entry.etag.as_deref().unwrap_or_default());
}

/// The datasets that may be written.
pub(crate) fn datasets(plan: &Plan) -> Vec<Dataset> {
    let written = plan.nodes.iter().filter_map(|node| node.write.as_ref().map(|write| write.dataset.clone()));
    written.chain(plan.nodes.iter().filter_map(|node| node.quarantine.clone())).collect()
}

/// What is kept of each source and table for the checks of later runs.
fn states(plan: &Plan, outcomes: &[NodeOutcome], conduct: &Conduct) -> Result<Vec<State>> {
    let kept = plan.nodes.iter().zip(outcomes).filter(|(_, outcome)| !outcome.points.is_empty());
    kept.map(|(node, outcome)| {
        history::state(&node.name, &outcome.points, &conduct.run_id, conduct.run_time, VERSION)
    })
    .collect()
}

/// How the values of columns are spread in what is withheld, of which no state is kept.
fn withheld_distributions(
    plan: &Plan,
    outcomes: &[NodeOutcome],
    ruling: &Ruling,
    conduct: &Conduct,
) -> Vec<Distribution> {
    let (Ruling::Withhold { .. }, Some(past)) = (ruling, &conduct.past) else { return Vec::new() };
    let points = plan.nodes.iter().zip(outcomes).map(|(node, outcome)| (&*node.name, &*outcome.points));
    history::distributions(past, points, &conduct.run_id)
}

/// What each dataset gets.
pub(crate) fn outputs(plan: &Plan, outcomes: &[NodeOutcome]) -> Vec<Output> {
    let mut outputs = Vec::new();
    for (node, outcome) in plan.nodes.iter().zip(outcomes) {
        let written = node.write.as_ref().map(|write| (&write.dataset, write.mode, &outcome.staged));
        let quarantined =
            node.quarantine.as_ref().map(|dataset| (dataset, Mode::Replace, &outcome.quarantined));
        for (dataset, mode, files) in written.into_iter().chain(quarantined) {
            let mut partitions: Vec<String> = files.iter().map(|file| file.folder.to_string()).collect();
            partitions.sort_unstable();
            partitions.dedup();
            outputs.push(Output {
                dataset: dataset.clone(),
                mode: match mode {
                    Mode::Replace => WriteMode::Replace,
                    Mode::Append => WriteMode::Append,
                    Mode::ErrorIfExists => WriteMode::ErrorIfExists,
                },
                partitions,
                files: files.iter().map(|file| file.staged.clone()).collect(),
                taken: Vec::new(),
            });
        }
    }
    outputs
}

/// All that the record is made of, but what died before.
pub(crate) fn assemble<'a>(
    pipeline: &'a Pipeline,
    plan: &'a Plan,
    outcomes: &'a [NodeOutcome],
    ruling: &'a Ruling,
    conduct: &'a Conduct,
) -> Assembly<'a> {
    Assembly {
        pipeline,
        plan,
        outcomes,
        ruling,
        run_id: &conduct.run_id,
        run_time: conduct.run_time,
        recovered: &[],
        replay: None,
        distributions: &[],
    }
}

/// What became of an earlier run that had died.
pub(crate) fn told(recovered: &Recovered) -> RecoveredRun {
    RecoveredRun {
        run_id: recovered.attempt.as_ref().map(|attempt| attempt.run_id.clone()),
        outcome: match &recovered.action {
            Ok(Action::Finished) => "finished".to_owned(),
            Ok(Action::Undone) => "undone".to_owned(),
            Ok(Action::Tidied) => "tidied".to_owned(),
            Ok(Action::Running) => "running".to_owned(),
            Err(error) => error.to_string(),
        },
    }
}

/// Milliseconds of each phase, by the wall clock.
pub(crate) struct Phases<'e> {
    engine: &'e Engine,
    /// When the run began.
    pub(crate) started_at: DateTime<Utc>,
    started: Instant,
    current: Option<(&'static str, Instant)>,
    done: BTreeMap<String, f64>,
}

impl<'e> Phases<'e> {
    /// Starts the clock.
    pub(crate) fn start(engine: &'e Engine) -> Self {
        Self {
            engine,
            started_at: (engine.clock)(),
            started: Instant::now(),
            current: None,
            done: BTreeMap::new(),
        }
    }

    /// Ends the phase before and begins this one.
    pub(crate) fn enter(&mut self, phase: &'static str) {
        self.close();
        self.engine.progress().enter(phase);
        self.current = Some((phase, Instant::now()));
    }

    fn close(&mut self) {
        if let Some((phase, since)) = self.current {
            self.done.insert(phase.to_owned(), since.elapsed().as_secs_f64() * 1e3);
        }
    }

    /// When the run began and what it took until now.
    pub(crate) fn read(&mut self) -> (DateTime<Utc>, crate::report::Resources, DateTime<Utc>) {
        self.close();
        let usage = self.engine.options.usage.as_ref().map(|usage| usage());
        let resources = crate::report::Resources {
            threads: self.engine.options.threads.max(1),
            elapsed_ms: self.started.elapsed().as_secs_f64() * 1e3,
            phases_ms: self.done.clone(),
            cpu_ms: usage.map(|usage| usage.cpu_ms),
            memory_peak_bytes: usage.map(|usage| usage.memory_peak_bytes),
            spilled_bytes: self.engine.memory.disk().written(),
            requests: self.engine.stores.requests(),
        };
        (self.started_at, resources, (self.engine.clock)())
    }
}
