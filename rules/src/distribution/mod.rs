//! Figures and shapes of columns.

pub mod almost_constant;
pub mod constant;
pub mod correlation;
pub mod cramers_v;
pub mod domain_mass;
pub mod entropy;
pub mod fits_distribution;
pub mod most_common_in_set;
pub mod mutual_information;
pub mod outliers;
pub mod psi;
pub mod statistic;
