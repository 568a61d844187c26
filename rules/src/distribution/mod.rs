//! Figures and shapes of columns.

pub mod correlation;
pub mod psi;
pub mod statistic;
