//! Carries out a plan phase by phase: builds the lines of each scan, runs them, and keeps what later
//! phases need.

use std::collections::BTreeMap;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};
use lockgate_rules::measure::What;
use lockgate_rules::{NO_HISTORY, Point, Verdict, Want};
use parquet::basic::Compression;
use polars::prelude::{DataFrame, Schema};

use super::feed::{Feed, Place};
use super::flow::{self, Machine};
use super::line::{Counter, Line, Stage, Work};
use super::rows::RowWork;
use super::whole::Whole;
use crate::error::{Error, Result};
use crate::history::{self, Past};
use crate::memory::{Disk, Kept, Memory, Table};
use crate::plan::{
    Node, Partitioning, Plan, Rows, StepPlan, WritePlan, planned_references, predicates, run_time_folder,
    visible,
};
use crate::scan::Scan;
use crate::sink::StagedFile;
use crate::steps::{Lowering, RowOp};
use crate::store::{Staging, partition_folder};
use crate::validate::{
    self, KeyRoom, QUARANTINE_RUN, Quarantine, Tap, add_reference, point_name, quarantine_verdict,
};

/// What a run may do.
#[derive(Debug, Clone)]
pub struct Conduct {
    /// Id of the run.
    pub run_id: String,
    /// The run's time.
    pub run_time: DateTime<Utc>,
    /// Whether outputs are written at all.
    pub write: bool,
    /// Whether footers and the plan may answer checks.
    pub shortcuts: bool,
    /// What was published before, if anything is kept of it.
    pub past: Option<Past>,
}

/// What became of one node.
pub struct NodeOutcome {
    /// Rows that came out of its steps.
    pub rows_in: u64,
    /// Rows that came in past its first step.
    pub rows_entered: u64,
    /// Rows that stayed after its checks.
    pub rows_out: u64,
    /// What each step did.
    pub steps: Vec<StepOutcome>,
    /// The verdicts of its checks.
    pub verdicts: Vec<Verdict>,
    /// What was learnt of its columns, for the checks of later runs.
    pub points: Vec<Point>,
    /// Files it staged.
    pub staged: Vec<StagedFile>,
    /// Files its quarantine staged.
    pub quarantined: Vec<StagedFile>,
    /// Nanoseconds all workers spent on its checks and on handing on its rows.
    pub nanos: u64,
}

/// What one step did.
pub struct StepOutcome {
    /// Its name.
    pub step: &'static str,
    /// Rows in.
    pub rows_in: u64,
    /// Rows out.
    pub rows_out: u64,
    /// What it counted.
    pub counts: Vec<(&'static str, u64)>,
    /// Nanoseconds all workers spent on it.
    pub nanos: u64,
}

/// Rows that later phases need, by node.
type Later = BTreeMap<usize, Arc<Kept>>;

/// Runs all phases. The outcome of each node is at its index.
pub fn run(
    plan: &mut Plan,
    conduct: &Conduct,
    staging: &Staging,
    machine: &Machine<'_>,
) -> Result<Vec<NodeOutcome>> {
    let mut done: BTreeMap<usize, NodeOutcome> = BTreeMap::new();
    let mut kept = Later::new();
    for phase in 0..plan.phases() {
        let roots = roots(plan, phase);
        for (position, &root) in roots.iter().enumerate() {
            let members = members(plan, root, phase);
            let lines = lines(plan, &members, conduct, staging, machine.memory, &mut kept)?;
            let feed = match (&plan.nodes[root].rows, kept.get(&root)) {
                (Rows::Scan(scan), None) => Feed::Scan(scan),
                (Rows::Returning { .. }, _) => Feed::Entrances(entrances(plan, &members)),
                (_, Some(rows)) => Feed::kept(Arc::clone(rows)),
                (_, None) => return Err(Error::defect("the rows of a table were not kept")),
            };
            if position + 1 == roots.len() {
                // What was needed has been taken from the rows that no later phase asks for.
                kept.retain(|node, _| last_use(plan, *node) > phase);
            }
            match feed.rows_known() {
                Some(rows) if lines.iter().all(Line::is_idle) => {
                    for line in &lines {
                        line.let_pass(rows);
                    }
                }
                _ => flow::run(&feed, &lines, machine)?,
            }
            for (line, &node) in lines.into_iter().zip(&members) {
                let is_again = node == root && !is_first_look(plan, root, phase);
                let (outcome, rows) = finish(plan, node, line, conduct)?;
                if !is_again {
                    done.insert(node, outcome);
                    let rows = rows.map(|rows| (node, Arc::new(rows)));
                    kept.extend(rows.filter(|_| last_use(plan, node) > phase));
                }
            }
        }
    }
    if done.len() != plan.nodes.len() {
        return Err(Error::defect("some tables of the plan were never run"));
    }
    Ok(done.into_values().collect())
}

/// The nodes whose rows feed tables of this phase: sources, and tables of earlier phases.
fn roots(plan: &Plan, phase: usize) -> Vec<usize> {
    let is_root = |node: usize| {
        let feeds = children(plan, node, phase).next().is_some();
        let own = plan.nodes[node].phase == phase;
        match &plan.nodes[node].rows {
            Rows::Scan(_) => feeds || (first_look(plan, node) == phase),
            Rows::Steps { .. } => feeds && !own,
            Rows::Returning { .. } => own,
        }
    };
    (0..plan.nodes.len()).filter(|&node| is_root(node)).collect()
}

/// Where rows come in among the lines of `members`.
fn entrances<'p>(plan: &'p Plan, members: &[usize]) -> Vec<(Place, &'p Scan)> {
    let of = |(line, &node): (usize, &usize)| {
        let place = move |stage: usize| Place { line, stage };
        let entrances = &plan.nodes[node].entrances;
        entrances.iter().map(move |entrance| (place(entrance.stage), &entrance.scan)).collect::<Vec<_>>()
    };
    members.iter().enumerate().flat_map(of).collect()
}

