//! The plan of a replay: rows of the quarantine go on from where they had left, and nothing else is read
//! but what steps and checks on their way look up.
//!
//! What is published already stays as it is. So every table that the rows come to must be one whose rows are
//! made one by one, and no table may look rows up in one that they come to: of both, what is published would
//! have to be made again. Such tables are refused, or left as they are if the caller says so.

use std::collections::BTreeMap;
use std::sync::Arc;

use lockgate_rules::Want;
use polars::prelude::Schema;

use super::bind::order;
use super::{Entrance, Node, Plan, Rows, StepPlan};
use crate::error::{Error, Result};
use crate::scan::Scan;
use crate::spec::{Mode, did_you_mean};

/// Rows that come in again, all at one place.
pub struct Coming {
    /// At which node.
    pub node: usize,
    /// Before which of its steps; their number stands for its checks.
    pub stage: usize,
    /// Reads the rows.
    pub scan: Scan,
}

/// Which nodes do what in a replay.
struct Route {
    /// Stay as they are.
    left: Vec<bool>,
    /// Rows come to these, at this step at first.
    fed: Vec<Option<usize>>,
    /// Are made as in a run, to be looked up in.
    looked_up: Vec<bool>,
}

impl Plan {
    /// Which of the steps of `node` rows of the way `trail` come to next; their number stands for the checks.
    pub fn stage_after(&self, node: usize, trail: &str) -> Option<usize> {
        let steps = steps(&self.nodes[node]);
        let ways = steps.iter().map(|step| &step.trail).chain([&self.nodes[node].trail]);
        ways.map(ToString::to_string).position(|way| way == trail)
    }

    /// The schema of rows that come to step `stage` of `node`, or to its checks.
    pub fn schema_at(&self, node: usize, stage: usize) -> &Schema {
        let own = &self.nodes[node];
        steps(own).get(stage).map_or(&own.schema, |step| &step.input)
    }

    /// The plan by which the rows `coming`, which once came from `files`, go on; tables `left` stay as they are.
    pub fn returning(
        self,
        coming: Vec<Coming>,
        left: &[String],
        files: Vec<String>,
    ) -> Result<Self, Vec<Error>> {
        let route = Route::of(&self, &coming, left)?;
        let mut plan = self.along(&route, coming, &files.into());
        order(&mut plan).map_err(|error| vec![error])?;
        // All rows that come back go through the tables they come to in one flow.
        let is_fed = |node: &Node| matches!(node.rows, Rows::Returning { .. }) || !node.entrances.is_empty();
        let mut fed: Vec<bool> = Vec::with_capacity(plan.nodes.len());
        for node in &plan.nodes {
            fed.push(is_fed(node) || matches!(&node.rows, Rows::Steps { from, .. } if fed[*from]));
        }
        let phases = plan.nodes.iter().zip(&fed).filter(|(_, fed)| **fed).map(|(node, _)| node.phase);
        let last = phases.max().unwrap_or(0);
        for (node, _) in plan.nodes.iter_mut().zip(&fed).filter(|(_, fed)| **fed) {
            node.phase = last;
            node.gathered = false;
        }
        Ok(plan)
    }

    /// The nodes of `route`: first those that are looked up, as in a run, then those that rows come to.
    fn along(self, route: &Route, coming: Vec<Coming>, files: &Arc<[String]>) -> Self {
        let mut places: BTreeMap<usize, Vec<(usize, Scan)>> = BTreeMap::new();
        for Coming { node, stage, scan } in coming {
            places.entry(node).or_default().push((stage, scan));
        }
        let names: Vec<String> = self.nodes.iter().map(|node| node.name.clone()).collect();
        let (looked_up, others): (Vec<_>, Vec<_>) =
            self.nodes.into_iter().enumerate().partition(|(index, _)| route.looked_up[*index]);
        let mut nodes: Vec<Node> = Vec::new();
        let mut number: BTreeMap<usize, usize> = BTreeMap::new();
        for (index, mut node) in looked_up {
            renumber(&mut node, &number, None);
            number.insert(index, nodes.len());
            nodes.push(Node { write: None, quarantine: None, ..unmeasured(node) });
        }
        for (index, node) in others {
            let Some(first) = route.fed[index] else { continue };
            let mut node = unmeasured(node);
            let entrances = places.remove(&index).into_iter().flatten();
            node.entrances = entrances.map(|(stage, scan)| Entrance { stage: stage - first, scan }).collect();
            if let Some(write) = &mut node.write {
                write.mode = Mode::Append;
            }
            let parent = match &mut node.rows {
                Rows::Steps { from, steps } => {
                    steps.drain(..first);
                    Some(*from)
                }
                Rows::Scan(_) | Rows::Returning { .. } => None,
            };
            let start = match parent {
                None => {
                    node.rows = Rows::Returning { files: Arc::clone(files) };
                    None
                }
                Some(from) if route.fed[from].is_none() => {
                    nodes.push(beginning(&node, &names[from], files));
                    Some(nodes.len() - 1)
                }
                Some(_) => None,
            };
            renumber(&mut node, &number, start);
            number.insert(index, nodes.len());
            nodes.push(node);
        }
        Self { pipeline: self.pipeline, nodes, values: self.values }
    }
}

