//! An aggregate of one dataset against that of another, as a whole or key by key.

use std::cmp::Ordering;

use arrow::datatypes::DataType;
use serde_json::{Map, Value, json};

use crate::amount::{Aggregate, Amount, Apart};
use crate::measure::{Accumulated, Accumulator, MOST_KEYS, OfKey, RELATIVE_ERROR, Readings};
use crate::rule::Judge;
use crate::sample::{Disclosure, in_words};
use crate::scalar::{Figure, Limits, grouped, judge};
use crate::verdict::{Exactness, Outcome, Status};

/// An aggregate here and there.
#[derive(Debug)]
pub(crate) struct Reconciled {
    pub(crate) function: Aggregate,
    pub(crate) apart: Apart,
    pub(crate) limits: Limits,
    pub(crate) warn: Limits,
    /// The columns here that make keys.
    pub(crate) keys: Vec<String>,
    /// The types of the column here and there.
    pub(crate) types: Option<(DataType, DataType)>,
    /// Whether the figures may be shown; not, where they tell values that are not.
    pub(crate) disclosure: Disclosure,
    pub(crate) other: Accumulated,
    pub(crate) measure: usize,
}

/// So many keys that differ are listed.
const LISTED: usize = 20;

/// So many are named in words.
const NAMED: usize = 3;

/// The figures of a key on either side, and how they are judged.
struct Compared {
    key: Vec<Value>,
    here: Option<Amount>,
    there: Option<Amount>,
    /// The side that has the key alone.
    only: Option<&'static str>,
    /// How far apart; infinitely where one side has none.
    difference: Figure,
    status: Status,
}

impl Judge for Reconciled {
    fn judge(&self, readings: &Readings<'_>) -> Outcome {
        let Some(mine) = readings.at(self.measure) else {
            return Outcome::error("the aggregate was not measured");
        };
        if mine.rows == 0 && self.other.rows == 0 {
            return Outcome::skipped("no rows on either side");
        }
        let outcome = match (&mine.accumulator, &self.other.accumulator) {
            (Accumulator::ByKey(here), Accumulator::ByKey(there)) => {
                if here.overflow || there.overflow {
                    let most = grouped(MOST_KEYS as i128);
                    return Outcome::error(format!(
                        "there are more than {most} keys of {}",
                        self.keys.join(", ")
                    ));
                }
                let pairs = here.beside(there).map(|(here, there)| self.compare_keys(here, there));
                let outcome = self.outcome_by_key(pairs.collect());
                if here.beside(there).any(|(here, there)| is_estimate(here) || is_estimate(there)) {
                    outcome.exactness(Exactness::Approx { bound: RELATIVE_ERROR })
                } else {
                    outcome
                }
            }
            _ => self.outcome(&self.compare(Vec::new(), Some(mine), Some(&self.other))),
        };
        outcome.counts(mine.rows, if self.keys.is_empty() { mine.nulls } else { 0 })
    }
}

impl Reconciled {
    fn compare_keys(&self, here: Option<&OfKey>, there: Option<&OfKey>) -> Compared {
        let key = here.or(there).map(|of| of.key.clone()).unwrap_or_default();
        self.compare(key, here.map(|of| &of.all), there.map(|of| &of.all))
    }

    fn compare(&self, key: Vec<Value>, here: Option<&Accumulated>, there: Option<&Accumulated>) -> Compared {
        let (mine, theirs) = self.types.as_ref().map(|(mine, theirs)| (mine, theirs)).unzip();
        let only = match (here, there) {
            (Some(_), None) => Some("here"),
            (None, _) => Some("there"),
            _ => None,
        };
        let here = here.and_then(|all| Amount::of(self.function, all, mine));
        let there = there.and_then(|all| Amount::of(self.function, all, theirs));
        let difference = match (&here, &there) {
            (Some(here), Some(there)) => self.apart.of(here, there),
            (None, None) if only.is_none() => Figure::count(0),
            _ => Figure::Float(f64::INFINITY),
        };
        let status = judge(&difference, &self.limits, &self.warn).status;
        Compared { key, here, there, only, difference, status }
    }