/// Tables of `phase` that take their rows from `node`.
fn children(plan: &Plan, node: usize, phase: usize) -> impl Iterator<Item = usize> + '_ {
    plan.nodes.iter().enumerate().filter_map(move |(index, child)| match &child.rows {
        Rows::Steps { from, .. } if *from == node && child.phase == phase => Some(index),
        _ => None,
    })
}

/// The phase in which a source's checks run and its rows are kept: as early as needed, else with the
/// first table that reads it.
fn first_look(plan: &Plan, source: usize) -> usize {
    let node = &plan.nodes[source];
    if node.gathered {
        return node.phase;
    }
    let phases = plan.nodes.iter().filter_map(|child| match &child.rows {
        Rows::Steps { from, .. } if *from == source => Some(child.phase),
        _ => None,
    });
    phases.min().unwrap_or(node.phase).max(node.phase)
}

fn is_first_look(plan: &Plan, node: usize, phase: usize) -> bool {
    match &plan.nodes[node].rows {
        Rows::Scan(_) => first_look(plan, node) == phase,
        Rows::Steps { .. } | Rows::Returning { .. } => plan.nodes[node].phase == phase,
    }
}

/// The last phase in which a source is read.
fn last_scan(plan: &Plan, source: usize) -> usize {
    let phases = (first_look(plan, source)..plan.phases()).rev();
    phases
        .into_iter()
        .find(|phase| children(plan, source, *phase).next().is_some())
        .unwrap_or_else(|| first_look(plan, source))
}

/// The last phase in which the kept rows of `node` are used.
fn last_use(plan: &Plan, node: usize) -> usize {
    let uses = plan.nodes.iter().enumerate().filter_map(|(index, other)| match &other.rows {
        Rows::Steps { from, .. } => (*from == node || other.reads.contains(&node)).then_some(other.phase),
        Rows::Scan(_) => other.reads.contains(&node).then(|| last_scan(plan, index)),
        Rows::Returning { .. } => other.reads.contains(&node).then_some(other.phase),
    });
    uses.max().unwrap_or(0)
}

/// `root` and every table of `phase` below it, parents before children.
fn members(plan: &Plan, root: usize, phase: usize) -> Vec<usize> {
    let mut members = vec![root];
    let mut next = 0;
    while next < members.len() {
        let found: Vec<usize> = children(plan, members[next], phase).collect();
        members.extend(found);
        next += 1;
    }
    members
}

