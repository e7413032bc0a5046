//! The texts for people.

mod catalogue;
pub mod quality;
mod wording;

pub use catalogue::*;
pub use wording::Wording;
