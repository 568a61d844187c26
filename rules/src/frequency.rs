//! How often values occur, as one figure against limits; what `distinct_count`, `distinctness`,
//! `uniqueness` and `unique_value_ratio` share.

use crate::check::Wanted;
use crate::measure::{
    Accumulated, Accumulator, Frequencies as Counts, MOST_VALUES, RELATIVE_ERROR, Readings, What, unreadable,
};
use crate::rule::{Bound, Judge, Problem, Site};
use crate::scalar::{Figure, Limits, grouped, judge};
use crate::uniqueness::unique::key_columns;
use crate::verdict::{Exactness, Outcome, Status};

/// What is known about how often values occur.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Frequencies {
    /// Values that are not null.
    pub(crate) values: f64,
    /// Distinct values.
    pub(crate) distinct: f64,
    /// Values that occur once.
    pub(crate) single: f64,
}

/// What the figure can be computed from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Method {
    /// A sketch, unless the check wants it exact.
    Sketch,
    /// Every distinct value.
    Exact,
}

/// Binds a figure over the envelope's columns.
pub(crate) fn bind(
    site: &mut Site<'_>,
    limits: Limits,
    figure: fn(&Frequencies) -> f64,
    method: Method,
) -> Result<Bound, Problem> {
    let warn = Limits::warn_of(site.envelope);
    limits.fit(None, "")?;
    warn.fit(None, "warn.")?;
    let columns = key_columns(site)?;
    let what = match (method, site.envelope.exactness) {
        (Method::Exact, Some(Wanted::Approx)) => {
            let message = "how many values occur once cannot be estimated";
            return Err(Problem::new(message).key("exactness").hint("leave exactness out"));
        }
        (Method::Exact, _) | (_, Some(Wanted::Exact)) => What::Groups(false),
        (Method::Sketch, _) => What::Distinct,
    };
    let measure = site.measure(what, &columns);
    Ok(Bound::Whole(Box::new(Judged { limits, warn, figure, measure })))
}

#[derive(Debug)]
struct Judged {
    limits: Limits,
    warn: Limits,
    figure: fn(&Frequencies) -> f64,
    measure: usize,
}

impl Judge for Judged {
    fn judge(&self, readings: &Readings<'_>) -> Outcome {
        let Some(all) = readings.at(self.measure) else { return Outcome::error("values were not counted") };
        let values = all.present() as f64;
        if all.present() == 0 {
            return Outcome::skipped("no values in scope").counts(0, all.nulls);
        }
        let mut repeats = Vec::new();
        let (found, exact) = match &all.accumulator {
            Accumulator::Distinct(distinct) => {
                let (count, exact) = distinct.count();
                (Frequencies { values, distinct: count.min(values), single: f64::NAN }, exact)
            }
            Accumulator::Groups(groups) => {
                let (counts, examples) = match groups.survey() {
                    Ok(survey) => survey,
                    Err(error) => return Outcome::error(unreadable(&error)),
                };
                repeats = examples.repeats().collect();
                let (distinct, single) = (counts.distinct as f64, counts.single() as f64);
                (Frequencies { values, distinct, single }, true)
            }
            _ => return Outcome::error("values were not counted"),
        };
        let figure = (self.figure)(&found);
        let figure = if figure.fract() == 0.0 && figure.abs() < 9e15 {
            Figure::Exact { digits: figure as i128, scale: 0 }
        } else {
            Figure::Float(figure)
        };
        let exactness = if exact { Exactness::Exact } else { Exactness::Approx { bound: RELATIVE_ERROR } };
        let outcome = judge(&figure, &self.limits, &self.warn).counts(all.present(), all.nulls);
        // Repeats are no fault of rows as long as the figure is within its limits.
        let wanted = matches!(outcome.status, Status::Fail | Status::Warn);
        outcome.exactness(exactness).samples(repeats.into_iter().filter(|_| wanted))
    }
}

/// The counts of a column's values, with the rows they are of; the outcome where there are none.
pub(crate) fn counted<'r>(
    readings: &'r Readings<'_>,
    measure: usize,
) -> Result<(&'r Accumulated, &'r Counts), Box<Outcome>> {
    let Some((all, Accumulator::Frequencies(values))) =
        readings.at(measure).map(|all| (all, &all.accumulator))
    else {
        return Err(Box::new(Outcome::error("values were not counted")));
    };
    if all.present() == 0 {
        return Err(Box::new(Outcome::skipped("no values in scope").counts(0, all.nulls)));
    }
    Ok((all, values))
}

/// Binds a figure of the counts of the values, the most frequent first, and of how many values there are.
pub(crate) fn bind_counts(
    site: &mut Site<'_>,
    limits: Limits,
    figure: impl Fn(&[u64], u64) -> f64 + Send + Sync + 'static,
) -> Result<Bound, Problem> {
    let warn = Limits::warn_of(site.envelope);
    limits.fit(None, "")?;
    warn.fit(None, "warn.")?;
    let columns = key_columns(site)?;
    let measure = site.measure(What::Frequencies, &columns);
    Ok(Bound::Whole(Box::new(OfCounts { limits, warn, figure: Figured(Box::new(figure)), measure })))
}

/// A figure of counts.
struct Figured(Box<FigureOfCounts>);

type FigureOfCounts = dyn Fn(&[u64], u64) -> f64 + Send + Sync;

impl std::fmt::Debug for Figured {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Figured")
    }
}

#[derive(Debug)]
struct OfCounts {
    limits: Limits,
    warn: Limits,
    figure: Figured,
    measure: usize,
}

impl Judge for OfCounts {
    fn judge(&self, readings: &Readings<'_>) -> Outcome {
        let (all, values) = match counted(readings, self.measure) {
            Ok(found) => found,
            Err(outcome) => return *outcome,
        };
        let Some(counts) = values.counts() else { return too_many_values() };
        let figure = Figure::Float((self.figure.0)(&counts, all.present()));
        judge(&figure, &self.limits, &self.warn).counts(all.present(), all.nulls)
    }
}

/// The outcome where more distinct values were met than are counted.
pub(crate) fn too_many_values() -> Outcome {
    let most = grouped(MOST_VALUES as i128);
    Outcome::error(format!("there are more than {most} distinct values, which are not counted"))
}

/// Some of the rows with a value, and all of them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ShareOf(pub(crate) u64, pub(crate) u64);

impl ShareOf {
    /// The share as a figure.
    pub(crate) fn figure(self) -> Figure {
        Figure::Float(self.0 as f64 / self.1 as f64)
    }
}
