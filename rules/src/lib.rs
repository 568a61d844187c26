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
mod align;
mod aligned;
mod amount;
mod arrived;
mod association;
mod baseline;
mod bounded;
mod calendar;
mod check;
mod check_schema;
mod compared_with;
#[expect(clippy::needless_bitwise_bool, reason = "without branches, loops over columns are vectorised")]
mod comparison;
mod counterpart;
mod declared;
mod dictionary;
mod distance;
mod envelope;
mod fences;
mod followed;
mod frequency;
mod keys;
mod literal;
mod mask;
mod matcher;
pub mod measure;
mod moment;
mod monotone;
mod nearest;
mod normal;
mod other;
mod pairs;
mod parts;
mod passing;
mod pattern;
pub mod profile;
mod proofs;
mod reconciled;
mod reference;
mod room;
mod rule;
mod sample;
mod scalar;
mod schema_difference;
mod suite;
mod thresholds;
mod time_limit;
mod tolerance;
mod unit;
mod unusual;
#[expect(clippy::needless_bitwise_bool, reason = "without branches, loops over columns are vectorised")]
mod value_set;
mod values;
mod verdict;

pub mod completeness;
pub mod consistency;
pub mod distribution;
pub mod drift;
pub mod integrity;
pub mod logic;
pub mod schema;
pub mod timeliness;
pub mod uniqueness;
pub mod validity;
pub mod volume;

pub use age::parse_age;
pub use baseline::{Baseline, Compared, History, Lookback, NO_HISTORY, Point, PointName};
pub use calendar::Period;
pub use check::{Check, Envelope, Nulls, OnRow, ParamError, Samples, Severity, Share, Wanted};
pub use check_schema::check_schema;
pub use keys::KeyKind;
pub use literal::{Literal, Operand, literals};
pub use measure::Partitions;
pub use nearest::{did_you_mean, nearest};
pub use profile::{ColumnKey, ColumnProfile, Depth, Figure, Metric, Profile};
pub use proofs::{ColumnProof, Delivered, Delivery, Proofs};
pub use reference::{Columns as OtherColumns, Gathered, KeySet, OtherRows, Reference, References, Want};
pub use room::Room;
pub use rule::{
    Bound, Columns, Combine, Cost, Example, Judge, ParseParams, Problem, Query, RowTest, Rows, Rule, RuleDef,
    Shape, Site, parse_params, schema_of,
};
pub use sample::Sample;
pub use scalar::Limits;
pub use suite::{
    Batch, BindError, Input, JudgeContext, Measured, NulledOut, Part, Quarantined, RuleError, State, Suite,
    glob_matches,
};
pub use values::ValuesFile;
pub use verdict::{AnsweredFrom, Exactness, GroupVerdict, Outcome, Status, Verdict};

/// Every rule there is, by dimension.
pub static RULES: &[&RuleDef] = &[
    &completeness::not_null::DEF,
    &completeness::completeness::DEF,
    &completeness::missing::DEF,
    &completeness::at_least_k_complete::DEF,
    &completeness::every_period::DEF,
    &completeness::partition_complete::DEF,
    &uniqueness::unique::DEF,
    &uniqueness::primary_key::DEF,
    &uniqueness::distinct_count::DEF,
    &uniqueness::distinct_values::DEF,
    &uniqueness::distinctness::DEF,
    &uniqueness::uniqueness::DEF,
    &uniqueness::unique_value_ratio::DEF,
    &uniqueness::unique_within_record::DEF,
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
    &validity::format::DEF,
    &validity::casing::DEF,
    &validity::nan_inf::DEF,
    &validity::expression::DEF,
    &validity::custom_sql::DEF,
    &validity::type_conformance::DEF,
    &consistency::compare_columns::DEF,
    &consistency::sum_of_columns::DEF,
    &consistency::temporal_order::DEF,
    &consistency::row_count_match::DEF,
    &consistency::schema_match::DEF,
    &consistency::aggregate_match::DEF,
    &consistency::dataset_match::DEF,
    &integrity::foreign_key::DEF,
    &integrity::functional_dependency::DEF,
    &integrity::increasing::DEF,
    &integrity::decreasing::DEF,
    &integrity::sequential::DEF,
    &integrity::non_overlapping_ranges::DEF,
    &integrity::join_coverage::DEF,
    &integrity::key_overlap::DEF,
    &timeliness::freshness::DEF,
    &timeliness::not_in_future::DEF,
    &timeliness::not_older_than::DEF,
    &volume::row_count::DEF,
    &volume::file_checks::DEF,
    &distribution::statistic::DEF,
    &distribution::correlation::DEF,
    &distribution::psi::DEF,
    &distribution::constant::DEF,
    &distribution::almost_constant::DEF,
    &distribution::most_common_in_set::DEF,
    &distribution::entropy::DEF,
    &distribution::domain_mass::DEF,
    &distribution::cramers_v::DEF,
    &distribution::mutual_information::DEF,
    &distribution::fits_distribution::DEF,
    &distribution::outliers::DEF,
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
    &schema::schema::DEF,
    &schema::column_names::DEF,
    &logic::all_of::DEF,
    &logic::any_of::DEF,
    &logic::not::DEF,
    &logic::when::DEF,
];

/// The rule of a name or alias.
pub fn rule_named(name: &str) -> Option<&'static RuleDef> {
    RULES.iter().copied().find(|def| def.name == name || def.aliases.contains(&name))
}
