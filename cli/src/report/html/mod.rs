//! The report as a page: the verdict, what failed, every check with its history, and what the run did.
//!
//! `page.html` is filled from the values that the files beside it make.

mod checks;
mod distribution;
mod lineage;
mod overview;
mod trend;
mod work;

#[cfg(test)]
mod tests;

use lockgate_engine::history::Recalled;
use lockgate_engine::{Error, Result};
use minijinja::context;

use self::trend::Trends;
use crate::page::{Page, in_script, value};

const PAGE: Page = Page {
    template: include_str!("page.html"),
    parts: include_str!("parts.html"),
    style: include_str!("style.css"),
    script: include_str!("script.js"),
};

/// The page of a run.
pub(super) fn page(recalled: &Recalled) -> Result<String> {
    let record = &recalled.record;
    let trends = Trends::of(recalled);
    let distributions: Vec<_> = recalled.distributions.iter().filter_map(distribution::chart).collect();
    let values = context! {
        data => in_script(&trends.data(recalled)),
        overview => value(overview::overview(record)),
        runs => value(trend::runs(recalled)),
        checks => value(checks::checks(record, &trends)),
        tables => value(work::tables(&record.tables)),
        inputs => value(work::inputs(&record.inputs)),
        outputs => value(work::outputs(&record.tables)),
        phases => value(work::phases(record)),
        lineage => value(lineage::drawn(record)),
        distributions => value(distributions),
        about => value(overview::about(record)),
    };
    PAGE.filled(values).map_err(|error| Error::defect("filling in the report's page").because(error))
}
