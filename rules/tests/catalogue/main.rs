//! Examples by hand: what each rule makes of nulls, NaN, extremes, layouts and mistakes.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::float_cmp,
    clippy::clone_on_ref_ptr,
    clippy::needless_pass_by_value,
    unreachable_pub,
    reason = "tests fail by panicking, compare exact figures, and share helpers"
)]

#[path = "../support/mod.rs"]
mod support;

mod associations;
mod cases;
mod casing;
mod clock;
mod comparisons;
mod counts;
mod declarations;
mod distinct_values;
mod envelope;
mod figures;
mod fits;
mod formats;
mod frequencies;
mod freshness;
mod grouping;
mod logic;
mod names;
mod order;
mod periods;
mod reconciliation;
mod records;
mod redaction;
mod samples;
mod statuses;
mod suites;
mod texts;
mod value_files;
