//! The page with the commands that make a key and a CSR.

use askama::Template;
use pki::name::Name;
use workflow::finding::Finding;
use workflow::texts::Message;

use super::{Remark, Site};
use crate::Portal;
use crate::commands::{openssl, powershell};
use crate::reader::Reader;

#[derive(Template)]
#[template(path = "commands.html")]
pub(crate) struct CommandsPage {
    site: Site,
    typed: String,
    openssl: String,
    powershell: String,
    remarks: Vec<Remark>,
}

impl CommandsPage {
    pub(crate) fn new(
        portal: &Portal,
        reader: &Reader,
        typed: &str,
        names: &[Name],
        findings: &[Finding],
    ) -> Self {
        let site = Site::of(portal, reader);
        Self {
            typed: typed.to_owned(),
            openssl: openssl(names),
            powershell: powershell(names),
            remarks: site.remarks(findings),
            site,
        }
    }
}
