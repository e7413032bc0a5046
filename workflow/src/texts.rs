//! The words that people read.

mod catalogue;
pub mod quality;

pub use catalogue::*;
