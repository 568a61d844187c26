//! `outliers`: few values lie outside fences.

use arrow::datatypes::DataType;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use crate::baseline::{Baseline, Point};
use crate::check::{ParamError, Share};
use crate::compared_with::{Against, ComparedWith};
use crate::fences::{Fences, Outside};
use crate::keys::KeyKind;
use crate::literal::{Family, scale_of, type_name};
use crate::measure::{Accumulator, Moments, Quantiles, Readings, What, Within};
use crate::profile::{ColumnProfile, Depth};
use crate::reference::{Columns as OtherColumns, Reference};
use crate::rule::{
    Bound, Columns, Cost, Example, Judge, Problem, Rule, RuleDef, Shape, Site, parse_params, schema_of,
};
use crate::sample::Disclosure;
use crate::scalar::{grouped, percent, short};
use crate::thresholds::Thresholds;
use crate::verdict::{Exactness, Outcome};

/// The catalogue entry.
pub static DEF: RuleDef = RuleDef {
    name: "outliers",
    aliases: &[],
    dimension: "distribution",
    summary: "The share of values outside fences computed from the column, now or in the baseline, is small.",
    definition: "Values below the lower or above the upper fence ÷ values, at most `max_ratio`. Fences, as the step \
                 `drop_outliers` has them: `zscore` mean ± `threshold` (3) standard deviations (n − 1), `mad` median ± \
                 `threshold` (3.5) · 1.4826 · MAD (Iglewicz and Hoaglin 1993), `iqr` from q₁ − `k` (1.5) · IQR to q₃ + k \
                 · IQR (Tukey 1977), `percentile` the quantiles `lower` (0.01) and `upper` (0.99), outside which about that \
                 share of any column lies. Fences are those of the values themselves, or with `baseline` those of what \
                 was published before or of another dataset, which values that moved all together do not move along. \
                 Where the values have no spread, none of them is outside; where a baseline has none, the check is \
                 skipped. Quantiles and counts are exact up to 100,000 values (8,192 with a `baseline`, of which 256 are \
                 stored of each point), then sketched; mean and deviation always are. Of sketches, exactness says by how \
                 much the share may be wrong, by its fences and by its count, and `interval` between which shares it is: \
                 an error of ranks ε moves a fence between the quantiles at ε less and more, and that of a MAD between \
                 those at 2ε of the distances, as far again as the median may be off. Nothing is outside, exactly, of \
                 fences that the extremes of a column with a `baseline` are within. Nulls and NaN are left out, also of a \
                 baseline. Fences that infinite values or powers beyond floats leave undefined are an error. Without \
                 values, or with fewer than `min_history` points in the `baseline`, the check is skipped.",
    example: Example {
        yaml: "outliers: {column: delay, method: iqr, max_ratio: 0.1}",
        params: r#"{"column": "delay", "method": "iqr", "max_ratio": 0.1}"#,
        input: "delay:float64\n1\n2\n3\n\n4\n1000\n",
        status: "fail",
        observed: "1 of 5 values (20 %) outside -1 to 7",
    },
    cost: Cost::Sketch,
    shape: Shape::Distance,
    columns: Columns::One,
    short: None,
    answers_empty: false,
    parse: parse_params::<Outliers>,
    schema: schema_of::<Outliers>,
};

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Outliers {
    /// How the fences are found.
    method: Method,
    /// The largest share of values outside that does not fail.
    max_ratio: Share,
    /// zscore: how many standard deviations (3). mad: how many scaled deviations (3.5).
    threshold: Option<f64>,
    /// iqr: how many interquartile ranges beyond the quartiles (1.5).
    k: Option<f64>,
    /// percentile: the share below the lower quantile (0.01).
    lower: Option<Share>,
    /// percentile: the share below the upper quantile (0.99).
    upper: Option<Share>,
    /// Whose fences count in place of the column's own: those of what was published before, or of another dataset.
    baseline: Option<ComparedWith>,
    /// With fewer points in the baseline than this (1) the check is skipped.
    min_history: Option<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Method {
    /// By mean and standard deviation.
    Zscore,
    /// By median and median absolute deviation.
    Mad,
    /// By the quartiles.
    Iqr,
    /// By two quantiles.
    Percentile,
}

impl Method {
    fn name(self) -> &'static str {
        match self {
            Self::Zscore => "zscore",
            Self::Mad => "mad",
            Self::Iqr => "iqr",
            Self::Percentile => "percentile",
        }
    }

    fn takes(self) -> &'static [&'static str] {
        match self {
            Self::Zscore | Self::Mad => &["threshold"],
            Self::Iqr => &["k"],
            Self::Percentile => &["lower", "upper"],
        }
    }
}

impl Outliers {
    fn quantiles(&self) -> (f64, f64) {
        (self.lower.map_or(0.01, Share::get), self.upper.map_or(0.99, Share::get))
    }

