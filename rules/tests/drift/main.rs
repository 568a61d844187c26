//! Drift: what rules say of a column against what was published before.

#![allow(
    clippy::unwrap_used,
    clippy::needless_pass_by_value,
    clippy::panic,
    clippy::float_cmp,
    unreachable_pub,
    reason = "tests fail by panicking, compare exact figures, and share helpers"
)]

mod datasets;
mod edges;
mod fences;
mod figures;
mod histories;
mod partitions;
#[path = "../support/mod.rs"]
mod support;

use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, RecordBatch};
use lockgate_rules::Verdict;
use serde_json::Value;
use support::{single, verdict_after};

/// The rules of one column that take no more than it.
pub(crate) const DISTANCES: [&str; 11] = [
    "psi",
    "ks",
    "chi_square",
    "jensen_shannon",
    "kl_divergence",
    "hellinger",
    "total_variation",
    "l_infinity",
    "wasserstein",
    "missingness_drift",
    "new_categories",
];

/// Numbers that a Python script can draw as well: the upper 24 bits of Knuth's generator.
pub(crate) fn drawn(seed: u64, count: usize, of: impl Fn(f64) -> f64) -> RecordBatch {
    let mut state = seed;
    let values = (0..count).map(|_| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        of(((state >> 40) % 1000) as f64 / 10.0)
    });
    let array: ArrayRef = Arc::new(values.collect::<Float64Array>());
    single("c", array)
}

/// The figure a verdict reports under a name.
pub(crate) fn figure(verdict: &Verdict, name: &str) -> f64 {
    verdict.observed[name].as_f64().unwrap_or_else(|| panic!("{name}: {verdict:?}"))
}

/// The distance a verdict reports.
pub(crate) fn distance(verdict: &Verdict) -> f64 {
    figure(verdict, if verdict.rule == "chi_square" { "cramers_v" } else { &verdict.rule })
}

/// A column's verdict after another's.
pub(crate) fn after(rule: &str, params: Value, now: &RecordBatch, before: &RecordBatch) -> Verdict {
    verdict_after(rule, params, now, std::slice::from_ref(before))
}