impl Route {
    fn of(plan: &Plan, coming: &[Coming], left: &[String]) -> Result<Self, Vec<Error>> {
        let left = left_out(plan, coming, left).map_err(|error| vec![error])?;
        let mut fed: Vec<Option<usize>> = Vec::with_capacity(plan.nodes.len());
        for (index, node) in plan.nodes.iter().enumerate() {
            let comes = coming.iter().filter(|coming| coming.node == index).map(|coming| coming.stage).min();
            let passes =
                matches!(&node.rows, Rows::Steps { from, .. } if fed[*from].is_some() && !left[index]);
            fed.push(if passes { Some(0) } else { comes });
        }
        let mut route = Self { left, looked_up: vec![false; plan.nodes.len()], fed };
        let wrong = route.refused(plan);
        if !wrong.is_empty() {
            return Err(wrong);
        }
        let wrong = route.look_up(plan);
        if wrong.is_empty() { Ok(route) } else { Err(wrong) }
    }

    /// The steps of `node` that are done.
    fn done<'p>(&self, plan: &'p Plan, node: usize) -> &'p [StepPlan] {
        steps(&plan.nodes[node]).get(self.fed[node].unwrap_or(0)..).unwrap_or_default()
    }

    /// Why rows cannot come to the tables they would come to, without what is published being made again.
    fn refused(&self, plan: &Plan) -> Vec<Error> {
        let mut wrong = Vec::new();
        let tables = plan.nodes.iter().enumerate().filter(|(_, node)| node.answers.is_none());
        for (index, node) in tables.filter(|(index, _)| !self.left[*index]) {
            for step in self.done(plan, index) {
                if self.fed[index].is_some() && !step.lowering.is_row_by_row() {
                    let what = format!(
                        "rows that come back to table \"{}\" would go through \"{}\", which looks at all rows of it",
                        node.name, step.def.name
                    );
                    wrong.push(Error::wrong(what).at(step.span).hint(cure(&node.name)));
                }
                let changed = step.reads.iter().find(|read| self.fed[**read].is_some());
                if let Some(other) = changed.map(|read| &plan.nodes[*read].name) {
                    let what = format!(
                        "rows would come back to \"{other}\", in which table \"{}\" looks rows up",
                        node.name
                    );
                    wrong.push(Error::wrong(what).at(step.span).hint(cure(&node.name)));
                }
            }
        }
        wrong
    }

    /// Finds what has to be made as in a run, because steps and checks on the way look it up.
    fn look_up(&mut self, plan: &Plan) -> Vec<Error> {
        let mut wrong = Vec::new();
        let mut asked: Vec<(usize, usize)> = Vec::new();
        for index in (0..plan.nodes.len()).filter(|index| self.fed[*index].is_some()) {
            let reads = self.done(plan, index).iter().flat_map(|step| &step.reads).copied();
            // What columns a table has that rows come to is known.
            let referred = referred(plan, index).into_iter();
            let referred =
                referred.filter(|(other, want)| *want != Want::Schema || self.fed[*other].is_none());
            asked.extend(reads.chain(referred.map(|(other, _)| other)).map(|other| (index, other)));
        }
        while let Some((by, index)) = asked.pop() {
            if self.fed[index].is_some() {
                wrong.push(of_itself(plan, by, index));
                continue;
            }
            if std::mem::replace(&mut self.looked_up[index], true) {
                continue;
            }
            let node = &plan.nodes[index];
            let from = match &node.rows {
                Rows::Steps { from, .. } => Some(*from),
                Rows::Scan(_) | Rows::Returning { .. } => None,
            };
            let reads = steps(node).iter().flat_map(|step| &step.reads).copied();
            let referred = referred(plan, index).into_iter().map(|(other, _)| other);
            asked.extend(from.into_iter().chain(reads).chain(referred).map(|other| (index, other)));
        }
        wrong
    }
}