    /// By mean and deviation of numbers that are `10^scale` times as large.
    fn by_moments(&self, moments: &Moments, scale: i32) -> Result<Fences, &'static str> {
        let present = Moments { nan: 0, ..moments.clone() };
        if present.overflow {
            return Err("the powers of the values are beyond the range of floats");
        }
        if present.count() < 2 {
            return Ok(Fences::NoSpread);
        }
        let unit = 10_f64.powi(scale);
        let (mean, deviation) = (present.mean() / unit, present.variance(1).sqrt() / unit);
        Ok(Fences::by_deviation(mean, deviation, self.threshold.unwrap_or(3.0)))
    }

    fn by_quantiles(&self, values: &Quantiles) -> Fences {
        match self.method {
            Method::Iqr => Fences::by_quartiles(values, self.k.unwrap_or(1.5)),
            Method::Percentile => {
                let (lower, upper) = self.quantiles();
                Fences::by_quantiles(values, lower, upper)
            }
            Method::Mad | Method::Zscore => Fences::by_mad(values, self.threshold.unwrap_or(3.5)),
        }
    }
}

impl Rule for Outliers {
    fn validate(&self) -> Result<(), ParamError> {
        let share = |share: Option<Share>| share.map(Share::get);
        let given = [
            ("threshold", self.threshold),
            ("k", self.k),
            ("lower", share(self.lower)),
            ("upper", share(self.upper)),
        ];
        for (key, value) in given.into_iter().filter_map(|(key, value)| Some((key, value?))) {
            if !self.method.takes().contains(&key) {
                let message = format!("{key} does not belong to {}", self.method.name());
                let hint = "zscore and mad take threshold, iqr takes k, percentile takes lower and upper";
                return Err(ParamError::new(message).key(key).hint(hint));
            }
            if !(value.is_finite() && value >= 0.0) {
                return Err(ParamError::new(format!("{key} must not be negative")).key(key));
            }
        }
        let (lower, upper) = self.quantiles();
        if lower >= upper {
            return Err(ParamError::new(format!("lower {lower} is not below upper {upper}")).key("lower"));
        }
        match &self.baseline {
            Some(baseline) => baseline.validate(self.min_history.unwrap_or(1)),
            None if self.min_history.is_some() => {
                Err(ParamError::new("min_history is for baseline").key("min_history"))
            }
            None => Ok(()),
        }
    }

    fn baseline(&self) -> Option<Baseline> {
        self.baseline.as_ref()?.history()
    }

    fn baseline_rows(&self, columns: OtherColumns) -> Option<Reference> {
        self.baseline.as_ref()?.rows(columns)
    }

    fn expected(&self) -> String {
        let (ratio, method) = (short(self.max_ratio.get() * 100.0), self.method.name());
        let whose = self.baseline.as_ref().map(|baseline| format!(" of {}", baseline.text()));
        format!("at most {ratio} % of values outside fences by {method}{}", whose.unwrap_or_default())
    }

    fn bind(&self, site: &mut Site<'_>) -> Result<Bound, Problem> {
        let (name, data_type) = site.column()?.clone();
        if !Family::of(&data_type).is_number() {
            let message = format!("column \"{name}\" is of type {}, not a number", type_name(&data_type));
            return Err(Problem::new(message).key("column"));
        }
        let thresholds = Thresholds::of(site.envelope, self.max_ratio.get());
        let disclosure = site.disclosure([name.as_str()]);
        let rule = self.clone();
        let judged = Judged { rule, disclosure, thresholds };
        let columns = [name];
        let Some(baseline) = &self.baseline else {
            let quantiles = site.measure(What::Quantiles, &columns);
            let by_mean = self.method == Method::Zscore;
            let moments = by_mean.then(|| site.measure(What::Moments(2), &columns));
            return Ok(Bound::Whole(Box::new(OwnFences { judged, data_type, quantiles, moments })));
        };
        let measured = (What::Profile(Depth::Drift), columns.to_vec());
        let min_history = self.min_history.unwrap_or(1);
        let against = baseline.bind(site, min_history, std::slice::from_ref(&measured), &|here, there| {
            KeyKind::share_a_scale(KeyKind::of(here), KeyKind::of(there))
        })?;
        let measure = site.measure(measured.0, &measured.1);
        let (filter, [column]) = (site.envelope.filter.clone(), columns);
        Ok(Bound::Whole(Box::new(EarlierFences { judged, against, column, filter, measure })))
    }
}

/// What both ways of finding fences share.
#[derive(Debug)]
struct Judged {
    rule: Outliers,
    disclosure: Disclosure,
    thresholds: Thresholds,
}

impl Judged {
    /// The outcome for values between fences, whose smallest and largest may be known.
    fn outcome(
        &self,
        present: &Quantiles,
        range: Option<(f64, f64)>,
        (low, high): (Within, Within),
        disclosure: Disclosure,
    ) -> Outcome {
        if low.at.is_nan() || high.at.is_nan() {
            return Outcome::error("infinite values leave the fences undefined");
        }
        let outside = Outside::of(present, range, low, high);
        let share = |count: u64| count as f64 / present.count as f64;
        let ratio = share(outside.count);
        let (count, all) = (grouped(i128::from(outside.count)), grouped(i128::from(present.count)));
        let fence = |fence: Within| disclosure.text(short(fence.at));
        let text = format!(
            "{count} of {all} values ({}) outside {} to {}",
            percent(outside.count, present.count),
            fence(low),
            fence(high)
        );
        let (lower, upper) = (disclosure.value(json!(low.at)), disclosure.value(json!(high.at)));
        let mut observed = json!({"ratio": ratio, "outside": outside.count, "lower": lower, "upper": upper});
        let bound = share(outside.error());
        let exactness = if bound == 0.0 {
            Exactness::Exact
        } else {
            let (least, most) = outside.between;
            observed["interval"] = json!([share(least), share(most)]);
            Exactness::Approx { bound }
        };
        let status = self.thresholds.status(ratio);
        Outcome::new(status, observed, text).failed(outside.count).exactness(exactness)
    }
}

