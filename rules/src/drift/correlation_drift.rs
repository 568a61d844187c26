//! `correlation_drift`: two columns are correlated as in the baseline.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use crate::baseline::{Baseline, Point};
use crate::check::ParamError;
use crate::compared_with::{Against, ComparedWith, one_point};
use crate::keys::KeyKind;
use crate::literal::{Family, type_name};
use crate::measure::{Accumulator, CoMoments, Readings, What};
use crate::profile::PairKey;
use crate::reference::{Columns as OtherColumns, Reference};
use crate::rule::{
    Bound, Columns, Cost, Example, Judge, Problem, Rule, RuleDef, Shape, Site, parse_params, schema_of,
};
use crate::scalar::short;
use crate::thresholds::Thresholds;
use crate::verdict::Outcome;

/// Correlations nearer to ±1 count as this near, so that the transformation stays finite.
const LARGEST: f64 = 1.0 - 1e-9;

/// The catalogue entry.
pub static DEF: RuleDef = RuleDef {
    name: "correlation_drift",
    aliases: &[],
    dimension: "drift",
    summary: "The correlation of two columns is close to that of the baseline.",
    definition: "|artanh r − artanh r₀|, the difference of Pearson's correlations now and in the baseline after Fisher's \
                 transformation, which weighs a change from 0.9 to 0.99 more than one from 0 to 0.09; correlations \
                 beyond ±(1 − 10⁻⁹) count as these. Over the rows where both columns are not null, from exact sums. A \
                 value that is NaN or infinite makes it NaN, which fails. Where the correlation is not defined now \
                 (fewer than two rows, or a column is constant), or with fewer than `min_history` points of the \
                 `baseline` (`{last: 7}`) with two such rows, the check is skipped.",
    example: Example {
        yaml: "correlation_drift: {columns: [a, b], baseline: {last: 7}}",
        params: r#"{"columns": ["a", "b"], "baseline": {"last": 7}}"#,
        input: "a:int64,b:float64\n1,2\n2,4\n3,3\n,1\n---\n1,1\n2,2\n3,4\n---\n1,2\n4,5\n",
        status: "fail",
        observed: "1.35799 (0.5 after 0.956858)",
    },
    cost: Cost::Aggregate,
    shape: Shape::Distance,
    columns: Columns::Exactly(2),
    short: None,
    answers_empty: false,
    parse: parse_params::<CorrelationDrift>,
    schema: schema_of::<CorrelationDrift>,
};

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct CorrelationDrift {
    /// What the correlation is compared with: that of what was published before, or of another dataset.
    #[serde(default)]
    baseline: ComparedWith,
    /// With fewer points in the baseline than this (1) the check is skipped.
    #[serde(default = "one_point")]
    min_history: usize,
    /// The largest difference that does not fail.
    #[serde(default = "fail")]
    fail: f64,
}

fn fail() -> f64 {
    0.1
}

impl Rule for CorrelationDrift {
    fn validate(&self) -> Result<(), ParamError> {
        self.baseline.validate(self.min_history)
    }

    fn baseline(&self) -> Option<Baseline> {
        self.baseline.history()
    }

    fn baseline_rows(&self, columns: OtherColumns) -> Option<Reference> {
        self.baseline.rows(columns)
    }

    fn expected(&self) -> String {
        format!("correlation within {} of {}", self.fail, self.baseline.text())
    }

    fn bind(&self, site: &mut Site<'_>) -> Result<Bound, Problem> {
        for (name, data_type) in site.columns {
            if !Family::of(data_type).is_number() {
                let message = format!("column \"{name}\" is of type {}, not a number", type_name(data_type));
                return Err(Problem::new(message).key("columns"));
            }
        }
        let columns: Vec<String> = site.columns.iter().map(|(name, _)| name.clone()).collect();
        let [x, y] = columns.as_slice() else {
            return Err(Problem::new("a correlation is of two columns").key("columns"));
        };
        let pair = PairKey { columns: (x.clone(), y.clone()), filter: site.envelope.filter.clone() };
        let thresholds = Thresholds::of(site.envelope, self.fail);
        let measured = (What::PairProfile, columns);
        let against =
            self.baseline.bind(site, self.min_history, std::slice::from_ref(&measured), &|here, there| {
                KeyKind::share_a_scale(KeyKind::of(here), KeyKind::of(there))
            })?;
        let measure = site.measure(measured.0, &measured.1);
        Ok(Bound::Whole(Box::new(Judged { against, pair, thresholds, measure })))
    }
}

#[derive(Debug)]
struct Judged {
    against: Against,
    pair: PairKey,
    thresholds: Thresholds,
    measure: usize,
}

impl Judge for Judged {
    fn judge(&self, readings: &Readings<'_>) -> Outcome {
        let Some(all) = readings.at(self.measure) else {
            return Outcome::error("the sums were not measured");
        };
        let Accumulator::PairSums(pairs) = &all.accumulator else {
            return Outcome::error("the sums were not measured");
        };
        let counted = |outcome: Outcome| outcome.counts(all.present(), all.nulls);
        let now = pairs.together();
        if now.finite + now.unusual < 2 {
            return counted(Outcome::skipped("fewer than two rows in scope"));
        }
        let r = now.correlation();
        if r.is_nan() && now.unusual == 0 {
            return counted(Outcome::skipped("a column is constant"));
        }
        let of = |point: &Point| point.profile.pairs.get(&self.pair).is_some_and(|sums| sums.finite > 1);
        let points = match self.against.points(readings, of) {
            Ok(points) => points,
            Err(outcome) => return counted(*outcome),
        };
        let mut before = CoMoments::default();
        for sums in points.iter().filter_map(|point| point.profile.pairs.get(&self.pair)) {
            before.merge(sums);
        }
        let r_before = before.correlation();
        if r_before.is_nan() && before.unusual == 0 {
            return counted(Outcome::skipped("a column is constant in the baseline"));
        }
        let difference = (fisher(r) - fisher(r_before)).abs();
        let status = self.thresholds.status(difference);
        let observed =
            json!({"correlation_drift": difference, "correlation": r, "correlation_before": r_before});
        let text = format!("{} ({} after {})", short(difference), short(r), short(r_before));
        counted(Outcome::new(status, observed, text)).against(self.against.compared(&points, readings))
    }
}

/// Fisher's transformation of a correlation.
fn fisher(r: f64) -> f64 {
    r.clamp(-LARGEST, LARGEST).atanh()
}
