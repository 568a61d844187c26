//! A description as a page: a row for each column, and all that is known of it below.

mod column;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use lockgate_engine::{Error, Result};
use minijinja::context;
use serde::Serialize;

use self::column::Told;
use super::Description;
use crate::page::{Figure, Page, value};
use crate::render::{bytes, count, percent, things};

const PAGE: Page = Page {
    template: include_str!("page.html"),
    parts: include_str!("parts.html"),
    style: include_str!("style.css"),
    script: include_str!("script.js"),
};

/// Columns up to which all are unfolded from the beginning.
const UNFOLDED: usize = 24;

/// The head of the page.
#[derive(Debug, Serialize)]
struct Overview {
    tone: &'static str,
    name: String,
    dataset: String,
    figures: Vec<Figure>,
}

/// The page of a dataset.
pub(crate) fn page(description: &Description) -> Result<String> {
    let columns: Vec<Told> =
        description.columns.iter().map(|column| Told::of(column, description.rows)).collect();
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for column in &columns {
        *kinds.entry(column.kind).or_default() += 1;
    }
    let values = context! {
        data => "",
        overview => value(overview(description)),
        kinds => value(kinds),
        unfolded => columns.len() <= UNFOLDED,
        columns => value(columns),
        version => env!("CARGO_PKG_VERSION"),
    };
    PAGE.filled(values).map_err(|error| Error::defect("filling in the profile's page").because(error))
}

fn overview(description: &Description) -> Overview {
    let figure = |name, value, note: String| Figure { name, value, note };
    let Description { dataset, rows, files, bytes: size, columns, .. } = description;
    let nulls: u64 = columns.iter().map(|column| column.nulls).sum();
    let values = rows.saturating_mul(columns.len() as u64);
    let whole = columns.iter().filter(|column| column.nulls == 0).count();
    let mut figures = vec![
        figure("rows", count(*rows), format!("in {}", things(*files, "file", "files"))),
        figure(
            "columns",
            count(columns.len() as u64),
            if *rows == 0 { String::new() } else { format!("{whole} without nulls") },
        ),
        figure("read", bytes(*size), "as stored".to_owned()),
    ];
    if values > 0 {
        let share = percent(nulls as f64 / values as f64);
        figures.push(figure(
            "nulls",
            share,
            format!("{} of {}", count(nulls), things(values, "value", "values")),
        ));
    }
    Overview { tone: "told", name: description.name(), dataset: dataset.clone(), figures }
}
