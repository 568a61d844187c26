//! Discards what a run staged, and removes the traces of a run that has ended.

use std::collections::HashSet;

use futures::{StreamExt, TryStreamExt, stream};

use super::claims;
use super::home::Home;
use super::journal::{Journal, Ruling};
use super::open::Open;
use super::publish::{self, AT_ONCE};
use super::uploads;
use super::{publishing, reference};
use crate::error::Result;
use crate::store::{Dataset, Place, Staged, Stores};

/// Discards everything that a run staged and wrote down, but for what an open `journal` published.
pub(super) async fn discard(
    stores: &Stores,
    home: &Home,
    open: &Open,
    journal: Option<&Journal>,
) -> Result<()> {
    let mut published = HashSet::new();
    if let Some(journal) = journal {
        for (dataset, change) in publish::datasets(stores, home, journal)? {
            if journal.ruling == Ruling::Open {
                published.extend(change.files.iter().filter_map(Staged::upload_id));
            } else {
                discard_files(&dataset, &change.files).await?;
            }
        }
    }
    for list in uploads::lists(&home.attempt_folder(&open.attempt)?).await? {
        let begun = uploads::read(&list).await?;
        let left = begun.iter().filter(|upload| !published.contains(upload.id.as_str()));
        stream::iter(left.map(async |upload| {
            let folder = reference::resolve(stores, home.location(), &upload.dataset)?;
            Dataset::new(folder)?.abort_upload(&upload.path, &upload.id).await
        }))
        .buffer_unordered(AT_ONCE)
        .try_collect::<()>()
        .await?;
    }
    Ok(())
}

async fn discard_files(dataset: &Dataset, files: &[Staged]) -> Result<()> {
    // Temporary files go with their folder.
    let uploads = files.iter().filter(|file| matches!(file.place, Place::Multipart { .. }));
    stream::iter(uploads.map(|file| file.discard(dataset)))
        .buffer_unordered(AT_ONCE)
        .try_collect::<()>()
        .await
}

/// Removes the traces of a run that has ended: the journal unless it says that the run was undone, claims,
/// temporary files, lists of uploads, and last the entry that says it is in flight.
pub(super) async fn tidy(stores: &Stores, home: &Home, open: &Open, journal: Option<&Journal>) -> Result<()> {
    let attempt = &open.attempt;
    // Before the claims: once they are gone, others may replace what a journal would bring back.
    if !journal.is_some_and(|journal| matches!(journal.ruling, Ruling::Undone(_))) {
        home.journal(attempt)?.delete().await?;
    }
    for dataset in &open.datasets {
        let dataset = Dataset::new(reference::resolve(stores, home.location(), dataset)?)?;
        match journal.and_then(|journal| claimed(stores, home, journal, &dataset)) {
            Some(partitions) => {
                stream::iter(partitions.iter().map(|p| claims::release(&dataset, p, attempt)))
                    .buffer_unordered(AT_ONCE)
                    .try_collect::<()>()
                    .await?;
            }
            None => claims::release_all(&dataset, attempt).await?,
        }
        dataset.remove_staging(&attempt.token()).await?;
        publishing::forget(attempt, &dataset).await?;
        dataset.prune_state(&claims::folder(&dataset)?).await?;
    }
    let folder = home.attempt_folder(attempt)?;
    for list in uploads::lists(&folder).await? {
        list.delete().await?;
    }
    folder.prune(home.location()).await?;
    home.open_entry(&attempt.token())?.delete().await?;
    home.prune().await
}

/// The partitions that an open journal names for a dataset; others do not name all that were claimed.
fn claimed<'j>(
    stores: &Stores,
    home: &Home,
    journal: &'j Journal,
    dataset: &Dataset,
) -> Option<&'j Vec<String>> {
    if journal.ruling != Ruling::Open {
        return None;
    }
    let changes = publish::datasets(stores, home, journal).ok()?;
    changes.into_iter().find(|(other, _)| other == dataset).map(|(_, change)| &change.claimed)
}
