//! Common parts of the benchmarks and of the guard of CI: speed, size and costs.
//!
//! Only ratios within one run are comparable, since machines and their load differ: values are measured in the same
//! rounds, and medians are compared. Failures panic.
#![allow(clippy::unwrap_used, clippy::missing_panics_doc)]

pub mod acme;
pub mod bundles;
pub mod cold;
pub mod instructions;
pub mod issuing;
pub mod machine;
pub mod meter;
pub mod paired;
pub mod percentile;

pub use percentile::percentile;
