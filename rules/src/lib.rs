//! The rules of Lockgate: data quality checks over Arrow record batches.
//!
//! A [`Check`] is read from what stands in a `checks:` list, bound with others into a [`Suite`] against a
//! schema, and the suite measures batches into parts that merge into a [`State`]. Judging a state gives one
//! [`Verdict`] per check. Nothing here does I/O, keeps time or starts a thread: batches, the clock and the
//! keys of other datasets come in as values.
//!
//! Adding a rule takes one file in the folder of its dimension and one line in [`RULES`].

mod against;
mod age;
mod aligned;
mod baseline;
mod check;
mod check_schema;
#[expect(clippy::needless_bitwise_bool, reason = "without branches, loops over columns are vectorised")]
mod comparison;
mod declared;
mod distance;
mod envelope;
mod followed;
mod frequency;
mod keys;
mod literal;
mod mask;
pub mod measure;
mod pattern;
pub mod profile;
mod proofs;
mod reference;
mod rule;
mod sample;
mod scalar;
mod suite;
mod unusual;
#[expect(clippy::needless_bitwise_bool, reason = "without branches, loops over columns are vectorised")]
mod value_set;
mod values;
mod verdict;

pub mod completeness;
pub mod distribution;
pub mod drift;
pub mod integrity;
pub mod schema;
pub mod timeliness;
pub mod uniqueness;
pub mod validity;
pub mod volume;

pub use baseline::{Baseline, Compared, History, Lookback, NO_HISTORY, Point, PointName};
pub use check::{Check, Envelope, Nulls, OnRow, ParamError, Samples, Severity, Share, Wanted};
pub use check_schema::check_schema;
pub use keys::KeyKind;
pub use literal::{Literal, Operand, literals};
pub use measure::Partitions;
pub use profile::{ColumnProfile, Depth, Metric, Profile};
pub use proofs::{ColumnProof, Delivered, Delivery, Proofs};
pub use reference::{KeySet, Reference, References};
pub use rule::{
    Bound, Columns, Cost, Example, Judge, ParseParams, Problem, RowTest, Rows, Rule, RuleDef, Shape, Site,
    parse_params, schema_of,
};
pub use sample::Sample;
pub use scalar::Limits;
pub use suite::{
    Batch, BindError, Input, JudgeContext, Measured, NulledOut, Part, Quarantined, RuleError, State, Suite,
};
pub use values::ValuesFile;
pub use verdict::{AnsweredFrom, Exactness, Outcome, Status, Verdict};

/// Every rule there is, by dimension.
pub static RULES: &[&RuleDef] = &[
    &completeness::not_null::DEF,
    &completeness::completeness::DEF,
    &completeness::missing::DEF,
    &uniqueness::unique::DEF,
    &uniqueness::primary_key::DEF,
    &uniqueness::distinct_count::DEF,
    &uniqueness::distinct_values::DEF,
    &uniqueness::distinctness::DEF,
    &uniqueness::uniqueness::DEF,
    &uniqueness::unique_value_ratio::DEF,
    &validity::in_set::DEF,
    &validity::not_in_set::DEF,
    &validity::between::DEF,
    &validity::gt::DEF,
    &validity::ge::DEF,
    &validity::lt::DEF,
    &validity::le::DEF,
    &validity::eq::DEF,
    &validity::ne::DEF,
    &validity::regex::DEF,
    &validity::not_regex::DEF,
    &validity::length::DEF,
    &validity::expression::DEF,
    &validity::type_conformance::DEF,
    &integrity::foreign_key::DEF,
    &timeliness::freshness::DEF,
    &volume::row_count::DEF,
    &distribution::statistic::DEF,
    &distribution::correlation::DEF,
    &distribution::psi::DEF,
    &schema::schema::DEF,
    &drift::ks::DEF,
    &drift::chi_square::DEF,
    &drift::jensen_shannon::DEF,
    &drift::kl_divergence::DEF,
    &drift::hellinger::DEF,
    &drift::total_variation::DEF,
    &drift::l_infinity::DEF,
    &drift::wasserstein::DEF,
    &drift::missingness_drift::DEF,
    &drift::new_categories::DEF,
    &drift::dataset_drift::DEF,
    &drift::correlation_drift::DEF,
    &drift::change::DEF,
    &drift::metric_anomaly::DEF,
    &drift::dimension_anomaly::DEF,
];

/// The rule of a name or alias.
pub fn rule_named(name: &str) -> Option<&'static RuleDef> {
    RULES.iter().copied().find(|def| def.name == name || def.aliases.contains(&name))
}
