//! What changed against what was published before.

pub mod change;
pub mod chi_square;
pub mod correlation_drift;
pub mod dataset_drift;
pub mod dimension_anomaly;
pub mod hellinger;
pub mod jensen_shannon;
pub mod kl_divergence;
pub mod ks;
pub mod l_infinity;
pub mod metric_anomaly;
pub mod missingness_drift;
pub mod new_categories;
pub mod total_variation;
pub mod wasserstein;
