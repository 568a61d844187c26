//! The expectations that have a counterpart and what each becomes, and why some have none.

use super::bounds::Is;

/// What an expectation becomes.
#[derive(Debug, Clone, Copy)]
pub(super) enum Becomes {
    /// A row rule about a column, without parameters.
    Bare(&'static str),
    /// A row rule about a column and a list of values.
    Values(&'static str),
    /// `regex` or `not_regex` with one pattern.
    Pattern(&'static str),
    /// The same with several.
    Patterns(&'static str),
    /// The same with a LIKE pattern.
    Like(&'static str),
    /// The same with several.
    Likes(&'static str),
    /// The distinct values against those declared.
    Distinct(&'static str),
    /// A statistic of this name.
    Statistic(&'static str),
    /// A rule that gives one figure.
    Figure(&'static str),
    /// A rule that gives a count.
    Count(&'static str),
    /// The same, with the one count that passes under this name.
    CountIs(&'static str, &'static str),
    /// `distinct_count` beyond the one count that is given.
    CountThan(Is),
    /// `increasing` or `decreasing`.
    Ordered(&'static str),
    Between,
    Null,
    Unique,
    Lengths,
    LengthIs,
    Quantiles,
    Type,
    Types,
    Exists,
    ColumnSet,
    ColumnsContain,
    ColumnList,
    Condition,
    Strftime,
    Greater,
    Same,
    Pairs,
    Compound,
    WithinRecord,
    SumOfColumns,
    MostCommon,
    RecentData,
    OtherRowCount,
    /// The rule `format` with this format.
    Formatted(&'static str),
    ZScores,
    Deviations,
    Cramers,
    Correlation,
    Entropy,
    /// `every_period` of this length.
    Every(&'static str),
    EveryPart,
    ConsistentCasing,
    TimesFactor,
    OtherDistinctCount,
    OtherAggregate,
}

use Becomes::{
    Bare, Between, ColumnList, ColumnSet, ColumnsContain, Compound, Condition, ConsistentCasing, Correlation,
    Count, CountIs, CountThan, Cramers, Deviations, Distinct, Entropy, Every, EveryPart, Exists, Figure,
    Formatted, Greater, LengthIs, Lengths, Like, Likes, MostCommon, Null, Ordered, OtherAggregate,
    OtherDistinctCount, OtherRowCount, Pairs, Pattern, Patterns, Quantiles, RecentData, Same, Statistic,
    Strftime, SumOfColumns, TimesFactor, Type, Types, Unique, Values, WithinRecord, ZScores,
};

/// Every expectation that has a counterpart.
const EXPECTATIONS: &[(&str, Becomes)] = &[
    ("expect_column_values_to_not_be_null", Bare("not_null")),
    ("expect_column_values_to_be_null", Null),
    ("expect_column_values_to_be_unique", Unique),
    ("expect_column_values_to_be_in_set", Values("in_set")),
    ("expect_column_values_to_not_be_in_set", Values("not_in_set")),
    ("expect_column_values_to_be_between", Between),
    ("expect_column_values_to_match_regex", Pattern("regex")),
    ("expect_column_values_to_not_match_regex", Pattern("not_regex")),
    ("expect_column_values_to_match_regex_list", Patterns("regex")),
    ("expect_column_values_to_not_match_regex_list", Patterns("not_regex")),
    ("expect_column_values_to_match_like_pattern", Like("regex")),
    ("expect_column_values_to_not_match_like_pattern", Like("not_regex")),
    ("expect_column_values_to_match_like_pattern_list", Likes("regex")),
    ("expect_column_values_to_not_match_like_pattern_list", Likes("not_regex")),
    ("expect_column_value_lengths_to_be_between", Lengths),
    ("expect_column_value_lengths_to_equal", LengthIs),
    ("expect_column_values_to_be_of_type", Type),
    ("expect_column_values_to_be_in_type_list", Types),
    ("expect_column_values_to_match_strftime_format", Strftime),
    ("expect_column_values_to_be_increasing", Ordered("increasing")),
    ("expect_column_values_to_be_decreasing", Ordered("decreasing")),
    ("expect_column_distinct_values_to_be_in_set", Distinct("subset")),
    ("expect_column_distinct_values_to_contain_set", Distinct("superset")),
    ("expect_column_distinct_values_to_equal_set", Distinct("equal")),
    ("expect_column_most_common_value_to_be_in_set", MostCommon),
    ("expect_column_max_to_be_between", Statistic("max")),
    ("expect_column_min_to_be_between", Statistic("min")),
    ("expect_column_mean_to_be_between", Statistic("mean")),
    ("expect_column_median_to_be_between", Statistic("median")),
    ("expect_column_stdev_to_be_between", Statistic("stddev")),
    ("expect_column_sum_to_be_between", Statistic("sum")),
    ("expect_column_quantile_values_to_be_between", Quantiles),
    ("expect_column_unique_value_count_to_be_between", Count("distinct_count")),
    ("expect_column_distinct_count_to_equal", CountIs("distinct_count", "value")),
    ("expect_column_distinct_count_to_be_greater_than", CountThan(Is::Greater)),
    ("expect_column_distinct_count_to_be_less_than", CountThan(Is::Less)),
    ("expect_column_proportion_of_unique_values_to_be_between", Figure("distinctness")),
    ("expect_column_proportion_of_non_null_values_to_be_between", Bare("completeness")),
    ("expect_column_to_exist", Exists),
    ("expect_table_row_count_to_be_between", Count("row_count")),
    ("expect_table_row_count_to_equal", CountIs("row_count", "value")),
    ("expect_table_row_count_to_equal_other_table", OtherRowCount),
    ("expect_table_columns_to_match_ordered_list", ColumnList),
    ("expect_table_columns_to_match_set", ColumnSet),
    ("expect_table_columns_to_contain_set", ColumnsContain),
    ("expression_is_true", Condition),
    ("expect_column_pair_values_a_to_be_greater_than_b", Greater),
    ("expect_column_pair_values_to_be_equal", Same),
    ("expect_column_pair_values_to_be_in_set", Pairs),
    ("expect_compound_columns_to_be_unique", Compound),
    ("expect_select_column_values_to_be_unique_within_record", WithinRecord),
    ("expect_multicolumn_sum_to_equal", SumOfColumns),
    ("expect_multicolumn_values_to_be_unique", WithinRecord),
    ("expect_row_values_to_have_recent_data", RecentData),
    ("expect_row_values_to_have_data_for_every_n_datepart", EveryPart),
    ("expect_column_to_have_no_days_missing", Every("day")),
    ("expect_column_to_have_no_months_missing", Every("month")),
    ("expect_column_values_not_to_be_future_date", Bare("not_in_future")),
    ("expect_column_values_to_have_consistent_casing", ConsistentCasing),
    ("expect_column_value_z_scores_to_be_less_than", ZScores),
    ("expect_column_values_to_be_within_n_stdevs", Deviations),
    ("expect_column_skew_to_be_between", Statistic("skewness")),
    ("expect_column_kurtosis_to_be_between", Statistic("kurtosis")),
    ("expect_column_interquartile_range_to_be_between", Statistic("iqr")),
    ("expect_column_discrete_entropy_to_be_between", Entropy),
    ("expect_column_pair_cramers_phi_value_to_be_less_than", Cramers),
    ("expect_column_pair_correlation_to_be_between", Correlation),
    ("expect_table_row_count_to_equal_other_table_times_factor", TimesFactor),
    ("expect_column_distinct_count_to_equal_other_table", OtherDistinctCount),
    ("expect_table_aggregation_to_equal_other_table", OtherAggregate),
    ("expect_column_values_to_be_json_parseable", Formatted("json")),
    ("expect_column_values_to_be_hexadecimal", Formatted("hex")),
    ("expect_column_values_to_be_valid_base64", Formatted("base64")),
    ("expect_column_values_to_be_valid_iban", Formatted("iban")),
    ("expect_column_values_to_be_valid_ipv4", Formatted("ipv4")),
    ("expect_column_values_to_be_valid_ipv6", Formatted("ipv6")),
    ("expect_column_values_to_be_valid_mac", Formatted("mac")),
    ("expect_column_values_to_be_valid_url", Formatted("url")),
    ("expect_column_values_to_be_valid_uuid", Formatted("uuid")),
];

/// The names of all that have a counterpart.
#[cfg(test)]
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    EXPECTATIONS.iter().map(|(name, _)| *name)
}

/// What the expectation `name` becomes, in lower case; or why nothing.
pub(super) fn becomes(name: &str) -> Result<Becomes, &'static str> {
    let found = EXPECTATIONS.iter().find(|(known, _)| *known == name);
    found.map(|(_, becomes)| *becomes).ok_or_else(|| {
        let reason = REASONS.iter().find(|(beginning, _)| name.starts_with(beginning));
        reason.map_or("Lockgate has no counterpart of it", |(_, why)| why)
    })
}

/// Reasons, by the expectation or its beginning.
const REASONS: &[(&str, &str)] = &[
    (
        "expect_column_kl_divergence_to_be_less_than",
        "its reference stands in the suite: `psi` takes one as bins and shares, `kl_divergence` compares with what was published",
    ),
    (
        "expect_column_parameterized_distribution_ks_test",
        "it judges by a p-value, which any column of many rows fails; `fits_distribution` judges by the distance",
    ),
    (
        "expect_column_bootstrapped_ks_test",
        "it judges by a p-value against a reference in the suite; `ks` compares with what was published",
    ),
    (
        "expect_column_chisquare_test",
        "it judges by a p-value against a reference in the suite; `chi_square` compares with what was published",
    ),
    ("expect_table_column_count", "no rule counts columns; `schema` says which there are"),
    (
        "expect_column_values_to_be_dateutil_parseable",
        "a date in any form passes it; `type_conformance` wants one form",
    ),
    (
        "expect_column_values_to_match_json_schema",
        "no rule reads JSON Schema; `format` with `json` says that texts are JSON",
    ),
    ("expect_table_columns_to_not_contain_set", "no rule forbids columns by name"),
    (
        "expect_column_values_to_be_within_n_moving_stdevs",
        "what is usual moves with the rows; `metric_anomaly` follows a figure from run to run",
    ),
    ("expect_grouped_row_values_to_have_recent_data", "it is judged by groups"),
];
