//! Data that is recent.

pub mod freshness;