/// A column between its own fences.
#[derive(Debug)]
struct OwnFences {
    judged: Judged,
    data_type: DataType,
    quantiles: usize,
    moments: Option<usize>,
}

impl OwnFences {
    fn outcome(&self, present: &Quantiles, fences: Fences) -> Outcome {
        match fences {
            Fences::Between(low, high) => {
                self.judged.outcome(present, None, (low, high), self.judged.disclosure)
            }
            Fences::NoSpread => {
                let all = grouped(i128::from(present.count));
                let text = format!("none of {all} values outside: they have no spread");
                let observed = json!({"ratio": 0.0, "outside": 0, "lower": null, "upper": null});
                Outcome::new(self.judged.thresholds.status(0.0), observed, text)
            }
        }
    }
}

impl Judge for OwnFences {
    fn judge(&self, readings: &Readings<'_>) -> Outcome {
        let Some((all, Accumulator::Quantiles(quantiles))) =
            readings.at(self.quantiles).map(|all| (all, &all.accumulator))
        else {
            return Outcome::error("the values were not measured");
        };
        let present = quantiles.without_nan();
        if present.count == 0 {
            return Outcome::skipped("no values in scope").counts(0, all.nulls);
        }
        let moments = self.moments.and_then(|at| readings.at(at)).map(|all| &all.accumulator);
        let fences = match moments {
            Some(Accumulator::Moments(moments)) => {
                self.judged.rule.by_moments(moments, scale_of(&self.data_type))
            }
            _ => Ok(self.judged.rule.by_quantiles(&present)),
        };
        let outcome = fences.map_or_else(Outcome::error, |fences| self.outcome(&present, fences));
        outcome.counts(present.count, all.nulls)
    }
}

/// A column between the fences of its baseline.
#[derive(Debug)]
struct EarlierFences {
    judged: Judged,
    against: Against,
    column: String,
    filter: Option<String>,
    measure: usize,
}

impl EarlierFences {
    fn of<'p>(&self, point: &'p Point) -> Option<&'p ColumnProfile> {
        point.profile.column(&self.column, self.filter.as_deref())
    }

    /// The fences of a baseline, or the outcome where there are none.
    fn fences(&self, before: &ColumnProfile) -> Result<(Within, Within), Box<Outcome>> {
        let skipped = |why: &str| Err(Box::new(Outcome::skipped(why)));
        let fences = if self.judged.rule.method == Method::Zscore {
            let Some(moments) = &before.moments else {
                return skipped("the type of the column is not the same all over the baseline");
            };
            let scale = match before.kind {
                Some(KeyKind::Decimal(scale)) => i32::from(scale),
                _ => 0,
            };
            self.judged.rule.by_moments(moments, scale).map_err(|why| Box::new(Outcome::error(why)))?
        } else {
            let quantiles = before.quantiles.as_ref();
            quantiles.map_or(Fences::NoSpread, |all| self.judged.rule.by_quantiles(&all.without_nan()))
        };
        match fences {
            Fences::Between(low, high) => Ok((low, high)),
            Fences::NoSpread => skipped("the baseline has no spread to place fences by"),
        }
    }
}

impl Judge for EarlierFences {
    fn judge(&self, readings: &Readings<'_>) -> Outcome {
        let Some(now) = readings.profile(self.measure) else { return Outcome::skipped("no rows in scope") };
        let present = now.quantiles.as_ref().map(Quantiles::without_nan).unwrap_or_default();
        let counted = |outcome: Outcome| outcome.counts(present.count, now.nulls);
        if present.count == 0 {
            return counted(Outcome::skipped("no values in scope"));
        }
        let tells = |point: &Point| {
            self.of(point).is_some_and(|before| {
                before.comparable(&now) && before.quantiles.as_ref().is_some_and(|all| all.count > 0)
            })
        };
        let points = match self.against.points(readings, tells) {
            Ok(points) => points,
            Err(outcome) => return counted(*outcome),
        };
        let Some(before) = ColumnProfile::together(points.iter().filter_map(|point| self.of(point))) else {
            return counted(Outcome::skipped("no baseline yet"));
        };
        let disclosure = if before.redacted { Disclosure::Redacted } else { self.judged.disclosure };
        let outcome = match self.fences(&before) {
            Ok(fences) => self.judged.outcome(&present, now.range(), fences, disclosure),
            Err(outcome) => *outcome,
        };
        counted(outcome).against(self.against.compared(&points, readings))
    }
}
