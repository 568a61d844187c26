//! Carries out an open journal. Every step can be repeated, by anybody.

use std::collections::{BTreeSet, HashSet};

use futures::{StreamExt, TryStreamExt, stream};

use super::document;
use super::home::Home;
use super::journal::{Change, Journal};
use super::{publishing, reference};
use crate::error::Result;
use crate::store::{Dataset, Stores};

/// Store calls in flight at once.
pub(super) const AT_ONCE: usize = 64;

/// Makes what `journal` says visible, and puts the run record.
pub(super) async fn publish(stores: &Stores, home: &Home, journal: &Journal) -> Result<()> {
    let changes = datasets(stores, home, journal)?;
    for (dataset, change) in &changes {
        if !(change.files.is_empty() && change.replaced.is_empty()) {
            publishing::begin(stores, home, &journal.attempt, dataset).await?;
        }
    }
    let files = changes.iter().flat_map(|(dataset, change)| change.files.iter().map(move |f| (dataset, f)));
    stream::iter(files.map(|(dataset, file)| file.publish(dataset)))
        .buffer_unordered(AT_ONCE)
        .try_collect::<()>()
        .await?;
    for (dataset, change) in &changes {
        dataset.sync(change.files.iter().map(|file| file.path.as_str())).await?;
    }
    put_states(home, journal).await?;
    // Between the two, so that whatever record is the newest, the files it names are there.
    put_record(home, journal).await?;
    complete(stores, home, journal).await
}

/// What remains once the run record is there: what is replaced goes, and every dataset is said to be whole to
/// which nobody else publishes.
pub(super) async fn complete(stores: &Stores, home: &Home, journal: &Journal) -> Result<()> {
    let changes = datasets(stores, home, journal)?;
    for (dataset, change) in &changes {
        delete_replaced(dataset, change).await?;
    }
    for (dataset, _) in &changes {
        publishing::end(stores, home, &journal.attempt, dataset).await?;
    }
    Ok(())
}

/// Keeps the states of what was published; done again, it puts the same.
async fn put_states(home: &Home, journal: &Journal) -> Result<()> {
    for state in &journal.states {
        let folder = home.states(&journal.attempt.pipeline, &state.of)?;
        folder.join(&state.name)?.put(document::write(&state.content)?).await?;
    }
    Ok(())
}

/// Puts the run record of a journal, unless it is there already.
pub(super) async fn put_record(home: &Home, journal: &Journal) -> Result<()> {
    home.record(&journal.attempt)?.put_create(document::write(&journal.record)?).await.map(drop)
}

async fn delete_replaced(dataset: &Dataset, change: &Change) -> Result<()> {
    // A name stands for one content, so a file that is already there and comes again stays.
    let staying: HashSet<_> = change.files.iter().map(|file| file.path.as_str()).collect();
    let going: Vec<_> = change
        .replaced
        .iter()
        .map(|file| file.path.as_str())
        .filter(|path| !staying.contains(path))
        .collect();
    let locations = going.iter().map(|path| dataset.folder().join_path(path)).collect::<Result<Vec<_>>>()?;
    stream::iter(locations.iter().map(crate::store::Location::delete))
        .buffer_unordered(AT_ONCE)
        .try_collect::<()>()
        .await?;
    let filled: HashSet<_> = change.files.iter().filter_map(|file| folder_of(&file.path)).collect();
    let emptied: BTreeSet<_> = going.iter().filter_map(|path| folder_of(path)).collect();
    for folder in emptied.into_iter().filter(|folder| !filled.contains(folder)) {
        dataset.folder().join_path(folder)?.prune(dataset.folder()).await?;
    }
    dataset.sync(going).await
}

fn folder_of(path: &str) -> Option<&str> {
    path.rsplit_once('/').map(|(folder, _)| folder)
}

/// The datasets of a journal, opened.
pub(super) fn datasets<'j>(
    stores: &Stores,
    home: &Home,
    journal: &'j Journal,
) -> Result<Vec<(Dataset, &'j Change)>> {
    let open = |change: &'j Change| {
        let folder = reference::resolve(stores, home.location(), &change.dataset)?;
        Ok((Dataset::new(folder)?, change))
    };
    journal.changes.iter().map(open).collect()
}