fn lines(
    plan: &mut Plan,
    members: &[usize],
    conduct: &Conduct,
    staging: &Staging,
    memory: &Memory,
    kept: &mut Later,
) -> Result<Vec<Line>> {
    let phase = members.iter().map(|&node| plan.nodes[node].phase).max().unwrap_or(0);
    let files: Arc<[String]> = plan.files(members[0]).into();
    let reread = plan.scan(members[0]).is_some() && !kept.contains_key(&members[0]);
    let mut lines = Vec::with_capacity(members.len());
    for (position, &node) in members.iter().enumerate() {
        let watched = position > 0 || is_first_look(plan, node, phase);
        let steps = match &mut plan.nodes[node].rows {
            Rows::Steps { steps, .. } if position > 0 => std::mem::take(steps),
            _ => Vec::new(),
        };
        let mut stages = Vec::with_capacity(steps.len());
        let mut diverting = Vec::new();
        for step in steps {
            if let Lowering::Rows(ops) = &step.lowering
                && ops.iter().any(|op| matches!(op, RowOp::Divert(_)))
            {
                let point = point_name(Some((step.position, step.def.name)));
                diverting.push((stages.len(), format!("{point}-{}", step.trail), step.input.clone()));
            }
            let others = others(plan, &step, kept)?;
            stages.push(stage(step, others, &files, memory)?);
        }
        let own = &plan.nodes[node];
        let feeds = (0..members.len())
            .filter(|&child| match &plan.nodes[members[child]].rows {
                Rows::Steps { from, .. } => child > 0 && *from == node,
                Rows::Scan(_) | Rows::Returning { .. } => false,
            })
            .collect();
        lines.push(Line {
            name: own.name.clone(),
            stages,
            schema: own.carried.clone(),
            // Rows that are read once more leave and change as they did the first time.
            tap: tap(plan, node, conduct, memory, kept)?
                .filter(|tap| watched || (reread && tap.alters_rows())),
            quarantine: if watched {
                quarantine(own, &diverting, conduct, staging, &files, memory.disk())?
            } else {
                None
            },
            writer: writer(own, watched, conduct, staging, memory.disk())?,
            gathered: (watched && own.gathered).then(|| Mutex::new(Kept::new(memory, rows_of(&own.name)))),
            feeds,
            flow: Counter::default(),
            entered: AtomicU64::new(0),
        });
    }
    Ok(lines)
}

/// The other tables a step reads.
fn others(plan: &Plan, step: &StepPlan, kept: &Later) -> Result<Vec<Table>> {
    let table = |read: &usize| {
        let rows = kept.get(read).ok_or_else(|| Error::defect("the rows of a table were not kept"))?;
        Ok(Table::new(Arc::clone(rows), visible(&plan.nodes[*read].carried)))
    };
    step.reads.iter().map(table).collect()
}

/// Whose rows they are, for whoever asks where the memory went.
fn rows_of(name: &str) -> String {
    format!("the rows of \"{name}\"")
}

/// All rows of `node`, in one piece from now on.
fn whole(plan: &Plan, node: usize, memory: &Memory, kept: &mut Later) -> Result<DataFrame> {
    let own = &plan.nodes[node];
    let all = match kept.remove(&node) {
        Some(rows) => rows.stacked(&own.carried)?,
        None => DataFrame::empty_with_schema(&own.carried),
    };
    kept.insert(node, Arc::new(Kept::whole(memory, rows_of(&own.name), all.clone())));
    memory.check()?;
    Ok(all)
}

fn stage(step: StepPlan, others: Vec<Table>, files: &Arc<[String]>, memory: &Memory) -> Result<Stage> {
    let StepPlan { def, span, lowering, input, .. } = step;
    let work = match lowering {
        Lowering::Rows(ops) => RowWork::new(ops, &input, Arc::clone(files)).map(Work::Rows),
        Lowering::Stream(stream) => stream.open(others, memory).map(Work::Ordered),
        Lowering::Whole(whole) => {
            Ok(Work::Ordered(Box::new(Whole::new(def.name, whole, input, others, memory))))
        }
    };
    Ok(Stage { step: def.name, span, work: work.map_err(|error| error.at(span))?, flow: Counter::default() })
}

fn tap(
    plan: &Plan,
    node: usize,
    conduct: &Conduct,
    memory: &Memory,
    kept: &mut Later,
) -> Result<Option<Tap>> {
    let own = &plan.nodes[node];
    if own.checks.is_empty() && own.profiled.is_empty() {
        return Ok(None);
    }
    // What columns tables have, the plan knows.
    let mut references = planned_references(plan, own)?;
    references.retain(|reference, _| reference.want == Want::Schema);
    for (check, _) in &own.checks {
        for reference in check.references() {
            if reference.want == Want::Schema {
                continue;
            }
            let other = plan.nodes.iter().position(|node| node.name == reference.dataset);
            let other =
                other.ok_or_else(|| Error::defect("a check refers to a table that was not planned"))?;
            let frame = whole(plan, other, memory, kept)?;
            add_reference(&mut references, reference, &frame)?;
        }
    }
    let proofs = plan.proofs(node, conduct.shortcuts);
    let schema = super::bridge::arrow_schema(&visible(&own.schema))?;
    let suite = plan
        .suite(node, &schema, references)
        .map_err(|_| Error::defect(format!("the checks of \"{}\" no longer fit its rows", own.name)))?;
    let predicates = predicates(&suite, &own.schema)?;
    let keeps_states = suite.measures().any(|spec| matches!(spec.what, What::Profile(_) | What::PairProfile));
    let partitions = own.write.as_ref().filter(|_| keeps_states && conduct.write);
    let partitions = partitions.and_then(|write| write.times(&own.carried));
    let room = KeyRoom::new(memory, &own.name);
    Tap::new(suite, &predicates, &own.carried, proofs, conduct.run_time, partitions, room).map(Some)
}

