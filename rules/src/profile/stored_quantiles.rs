//! Quantiles as stored profiles write them: every level's values as numbers people can read.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::measure::{QuantileLevel, Quantiles};

#[derive(Serialize, Deserialize)]
struct Stored {
    count: u64,
    #[serde(default, skip_serializing_if = "is_zero")]
    nan: u64,
    #[serde(default, skip_serializing_if = "is_zero")]
    error: u64,
    /// Values that each stand for 2^i, in ascending order, as texts between spaces.
    levels: Vec<StoredLevel>,
}

#[derive(Serialize, Deserialize)]
struct StoredLevel {
    /// Each of its values stands for two to the power of this.
    weight: u8,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    odd: bool,
    values: String,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference to the field")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

#[expect(clippy::ref_option, reason = "serde hands over a reference to the field")]
pub(super) fn serialize<S: Serializer>(
    quantiles: &Option<Quantiles>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    quantiles.as_ref().map(to_stored).serialize(serializer)
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Quantiles>, D::Error> {
    let stored: Option<Stored> = Option::deserialize(deserializer)?;
    stored.map(|stored| from_stored(&stored).map_err(serde::de::Error::custom)).transpose()
}

fn to_stored(quantiles: &Quantiles) -> Stored {
    let levels = quantiles.levels().enumerate().filter(|(_, level)| !level.values.is_empty());
    let level = |(weight, level): (usize, QuantileLevel)| StoredLevel {
        weight: weight as u8,
        odd: level.odd,
        values: level.values.into_iter().map(text_of).collect::<Vec<_>>().join(" "),
    };
    Stored {
        count: quantiles.count,
        nan: quantiles.nan,
        error: quantiles.error(),
        levels: levels.map(level).collect(),
    }
}

/// The shortest text that reads back as the same float.
fn text_of(value: f64) -> String {
    let text = format!("{value:?}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

fn from_stored(stored: &Stored) -> Result<Quantiles, String> {
    let mut levels: Vec<QuantileLevel> = Vec::new();
    for level in &stored.levels {
        if level.weight > 63 || usize::from(level.weight) < levels.len() {
            return Err("the levels of quantiles are out of order".into());
        }
        levels.resize_with(usize::from(level.weight), QuantileLevel::default);
        let value = |text: &str| text.parse().map_err(|_| format!("\"{text}\" is no quantile"));
        let values: Vec<f64> = level.values.split_whitespace().map(value).collect::<Result<_, _>>()?;
        if !values.is_sorted() {
            return Err("the values of quantiles are not in order".into());
        }
        levels.push(QuantileLevel { values, odd: level.odd });
    }
    Ok(Quantiles::from_levels(levels, stored.count, stored.nan, stored.error))
}
