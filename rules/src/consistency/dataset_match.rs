//! `dataset_match`: rows are those of another dataset.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Number, Value, json};

use crate::check::{ParamError, Share};
use crate::counterpart::{Counterpart, Pairing, Partnered};
use crate::measure::{Accumulated, Partners, Readings};
use crate::other::{Dataset, Pair, Pairs, other_type, rows_of};
use crate::reference::{self, OtherRows, Reference};
use crate::rule::{
    Bound, Columns, Cost, Example, Judge, Problem, Rule, RuleDef, Shape, Site, parse_params, schema_of,
};
use crate::scalar::{Figure, Limits, grouped, judge};
use crate::tolerance::{Allowance, not_negative};
use crate::verdict::Outcome;

/// The catalogue entry.
pub static DEF: RuleDef = RuleDef {
    name: "dataset_match",
    aliases: &[],
    dimension: "consistency",
    summary: "The rows are those of another dataset, paired by keys and compared column by column.",
    definition: "Rows of both are paired by `keys`, in which null equals null as in datacompy (a SQL join would leave such \
                 rows over). Of partners, `columns` are compared: by default all of the same name, without keys and \
                 `ignore_columns`; a column that only one side has is for `schema_match`. A row fails that is only here, \
                 only there, or different in a column; so does every row beyond the first of a key that both sides \
                 have (`repeated`), which dbt_utils.equality, comparing sets, does not see. All rows with a repeated \
                 key are compared with its first row there. Null equals null only, NaN equals NaN, -0.0 equals 0.0; \
                 whole numbers are compared exactly across widths and scales, timestamps as instants across units, a \
                 date as its midnight in UTC, texts to the letter. `tolerance` and `relative` allow numbers \
                 |here − there| ≤ tolerance + relative · |there|, compared as floats (numpy's `isclose`, as datacompy \
                 does). `max` rows may fail (0), or `max_share` of the rows here and those only there. Samples show \
                 what differs as {here, there}, rows that are only there as {there}. More than 20,000,000 rows in the \
                 other dataset are an error. Without rows on either side the check is skipped.",
    example: Example {
        yaml: "dataset_match: {keys: name, to: {source: cities}}",
        params: r#"{"keys": "name", "to": {"source": "cities"}}"#,
        input: "name:utf8,population:int64\nBern,134\nBasel,171\nParis,2100\n",
        status: "fail",
        observed: "1 row only here, 2 only there, 1 different (population 1)",
    },
    cost: Cost::Join,
    shape: Shape::Scalar,
    columns: Columns::None,
    short: None,
    answers_empty: true,
    parse: parse_params::<DatasetMatch>,
    schema: schema_of::<DatasetMatch>,
};

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct DatasetMatch {
    /// The columns that pair rows.
    keys: Pairs,
    /// The dataset compared with.
    to: Dataset,
    /// The columns compared.
    columns: Option<Pairs>,
    /// Columns here that are not compared.
    #[serde(default)]
    ignore_columns: Vec<String>,
    /// How far apart numbers may be.
    #[serde(default)]
    #[schemars(range(min = 0))]
    tolerance: f64,
    /// How far apart numbers may be, as a share of the number there.
    #[serde(default)]
    #[schemars(range(min = 0))]
    relative: f64,
    /// The largest number of failing rows that passes.
    max: Option<u64>,
    /// The largest share of failing rows that passes.
    max_share: Option<Share>,
}

impl DatasetMatch {
    fn limits(&self) -> Limits {
        Limits::up_to(match self.max_share {
            Some(share) => Number::from_f64(share.get()),
            None => Some(self.max.unwrap_or(0).into()),
        })
    }

    fn reference(&self) -> Reference {
        let Some(columns) = &self.columns else { return self.to.rows(reference::Columns::All) };
        let mut names: Vec<String> = Vec::new();
        for name in self.keys.there().into_iter().chain(columns.there()) {
            if names.iter().all(|known| known != name) {
                names.push(name.to_owned());
            }
        }
        self.to.rows(reference::Columns::Named(names))
    }