fn writer(
    node: &Node,
    watched: bool,
    conduct: &Conduct,
    staging: &Staging,
    disk: &Disk,
) -> Result<Option<crate::sink::DatasetWriter>> {
    match &node.write {
        Some(write) if conduct.write && watched => {
            let (tag, staging) = (tag(conduct), staging.clone());
            write.writer(&node.carried, conduct.run_time, tag, staging, disk).map(Some)
        }
        _ => Ok(None),
    }
}

/// The part of file names that tells runs apart.
fn tag(conduct: &Conduct) -> String {
    conduct.run_id.chars().take(12).collect()
}

fn quarantine(
    node: &Node,
    diverting: &[(usize, String, Schema)],
    conduct: &Conduct,
    staging: &Staging,
    files: &Arc<[String]>,
    disk: &Disk,
) -> Result<Option<Quarantine>> {
    let Some(dataset) = node.quarantine.as_ref().filter(|_| conduct.write) else { return Ok(None) };
    let folder = partition_folder(QUARANTINE_RUN, Some(&conduct.run_id));
    let checks = format!("{}-{}", point_name(None), node.trail);
    let stages = diverting.iter().map(|(stage, point, schema)| (Some(*stage), point, schema));
    let points = stages
        .chain(std::iter::once((None, &checks, &node.carried)))
        .map(|(stage, point, schema)| {
            let written = Quarantine::schema(schema);
            let plan = WritePlan::single(dataset.clone(), folder.clone(), Compression::SNAPPY);
            let tag = format!("{point}-{}", tag(conduct));
            Ok(validate::Point {
                stage,
                writer: plan.writer(&written, conduct.run_time, tag, staging.clone(), disk)?,
                schema: super::bridge::arrow_schema(&written)?,
            })
        })
        .collect::<Result<Vec<_>>>()?;
    Ok(Some(Quarantine::new(Arc::clone(files), points)))
}

/// The verdicts of a tap, and what it learnt for later runs.
fn judged(plan: &Plan, node: usize, tap: &Tap, conduct: &Conduct) -> Result<(Vec<Verdict>, Vec<Point>)> {
    let own = &plan.nodes[node];
    let by_run_time = own.write.as_ref().is_some_and(|write| write.partitioning == Partitioning::RunTime);
    let folder = by_run_time.then(|| run_time_folder(conduct.run_time));
    let points = history::points(tap.profiles(), folder, &conduct.run_id, conduct.run_time);
    let baselines = tap.baselines();
    let history = match &conduct.past {
        Some(past) if !baselines.is_empty() => {
            past.history(&own.name, &baselines, &points, &conduct.run_id)?
        }
        _ => NO_HISTORY.clone(),
    };
    Ok((tap.judge(&history), points))
}

fn finish(plan: &Plan, node: usize, line: Line, conduct: &Conduct) -> Result<(NodeOutcome, Option<Kept>)> {
    let (mut verdicts, points) = match &line.tap {
        Some(tap) => judged(plan, node, tap, conduct)?,
        None => (Vec::new(), Vec::new()),
    };
    let steps = line.stages.iter().map(|stage| StepOutcome {
        step: stage.step,
        rows_in: stage.flow.rows_in(),
        rows_out: stage.flow.rows_out(),
        counts: match &stage.work {
            Work::Rows(work) => work.counts(),
            Work::Ordered(operator) => operator.counts(),
        },
        nanos: stage.flow.nanos(),
    });
    let steps: Vec<StepOutcome> = steps.collect();
    let has_quarantine = line.quarantine.is_some();
    let mut quarantined: Vec<StagedFile> = Vec::new();
    for point in line.quarantine.map_or_else(Vec::new, Quarantine::into_points) {
        quarantined.extend(point.writer.finish()?);
    }
    if let Some(limit) = plan.nodes[node].max_quarantine.filter(|_| has_quarantine) {
        let rows = quarantined.iter().map(|file| file.rows).sum();
        let all = steps.first().map_or(line.flow.rows_in(), |step| step.rows_in);
        verdicts.push(quarantine_verdict(limit, rows, all));
    }
    let outcome = NodeOutcome {
        rows_in: line.flow.rows_in(),
        rows_entered: line.entered.into_inner(),
        rows_out: line.flow.rows_out(),
        steps,
        verdicts,
        points,
        staged: line.writer.map_or_else(|| Ok(Vec::new()), crate::sink::DatasetWriter::finish)?,
        quarantined,
        nanos: line.flow.nanos(),
    };
    let kept = line.gathered.map(|rows| rows.into_inner().unwrap_or_else(PoisonError::into_inner));
    Ok((outcome, kept))
}
