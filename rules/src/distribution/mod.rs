//! Figures and shapes of columns.

pub mod almost_constant;
pub mod constant;
pub mod correlation;
pub mod domain_mass;
pub mod entropy;
pub mod most_common_in_set;
pub mod psi;
pub mod statistic;
