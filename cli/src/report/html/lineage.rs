//! How rows go from sources through tables to outputs, as boxes joined by lines.
//!
//! Boxes stand in columns: sources, tables in the order in which they need each other, outputs. A line that
//! passes a column keeps a place of its own in it, so that it does not run through a box.

use std::collections::HashMap;
use std::fmt::Write as _;

use lockgate_engine::RunRecord;
use serde::Serialize;

use crate::render::{count, things};

/// Boxes beyond which a drawing would say less than the lists do.
const MOST: usize = 120;

const BOX: (f64, f64) = (184.0, 46.0);
const GAP: (f64, f64) = (56.0, 16.0);
/// The height of the place that a passing line keeps.
const LANE: f64 = 8.0;

/// Characters of a name in a box.
const NAME: usize = 22;

/// A drawing.
#[derive(Debug, Serialize)]
pub(super) struct Lineage {
    width: f64,
    height: f64,
    boxes: Vec<Drawn>,
    lines: Vec<Line>,
    /// The same in words.
    told: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Drawn {
    x: f64,
    y: f64,
    kind: &'static str,
    name: String,
    title: String,
    note: String,
}

#[derive(Debug, Serialize)]
struct Line {
    path: String,
    kind: &'static str,
}

/// What a box stands for.
struct Node {
    kind: &'static str,
    name: String,
    title: String,
    note: String,
    column: usize,
}

/// From one node to another.
struct Edge {
    from: usize,
    to: usize,
    kind: &'static str,
}

/// A place in a column: of a node, or of a line that passes.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Slot {
    Node(usize),
    Lane { edge: usize, column: usize },
}

/// The drawing of a run; none where there is nothing to draw, or too much.
pub(super) fn drawn(record: &RunRecord) -> Option<Lineage> {
    let (nodes, edges) = graph(record);
    if edges.is_empty() || nodes.len() > MOST {
        return None;
    }
    let (places, height) = places(&nodes, &edges);
    let columns = nodes.iter().map(|node| node.column + 1).max().unwrap_or(0);
    let centre = |slot: Slot| places.get(&slot).copied().unwrap_or_default();
    let lines = edges
        .iter()
        .enumerate()
        .map(|(at, edge)| Line { path: line(at, edge, &nodes, &centre), kind: edge.kind });
    let told = edges.iter().map(|edge| told(&nodes[edge.from], &nodes[edge.to], edge.kind)).collect();
    Some(Lineage {
        width: columns as f64 * (BOX.0 + GAP.0) - GAP.0 + 2.0,
        height: height + 2.0,
        lines: lines.collect(),
        told,
        boxes: nodes
            .iter()
            .enumerate()
            .map(|(at, node)| Drawn {
                x: left(node.column),
                y: centre(Slot::Node(at)) - BOX.1 / 2.0,
                kind: node.kind,
                name: shortened(&node.name),
                title: node.title.clone(),
                note: node.note.clone(),
            })
            .collect(),
    })
}

fn told(from: &Node, to: &Node, kind: &str) -> String {
    match kind {
        "join" => format!("{} is joined into or looked up by {}", from.name, to.name),
        "apart" => format!("rows of {} are kept apart in {}", from.name, to.title),
        _ if to.kind == "output" => format!("{} is written to {}", from.name, to.title),
        _ => format!("{} comes from {}", to.name, from.name),
    }
}

fn graph(record: &RunRecord) -> (Vec<Node>, Vec<Edge>) {
    let mut nodes: Vec<Node> = Vec::new();
    let mut edges: Vec<Edge> = Vec::new();
    let mut known: HashMap<&str, usize> = HashMap::new();
    for input in &record.inputs {
        known.insert(&input.source, nodes.len());
        nodes.push(Node {
            kind: "source",
            name: input.source.clone(),
            title: input.location.clone(),
            note: things(input.rows, "row", "rows"),
            column: 0,
        });
    }
    for table in &record.tables {
        let at = nodes.len();
        let first = edges.len();
        let from = known.get(table.from.as_str()).map(|from| Edge { from: *from, to: at, kind: "rows" });
        let reads = table.reads.iter().filter(|read| **read != table.from);
        let joins =
            reads.filter_map(|read| Some(Edge { from: *known.get(read.as_str())?, to: at, kind: "join" }));
        edges.extend(from.into_iter().chain(joins));
        let column = edges[first..].iter().map(|edge| nodes[edge.from].column + 1).max().unwrap_or(1);
        known.insert(&table.table, at);
        nodes.push(Node {
            kind: "table",
            name: table.table.clone(),
            title: format!("{} → {} rows", count(table.rows_in), count(table.rows_out)),
            note: things(table.rows_out, "row", "rows"),
            column,
        });
    }
    let last = nodes.iter().map(|node| node.column + 1).max().unwrap_or(0);
    for table in &record.tables {
        let Some(from) = known.get(table.table.as_str()).copied() else { continue };
        let datasets = [(&table.output, "output", "rows"), (&table.quarantine, "quarantine", "apart")];
        for (dataset, kind, edge) in datasets {
            let Some(dataset) = dataset else { continue };
            edges.push(Edge { from, to: nodes.len(), kind: edge });
            let name = if kind == "output" { ending(&dataset.location) } else { "quarantine" };
            nodes.push(Node {
                kind,
                name: name.to_owned(),
                title: dataset.location.clone(),
                note: things(dataset.rows, "row", "rows"),
                column: last,
            });
        }
    }
    // Keys that a source is checked against are in the same column: that is said in words.
    for input in &record.inputs {
        for read in &input.reads {
            let at = known.get(read.as_str()).copied();
            if let Some(at) = at.filter(|at| edges.iter().all(|edge| edge.from != *at)) {
                nodes[at].note = format!("keys for {}", shortened(&input.source));
            }
        }
    }
    (nodes, edges)
}