    /// The columns compared, here and there.
    fn compared(&self, site: &Site<'_>, rows: &OtherRows) -> Vec<(String, String)> {
        let own = |(here, there): (&str, &str)| (here.to_owned(), there.to_owned());
        let is_wanted = |(here, _): &(String, String)| !self.ignore_columns.contains(here);
        if let Some(columns) = &self.columns {
            return columns.here().into_iter().zip(columns.there()).map(own).filter(is_wanted).collect();
        }
        let (here, there) = (self.keys.here(), self.keys.there());
        let names = site.schema.fields().iter().map(|field| field.name().as_str());
        let shared = names.filter(|name| rows.schema.field_with_name(name).is_ok());
        let shared = shared.filter(|name| !here.contains(name) && !there.contains(name));
        shared.map(|name| own((name, name))).filter(is_wanted).collect()
    }
}

impl Rule for DatasetMatch {
    fn validate(&self) -> Result<(), ParamError> {
        self.to.validate("to")?;
        self.keys.validate("keys")?;
        if let Some(columns) = &self.columns {
            columns.validate("columns")?;
        }
        not_negative(&[("tolerance", Some(self.tolerance)), ("relative", Some(self.relative))])?;
        if self.max.is_some() && self.max_share.is_some() {
            return Err(ParamError::new("max stands beside max_share").key("max").hint("keep one"));
        }
        Ok(())
    }

    fn other_columns(&self) -> Vec<&str> {
        let mut names = self.keys.here();
        for name in self.columns.iter().flat_map(Pairs::here) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }

    fn reference(&self) -> Option<Reference> {
        Some(self.reference())
    }

    fn about(&self) -> Option<String> {
        Some(self.to.name().to_owned())
    }

    fn expected(&self) -> String {
        let same = format!("the rows of {} by {}", self.to.name(), self.keys.here().join(", "));
        match (self.max_share, self.max.unwrap_or(0)) {
            (Some(share), _) => format!("{same}, up to a share of {}", share.get()),
            (None, 0) => same,
            (None, max) => format!("{same}, up to {}", grouped(max.into())),
        }
    }

    fn bind(&self, site: &mut Site<'_>) -> Result<Bound, Problem> {
        let warn = Limits::warn_of(site.envelope);
        warn.fit(None, "warn.")?;
        let rows = rows_of(site, &self.reference())?;
        let of_key = |(here, there): (&str, &str)| {
            Pair::of_keys((here, site.other(here)?), (there, other_type(&rows, there, "keys")?), "keys")
        };
        let keys = self.keys.here().into_iter().zip(self.keys.there()).map(of_key);
        let keys = keys.collect::<Result<Vec<_>, _>>()?;
        let of_values = |(here, there): (String, String)| {
            let field =
                site.schema.field_with_name(&here).map_err(|error| Problem::new(error.to_string()))?;
            let other = other_type(&rows, &there, "columns")?;
            Pair::of_values((&here, field.data_type()), (&there, other), "columns").map_err(|problem| {
                problem.hint("cast one of them to the type of the other, or name it in ignore_columns")
            })
        };
        let compared =
            self.compared(site, &rows).into_iter().map(of_values).collect::<Result<Vec<_>, _>>()?;
        let tolerance = Allowance { absolute: self.tolerance, relative: self.relative };
        let pairing = Pairing { keys, nulls_equal: true, compared, tolerance };
        let partners = Partnered::bind(site, pairing, &rows)?;
        let by_share = self.max_share.is_some();
        Ok(Bound::Whole(Box::new(Matched { limits: self.limits(), by_share, warn, partners })))
    }
}

#[derive(Debug)]
struct Matched {
    limits: Limits,
    /// Whether the figure is a share of the rows.
    by_share: bool,
    warn: Limits,
    partners: Partnered,
}

