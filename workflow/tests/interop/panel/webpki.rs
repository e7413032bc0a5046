//! webpki with aws-lc-rs: what rustls uses.

use std::path::Path;

use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use webpki::{ALL_VERIFICATION_ALGS, EndEntityCert, KeyUsage, anchor_from_trusted_cert};

use super::Missing;
use crate::question::{Answer, Purpose, Question};

#[allow(clippy::unnecessary_wraps)]
pub(super) fn version() -> Result<String, Missing> {
    Ok("rustls-webpki, as Cargo.lock says".to_owned())
}

pub(super) fn ask(questions: &[Question], _: &Path) -> Vec<Answer> {
    questions.iter().map(|question| ask_one(question).map_err(|error| format!("{error:?}"))).collect()
}

fn ask_one(question: &Question) -> Result<(), webpki::Error> {
    let root = certificates(&question.files.root);
    let anchors = [anchor_from_trusted_cert(&root[0])?];
    let between = certificates(&question.files.between);
    let leaf = certificates(&question.files.leaf);
    let leaf = EndEntityCert::try_from(&leaf[0])?;
    let usage = match question.purpose {
        Purpose::Server => KeyUsage::server_auth(),
        Purpose::Client => KeyUsage::client_auth(),
    };
    leaf.verify_for_usage(ALL_VERIFICATION_ALGS, &anchors, &between, UnixTime::now(), usage, None, None)?;
    match question.host() {
        Some(host) => leaf.verify_is_valid_for_subject_name(&ServerName::try_from(host).unwrap()),
        None => Ok(()),
    }
}

fn certificates(path: &Path) -> Vec<CertificateDer<'static>> {
    let blocks = pem::parse_many(std::fs::read(path).unwrap()).unwrap();
    blocks.into_iter().map(|block| CertificateDer::from(block.into_contents())).collect()
}
