//! Which steps a row has taken, as a short name.
//!
//! A row that left for the quarantine can go on from there only if the steps it has taken are those that
//! the pipeline has now. The name is of the steps as they are written, with variables filled in: other
//! comments or line breaks change nothing, another value or order does. Checks are not part of it.

use std::fmt;

use sha2::{Digest, Sha256};

/// The way from a source up to some step. Two ways are the same if their steps are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trail(u64);

impl Trail {
    /// From the files of a source.
    pub fn of_source(name: &str) -> Self {
        Self::hash(&[b"source", name.as_bytes()])
    }

    /// The same way, one step farther.
    #[must_use]
    pub fn then(&self, step: &str) -> Self {
        Self::hash(&[b"step", &self.0.to_le_bytes(), step.as_bytes()])
    }

    /// The same way, into a table.
    #[must_use]
    pub fn into_table(&self) -> Self {
        Self::hash(&[b"table", &self.0.to_le_bytes()])
    }

    fn hash(parts: &[&[u8]]) -> Self {
        let mut hash = Sha256::new();
        for part in parts {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
        let digest = hash.finalize();
        Self(u64::from_be_bytes(std::array::from_fn(|index| digest[index])))
    }
}

impl fmt::Display for Trail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // As many digits as tell the ways of one pipeline apart.
        write!(f, "{:08x}", self.0 >> 32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_leads_elsewhere() {
        let start = Trail::of_source("orders");
        let ways = [
            start.clone(),
            Trail::of_source("customers"),
            start.into_table(),
            start.into_table().into_table(),
            start.then("{\"trim\":\"a\"}"),
            start.then("{\"trim\":\"b\"}"),
            start.then("{\"trim\":\"a\"}").then("{\"trim\":\"b\"}"),
            start.then("{\"trim\":\"b\"}").then("{\"trim\":\"a\"}"),
        ];
        for (index, way) in ways.iter().enumerate() {
            assert!(ways[..index].iter().all(|other| other.to_string() != way.to_string()));
        }
        assert_eq!(start.then("x").to_string(), Trail::of_source("orders").then("x").to_string());
    }
}
