//! Commands of programs that have the credential of a standing approval: certbot, lego and curl.
//!
//! Invariant: every value is quoted for the shell. The commands have the secrets of the credential, so only the page that shows it once
//! has them.

use pki::name::Name;
use workflow::approval::BaseUrl;
use workflow::approval::credentials::MadeCredential;
use workflow::standing::StandingName;

use super::shell_quoted;

/// The commands with one credential.
pub(crate) struct ClientCommands {
    pub(crate) certbot: String,
    pub(crate) lego: String,
    pub(crate) curl: String,
}

impl ClientCommands {
    pub(crate) fn of(base_url: &BaseUrl, made: &MadeCredential) -> Self {
        let directory = shell_quoted(&acme_directory(base_url));
        let key_id = made.key_id.to_string();
        let (mac_key, bearer) = (made.mac_key.expose(), made.bearer.expose());
        let email = shell_quoted(made.approval.requester().as_str());
        let name = example(made.approval.terms().names());
        let (option, name) =
            (if matches!(name, Name::Ip(_)) { "--ip-address" } else { "-d" }, name.to_string());
        let name = shell_quoted(&name);
        Self {
            // No challenge is made, since the names are approved: any authenticator does.
            certbot: format!(
                "certbot certonly --standalone --non-interactive --agree-tos -m {email} \\\n  --server {directory} \\\n  \
                 --eab-kid {key_id} \\\n  --eab-hmac-key {} \\\n  {option} {name}",
                shell_quoted(&mac_key),
            ),
            lego: format!(
                "lego --accept-tos --email {email} \\\n  --server {directory} \\\n  --eab --kid {key_id} \\\n  --hmac {} \\\n  \
                 --http --domains {name} run",
                shell_quoted(&mac_key),
            ),
            curl: format!(
                "curl {} \\\n  -H {} \\\n  -H 'Accept: application/json' \\\n  --data-urlencode csrContent@request.csr",
                shell_quoted(&format!("{base_url}requests")),
                shell_quoted(&format!("Authorization: Bearer {bearer}")),
            ),
        }
    }
}

/// The address of the ACME directory, at which clients begin.
pub(crate) fn acme_directory(base_url: &BaseUrl) -> String {
    format!("{base_url}acme/directory")
}

/// A name that the terms cover.
fn example(names: &[StandingName]) -> Name {
    match names.first() {
        Some(StandingName::Exactly(name)) => name.clone(),
        Some(StandingName::Below(suffix)) => Name::Dns(format!("host.{suffix}")),
        None => Name::Dns(super::EXAMPLE.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_example_is_a_name_that_the_terms_cover() {
        for (text, expected) in [
            (".web.example.com", "host.web.example.com"),
            ("www.example.com", "www.example.com"),
            ("10.0.0.1", "10.0.0.1"),
        ] {
            let name = StandingName::read(text).unwrap();
            let shown = example(std::slice::from_ref(&name));
            assert_eq!(shown.to_string(), expected);
            assert!(name.covers(&shown));
        }
    }
}