    fn outcome(&self, all: &Compared) -> Outcome {
        let share = self.apart.text(&all.difference);
        let name = self.function.name();
        let text = format!("{name} {}{share}", self.text(all));
        let observed = json!({
            "here": self.shown(all.here.as_ref()), "there": self.shown(all.there.as_ref()),
            "difference": all.difference.value(),
        });
        let failed = u64::from(all.status == Status::Fail);
        Outcome::new(all.status, observed, text).failed(failed)
    }

    fn outcome_by_key(&self, all: Vec<Compared>) -> Outcome {
        let keys = all.len();
        let mut apart: Vec<Compared> = all.into_iter().filter(Compared::differs).collect();
        apart.sort_by(Compared::worse_first);
        let beyond = |status: Status| apart.iter().filter(move |key| key.status == status);
        let status = match (beyond(Status::Fail).count(), beyond(Status::Warn).count()) {
            (0, 0) => Status::Pass,
            (0, _) => Status::Warn,
            _ => Status::Fail,
        };
        let count = if status == Status::Pass { 0 } else { beyond(status).count() };
        let text = if count == 0 {
            format!("all {} keys agree", grouped(keys as i128))
        } else {
            let verb = if count == 1 { "differs" } else { "differ" };
            let named = |key: &Compared| format!("{} {}", in_words(&key.key), self.text(key));
            let named: Vec<String> = beyond(status).take(NAMED).map(named).collect();
            let more = if count > NAMED { "; …" } else { "" };
            let (count, keys) = (grouped(count as i128), grouped(keys as i128));
            format!("{count} of {keys} keys {verb}: {}{more}", named.join("; "))
        };
        let listed = |key: &Compared| {
            let values: Map<String, Value> = self.keys.iter().cloned().zip(key.key.clone()).collect();
            let (here, there) = (self.shown(key.here.as_ref()), self.shown(key.there.as_ref()));
            match key.only {
                Some(place) => json!({"key": values, "only": place, "here": here, "there": there}),
                None => json!({"key": values, "here": here, "there": there}),
            }
        };
        let observed = json!({
            "keys": keys,
            "differing": apart.len(),
            "failed": beyond(Status::Fail).count(),
            "differences": apart.iter().take(LISTED).map(listed).collect::<Vec<_>>(),
        });
        let failed = beyond(Status::Fail).count() as u64;
        Outcome::new(status, observed, text).failed(failed)
    }
}

impl Reconciled {
    fn text(&self, all: &Compared) -> String {
        let side = |amount: Option<&Amount>| {
            amount.map_or("none".into(), |amount| self.disclosure.text(amount.figure().text()))
        };
        if let Some(place) = all.only {
            return format!("only {place} ({})", side(all.here.as_ref().or(all.there.as_ref())));
        }
        format!("{} here, {} there", side(all.here.as_ref()), side(all.there.as_ref()))
    }

    fn shown(&self, amount: Option<&Amount>) -> Value {
        amount.map_or(Value::Null, |amount| self.disclosure.value(amount.figure().value()))
    }
}

impl Compared {
    fn differs(&self) -> bool {
        self.only.is_some() || self.difference.to_f64() != 0.0
    }

    /// Keys that one side lacks, then by how far apart, then by the key.
    fn worse_first(&self, other: &Self) -> Ordering {
        let apart = |of: &Self| of.difference.to_f64();
        let key = |of: &Self| Value::Array(of.key.clone()).to_string();
        let largest = apart(other).total_cmp(&apart(self));
        other.only.is_some().cmp(&self.only.is_some()).then(largest).then_with(|| key(self).cmp(&key(other)))
    }
}

/// Whether a key has so many distinct values that their number is an estimate.
fn is_estimate(of: Option<&OfKey>) -> bool {
    let accumulator = of.map(|of| &of.all.accumulator);
    matches!(accumulator, Some(Accumulator::Distinct(values)) if !values.count().1)
}
