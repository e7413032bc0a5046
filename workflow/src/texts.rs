//! The texts for people.

mod catalogue;
pub mod quality;

pub use catalogue::*;
