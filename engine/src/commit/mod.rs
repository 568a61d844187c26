//! The commit: how a run becomes visible as a whole, or not at all.
//!
//! A run's state lives in `_lockgate` folders, its *home* beside the first dataset it writes and claims and
//! temporary files beside each dataset:
//!
//! ```text
//! open/<run_id>.<attempt>.json                       the run is in flight; rewritten as its heartbeat
//! runs/<pipeline>/<run_id>/<attempt>/uploads-N.json  multipart uploads that were begun
//!                                    journal.json    the decision: open, closed or undone
//!                                    record.json     the run record, once what it names is there
//! claims/<dataset>/<hash of partition>.json          who may write a partition
//! publishing/<dataset>/<run_id>.<attempt>.json       who publishes to a dataset, for as long as it does
//!                      <run_id>.<attempt>.<n>.ends   who may be about to say that it is whole
//! staging/<run_id>.<attempt>/…                       temporary files, on a local disk
//! ```
//!
//! The journal is created once and never changed, so whoever creates it has decided: the run by an open or a
//! closed one, another process that takes the run for dead by an undone one. Every step after it can
//! be repeated by anybody, any number of times, also by two at once:
//!
//! 1. a note says who publishes, and `_SUCCESS` is deleted; 2. the uploads are completed; 3. the run record is put;
//!    4. replaced files are deleted; 5. the note goes, and `_SUCCESS` is put unless others publish to the dataset;
//!    6. the journal, claims, uploads and last the open entry go.
//!
//! A reader that lists the folder sees only validated rows at every moment; between 2 and 4 it may see new
//! beside old files. One that asks for `_SUCCESS` before and after it lists sees one or the other, and whatever
//! run record is the newest, all files that it names are there.
//!
//! An undone journal stays, for a day at least, so that a process that was only asleep cannot publish when it
//! wakes up.
//! Retries of a run are further attempts, which share nothing with the first but the run id.

mod begin;
mod claims;
mod document;
mod heartbeat;
mod holder;
mod home;
mod journal;
mod open;
mod publish;
mod publishing;
mod recover;
mod reference;
mod session;
mod undo;
mod uploads;

pub use begin::{Begun, Request};
pub use holder::Holder;
pub(crate) use home::RecordEntry;
pub use home::{Attempt, Home};
pub use journal::{Change, Journal, Replaced, Ruling, State};
pub(crate) use open::now_at as store_time;
pub use recover::{Action, Recovered, recover};
pub use session::{Output, Patience, Session, WriteMode};

#[cfg(test)]
mod tests;
