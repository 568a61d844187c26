//! Object stores: open an address, list, read ranges, put conditionally, and upload unseen.
//!
//! Everything the engine does to a store goes through `client::Client::call`, so that one hook can watch, fail
//! or kill any single call, and one place turns a store's error into Lockgate's. What is uploaded with
//! [`Staging`] is invisible to every reader until [`Staged::publish`]: parts of an uncompleted
//! multipart upload on S3, GCS and Azure, a temporary file beside the dataset on a local disk.
//!
//! Addresses are taken literally: nothing in them is percent-decoded, so that a key copied from a
//! listing is the key that is read. This module never reads the environment.

mod address;
mod build;
mod client;
mod dataset;
mod failure;
mod file_upload;
mod find;
mod hive;
mod hook;
mod io;
mod local;
mod location;
mod part_upload;
mod settings;
mod staged;
mod staging;
mod stores;
mod traffic;
mod tries;

pub use dataset::{Dataset, STATE_FOLDER, SUCCESS};
pub use find::is_hidden;
pub use hive::{NULL_PARTITION, escape, partition_folder, unescape};
pub use hook::{Hook, Op};
pub use io::Io;
pub use location::{Entry, Location};
pub use settings::{Retry, Settings};
pub use staged::{Place, Staged};
pub use staging::{Finishing, Record, Staging, Started, Upload};
pub use stores::Stores;
pub use traffic::Requests;

#[cfg(test)]
mod tests;
