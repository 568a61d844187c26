//! `outliers`: few values lie outside fences.

use arrow::datatypes::DataType;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use crate::check::{ParamError, Share};
use crate::literal::{Family, scale_of, type_name};
use crate::measure::{Accumulator, Interpolation, Moments, Quantiles, Readings, What};
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
    summary: "The share of values outside fences computed from the column is small.",
    definition: "Values below the lower or above the upper fence ÷ values, at most `max_ratio`. Fences, as the step \
                 `drop_outliers` has them: `zscore` mean ± `threshold` (3) standard deviations (n − 1), `mad` median ± \
                 `threshold` (3.5) · 1.4826 · MAD (Iglewicz and Hoaglin 1993), `iqr` from q₁ − `k` (1.5) · IQR to q₃ + k \
                 · IQR (Tukey 1977), `percentile` the quantiles `lower` (0.01) and `upper` (0.99), outside which about that \
                 share of any column lies. Where the spread is zero nothing is \
                 outside. Exact up to 100,000 values; then counted by a sketch whose bound is given, with mean and \
                 deviation still exact. Nulls and NaN are left out. Fences that infinite values or powers beyond floats \
                 leave undefined are an error. Without values the check is skipped.",
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

/// Makes the median absolute deviation of a normal distribution its standard deviation.
const MAD_SCALE: f64 = 1.4826;

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
        Ok(())
    }

    fn expected(&self) -> String {
        let ratio = self.max_ratio.get() * 100.0;
        format!("at most {} % of values outside fences by {}", short(ratio), self.method.name())
    }

    fn bind(&self, site: &mut Site<'_>) -> Result<Bound, Problem> {
        let (name, data_type) = site.column()?.clone();
        if !Family::of(&data_type).is_number() {
            let message = format!("column \"{name}\" is of type {}, not a number", type_name(&data_type));
            return Err(Problem::new(message).key("column"));
        }
        let thresholds = Thresholds::of(site.envelope, self.max_ratio.get());
        let disclosure = site.disclosure([name.as_str()]);
        let columns = [name];
        let quantiles = site.measure(What::Quantiles, &columns);
        let by_mean = self.method == Method::Zscore;
        let moments = by_mean.then(|| site.measure(What::Moments(2), &columns));
        let rule = self.clone();
        Ok(Bound::Whole(Box::new(Judged { rule, data_type, disclosure, thresholds, quantiles, moments })))
    }
}

#[derive(Debug)]
struct Judged {
    rule: Outliers,
    data_type: DataType,
    disclosure: Disclosure,
    thresholds: Thresholds,
    quantiles: usize,
    moments: Option<usize>,
}

/// The fences, or that the spread is zero.
#[derive(Debug, Clone, Copy)]
enum Fences {
    Between(f64, f64),
    NoSpread,
}

impl Fences {
    /// A spread below and above a middle.
    fn around(low: f64, high: f64, spread: f64) -> Self {
        if spread == 0.0 { Self::NoSpread } else { Self::Between(low, high) }
    }
}

impl Judged {
    fn by_mean(&self, moments: &Moments) -> Result<Fences, &'static str> {
        let present = Moments { nan: 0, ..moments.clone() };
        if present.overflow {
            return Err("the powers of the values are beyond the range of floats");
        }
        if present.count() < 2 {
            return Ok(Fences::NoSpread);
        }
        let unit = 10_f64.powi(scale_of(&self.data_type));
        let (mean, deviation) = (present.mean() / unit, present.variance(1).sqrt() / unit);
        let reach = self.rule.threshold.unwrap_or(3.0) * deviation;
        Ok(Fences::around(mean - reach, mean + reach, deviation))
    }

    fn by_quantiles(&self, present: &Quantiles) -> Fences {
        let quantile = |q: f64| present.quantile(q, Interpolation::Linear);
        match self.rule.method {
            Method::Iqr => {
                let (low, high) = (quantile(0.25), quantile(0.75));
                let reach = self.rule.k.unwrap_or(1.5) * (high - low);
                Fences::around(low - reach, high + reach, high - low)
            }
            Method::Percentile => {
                let (lower, upper) = self.rule.quantiles();
                let (low, high) = (quantile(lower), quantile(upper));
                Fences::around(low, high, high - low)
            }
            Method::Mad | Method::Zscore => {
                let (median, mad) = (quantile(0.5), present.mad());
                let reach = self.rule.threshold.unwrap_or(3.5) * MAD_SCALE * mad;
                Fences::around(median - reach, median + reach, mad)
            }
        }
    }

    fn outcome(&self, present: &Quantiles, fences: Result<Fences, &'static str>) -> Outcome {
        let (low, high) = match fences {
            Err(why) => return Outcome::error(why),
            Ok(Fences::Between(low, high)) if low.is_nan() || high.is_nan() => {
                return Outcome::error("infinite values leave the fences undefined");
            }
            Ok(Fences::Between(low, high)) => (low, high),
            Ok(Fences::NoSpread) => (f64::NEG_INFINITY, f64::INFINITY),
        };
        let values = present.weighted();
        let outside = values.iter().filter(|(value, _)| *value < low || *value > high);
        let outside: u64 = outside.map(|(_, weight)| weight).sum();
        let ratio = outside as f64 / present.count as f64;
        let status = self.thresholds.status(ratio);
        let all = grouped(i128::from(present.count));
        let text = if low.is_infinite() && high.is_infinite() {
            format!("none of {all} values outside: they have no spread")
        } else {
            let count = grouped(i128::from(outside));
            let share = percent(outside, present.count);
            let fence = |fence: f64| self.disclosure.text(short(fence));
            format!("{count} of {all} values ({share}) outside {} to {}", fence(low), fence(high))
        };
        // Each fence is a rank of its own.
        let bound = 2.0 * present.bound();
        let exactness = if bound == 0.0 { Exactness::Exact } else { Exactness::Approx { bound } };
        let (lower, upper) = (self.disclosure.value(json!(low)), self.disclosure.value(json!(high)));
        let observed = json!({"ratio": ratio, "outside": outside, "lower": lower, "upper": upper});
        Outcome::new(status, observed, text).failed(outside).exactness(exactness)
    }
}

impl Judge for Judged {
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
            Some(Accumulator::Moments(moments)) => self.by_mean(moments),
            _ => Ok(self.by_quantiles(&present)),
        };
        self.outcome(&present, fences).counts(present.count, all.nulls)
    }
}
