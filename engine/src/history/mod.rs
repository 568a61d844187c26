//! What earlier runs left behind: their records, and which inputs they published.
//!
//! Run records are read as JSON of which only a few fields matter here: `status`, and `inputs`.

mod inputs;
mod past;
mod records;
mod states;

pub use inputs::{PublishedInput, published_inputs};
pub use past::{PastCheck, PastRows, PastRun, PastTable, Recalled, figure, recall};
pub use records::{PUBLISHED, StoredRecord, find_run, list_runs, read_record};
pub use states::{Past, partition_time, points, state};

pub(crate) use records::published;