/// So many rows of the other dataset may be shown.
const SHOWN: usize = 100;

impl Judge for Matched {
    fn judge(&self, readings: &Readings<'_>) -> Outcome {
        match self.partners.read(readings) {
            Ok((all, partners, other)) => self.outcome(all, partners, other),
            Err(outcome) => *outcome,
        }
    }
}

impl Matched {
    fn outcome(&self, all: &Accumulated, partners: &Partners, other: &Counterpart) -> Outcome {
        let found_there = other.counts().iter().enumerate().filter(|(key, _)| partners.is_found(*key));
        let found_there: u64 = found_there.map(|(_, rows)| u64::from(*rows)).sum();
        let only_there = other.rows() - found_there;
        let evaluated = all.rows + only_there;
        if evaluated == 0 {
            return Outcome::skipped("no rows on either side");
        }
        let counts = Counts {
            only_here: all.rows - partners.found,
            only_there,
            different: partners.different,
            repeated: partners.found + found_there - 2 * partners.keys_found(),
        };
        let failed = counts.failed();
        let figure = if self.by_share {
            Figure::Float(failed as f64 / evaluated as f64)
        } else {
            Figure::count(failed)
        };
        let status = judge(&figure, &self.limits, &self.warn).status;
        let columns: Vec<(&str, u64)> = other
            .pairing()
            .compared
            .iter()
            .zip(&partners.columns)
            .map(|(pair, count)| (pair.here.as_str(), *count))
            .filter(|(_, count)| *count > 0)
            .collect();
        let text = if failed == 0 {
            format!("all {} rows match", grouped(all.rows.into()))
        } else {
            counts.text(&columns)
        };
        let lone_there = (0..other.counts().len()).filter(|key| !partners.is_found(*key));
        let columns: Map<String, Value> =
            columns.into_iter().map(|(name, count)| (name.to_owned(), json!(count))).collect();
        let observed = json!({
            "failed": failed, "only_here": counts.only_here, "only_there": counts.only_there,
            "different": counts.different, "repeated": counts.repeated, "columns": columns,
        });
        Outcome::new(status, observed, text)
            .counts(evaluated, all.nulls)
            .failed(failed)
            .samples(partners.first().chain(other.rows_of(lone_there).take(SHOWN)))
    }
}

/// Rows that fail, by what is wrong with them.
struct Counts {
    only_here: u64,
    only_there: u64,
    different: u64,
    repeated: u64,
}

impl Counts {
    fn failed(&self) -> u64 {
        self.only_here + self.only_there + self.different + self.repeated
    }

    /// In words, with the columns that differ and how often, those that do most first.
    fn text(&self, columns: &[(&str, u64)]) -> String {
        let mut most: Vec<&(&str, u64)> = columns.iter().collect();
        most.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        let named: Vec<String> = most
            .iter()
            .take(NAMED_COLUMNS)
            .map(|(name, count)| format!("{name} {}", grouped((*count).into())))
            .chain((most.len() > NAMED_COLUMNS).then(|| "…".to_owned()))
            .collect();
        let different = if named.is_empty() {
            "different".to_owned()
        } else {
            format!("different ({})", named.join(", "))
        };
        let parts = [
            (self.only_here, "only here"),
            (self.only_there, "only there"),
            (self.different, &different),
            (self.repeated, "repeated"),
        ];
        let mut noun = Some(()).into_iter();
        let part = |(count, what): &(u64, &str)| {
            let rows = match (noun.next(), count) {
                (None, _) => "",
                (_, 1) => " row",
                _ => " rows",
            };
            format!("{}{rows} {what}", grouped((*count).into()))
        };
        parts.iter().filter(|(count, _)| *count > 0).map(part).collect::<Vec<_>>().join(", ")
    }
}

/// So many columns that differ are named.
const NAMED_COLUMNS: usize = 5;
