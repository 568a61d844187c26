//! Checks that judge the result of a query: each gets a table of its own, made by the query from the checked
//! one, which is neither written nor reported.

use polars::prelude::Schema;

use super::bind::{output_schema, visible};
use super::{Node, Rows, StepPlan};
use crate::error::{Error, Result};
use crate::spec::{CheckPlace, did_you_mean};
use crate::steps::{BindContext, query_step};

/// Takes the checks that ask a query from `nodes`; gives the tables that answer them.
pub(super) fn queries(nodes: &mut [Node], seed: u64) -> Result<Vec<Node>> {
    let mut asked = Vec::new();
    for from in 0..nodes.len() {
        let (queries, others) = std::mem::take(&mut nodes[from].checks)
            .into_iter()
            .partition(|(check, _)| check.query().is_some());
        nodes[from].checks = others;
        let all = nodes[from].checks.iter().chain(&queries);
        let is_redacted = all.clone().any(|(check, _)| !check.redacted().is_empty());
        for (check, place) in queries {
            let span = place.span;
            let answer = answer(nodes, from, (check, place), seed).map_err(|error| error.at(span))?;
            let answer = if is_redacted { showing_nothing(answer) } else { answer };
            asked.push(answer);
        }
    }
    Ok(asked)
}

/// Keeps back all values of an answer: a query may name values of a redacted column as it likes.
fn showing_nothing(answer: Node) -> Node {
    let columns: Vec<String> = visible(&answer.schema).iter_names().map(ToString::to_string).collect();
    let shown = |(check, place): (lockgate_rules::Check, _)| (check.redacting(columns.clone()), place);
    Node { checks: answer.checks.into_iter().map(shown).collect(), ..answer }
}

fn answer(
    nodes: &[Node],
    from: usize,
    (check, place): (lockgate_rules::Check, CheckPlace),
    seed: u64,
) -> Result<Node> {
    let query = check.query().ok_or_else(|| Error::defect("a check without a query was taken for one"))?;
    let index = |wanted: &String| {
        nodes.iter().position(|node| node.name == *wanted).ok_or_else(|| {
            let names = nodes.iter().map(|node| node.name.as_str());
            Error::wrong(format!("no source or table \"{wanted}\"")).hint(did_you_mean(
                wanted,
                names,
                "there are",
            ))
        })
    };
    let reads = query.reads.iter().map(index).collect::<Result<Vec<_>>>()?;
    let input = nodes[from].schema.clone();
    let others: Vec<Schema> = reads.iter().map(|&read| visible(&nodes[read].schema)).collect();
    let named: Vec<(&str, &Schema)> =
        reads.iter().zip(&others).map(|(&read, schema)| (nodes[read].name.as_str(), schema)).collect();
    let span = place.span;
    let (def, step) = query_step(query.text, query.reads, span);
    let lowering = step.bind(&BindContext { input: &input, others: &named, seed })?;
    let schema = output_schema(&lowering, &input, &others)?;
    let trail = nodes[from].trail.into_table();
    let after = trail.then(query.text);
    let step = StepPlan { def, span, reads, lowering, input, position: 0, trail };
    let name = format!("{} of {}", check.id(), nodes[from].name);
    let rows = Rows::Steps { from, steps: vec![step] };
    let node = Node::new(name, span, rows, schema, after);
    Ok(Node { answers: Some(from), checks: vec![(check, place)], ..node })
}
