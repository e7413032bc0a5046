//! The bodies of forms, parsed to typed values; an unreadable value is an error of its field.

pub(crate) mod submission;
pub(crate) mod terms;
