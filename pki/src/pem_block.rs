//! Strict PEM (RFC 7468) for the certificates and keys of operators.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

/// A PEM block: its label, and its DER; `None` if the block is damaged.
pub(crate) type PemBlock = (String, Option<Zeroizing<Vec<u8>>>);

/// The start of a BEGIN line (RFC 7468 section 2).
pub(crate) const BEGIN: &str = "-----BEGIN ";

/// Every PEM block of a text, in order. A block that is cut off or not base64 has no DER.
pub(crate) fn pem_blocks(text: &str) -> Vec<PemBlock> {
    let starts: Vec<usize> = text.match_indices(BEGIN).map(|(at, _)| at).collect();
    let ends = starts.iter().skip(1).copied().chain([text.len()]);
    starts
        .iter()
        .zip(ends)
        .map(|(start, end)| {
            let block = &text[*start..end];
            let label = block[BEGIN.len()..].split("-----").next().unwrap_or_default().to_owned();
            (label, pem::parse(block).ok().map(|pem| Zeroizing::new(pem.into_contents())))
        })
        .collect()
}

/// The DER of the first certificate of a text; `None` if there is none, or it is damaged.
#[must_use]
pub fn certificate_der(text: &str) -> Option<Vec<u8>> {
    let (_, der) = pem_blocks(text).into_iter().find(|(label, _)| label == "CERTIFICATE")?;
    der.map(|der| der.to_vec())
}

/// A certificate as PEM (RFC 7468 section 5.1), with line feeds.
#[must_use]
pub fn to_pem(der: &[u8]) -> String {
    labelled("CERTIFICATE", der)
}

/// One PEM block in lines of 64 characters (RFC 7468 section 2), with line feeds. Takes the memory of its text alone: the crate
/// `pem` takes three times as much, and a revocation list may be large.
pub(crate) fn labelled(label: &str, der: &[u8]) -> String {
    /// Octets in a line of 64 characters.
    const LINE: usize = 48;
    let (head, foot) = (format!("{BEGIN}{label}-----\n"), format!("-----END {label}-----\n"));
    let mut text = String::with_capacity(head.len() + der.len().div_ceil(LINE) * 65 + foot.len());
    text.push_str(&head);
    for line in der.chunks(LINE) {
        STANDARD.encode_string(line, &mut text);
        text.push('\n');
    }
    text.push_str(&foot);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_what_the_crate_pem_writes() {
        for length in 1..200_u8 {
            let der: Vec<u8> = (0..length).collect();
            let config = pem::EncodeConfig::new().set_line_ending(pem::LineEnding::LF);
            let expected = pem::encode_config(&pem::Pem::new("X509 CRL", der.clone()), config);
            assert_eq!(labelled("X509 CRL", &der), expected);
        }
    }
}
