//! What a profile says of a dataset, as figures to show: the document that `lockgate profile --format json`
//! prints, the table and the page are made of.

mod column;
mod histogram;
mod html;

use lockgate_engine::Profiled;
use lockgate_rules::ColumnProfile;
use serde::Serialize;

pub(crate) use column::{Column, Frequency};
pub(crate) use histogram::Histogram;
pub(crate) use html::page;

/// The version of the document. New fields do not change it, other meanings do.
const VERSION: u32 = 1;

/// A dataset in figures.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Description {
    /// The version of the document.
    pub(crate) format_version: u32,
    /// Where the dataset is, as it was given.
    pub(crate) dataset: String,
    /// Rows.
    pub(crate) rows: u64,
    /// Files.
    pub(crate) files: u64,
    /// Stored bytes read.
    pub(crate) bytes: u64,
    /// The columns, in their order.
    pub(crate) columns: Vec<Column>,
}

impl Description {
    /// Of what was learnt of the dataset at `read`.
    pub(crate) fn of(profiled: &Profiled, read: &str) -> Self {
        let known = columns(profiled);
        let columns = known.map(|(name, profile)| {
            let is_partition = profiled.partitioned_by.iter().any(|column| column == name);
            Column::of(name, profile, is_partition)
        });
        Self {
            format_version: VERSION,
            dataset: read.to_owned(),
            rows: profiled.rows,
            files: profiled.files,
            bytes: profiled.bytes,
            columns: columns.collect(),
        }
    }

    /// What the dataset may be called: the last part of where it is that names it.
    pub(crate) fn name(&self) -> String {
        let mut parts = self.dataset.rsplit('/').filter(|part| !part.is_empty());
        let named = parts.find(|part| !part.contains(['*', '?', '[', '{']));
        named.unwrap_or(&self.dataset).to_owned()
    }
}

/// The columns in their order with what is known of each.
pub(crate) fn columns(profiled: &Profiled) -> impl Iterator<Item = (&str, &ColumnProfile)> {
    let known = |name: &'_ String| profiled.profile.column(name, None);
    profiled.columns.iter().filter_map(move |name| Some((name.as_str(), known(name)?)))
}

#[cfg(test)]
pub(crate) mod tests;
