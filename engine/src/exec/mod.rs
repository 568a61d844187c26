//! Runs what was planned: threads, order, progress, cancellation.

pub mod bridge;
pub mod cancel;
pub mod conduct;
pub mod feed;
pub mod flow;
pub mod line;
pub mod permit;
pub mod progress;
pub mod rows;
pub mod turnstile;
pub mod whole;
