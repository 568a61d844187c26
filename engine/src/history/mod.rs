//! What earlier runs left behind: their records, and which inputs they published.
//!
//! Run records are read as JSON of which only a few fields matter here: `status`, and `inputs`.

mod clean;
mod drift;
mod figures;
mod inputs;
mod past;
mod records;
mod rereads;
mod spreads;
mod states;
mod whose;

pub use clean::{Cleaned, Forgotten, Retention, clean};
pub use drift::{Asked, ColumnDrift, Drift, drift, names_partition};
pub use figures::{FigureAt, Figures, figures};
pub use inputs::{PublishedInput, published_inputs};
pub use past::{PastCheck, PastRows, PastRun, PastTable, Recalled, figure, recall};
pub use records::{PUBLISHED, StoredRecord, find_run, list_runs, read_record};
pub use rereads::{LaterRun, Since, published_since};
pub use spreads::{distributions, published_distributions};
pub use states::{Past, partition_time, points, state};
pub use whose::{Remembered, Whose};

pub(crate) use records::published;
