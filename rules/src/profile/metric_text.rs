//! Figures as people type them: `row_count`, `mean(price)`, `quantile(price, 0.9)`, `share_of(city, Bern)`.

use std::str::FromStr;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{Metric, Profile};

/// A metric of a column, or of the rows as such.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    /// The metric.
    pub metric: Metric,
    /// The column; None for what is of the rows.
    pub column: Option<String>,
}

impl Figure {
    /// The figure in a profile of all rows; None where the profile does not tell it.
    pub fn of(&self, profile: &Profile) -> Option<f64> {
        match &self.column {
            Some(column) => self.metric.of(profile.column(column, None)?),
            None => profile.rows.map(|rows| rows as f64),
        }
    }

    /// As it is typed.
    pub fn text(&self) -> String {
        match &self.column {
            Some(column) => format!("{} of {column}", self.metric.name()),
            None => self.metric.name(),
        }
    }
}

impl FromStr for Figure {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        let (name, inner) = match text.split_once('(') {
            Some((name, rest)) => {
                let inner =
                    rest.strip_suffix(')').ok_or_else(|| format!("\"{text}\" has no closing bracket"))?;
                (name.trim(), Some(inner))
            }
            None => (text, None),
        };
        let (column, argument) = match (name, inner) {
            ("quantile", Some(inner)) => halves(name, inner.rsplit_once(','))?,
            ("share_of", Some(inner)) => halves(name, inner.split_once(','))?,
            (_, inner) => (inner.map(str::trim), None),
        };
        let metric = metric(name, argument)?;
        let column = column.filter(|column| !column.is_empty()).map(str::to_owned);
        if column.is_none() && !metric.of_rows() {
            return Err(format!("{name} is of a column: {name}(COLUMN)"));
        }
        let column = column.filter(|_| !metric.of_rows());
        Ok(Self { metric, column })
    }
}

type Halves<'a> = (Option<&'a str>, Option<&'a str>);

fn halves<'a>(name: &str, split: Option<(&'a str, &'a str)>) -> Result<Halves<'a>, String> {
    let (column, argument) = split.ok_or_else(|| match name {
        "quantile" => "a quantile needs its share: quantile(COLUMN, 0.9)".to_owned(),
        _ => format!("{name} needs a value: {name}(COLUMN, VALUE)"),
    })?;
    Ok((Some(column.trim()), Some(argument.trim())))
}

fn metric(name: &str, argument: Option<&str>) -> Result<Metric, String> {
    let value = match argument {
        None => Value::from(name),
        Some(argument) => {
            let number = argument.parse::<f64>().ok().filter(|_| name == "quantile");
            let argument = number.map_or_else(|| Value::from(argument), Value::from);
            Value::Object(Map::from_iter([(name.to_owned(), argument)]))
        }
    };
    Metric::deserialize(value).map_err(|error| format!("\"{name}\" is no figure: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_read_as_they_are_typed() {
        for (typed, text) in [
            ("row_count", "row_count"),
            (" mean( price ) ", "mean of price"),
            ("null_ratio(a b)", "null_ratio of a b"),
            ("quantile(price, 0.9)", "quantile 0.9 of price"),
            ("share_of(city, Bern, BE)", "share of \"Bern, BE\" of city"),
        ] {
            assert_eq!(typed.parse::<Figure>().unwrap().text(), text);
        }
    }

    #[test]
    fn what_is_no_figure_is_refused() {
        for (typed, told) in [
            ("mean", "mean(COLUMN)"),
            ("mean(price", "closing bracket"),
            ("average(price)", "\"average\" is no figure"),
            ("quantile(price)", "quantile(COLUMN, 0.9)"),
            ("quantile(price, 9)", "no figure"),
            ("share_of(city)", "share_of(COLUMN, VALUE)"),
        ] {
            let error = typed.parse::<Figure>().unwrap_err();
            assert!(error.contains(told), "{typed}: {error}");
        }
    }
}
