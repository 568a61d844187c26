//! `statistic`: a figure that describes a column lies within limits.

use arrow::datatypes::DataType;
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::check::ParamError;
use crate::literal::{Family, Literal, scale_of, type_name};
use crate::measure::{
    Accumulated, Accumulator, Extremes, Interpolation, Moments, Readings, What, whole_value,
};
use crate::proofs::Proofs;
use crate::rule::{
    Bound, Columns, Cost, Example, Judge, Problem, Rule, RuleDef, Shape, Site, parse_params, schema_of,
};
use crate::sample::Disclosure;
use crate::scalar::{Figure, Limits, judge};
use crate::verdict::{AnsweredFrom, Exactness, Outcome};

/// The catalogue entry.
pub static DEF: RuleDef = RuleDef {
    name: "statistic",
    aliases: &[],
    dimension: "distribution",
    summary: "A statistic of the column (mean, median, standard deviation, …) is within limits.",
    definition: "Over the values that are not null. `min`, `max`, `sum`, `mean`, `range`; `variance` and `stddev` with \
                 `ddof` (1, the sample's); `skewness` m₃ ÷ m₂^1.5 and `kurtosis` m₄ ÷ m₂² − 3, both of the population; \
                 `quantile` with `q` and `interpolation` as numpy's methods (linear, Hyndman and Fan's type 7), \
                 `median`, `iqr` (q₀.₇₅ − q₀.₂₅), `mad` (median distance from the median, unscaled); `zeros_count`; \
                 `true_ratio` of a column of true and false; `avg_length` of texts, in characters. Sums and moments \
                 are exact and rounded once, whatever the order of rows. Quantiles are exact up to 100,000 values and \
                 then come with the bound of their rank. A NaN among the values makes every figure but `zeros_count` \
                 NaN, which lies within no limits. Infinities count as IEEE says. Without values (or with no more than \
                 `ddof`; for `skewness` and `kurtosis` with all values equal) the check is skipped. Dates and \
                 timestamps have `min` and `max`.",
    example: Example {
        yaml: "statistic: {column: price, fn: mean, min: 2, max: 3}",
        params: r#"{"column": "price", "fn": "mean", "min": 2, "max": 3}"#,
        input: "price:float64\n1\n2\n\n4.5\n",
        status: "pass",
        observed: "2.5",
    },
    cost: Cost::Aggregate,
    shape: Shape::Scalar,
    columns: Columns::One,
    short: None,
    answers_empty: false,
    parse: parse_params::<Statistic>,
    schema: schema_of::<Statistic>,
};

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Statistic {
    /// The statistic.
    #[serde(rename = "fn")]
    function: Function,
    /// Smallest value that passes.
    min: Option<Literal>,
    /// Largest value that passes.
    max: Option<Literal>,
    /// For `quantile`: which, from 0 to 1.
    q: Option<crate::check::Share>,
    /// For `variance` and `stddev`: what is subtracted from the number of values.
    ddof: Option<u8>,
    /// For `quantile`, `median` and `iqr`: what lies between two values.
    interpolation: Option<Interpolation>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Function {
    Min,
    Max,
    Range,
    Sum,
    Mean,
    Variance,
    Stddev,
    Skewness,
    Kurtosis,
    Median,
    Quantile,
    Iqr,
    Mad,
    ZerosCount,
    TrueRatio,
    AvgLength,
}

impl Function {
    fn name(self) -> &'static str {
        match self {
            Self::Min => "min",
            Self::Max => "max",
            Self::Range => "range",
            Self::Sum => "sum",
            Self::Mean => "mean",
            Self::Variance => "variance",
            Self::Stddev => "stddev",
            Self::Skewness => "skewness",
            Self::Kurtosis => "kurtosis",
            Self::Median => "median",
            Self::Quantile => "quantile",
            Self::Iqr => "iqr",
            Self::Mad => "mad",
            Self::ZerosCount => "zeros_count",
            Self::TrueRatio => "true_ratio",
            Self::AvgLength => "avg_length",
        }
    }

    fn measure(self) -> What {
        match self {
            Self::Min | Self::Max | Self::Range => What::Extremes,
            Self::Sum | Self::Mean => What::Moments(1),
            Self::Variance | Self::Stddev => What::Moments(2),
            Self::Skewness | Self::Kurtosis => What::Moments(4),
            Self::Median | Self::Quantile | Self::Iqr | Self::Mad => What::Quantiles,
            Self::ZerosCount => What::Zeros,
            Self::TrueRatio => What::Truths,
            Self::AvgLength => What::Characters,
        }
    }

    /// Whether the figure is a value where all are the same.
    fn tells_values(self) -> bool {
        matches!(self, Self::Min | Self::Max | Self::Sum | Self::Mean | Self::Median | Self::Quantile)
    }

    fn fits(self, family: Family) -> bool {
        match self {
            Self::Min | Self::Max => family.is_number() || family == Family::Time,
            Self::TrueRatio => family == Family::Bool,
            Self::AvgLength => family == Family::Text,
            _ => family.is_number(),
        }
    }
}