/// The middle of every slot from the top, and the height of all.
fn places(nodes: &[Node], edges: &[Edge]) -> (HashMap<Slot, f64>, f64) {
    let columns = nodes.iter().map(|node| node.column + 1).max().unwrap_or(0);
    let mut slots: Vec<Vec<Slot>> = vec![Vec::new(); columns];
    for (at, node) in nodes.iter().enumerate() {
        slots[node.column].push(Slot::Node(at));
    }
    for (edge, of) in edges.iter().enumerate() {
        let (first, last) = (nodes[of.from].column + 1, nodes[of.to].column);
        for (column, slots) in slots.iter_mut().enumerate().take(last).skip(first) {
            slots.push(Slot::Lane { edge, column });
        }
    }
    let tall = |slot: &Slot| match slot {
        Slot::Node(_) => BOX.1,
        Slot::Lane { .. } => LANE,
    };
    let height_of = |column: &[Slot]| column.iter().map(|slot| tall(slot) + GAP.1).sum::<f64>() - GAP.1;
    let height = slots.iter().map(|column| height_of(column)).fold(0.0, f64::max);
    let mut places: HashMap<Slot, f64> = HashMap::new();
    for column in &mut slots {
        let wanted = |slot: &Slot| mean(&before(*slot, nodes, edges), &places);
        column.sort_by(|a, b| wanted(a).total_cmp(&wanted(b)));
        let mut y = (height - height_of(column)) / 2.0 + 1.0;
        for slot in column.iter() {
            places.insert(*slot, (y + tall(slot) / 2.0).round());
            y += tall(slot) + GAP.1;
        }
    }
    (places, height)
}

/// The slots in the column before that lead to `slot`.
fn before(slot: Slot, nodes: &[Node], edges: &[Edge]) -> Vec<Slot> {
    let step = |edge: usize, column: usize| {
        let from = edges[edge].from;
        if nodes[from].column + 1 == column {
            Slot::Node(from)
        } else {
            Slot::Lane { edge, column: column - 1 }
        }
    };
    match slot {
        Slot::Lane { edge, column } => vec![step(edge, column)],
        Slot::Node(node) => {
            let into = edges.iter().enumerate().filter(|(_, edge)| edge.to == node);
            into.map(|(edge, _)| step(edge, nodes[node].column)).collect()
        }
    }
}

/// Where `slots` are on average; the top for none, so that what is in order stays so.
fn mean(slots: &[Slot], places: &HashMap<Slot, f64>) -> f64 {
    let known: Vec<f64> = slots.iter().filter_map(|slot| places.get(slot).copied()).collect();
    if known.is_empty() { 0.0 } else { known.iter().sum::<f64>() / known.len() as f64 }
}

/// The path of a line from the right of a box through its lanes to the left of another.
fn line(at: usize, edge: &Edge, nodes: &[Node], centre: &dyn Fn(Slot) -> f64) -> String {
    let (from, to) = (nodes[edge.from].column, nodes[edge.to].column);
    let (mut x, mut y) = (left(from) + BOX.0, centre(Slot::Node(edge.from)));
    let mut path = format!("M{x} {y}");
    for column in from + 1..=to {
        let end =
            if column == to { centre(Slot::Node(edge.to)) } else { centre(Slot::Lane { edge: at, column }) };
        let next = left(column);
        let middle = f64::midpoint(x, next);
        let _ = write!(path, "C{middle} {y} {middle} {end} {next} {end}");
        (x, y) = (next, end);
        if column < to {
            x += BOX.0;
            let _ = write!(path, "H{x}");
        }
    }
    path
}

fn left(column: usize) -> f64 {
    column as f64 * (BOX.0 + GAP.0) + 1.0
}

/// The last part of a path.
fn ending(path: &str) -> &str {
    path.trim_end_matches('/').rsplit('/').next().unwrap_or(path)
}

fn shortened(name: &str) -> String {
    match name.char_indices().nth(NAME) {
        Some(_) => name.chars().take(NAME - 1).collect::<String>() + "…",
        None => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample::record;

    #[test]
    fn rows_go_from_left_to_right() {
        let drawn = drawn(&record()).expect("a drawing");
        let x = |name: &str| drawn.boxes.iter().find(|drawn| drawn.name == name).expect(name).x;
        assert!(x("raw") < x("clean") && x("clean") < x("by_city") && x("by_city") < x("quarantine"));
        assert_eq!(drawn.told[1], "cities is joined into or looked up by clean");
    }

    #[test]
    fn no_two_boxes_overlap() {
        let drawn = drawn(&record()).expect("a drawing");
        for (at, one) in drawn.boxes.iter().enumerate() {
            for other in &drawn.boxes[at + 1..] {
                let beside = (one.x - other.x).abs() >= BOX.0;
                assert!(beside || (one.y - other.y).abs() >= BOX.1, "{one:?} {other:?}");
            }
        }
    }

    #[test]
    fn what_is_too_much_is_not_drawn() {
        let mut record = record();
        record.tables = vec![record.tables[0].clone(); MOST];
        assert!(drawn(&record).is_none());
        record.tables.clear();
        assert!(drawn(&record).is_none());
    }
}
