//! `key_overlap`: how far the keys are those of another dataset.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use crate::check::ParamError;
use crate::counterpart::Partnered;
use crate::literal::Literal;
use crate::measure::{Accumulator, Readings, What, unreadable};
use crate::other::{To, key_pairs, rows_of};
use crate::reference::{Reference, Want};
use crate::rule::{
    Bound, Columns, Cost, Example, Judge, Problem, Rule, RuleDef, Shape, Site, parse_params, schema_of,
};
use crate::scalar::{Figure, Limits, grouped, judge, short};
use crate::verdict::Outcome;

/// The catalogue entry.
pub static DEF: RuleDef = RuleDef {
    name: "key_overlap",
    aliases: &[],
    dimension: "integrity",
    summary: "The set of keys overlaps with that of another dataset as far as wanted.",
    definition: "Over the sets A of distinct keys here and B of those there, a key with a null being in neither: \
                 `measure: jaccard` (default) is |A ∩ B| ÷ |A ∪ B|, `here_in_there` the containment |A ∩ B| ÷ |A| and \
                 `there_in_here` |A ∩ B| ÷ |B| (Broder, \"On the resemblance and containment of documents\", 1997), \
                 exact and not estimated by hashing as there. Each key counts once however many rows have it: for \
                 shares of rows there is `join_coverage`, as which it compares keys. Where the divisor is 0 the check \
                 is skipped. Samples are rows whose key is not there.",
    example: Example {
        yaml: "key_overlap: {column: city, to: {source: cities, columns: name}, min: 0.3}",
        params: r#"{"column": "city", "to": {"source": "cities", "columns": "name"}, "min": 0.3}"#,
        input: "city:utf8\nBern\nParis\n\nBern\n",
        status: "fail",
        observed: "0.25 (1 shared, 1 only here, 2 only there)",
    },
    cost: Cost::Join,
    shape: Shape::Scalar,
    columns: Columns::Together(1),
    short: None,
    answers_empty: true,
    parse: parse_params::<KeyOverlap>,
    schema: schema_of::<KeyOverlap>,
};

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct KeyOverlap {
    /// Where the other keys are.
    to: To,
    /// What the shared keys are divided by.
    #[serde(default)]
    measure: Overlap,
    /// Smallest overlap that passes, from 0 to 1.
    min: Option<Literal>,
    /// Largest overlap that passes, from 0 to 1.
    max: Option<Literal>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Overlap {
    /// The keys of either side.
    #[default]
    Jaccard,
    /// The keys here.
    HereInThere,
    /// The keys there.
    ThereInHere,
}

impl KeyOverlap {
    fn limits(&self) -> Limits {
        Limits::new(self.min.as_ref(), self.max.as_ref())
    }
}

impl Rule for KeyOverlap {
    fn validate(&self) -> Result<(), ParamError> {
        self.to.validate()?;
        self.limits().validate()
    }

    fn reference(&self) -> Option<Reference> {
        Some(self.to.reference(Want::Rows))
    }

    fn expected(&self) -> String {
        let limits = self.limits().text();
        let other = self.to.text();
        match self.measure {
            Overlap::Jaccard => format!("overlap with {other} {limits}"),
            Overlap::HereInThere => format!("share of the keys found in {other} {limits}"),
            Overlap::ThereInHere => format!("share of the keys of {other} found {limits}"),
        }
    }

    fn bind(&self, site: &mut Site<'_>) -> Result<Bound, Problem> {
        let warn = Limits::warn_of(site.envelope);
        self.limits().fit(None, "")?;
        warn.fit(None, "warn.")?;
        let rows = rows_of(site, &self.to.reference(Want::Rows))?;
        let keys = key_pairs(site.columns, self.to.columns(), &rows)?;
        let partners = Partnered::by_keys(site, keys, &rows)?;
        let names: Vec<String> = site.columns.iter().map(|(name, _)| name.clone()).collect();
        let keys = site.measure(What::Groups(false), &names);
        Ok(Bound::Whole(Box::new(Overlapping { rule: self.clone(), warn, partners, keys })))
    }
}

#[derive(Debug)]
struct Overlapping {
    rule: KeyOverlap,
    warn: Limits,
    partners: Partnered,
    keys: usize,
}

impl Judge for Overlapping {
    fn judge(&self, readings: &Readings<'_>) -> Outcome {
        let (all, partners, other) = match self.partners.read(readings) {
            Ok(found) => found,
            Err(outcome) => return *outcome,
        };
        let Some(Accumulator::Groups(keys)) = readings.at(self.keys).map(|all| &all.accumulator) else {
            return Outcome::error("keys were not counted");
        };
        let here = match keys.counts() {
            Ok(counts) => counts.distinct,
            Err(error) => return Outcome::error(unreadable(&error)),
        };
        let (there, shared) = (other.keys(), partners.keys_found());
        let (only_here, only_there) = (here - shared, there - shared);
        let of = match self.rule.measure {
            Overlap::Jaccard => here + only_there,
            Overlap::HereInThere => here,
            Overlap::ThereInHere => there,
        };
        if of == 0 {
            return Outcome::skipped("no keys in scope").counts(0, all.nulls);
        }
        let overlap = shared as f64 / of as f64;
        let status = judge(&Figure::Float(overlap), &self.rule.limits(), &self.warn).status;
        let [both, mine, theirs] = [shared, only_here, only_there].map(|count| grouped(count.into()));
        let text = format!("{} ({both} shared, {mine} only here, {theirs} only there)", short(overlap));
        let observed =
            json!({"overlap": overlap, "shared": shared, "only_here": only_here, "only_there": only_there});
        Outcome::new(status, observed, text)
            .counts(of, all.nulls)
            .failed(of - shared)
            .samples(partners.first())
    }
}
