//! The words that people read.

mod catalogue;

pub use catalogue::*;
