//! `fits_distribution`: values are distributed as a normal, uniform, exponential or lognormal variable.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use crate::check::ParamError;
use crate::literal::{Family, type_name};
use crate::measure::{Accumulator, Quantiles, Readings, What};
use crate::normal;
use crate::rule::{
    Bound, Columns, Cost, Example, Judge, Problem, Rule, RuleDef, Shape, Site, parse_params, schema_of,
};
use crate::sample::Disclosure;
use crate::scalar::short;
use crate::thresholds::Thresholds;
use crate::verdict::{Exactness, Outcome, Status};

/// The catalogue entry.
pub static DEF: RuleDef = RuleDef {
    name: "fits_distribution",
    aliases: &[],
    dimension: "distribution",
    summary: "The values are close to a theoretical distribution, by the Kolmogorov–Smirnov distance.",
    definition: "sup |Fₙ(x) − F(x)| (Kolmogorov 1933), as scipy's `kstest`; the distance itself and no p-value, which at many \
                 rows finds every column different. F is `normal` (mean, stddev), `uniform` (min, max), `exponential` \
                 (mean) or `lognormal` (mean and stddev of ln x). Parameters that are not given are estimated from the \
                 values by maximum likelihood (standard deviation ÷ n), which makes the distance smaller (Lilliefors \
                 1967). Fails above `fail` (0.1), warns above `warn`. Exact up to 100,000 values, then from a sketch \
                 whose rank error bounds the error of the distance for given parameters; estimated ones come from the \
                 sketch too. Nulls are left out; a NaN makes the distance NaN, which fails, as do values from which no \
                 parameters of the distribution can be estimated (infinite ones, and logarithms of 0 or less). Without \
                 values, or with parameters to estimate from values that are all equal, the check is skipped.",
    example: Example {
        yaml: "fits_distribution: {column: x, distribution: uniform, min: 0, max: 4, fail: 0.3, warn: 0.2}",
        params: r#"{"column": "x", "distribution": "uniform", "min": 0, "max": 4, "fail": 0.3, "warn": 0.2}"#,
        input: "x:float64\n0.5\n1\n\n2.5\n3\n",
        status: "warn",
        observed: "0.25",
    },
    cost: Cost::Sketch,
    shape: Shape::Distance,
    columns: Columns::One,
    short: None,
    answers_empty: false,
    parse: parse_params::<Fits>,
    schema: schema_of::<Fits>,
};

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Fits {
    /// The distribution.
    distribution: Distribution,
    /// The mean: of normal and exponential values, or of the logarithms of lognormal ones.
    mean: Option<f64>,
    /// The standard deviation: of normal values, or of the logarithms of lognormal ones.
    stddev: Option<f64>,
    /// The smallest uniform value.
    min: Option<f64>,
    /// The largest uniform value.
    max: Option<f64>,
    /// The largest distance that does not fail (0.1).
    #[serde(default = "fail")]
    fail: f64,
}

fn fail() -> f64 {
    0.1
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Distribution {
    /// By mean and standard deviation.
    Normal,
    /// Between min and max.
    Uniform,
    /// From 0, by its mean.
    Exponential,
    /// Of logarithms that are normal.
    Lognormal,
}

impl Distribution {
    fn name(self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::Uniform => "uniform",
            Self::Exponential => "exponential",
            Self::Lognormal => "lognormal",
        }
    }

    fn takes(self) -> &'static [&'static str] {
        match self {
            Self::Normal | Self::Lognormal => &["mean", "stddev"],
            Self::Uniform => &["min", "max"],
            Self::Exponential => &["mean"],
        }
    }
}

impl Fits {
    fn given(&self) -> [(&'static str, Option<f64>); 4] {
        [("mean", self.mean), ("stddev", self.stddev), ("min", self.min), ("max", self.max)]
    }
}

impl Rule for Fits {
    fn validate(&self) -> Result<(), ParamError> {
        let name = self.distribution.name();
        for (key, value) in self.given() {
            let Some(value) = value else { continue };
            if !self.distribution.takes().contains(&key) {
                let takes = self.distribution.takes().join(" and ");
                let message = format!("{key} does not belong to the {name} distribution");
                return Err(ParamError::new(message).key(key).hint(format!("it takes {takes}")));
            }
            let positive = key == "stddev" || self.distribution == Distribution::Exponential;
            if !value.is_finite() || positive && value <= 0.0 {
                return Err(ParamError::new(format!("{key} has to be above 0")).key(key));
            }
        }
        if let (Some(min), Some(max)) = (self.min, self.max)
            && min >= max
        {
            return Err(ParamError::new(format!("min {min} is not below max {max}")).key("min"));
        }
        Ok(())
    }

    fn expected(&self) -> String {
        format!("{}, at a distance of at most {}", self.distribution.name(), self.fail)
    }

