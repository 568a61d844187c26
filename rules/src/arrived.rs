//! Checks of the files that rows come from: answered before any row is read, by what was delivered.

use std::fmt::Debug;

use chrono::{DateTime, Utc};

use crate::measure::Readings;
use crate::proofs::{Delivery, Proofs};
use crate::rule::{Bound, Judge, Problem, Site};
use crate::verdict::{AnsweredFrom, Outcome};

/// What a rule says of the files that were delivered.
pub(crate) trait OfDelivery: Debug + Clone + Send + Sync + 'static {
    fn outcome(&self, delivery: &Delivery, now: DateTime<Utc>) -> Outcome;
}

/// Binds a rule about files, which have no rows for a scope.
pub(crate) fn bind<R: OfDelivery>(rule: &R, site: &Site<'_>) -> Result<Bound, Problem> {
    if site.envelope.filter.is_some() {
        return Err(Problem::new("files have no rows for where to choose among").key("where"));
    }
    Ok(Bound::Whole(Box::new(Arrived(rule.clone()))))
}

#[derive(Debug)]
struct Arrived<R>(R);

impl<R: OfDelivery> Judge for Arrived<R> {
    fn judge(&self, _: &Readings<'_>) -> Outcome {
        Outcome::skipped("the rows come from no files")
    }

    fn prove(&self, proofs: &Proofs, now: DateTime<Utc>) -> Option<Outcome> {
        Some(self.0.outcome(proofs.delivery.as_ref()?, now).from(AnsweredFrom::Plan))
    }
}

/// The values of a partition column that stand for times.
#[derive(Debug)]
pub(crate) struct Times<'d, T> {
    /// Each with its time, in the order of the values.
    pub(crate) known: Vec<(T, &'d str)>,
    /// How many values are null.
    pub(crate) nulls: u64,
}

impl<'d, T> Times<'d, T> {
    /// The times by which values are read; why there are none, where one stands for none.
    pub(crate) fn of(
        delivery: &'d Delivery,
        partition: &str,
        format: Option<&str>,
        time: impl Fn(&str) -> Option<T>,
    ) -> Result<Self, String> {
        let values = || delivery.partitions.get(partition).into_iter().flatten();
        let unfit = |value: &str| {
            format!("partition {partition}={value} is not {}", format.unwrap_or("a date or a timestamp"))
        };
        let known = values().flatten().map(|value| {
            let time = time(value).ok_or_else(|| unfit(value))?;
            Ok((time, value.as_str()))
        });
        let known = known.collect::<Result<_, String>>()?;
        Ok(Self { known, nulls: values().filter(|value| value.is_none()).count() as u64 })
    }
}
