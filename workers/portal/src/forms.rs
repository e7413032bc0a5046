//! The bodies of forms, read to typed values; what cannot be read is an error of its field.

pub(crate) mod submission;