    fn bind(&self, site: &mut Site<'_>) -> Result<Bound, Problem> {
        let (name, data_type) = site.column()?.clone();
        if !Family::of(&data_type).is_number() {
            let message = format!("column \"{name}\" is of type {}, not a number", type_name(&data_type));
            return Err(Problem::new(message).key("column"));
        }
        let thresholds = Thresholds::of(site.envelope, self.fail);
        let disclosure = site.disclosure([name.as_str()]);
        let measure = site.measure(What::Quantiles, &[name]);
        Ok(Bound::Whole(Box::new(Judged { rule: self.clone(), disclosure, thresholds, measure })))
    }
}

/// Why parameters cannot be estimated.
#[derive(Debug, Clone, Copy)]
enum Unfit {
    /// All values are equal.
    NoSpread,
    /// The distribution has no such values.
    Outside,
}

/// A distribution with its parameters: location and scale, or both ends.
#[derive(Debug, Clone, Copy)]
struct Theory {
    distribution: Distribution,
    first: f64,
    second: f64,
}

impl Theory {
    /// With the parameters given, the others estimated from values with their weights.
    fn of(rule: &Fits, values: &[(f64, u64)]) -> Result<Self, Unfit> {
        let distribution = rule.distribution;
        let end = |value: Option<&(f64, u64)>| value.map_or(f64::NAN, |(value, _)| *value);
        let (least, most) = (end(values.first()), end(values.last()));
        let (first, second) = match distribution {
            Distribution::Normal => moments(values, |x| x),
            Distribution::Lognormal => moments(values, f64::ln),
            Distribution::Exponential => (moments(values, |x| x).0, 1.0),
            Distribution::Uniform => (least, most),
        };
        let (first, second) = match distribution {
            Distribution::Uniform => (rule.min.unwrap_or(first), rule.max.unwrap_or(second)),
            _ => (rule.mean.unwrap_or(first), rule.stddev.unwrap_or(second)),
        };
        let is_spread = match distribution {
            Distribution::Normal | Distribution::Lognormal => second > 0.0,
            Distribution::Uniform => first < second,
            Distribution::Exponential => first > 0.0,
        };
        if is_spread && first.is_finite() && second.is_finite() {
            return Ok(Self { distribution, first, second });
        }
        let is_inside = distribution != Distribution::Lognormal || least > 0.0;
        Err(if most <= least && least.is_finite() && is_inside { Unfit::NoSpread } else { Unfit::Outside })
    }

    /// The share of values up to `x`.
    fn cdf(&self, x: f64) -> f64 {
        let (first, second) = (self.first, self.second);
        match self.distribution {
            Distribution::Normal => normal::cdf((x - first) / second),
            Distribution::Lognormal | Distribution::Exponential if x <= 0.0 => 0.0,
            Distribution::Lognormal => normal::cdf((x.ln() - first) / second),
            Distribution::Uniform => ((x - first) / (second - first)).clamp(0.0, 1.0),
            Distribution::Exponential => -(-x / first).exp_m1(),
        }
    }

    /// The Kolmogorov–Smirnov distance of sorted values with their weights.
    fn distance(&self, values: &[(f64, u64)]) -> f64 {
        let total = values.iter().map(|(_, weight)| weight).sum::<u64>() as f64;
        let (mut below, mut distance) = (0, 0.0_f64);
        for (value, weight) in values {
            let theory = self.cdf(*value);
            let before = below as f64 / total;
            below += weight;
            distance = distance.max(theory - before).max(below as f64 / total - theory);
        }
        distance
    }
}

/// Mean and standard deviation ÷ n.
fn moments(values: &[(f64, u64)], map: impl Fn(f64) -> f64) -> (f64, f64) {
    let total = values.iter().map(|(_, weight)| weight).sum::<u64>() as f64;
    let sum = |f: &dyn Fn(f64) -> f64| values.iter().map(|(x, w)| f(map(*x)) * *w as f64).sum::<f64>();
    let mean = sum(&|x| x) / total;
    (mean, (sum(&|x| (x - mean).powi(2)) / total).sqrt())
}

#[derive(Debug)]
struct Judged {
    rule: Fits,
    disclosure: Disclosure,
    thresholds: Thresholds,
    measure: usize,
}

impl Judged {
    fn outcome(&self, quantiles: &Quantiles) -> Outcome {
        if quantiles.nan > 0 {
            return Outcome::new(Status::Fail, json!({"distance": "NaN"}), "NaN");
        }
        let values = quantiles.weighted();
        let theory = match Theory::of(&self.rule, &values) {
            Ok(theory) => theory,
            Err(Unfit::NoSpread) => return Outcome::skipped("all values are equal"),
            Err(Unfit::Outside) => {
                let text = format!("no {} distribution has such values", self.rule.distribution.name());
                return Outcome::new(Status::Fail, json!({"distance": 1}), text);
            }
        };
        let distance = theory.distance(&values);
        let status = self.thresholds.status(distance);
        // What is not given is estimated, and tells a value where all are the same.
        let shown = |given: Option<f64>, value: f64| {
            given.map_or_else(|| self.disclosure.value(json!(value)), |given| json!(given))
        };
        let mean = shown(self.rule.mean, theory.first);
        let parameters = match self.rule.distribution {
            Distribution::Uniform => {
                json!({"min": shown(self.rule.min, theory.first), "max": shown(self.rule.max, theory.second)})
            }
            Distribution::Exponential => json!({"mean": mean}),
            _ => json!({"mean": mean, "stddev": theory.second}),
        };
        let bound = quantiles.bound();
        let exactness = if bound == 0.0 { Exactness::Exact } else { Exactness::Approx { bound } };
        let observed = json!({"distance": distance, "parameters": parameters});
        Outcome::new(status, observed, short(distance)).exactness(exactness)
    }
}

impl Judge for Judged {
    fn judge(&self, readings: &Readings<'_>) -> Outcome {
        let Some((all, Accumulator::Quantiles(quantiles))) =
            readings.at(self.measure).map(|all| (all, &all.accumulator))
        else {
            return Outcome::error("the values were not measured");
        };
        let outcome =
            if all.present() == 0 { Outcome::skipped("no values in scope") } else { self.outcome(quantiles) };
        outcome.counts(all.present(), all.nulls)
    }
}