impl Rule for Statistic {
    fn validate(&self) -> Result<(), ParamError> {
        let quantiles = [Function::Quantile, Function::Median, Function::Iqr].contains(&self.function);
        let spread = [Function::Variance, Function::Stddev].contains(&self.function);
        let misplaced = |key: &str, of: &str| Err(ParamError::new(format!("{key} is for {of}")).key(key));
        match self {
            Self { function: Function::Quantile, q: None, .. } => {
                Err(ParamError::new("quantile needs q, from 0 to 1").key("q"))
            }
            Self { q: Some(_), function, .. } if *function != Function::Quantile => {
                misplaced("q", "quantile")
            }
            Self { ddof: Some(_), .. } if !spread => misplaced("ddof", "variance and stddev"),
            Self { interpolation: Some(_), .. } if !quantiles => {
                misplaced("interpolation", "quantile, median and iqr")
            }
            _ => Limits::new(self.min.as_ref(), self.max.as_ref()).validate(),
        }
    }

    fn expected(&self) -> String {
        let limits = Limits::new(self.min.as_ref(), self.max.as_ref()).text();
        match self.q {
            Some(q) => format!("quantile {} {limits}", q.get()),
            None => format!("{} {limits}", self.function.name()),
        }
    }

    fn bind(&self, site: &mut Site<'_>) -> Result<Bound, Problem> {
        let (name, data_type) = site.column()?.clone();
        let family = Family::of(&data_type);
        let function = self.function;
        if !function.fits(family) {
            let shown = type_name(&data_type);
            return Err(Problem::new(format!(
                "column \"{name}\" is of type {shown}, which has no {}",
                function.name()
            ))
            .key("fn"));
        }
        let limits = Limits::new(self.min.as_ref(), self.max.as_ref());
        let warn = Limits::warn_of(site.envelope);
        let of_type = (family == Family::Time).then_some(&data_type);
        limits.fit(of_type, "")?;
        warn.fit(of_type, "warn.")?;
        let disclosure =
            if function.tells_values() { site.disclosure([name.as_str()]) } else { Disclosure::Shown };
        let measure = site.measure(function.measure(), std::slice::from_ref(&name));
        Ok(Bound::Whole(Box::new(Judged {
            rule: self.clone(),
            limits,
            warn,
            column: name,
            data_type,
            disclosure,
            measure,
        })))
    }
}

#[derive(Debug)]
struct Judged {
    rule: Statistic,
    limits: Limits,
    warn: Limits,
    column: String,
    data_type: DataType,
    disclosure: Disclosure,
    measure: usize,
}

impl Judge for Judged {
    fn judge(&self, readings: &Readings<'_>) -> Outcome {
        let Some(all) = readings.at(self.measure) else {
            return Outcome::error("the statistic was not measured");
        };
        let counted = |outcome: Outcome| outcome.counts(all.present(), all.nulls);
        if all.present() == 0 {
            return counted(Outcome::skipped("no values in scope"));
        }
        match self.figure(all) {
            Ok((figure, exactness)) => counted(self.judged(&figure)).exactness(exactness),
            Err(outcome) => counted(*outcome),
        }
    }

    fn prove(&self, proofs: &Proofs, _: DateTime<Utc>) -> Option<Outcome> {
        if Family::of(&self.data_type) == Family::Float || self.rule.function.measure() != What::Extremes {
            return None;
        }
        let known = proofs.columns.get(&self.column).filter(|known| known.exact)?;
        let (low, high) = (whole_value(known.min.as_ref()?, 0)?, whole_value(known.max.as_ref()?, 0)?);
        let (rows, nulls) = (proofs.rows?, known.nulls?);
        let outcome = self.judged(&self.of_range(low, high));
        Some(outcome.counts(rows - nulls.min(rows), nulls).from(AnsweredFrom::Footer))
    }
}