/// The tables that stay as they are: those named, and those made from them.
fn left_out(plan: &Plan, coming: &[Coming], named: &[String]) -> Result<Vec<bool>> {
    let tables = || plan.nodes.iter().filter(|node| node.answers.is_none());
    for name in named {
        if !tables().any(|node| node.name == *name) {
            let wrong = Error::wrong(format!("no table \"{name}\" to leave as it is"));
            return Err(wrong.hint(did_you_mean(name, tables().map(|node| node.name.as_str()), "there are")));
        }
        if coming.iter().any(|coming| plan.nodes[coming.node].name == *name) {
            return Err(Error::wrong(format!("\"{name}\" cannot be left: rows come back to it"))
                .hint("say with --table to which other table rows come back"));
        }
    }
    let mut left: Vec<bool> = Vec::with_capacity(plan.nodes.len());
    for (index, node) in plan.nodes.iter().enumerate() {
        let follows = matches!(&node.rows, Rows::Steps { from, .. } if left[*from]);
        let comes = coming.iter().any(|coming| coming.node == index);
        left.push((follows || named.contains(&node.name)) && !comes);
    }
    Ok(left)
}

/// What to do where rows cannot come back.
fn cure(table: &str) -> String {
    format!(
        "run the pipeline again over the files that the rows came from; or leave this table as it is with \
         `--leave {table}`, or choose other rows with `--table` or `--at`"
    )
}

/// That the way of the rows needs what it changes.
fn of_itself(plan: &Plan, by: usize, changed: usize) -> Error {
    let (by, changed) = (plan.reported(by), plan.reported(changed));
    let what = format!("\"{by}\" looks at \"{changed}\", to which rows come back in the same replay");
    Error::wrong(what).hint("replay one table after the other, with `--table`")
}

/// The nodes that checks of `index` look at, with what they want of each.
fn referred(plan: &Plan, index: usize) -> Vec<(usize, Want)> {
    let references = plan.nodes[index].checks.iter().flat_map(|(check, _)| check.references());
    let found = references.filter_map(|reference| {
        Some((plan.nodes.iter().position(|node| node.name == reference.dataset)?, reference.want))
    });
    found.collect()
}

fn steps(node: &Node) -> &[StepPlan] {
    match &node.rows {
        Rows::Steps { steps, .. } => steps,
        Rows::Scan(_) | Rows::Returning { .. } => &[],
    }
}

/// The node without what only a run keeps or limits. That a step left no two rows alike says nothing of rows
/// that come back from different runs.
fn unmeasured(node: Node) -> Node {
    Node { profiled: Vec::new(), unique: Vec::new(), max_quarantine: None, ..node }
}

/// Stands for the table before `node`, of which no rows come.
fn beginning(node: &Node, name: &str, files: &Arc<[String]>) -> Node {
    let schema = steps(node).first().map_or(&node.schema, |step| &step.input).clone();
    let rows = Rows::Returning { files: Arc::clone(files) };
    Node::new(name, node.span, rows, schema, node.trail.clone())
}

/// Has `node` name the others by the numbers they have now; its rows come from `start`, if that is told.
fn renumber(node: &mut Node, number: &BTreeMap<usize, usize>, start: Option<usize>) {
    let now = |index: &mut usize| *index = number.get(index).copied().unwrap_or(*index);
    if let Rows::Steps { from, steps } = &mut node.rows {
        match start {
            Some(start) => *from = start,
            None => now(from),
        }
        steps.iter_mut().flat_map(|step| &mut step.reads).for_each(now);
    }
    node.answers.as_mut().into_iter().for_each(now);
}
