//! Columns and types as declared.

pub mod column_names;
#[expect(clippy::module_inception, reason = "the rule has the name of its dimension")]
pub mod schema;