impl Judged {
    fn judged(&self, figure: &Figure) -> Outcome {
        self.disclosure.outcome(judge(figure, &self.limits, &self.warn))
    }

    /// The figure, or the outcome where there is none.
    fn figure(&self, all: &Accumulated) -> Result<(Figure, Exactness), Box<Outcome>> {
        let exact = |value: f64| Ok((Figure::Float(value), Exactness::Exact));
        let present = all.present() as f64;
        match (&all.accumulator, self.rule.function) {
            (Accumulator::Extremes(Extremes::Whole(Some((low, high)))), _) => {
                Ok((self.of_range(*low, *high), Exactness::Exact))
            }
            (Accumulator::Extremes(Extremes::Float { nan: 1.., .. }), _) => exact(f64::NAN),
            (Accumulator::Extremes(Extremes::Float { range: Some((low, high)), .. }), function) => {
                exact(match function {
                    Function::Min => *low,
                    Function::Max => *high,
                    _ => high - low,
                })
            }
            (Accumulator::Moments(moments), function) => self.of_moments(moments, function),
            (Accumulator::Quantiles(quantiles), function) => {
                let interpolation = self.rule.interpolation.unwrap_or_default();
                let quantile = |q: f64| quantiles.quantile(q, interpolation);
                let value = match function {
                    Function::Iqr => quantile(0.75) - quantile(0.25),
                    Function::Mad => quantiles.mad(),
                    _ => quantile(self.rule.q.map_or(0.5, crate::check::Share::get)),
                };
                let bound = quantiles.bound();
                let exactness = if bound == 0.0 { Exactness::Exact } else { Exactness::Approx { bound } };
                Ok((Figure::Float(rounded(value, scale_of(&self.data_type))), exactness))
            }
            (Accumulator::Total(total), Function::ZerosCount) => {
                Ok((Figure::count(*total), Exactness::Exact))
            }
            (Accumulator::Total(total), _) => exact(*total as f64 / present),
            _ => Err(Box::new(Outcome::error("the statistic was not measured"))),
        }
    }

    fn of_range(&self, low: i128, high: i128) -> Figure {
        let value = match self.rule.function {
            Function::Min => low,
            Function::Max => high,
            _ => high.saturating_sub(low),
        };
        if Family::of(&self.data_type) == Family::Time {
            return Figure::Time { value, data_type: self.data_type.clone() };
        }
        Figure::Exact { digits: value, scale: scale_of(&self.data_type) }
    }

    fn of_moments(&self, moments: &Moments, function: Function) -> Result<(Figure, Exactness), Box<Outcome>> {
        if moments.overflow {
            return Err(Box::new(Outcome::error("the powers of the values are beyond the range of floats")));
        }
        let scale = scale_of(&self.data_type);
        let whole = Family::of(&self.data_type) == Family::Whole;
        let unit = 10_f64.powi(scale);
        let value = match function {
            Function::Sum if whole => match moments.sums.first().and_then(crate::measure::ExactSum::to_whole)
            {
                Some(digits) => return Ok((Figure::Exact { digits, scale }, Exactness::Exact)),
                None => moments.sum() / unit,
            },
            Function::Sum => moments.sum(),
            Function::Mean => moments.mean() / unit,
            Function::Variance | Function::Stddev => {
                let ddof = u64::from(self.rule.ddof.unwrap_or(1));
                if moments.count() <= ddof {
                    return Err(Box::new(Outcome::skipped("too few values")));
                }
                let variance = moments.variance(ddof) / unit / unit;
                if function == Function::Variance { variance } else { variance.sqrt() }
            }
            _ => {
                let value =
                    if function == Function::Skewness { moments.skewness() } else { moments.kurtosis() };
                if value.is_nan() && moments.finite == moments.count() {
                    return Err(Box::new(Outcome::skipped("all values are equal")));
                }
                value
            }
        };
        Ok((Figure::Float(value), Exactness::Exact))
    }
}

/// Places beyond those of a decimal type to which a figure of its quantiles is rounded.
const BEYOND: usize = 6;

/// A figure of decimals without what floats cannot say of them: between 15.87 and 15.89 lies 15.88.
fn rounded(value: f64, scale: i32) -> f64 {
    if scale <= 0 || !value.is_finite() {
        return value;
    }
    format!("{value:.*}", scale as usize + BEYOND).parse().unwrap_or(value)
}
