//! VALIDATE: checks beside the flow of rows, the quarantine, and the gate at the end.

mod gate;
mod quarantine;
mod quarantine_limit;
mod reference;
mod room;
mod tap;
mod values;

pub use gate::{Ruling, rule};
pub use quarantine::{FILE, Point, QUARANTINE_RUN, Quarantine, REASONS, ROW, point_name};
pub use quarantine_limit::quarantine_verdict;
pub use reference::add_reference;
pub use room::KeyRoom;
pub use tap::{Measured, Tap};
pub use values::{ValueFiles, ValuesRead};
