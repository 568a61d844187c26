//! One column in figures.

use lockgate_rules::profile::Frequent;
use lockgate_rules::{ColumnProfile, KeyKind};
use serde::Serialize;
use serde_json::{Number, Value};

use super::Histogram;

/// As many frequent values are told.
const VALUES: usize = 10;

/// As many shapes of texts are told.
const PATTERNS: usize = 5;

/// Which quantiles are told.
const QUANTILES: [f64; 9] = [0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99];

/// A column in figures. Numbers that JSON cannot hold exactly are texts, and so are times, NaN and infinities.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Column {
    /// Its name.
    pub(crate) name: String,
    /// Its type, as pipeline files spell it.
    #[serde(rename = "type")]
    pub(crate) data_type: String,
    /// Whether folders name its values.
    pub(crate) is_partition: bool,
    /// Rows where it is null.
    pub(crate) nulls: u64,
    /// These as a share of all rows; none without rows.
    pub(crate) null_share: Option<f64>,
    /// Values that are NaN.
    #[serde(skip_serializing_if = "is_zero")]
    pub(crate) nan: u64,
    /// Different values that are not null; none where values cannot be compared.
    pub(crate) distinct: Option<Distinct>,
    /// Smallest value of numbers (NaN aside) and times.
    pub(crate) min: Option<Value>,
    /// Largest value of numbers (NaN aside) and times.
    pub(crate) max: Option<Value>,
    /// Arithmetic mean of numbers; NaN where there is one.
    pub(crate) mean: Option<Value>,
    /// Standard deviation of the sample.
    pub(crate) stddev: Option<Value>,
    /// Quantiles of numbers and times, NaN aside.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) quantiles: Vec<Quantile>,
    /// How values are spread between the smallest and the largest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) histogram: Option<Histogram>,
    /// Lengths of texts in characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) length: Option<Length>,
    /// Frequent values, the most frequent first.
    pub(crate) values: Vec<Frequency>,
    /// Frequent shapes of texts: `A` is an upper-case letter, `a` another letter, `9` a digit.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) patterns: Vec<Frequency>,
}

/// A number of different values.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Distinct {
    /// How many.
    pub(crate) count: u64,
    /// Whether they were counted, not estimated.
    pub(crate) exact: bool,
}

/// A quantile.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Quantile {
    /// From 0 to 1.
    pub(crate) q: f64,
    /// Its value.
    pub(crate) value: Value,
}

/// Lengths of texts in characters.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Length {
    /// The shortest.
    pub(crate) min: u64,
    /// The mean.
    pub(crate) mean: f64,
    /// The longest.
    pub(crate) max: u64,
}

/// A value and how often it occurs.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Frequency {
    /// The value; of a long text its beginning.
    pub(crate) value: String,
    /// How often, at least.
    pub(crate) count: u64,
    /// By how much the count may be too small.
    #[serde(skip_serializing_if = "is_zero")]
    pub(crate) count_error: u64,
    /// The count as a share of the values that are not null.
    pub(crate) share: f64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference to the field")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl Column {
    /// What `profile` says of the column `name`.
    pub(crate) fn of(name: &str, profile: &ColumnProfile, is_partition: bool) -> Self {
        let (min, max) = profile.range_text().unzip();
        let distinct = profile.distinct.as_ref().map(|distinct| {
            let (count, exact) = distinct.count();
            // An estimate may exceed what there is.
            Distinct { count: (count.round() as u64).min(profile.present()), exact }
        });
        let length = profile.lengths.as_ref().and_then(|lengths| {
            let ((min, max), mean) = lengths.range.zip(lengths.mean())?;
            Some(Length { min, mean, max })
        });
        Self {
            name: name.to_owned(),
            data_type: profile.data_type.clone(),
            is_partition,
            nulls: profile.nulls,
            null_share: (profile.rows > 0).then(|| profile.nulls as f64 / profile.rows as f64),
            nan: profile.nan(),
            distinct,
            min: min.map(|text| exact(profile, text)),
            max: max.map(|text| exact(profile, text)),
            mean: profile.mean().map(figure),
            stddev: profile.stddev().map(figure),
            quantiles: quantiles(profile),
            histogram: Histogram::of(profile),
            length,
            values: profile.frequent.as_ref().map(|all| most(all, VALUES)).unwrap_or_default(),
            patterns: profile.shapes.as_ref().map(|all| most(all, PATTERNS)).unwrap_or_default(),
        }
    }

    /// The median.
    pub(crate) fn median(&self) -> Option<&Value> {
        self.quantiles.iter().find(|quantile| quantile.q.total_cmp(&0.5).is_eq()).map(|median| &median.value)
    }
}

/// A float, or its text where JSON has none.
fn figure(value: f64) -> Value {
    Number::from_f64(value).map_or_else(|| Value::from(value.to_string()), Value::Number)
}

/// A smallest or largest value from its text.
fn exact(profile: &ColumnProfile, text: String) -> Value {
    let number = match profile.kind {
        Some(KeyKind::Integer) => text.parse().ok().map(|whole: i64| Value::from(whole)),
        Some(KeyKind::Float) => text.parse().ok().map(figure),
        _ => None,
    };
    number.unwrap_or(Value::String(text))
}

/// What a value of the column is, which `profile` holds as a float: a number, or a time as text.
pub(super) fn told(profile: &ColumnProfile, value: f64) -> Value {
    match profile.kind {
        Some(KeyKind::Time(_)) => Value::from(profile.shown(value)),
        _ => figure(value),
    }
}

/// A profile that leaves NaN out of its quantiles.
pub(super) fn without_nan(profile: &ColumnProfile) -> ColumnProfile {
    let mut rest = profile.clone();
    if let Some(quantiles) = &mut rest.quantiles {
        quantiles.nan = 0;
    }
    rest
}

fn quantiles(profile: &ColumnProfile) -> Vec<Quantile> {
    let profile = without_nan(profile);
    let quantile = |q: &f64| Some(Quantile { q: *q, value: told(&profile, profile.quantile(*q)?) });
    QUANTILES.iter().filter_map(quantile).collect()
}

fn most(all: &Frequent, most: usize) -> Vec<Frequency> {
    let values = all.most().into_iter().take(most);
    let share = |count: u64| if all.total == 0 { 0.0 } else { count as f64 / all.total as f64 };
    let frequency = |(value, count): (&str, u64)| Frequency {
        value: value.to_owned(),
        count,
        count_error: all.error,
        share: share(count),
    };
    values.map(frequency).collect()
}
