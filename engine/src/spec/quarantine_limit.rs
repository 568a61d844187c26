//! How many rows may go to a quarantine before the gate stays closed.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::{FromNode, Node, Value};
use crate::error::{Error, Result};

/// A number of rows, or a share of the rows that come in: `max_quarantine: 1000`, `max_quarantine: 1%`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum QuarantineLimit {
    /// So many rows.
    Rows(u64),
    /// So many of a hundred.
    Percent(f64),
}

impl QuarantineLimit {
    /// Whether it lets so many rows of all go.
    pub fn allows(self, quarantined: u64, all: u64) -> bool {
        match self {
            Self::Rows(most) => quarantined <= most,
            Self::Percent(most) => quarantined as f64 * 100.0 <= most * all as f64,
        }
    }
}

impl std::fmt::Display for QuarantineLimit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Rows(rows) => write!(f, "at most {rows} rows"),
            Self::Percent(percent) => write!(f, "at most {percent} % of the rows"),
        }
    }
}

impl FromNode for QuarantineLimit {
    fn from_node(node: &Node) -> Result<Self> {
        let percent = |text: &str| {
            let number: f64 = text.strip_suffix('%')?.trim().parse().ok()?;
            (0.0..=100.0).contains(&number).then_some(Self::Percent(number))
        };
        let limit = match &node.value {
            Value::Int(rows) => u64::try_from(*rows).ok().map(Self::Rows),
            Value::Text(text) => percent(text),
            _ => None,
        };
        limit.ok_or_else(|| {
            Error::wrong(format!("expected a number of rows or a percentage, found {}", node.describe()))
                .at(node.span)
                .hint("such as 1000 or 0.5%")
        })
    }
}

impl JsonSchema for QuarantineLimit {
    fn schema_name() -> Cow<'static, str> {
        "QuarantineLimit".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "a number of rows, or a percentage of the rows that come in, such as 0.5%",
            "anyOf": [{"type": "integer", "minimum": 0}, {"type": "string", "pattern": "^[0-9.]+ ?%$"}]
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_counts_rows_or_their_share() {
        assert!(QuarantineLimit::Rows(3).allows(3, 1) && !QuarantineLimit::Rows(3).allows(4, 100));
        assert!(
            QuarantineLimit::Percent(1.0).allows(1, 100) && !QuarantineLimit::Percent(1.0).allows(2, 199)
        );
        assert!(QuarantineLimit::Percent(0.0).allows(0, 0) && !QuarantineLimit::Percent(0.0).allows(1, 9));
    }
}
