//! The names in a certificate, as values.

use x509_parser::extensions::GeneralName;

use crate::name::Name;

/// Reads a name of a supported kind; `None` for other kinds and for other than the canonical spelling.
pub(super) fn plain(name: &GeneralName<'_>) -> Option<Name> {
    match name {
        GeneralName::DNSName(text) => Name::dns(text).ok().filter(|name| name.text() == *text),
        GeneralName::RFC822Name(text) => Name::email(text).ok().filter(|name| name.text() == *text),
        GeneralName::URI(text) => Name::uri(text).ok(),
        GeneralName::IPAddress(octets) => Name::ip(octets).ok(),
        _ => None,
    }
}
