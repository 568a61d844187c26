//! Lists folders and finds what an address with wildcards means.

use std::collections::HashSet;

use futures::TryStreamExt;
use globset::{GlobBuilder, GlobMatcher};

use super::hook::Op;
use super::location::{Entry, Location};
use super::stores::Stores;
use crate::error::{Error, Result};

/// Whether readers skip what is at `relative`: some name in it begins with `_` or `.`, and is not a
/// partition folder such as `_id=7`.
pub fn is_hidden(relative: &str) -> bool {
    relative.split('/').any(|name| name.starts_with('.') || (name.starts_with('_') && !name.contains('=')))
}

impl Location {
    /// Every object below this folder, sorted by path. Empty if there is no such folder.
    pub async fn list(&self) -> Result<Vec<Entry>> {
        let client = &self.client;
        let prefix = (!self.path.as_ref().is_empty()).then_some(&self.path);
        let listing = || client.backend.objects.list(prefix).try_collect::<Vec<_>>();
        let found = client
            .call(Op::List, &self.path, listing)
            .await
            .map_err(|e| client.explain(&e, "list", &self.path))?;
        let mut entries: Vec<_> = found
            .into_iter()
            .filter(|meta| meta.location != self.path)
            .map(|meta| Entry::new(client, meta))
            .collect();
        drop_folder_markers(&mut entries);
        entries.sort_by(|a, b| a.location.path.cmp(&b.location.path));
        Ok(entries)
    }
}

/// Some tools put an empty object named like a folder; it is no data.
fn drop_folder_markers(entries: &mut Vec<Entry>) {
    if entries.iter().all(|entry| entry.size > 0) {
        return;
    }
    let folders: HashSet<String> = entries
        .iter()
        .filter_map(|entry| entry.location.parent())
        .map(|folder| folder.path.to_string())
        .collect();
    entries.retain(|entry| entry.size > 0 || !folders.contains(entry.location.path.as_ref()));
}

impl Stores {
    /// What a source's address means: the object itself, every object below a folder, or every one that
    /// matches wildcards (`*`, `?`, `[…]`, `{…}`, `**`; a `*` stays within one name). Hidden objects
    /// are left out. Returns the folder that partitions are read from, and the objects sorted by path.
    pub async fn find(&self, address: &str) -> Result<(Location, Vec<Entry>)> {
        if let Some((folder, pattern)) = split_pattern(address) {
            let matcher = glob(pattern)?;
            let folder = self.open(folder)?;
            let mut found = visible(&folder, folder.list().await?);
            found.retain(|entry| {
                entry.location.relative_to(&folder).is_some_and(|relative| matches(&matcher, relative))
            });
            return Ok((folder, found));
        }
        let location = self.open(address)?;
        let found = visible(&location, location.list().await?);
        if found.is_empty()
            && !location.path.as_ref().is_empty()
            && let Some(entry) = location.head_object().await?
        {
            let folder = location.parent().unwrap_or(location);
            return Ok((folder, vec![entry]));
        }
        Ok((location, found))
    }
}

impl Stores {
    /// The place below which everything lies that a source's address means.
    pub fn place_of(&self, address: &str) -> Result<Location> {
        self.open(split_pattern(address).map_or(address, |(folder, _)| folder))
    }
}

impl Location {
    /// [`Self::head`], for a place that may be an empty folder of a local disk.
    async fn head_object(&self) -> Result<Option<Entry>> {
        if self.local_path().is_some_and(|path| path.is_dir()) {
            return Ok(None);
        }
        self.head().await
    }
}

fn visible(folder: &Location, mut found: Vec<Entry>) -> Vec<Entry> {
    found.retain(|entry| entry.location.relative_to(folder).is_some_and(|relative| !is_hidden(relative)));
    found
}

/// The folder before the first name with a wildcard, and the pattern from there.
fn split_pattern(address: &str) -> Option<(&str, &str)> {
    let wild = address.find(['*', '?', '[', '{'])?;
    let start = address[..wild].rfind('/').map_or(0, |slash| slash + 1);
    let folder = if start == 0 { "." } else { &address[..start] };
    Some((folder, &address[start..]))
}

fn glob(pattern: &str) -> Result<GlobMatcher> {
    let glob = GlobBuilder::new(pattern.strip_suffix('/').unwrap_or(pattern))
        .literal_separator(true)
        .backslash_escape(false)
        .build()
        .map_err(|e| {
            Error::wrong(format!("{pattern:?} is not a usable pattern: {}", e.kind()))
                .hint("escape a wildcard that is meant literally by brackets: [*]")
        })?;
    Ok(glob.compile_matcher())
}

/// A pattern matches an object, or a folder with all that is below it.
fn matches(matcher: &GlobMatcher, relative: &str) -> bool {
    let ends = relative.match_indices('/').map(|(at, _)| at).chain([relative.len()]);
    ends.into_iter().any(|end| matcher.is_match(&relative[..end]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_split_at_the_first_wildcard() {
        assert_eq!(
            split_pattern("s3://b/raw/created_at=2013-*/x.parquet"),
            Some(("s3://b/raw/", "created_at=2013-*/x.parquet"))
        );
        assert_eq!(split_pattern("*.csv"), Some((".", "*.csv")));
        assert_eq!(split_pattern("lake/orders"), None);
    }

    #[test]
    fn a_star_stays_within_a_name_and_a_folder_brings_its_content() {
        let matcher = glob("created_at=2013-*").unwrap();
        assert!(matches(&matcher, "created_at=2013-01/a.parquet"));
        assert!(!matches(&matcher, "created_at=2014-01/created_at=2013-01"));
        let matcher = glob("*/*.parquet").unwrap();
        assert!(matches(&matcher, "a/b.parquet") && !matches(&matcher, "a/c/b.parquet"));
    }

    #[test]
    fn hidden_is_what_readers_skip() {
        for hidden in ["_SUCCESS", "a/_lockgate/b", ".tmp/x"] {
            assert!(is_hidden(hidden), "{hidden}");
        }
        for shown in ["_id=7/x.parquet", "a_b/c.parquet"] {
            assert!(!is_hidden(shown), "{shown}");
        }
    }
}
