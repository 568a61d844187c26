//! Data that is recent, and times that can be.

pub mod freshness;
pub mod not_in_future;
pub mod not_older_than;
