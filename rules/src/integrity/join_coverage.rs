//! `join_coverage`: rows have a partner in another dataset, and not too many.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Number, json};

use crate::check::{ParamError, Share};
use crate::counterpart::{Counterpart, Partnered};
use crate::literal::Literal;
use crate::measure::{Accumulated, Partners, Readings};
use crate::other::{To, key_pairs, rows_of};
use crate::reference::{Reference, Want};
use crate::rule::{
    Bound, Columns, Cost, Example, Judge, Problem, Rule, RuleDef, Shape, Site, parse_params, schema_of,
};
use crate::scalar::{Figure, Limits, grouped, judge, percent};
use crate::verdict::{Outcome, Status};

/// The catalogue entry.
pub static DEF: RuleDef = RuleDef {
    name: "join_coverage",
    aliases: &[],
    dimension: "integrity",
    summary: "Enough rows have a partner in another dataset, and none is multiplied by the join.",
    definition: "The share of rows that an equality join by `columns` would keep: of the rows here (`side: left`, the \
                 default), of those there (`right`), or the smaller of the two (`both`); at least `min` (1). A null key \
                 joins nothing, as in SQL, so that such a row has no partner: `foreign_key` leaves it out instead, as \
                 dbt's `relationships` does. `cardinality` fails where the join would multiply rows: `n-1` where a key \
                 here occurs more than once there, `1-n` where a key there occurs more than once here, `1-1` in both \
                 cases. Unlike pandas' and Polars' `validate`, keys that join nothing may repeat. Keys are compared \
                 exactly (by a 128-bit hash), integers across widths, decimals across scales, timestamps across units \
                 and as instants, texts across layouts; NaN equals NaN. Without rows on the side in question the check \
                 is skipped; against an empty dataset no row has a partner.",
    example: Example {
        yaml: "join_coverage: {column: city, to: {source: cities, columns: name}, min: 0.5}",
        params: r#"{"column": "city", "to": {"source": "cities", "columns": "name"}, "min": 0.5}"#,
        input: "city:utf8\nBern\nParis\n\nBern\n",
        status: "pass",
        observed: "2 of 4 rows here have a partner (50 %)",
    },
    cost: Cost::Join,
    shape: Shape::Scalar,
    columns: Columns::Together(1),
    short: None,
    answers_empty: true,
    parse: parse_params::<JoinCoverage>,
    schema: schema_of::<JoinCoverage>,
};

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct JoinCoverage {
    /// Where the partners are.
    to: To,
    /// Whose rows have to have a partner.
    #[serde(default)]
    side: Side,
    /// Smallest share of rows with a partner (1).
    min: Option<Share>,
    /// How many rows may join how many.
    cardinality: Option<Cardinality>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Side {
    /// The rows here.
    #[default]
    Left,
    /// The rows of the other dataset.
    Right,
    /// The rows of each.
    Both,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
enum Cardinality {
    /// One row here joins one there.
    #[serde(rename = "1-1")]
    OneToOne,
    /// Several rows here may join one there.
    #[serde(rename = "n-1")]
    ManyToOne,
    /// One row here may join several there.
    #[serde(rename = "1-n")]
    OneToMany,
}

impl Cardinality {
    fn name(self) -> &'static str {
        match self {
            Self::OneToOne => "1-1",
            Self::ManyToOne => "n-1",
            Self::OneToMany => "1-n",
        }
    }
}

impl JoinCoverage {
    fn limits(&self) -> Limits {
        let min = Number::from_f64(self.min.map_or(1.0, Share::get));
        Limits { min: min.map(Literal::Number), max: None }
    }
}

impl Rule for JoinCoverage {
    fn validate(&self) -> Result<(), ParamError> {
        self.to.validate()
    }

    fn reference(&self) -> Option<Reference> {
        Some(self.to.reference(Want::Rows))
    }

    fn expected(&self) -> String {
        let share = match self.min.map_or(1.0, Share::get) {
            1.0 => "every row".to_owned(),
            share => format!("a share of at least {share} of the rows"),
        };
        let place = match self.side {
            Side::Left => " here",
            Side::Right => " there",
            Side::Both => " on either side",
        };
        let joins = self.cardinality.map(|wanted| format!(", {}", wanted.name())).unwrap_or_default();
        format!("{share}{place} has a partner by {}{joins}", self.to.text())
    }

    fn bind(&self, site: &mut Site<'_>) -> Result<Bound, Problem> {
        let warn = Limits::warn_of(site.envelope);
        warn.fit(None, "warn.")?;
        let rows = rows_of(site, &self.to.reference(Want::Rows))?;
        let keys = key_pairs(site.columns, self.to.columns(), &rows)?;
        let partners = Partnered::by_keys(site, keys, &rows)?;
        Ok(Bound::Whole(Box::new(Covered { rule: self.clone(), warn, partners })))
    }
}

#[derive(Debug)]
struct Covered {
    rule: JoinCoverage,
    warn: Limits,
    partners: Partnered,
}

impl Judge for Covered {
    fn judge(&self, readings: &Readings<'_>) -> Outcome {
        match self.partners.read(readings) {
            Ok((all, partners, other)) => self.outcome(all, partners, other),
            Err(outcome) => *outcome,
        }
    }
}

impl Covered {
    fn outcome(&self, all: &Accumulated, partners: &Partners, other: &Counterpart) -> Outcome {
        let of_found = || other.counts().iter().enumerate().filter(|(key, _)| partners.is_found(*key));
        let found_there: u64 = of_found().map(|(_, rows)| u64::from(*rows)).sum();
        let sides = [
            ("here", partners.found, all.rows, self.rule.side != Side::Right),
            ("there", found_there, other.rows(), self.rule.side != Side::Left),
        ];
        let asked = || sides.iter().filter(|(.., rows, asked)| *asked && *rows > 0);
        let evaluated: u64 = asked().map(|(_, _, rows, _)| rows).sum();
        if evaluated == 0 {
            return Outcome::skipped("no rows in scope").counts(0, all.nulls);
        }
        let share = asked().map(|(_, found, rows, _)| *found as f64 / *rows as f64).fold(1.0, f64::min);
        let failed: u64 = asked().map(|(_, found, rows, _)| rows - found).sum();
        let (extra_here, extra_there) =
            (partners.found - partners.keys_found(), found_there - partners.keys_found());
        let (multiplied, broken) = self.multiplied(extra_here, extra_there);
        let status = match judge(&Figure::Float(share), &self.rule.limits(), &self.warn).status {
            _ if broken => Status::Fail,
            status => status,
        };
        let text: Vec<String> = asked()
            .map(|(place, found, rows, _)| {
                let (part, whole) = (grouped((*found).into()), grouped((*rows).into()));
                format!("{part} of {whole} rows {place} have a partner ({})", percent(*found, *rows))
            })
            .chain(multiplied)
            .collect();
        let observed = json!({
            "share": share, "here": partners.found, "there": found_there,
            "extra_here": extra_here, "extra_there": extra_there,
        });
        let lone_here = partners.first().filter(|_| self.rule.side != Side::Right);
        let lone_there = (0..other.counts().len()).filter(|key| !partners.is_found(*key));
        let lone_there = other.rows_of(lone_there).filter(|_| self.rule.side != Side::Left);
        Outcome::new(status, observed, text.join("; "))
            .counts(evaluated, all.nulls)
            .failed(failed)
            .samples(lone_here.chain(lone_there.take(SHOWN)))
    }

    /// What is said about the cardinality, and whether it does not hold.
    fn multiplied(&self, here: u64, there: u64) -> (Option<String>, bool) {
        let Some(wanted) = self.rule.cardinality else { return (None, false) };
        let mut broken = Vec::new();
        let mut say = |count: u64, place: &str| {
            if count > 0 {
                let plural = if count == 1 { "row repeats" } else { "rows repeat" };
                broken.push(format!("{} {plural} a key {place}", grouped(count.into())));
            }
        };
        if wanted != Cardinality::ManyToOne {
            say(here, "here");
        }
        if wanted != Cardinality::OneToMany {
            say(there, "there");
        }
        if broken.is_empty() {
            return (None, false);
        }
        (Some(format!("not {}: {}", wanted.name(), broken.join(", "))), true)
    }
}

/// So many rows of the other dataset may be shown.
const SHOWN: usize = 100;
