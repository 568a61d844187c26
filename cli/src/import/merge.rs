//! Merge keys (`<<: *name`), which other tools' YAML may hold and pipeline files may not.

use lockgate_engine::spec::{Node, Spanned, Value};
use lockgate_engine::{Error, Result};

/// The most values that may come of merging.
const MOST: usize = 1 << 18;

/// The same node with every merge key replaced by what it stands for; what stands beside it wins.
pub(super) fn merged(node: &Node) -> Result<Node> {
    let mut room = MOST;
    walk(node, &mut room)
}

fn walk(node: &Node, room: &mut usize) -> Result<Node> {
    *room = room
        .checked_sub(1)
        .ok_or_else(|| Error::wrong(format!("merge keys make more than {MOST} values")).at(node.span))?;
    let value = match &node.value {
        Value::List(items) => Value::List(items.iter().map(|item| walk(item, room)).collect::<Result<_>>()?),
        Value::Map(entries) => Value::Map(beside(entries, room)?),
        plain => plain.clone(),
    };
    Ok(Node { value, span: node.span })
}

fn beside(entries: &[(Spanned<String>, Node)], room: &mut usize) -> Result<Vec<(Spanned<String>, Node)>> {
    let mut own = Vec::with_capacity(entries.len());
    let mut merges = Vec::new();
    for (key, value) in entries {
        match key.value.as_str() {
            "<<" => merges.push(value),
            _ => own.push((key.clone(), walk(value, room)?)),
        }
    }
    for merge in merges {
        let sources = match &merge.value {
            Value::List(items) => items.iter().collect(),
            _ => vec![merge],
        };
        for source in sources {
            let Value::Map(more) = walk(source, room)?.value else {
                return Err(Error::wrong("a merge key needs a mapping").at(source.span));
            };
            for (key, value) in more {
                if !own.iter().any(|(known, _)| known.value == key.value) {
                    own.push((key, value));
                }
            }
        }
    }
    Ok(own)
}
