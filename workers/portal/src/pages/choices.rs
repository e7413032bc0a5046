//! The profiles to choose from, in the template `choices.html`.

/// One profile.
pub(super) struct ProfileChoice {
    pub(super) name: String,
    pub(super) description: String,
    /// The most days and certificates of a standing approval.
    pub(super) bounds: Option<String>,
    pub(super) selected: bool,
}
