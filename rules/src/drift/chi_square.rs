//! `chi_square`: a column's bins are filled as in the baseline, by Cramér's V.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::against::{Columns as Of, Distance, Drift, Found};
use crate::aligned::Aligned;
use crate::check::{ParamError, Share};
use crate::distance::significance::{chi_square_tail, contingency};
use crate::profile::ColumnProfile;
use crate::rule::{Columns, Cost, Example, RuleDef, Shape, parse_params, schema_of};
use crate::verdict::Status;

/// The catalogue entry.
pub static DEF: RuleDef = RuleDef {
    name: "chi_square",
    aliases: &[],
    dimension: "drift",
    summary: "Cramér's V between a column's distribution and the baseline is small.",
    definition: "V = √(χ² ÷ (n + m)) with Pearson's χ² of the counts of bins now and in the baseline. Bins of \
                 which fewer than 5 would be expected on a side are taken together (Cochran 1954). The bins: \
                 for numbers and times the deciles of the baseline with one bin under and one over them, one \
                 of NaN and one of null (a value that fills several deciles has its own); for other columns \
                 the 200 most frequent values of the baseline, one of all others and one of null. With \
                 `p_value`, a difference that is likelier by chance than that passes; alone, without `fail`, \
                 it is refused above 10,000 rows, where every difference is significant. With fewer than two \
                 bins left V is 0. Without values, or with fewer than `min_history` points in the `baseline` \
                 (`{last: 7}`), the check is skipped.",
    example: Example {
        yaml: "chi_square: {column: city, baseline: {last: 7}}",
        params: r#"{"column": "city", "baseline": {"last": 7}}"#,
        input: "city:utf8\nBern\nBern\nBern\nBern\nBern\nBern\nBern\nBern\nBern\nBern\nBern\nBern\nZug\nZug\nZug\nZug\nZug\nZug\n---\nBern\nBern\nBern\nBern\nBern\nBern\nZug\nZug\nZug\nZug\nZug\nZug\nZug\nZug\nZug\nZug\nZug\nZug\n",
        status: "fail",
        observed: "0.333333",
    },
    cost: Cost::Sketch,
    shape: Shape::Distance,
    columns: Columns::One,
    short: None,
    answers_empty: false,
    parse: parse_params::<Drift<ChiSquare>>,
    schema: schema_of::<Drift<ChiSquare>>,
};

#[derive(Debug, Clone, Deserialize, JsonSchema)]
struct ChiSquare {
    /// Differences that are likelier than this by chance pass.
    p_value: Option<Share>,
    /// Whether the p-value alone decides, so that `fail` and `warn` do not matter.
    #[serde(default)]
    p_value_alone: bool,
}

impl Distance for ChiSquare {
    const NAME: &'static str = "cramers_v";
    const WORDS: &'static str = "Cramér's V";
    const FAIL: f64 = 0.1;
    const OF: Of = Of::Comparable;

    fn validate(&self) -> Result<(), ParamError> {
        if self.p_value_alone && self.p_value.is_none() {
            return Err(ParamError::new("p_value_alone needs p_value").key("p_value"));
        }
        Ok(())
    }

    fn between(&self, now: &ColumnProfile, before: &ColumnProfile) -> Found {
        let Some(aligned) = Aligned::of(now, before) else { return Found::new(f64::NAN) };
        let Some(found) = contingency(&aligned.now, &aligned.before) else { return Found::new(0.0) };
        let p = chi_square_tail(found.statistic, found.freedom);
        Found::new(found.cramers_v)
            .bound(aligned.bound)
            .detail("chi_square", found.statistic)
            .detail("degrees_of_freedom", found.freedom)
            .detail("p_value", p)
            .detail("largest", aligned.largest())
            .ruling(self.ruling(p, now.rows.max(before.rows)))
    }
}

/// With more rows every difference is significant.
const ROWS_FOR_P_VALUES: u64 = 10_000;

impl ChiSquare {
    /// What the p-value says, where it decides.
    fn ruling(&self, p: f64, rows: u64) -> Option<Result<Status, String>> {
        let limit = self.p_value?.get();
        if p >= limit {
            return Some(Ok(Status::Pass));
        }
        if !self.p_value_alone {
            return None;
        }
        if rows > ROWS_FOR_P_VALUES {
            let why = "a p-value alone says nothing of more than 10,000 rows; leave p_value_alone out";
            return Some(Err(why.to_owned()));
        }
        Some(Ok(Status::Fail))
    }
}
