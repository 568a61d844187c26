//! How two columns of categories go together, as one figure of their contingency table; what `cramers_v` and
//! `mutual_information` share.

use crate::check::ParamError;
use crate::measure::{Accumulator, Contingency, MOST_CELLS, Readings, Table, What};
use crate::rule::{Bound, Judge, Problem, Site};
use crate::scalar::{Figure, Limits, grouped, judge};
use crate::uniqueness::unique::key_columns;
use crate::verdict::Outcome;

/// The most categories a column has where a check does not say otherwise.
const CATEGORIES: usize = 1_000;
/// Tables of so many categories on either side are held whole.
const MOST_CATEGORIES: usize = 1_024;
const _: () = assert!(MOST_CATEGORIES * MOST_CATEGORIES <= MOST_CELLS, "the largest table is held whole");

/// A figure of a table, or why it has none.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Association(pub(crate) fn(&Table) -> Result<f64, &'static str>);

/// Refuses more categories than are held.
pub(crate) fn validate(max_categories: Option<usize>) -> Result<(), ParamError> {
    if max_categories.is_some_and(|most| !(2..=MOST_CATEGORIES).contains(&most)) {
        let message = format!("max_categories has to be between 2 and {MOST_CATEGORIES}");
        return Err(ParamError::new(message).key("max_categories"));
    }
    Ok(())
}

/// Binds a figure over the two columns of the envelope.
pub(crate) fn bind(
    site: &mut Site<'_>,
    limits: Limits,
    max_categories: Option<usize>,
    figure: Association,
) -> Result<Bound, Problem> {
    let warn = Limits::warn_of(site.envelope);
    limits.fit(None, "")?;
    warn.fit(None, "warn.")?;
    let columns = key_columns(site)?;
    let measure = site.measure(What::Contingency, &columns);
    let most = max_categories.unwrap_or(CATEGORIES);
    Ok(Bound::Whole(Box::new(Judged { columns, limits, warn, most, figure, measure })))
}

#[derive(Debug)]
struct Judged {
    columns: Vec<String>,
    limits: Limits,
    warn: Limits,
    most: usize,
    figure: Association,
    measure: usize,
}

impl Judged {
    fn outcome(&self, found: &Contingency) -> Outcome {
        let most = grouped(self.most as i128);
        let Some(table) = found.table() else {
            return Outcome::error(format!("a column has more than {most} categories"));
        };
        for (column, categories) in self.columns.iter().zip([table.left.len(), table.right.len()]) {
            if categories > self.most {
                let found = grouped(categories as i128);
                return Outcome::error(format!(
                    "column \"{column}\" has {found} categories, more than {most}"
                ));
            }
        }
        match (self.figure.0)(&table) {
            Ok(figure) => judge(&Figure::Float(figure), &self.limits, &self.warn),
            Err(why) => Outcome::skipped(why),
        }
    }
}

impl Judge for Judged {
    fn judge(&self, readings: &Readings<'_>) -> Outcome {
        let Some((all, Accumulator::Contingency(table))) =
            readings.at(self.measure).map(|all| (all, &all.accumulator))
        else {
            return Outcome::error("the rows were not counted");
        };
        let outcome =
            if all.present() == 0 { Outcome::skipped("no rows in scope") } else { self.outcome(table) };
        outcome.counts(all.present(), all.nulls)
    }
}
