//! How fast, how small and how cheap Countersign is: what the benchmarks and the guard of CI share.
//!
//! Only ratios within one run count, because machines differ and are busy: compared values are measured in the same
//! round, round after round, and the medians are compared. Everything here fails by panicking: it runs for people.
#![allow(clippy::unwrap_used, clippy::missing_panics_doc)]

pub mod cold;
pub mod instructions;
pub mod issuing;
pub mod machine;
pub mod meter;
pub mod paired;
pub mod percentile;

pub use percentile::percentile;
