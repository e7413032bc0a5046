//! Kinds of texts that are no requests.

/// A text, or a file read as text, that people send in place of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum OtherText {
    /// A certificate revocation list.
    #[error("a CRL")]
    Crl,
    /// PKCS#7 or CMS without a request.
    #[error("a PKCS#7 file")]
    Pkcs7,
    /// A CMC request (RFC 5272): PKCS#10 inside of CMS.
    #[error("a CMC request")]
    Cmc,
    /// A request of CRMF (RFC 4211) or a message of CMP (RFC 9810).
    #[error("a CRMF or CMP message")]
    Crmf,
    /// SignedPublicKeyAndChallenge of browsers.
    #[error("a SPKAC")]
    Spkac,
    /// An OpenPGP message, key or signature.
    #[error("an OpenPGP file")]
    OpenPgp,
    /// A public key as a JSON Web Key (RFC 7517).
    #[error("a JSON Web Key")]
    Jwk,
    /// The fields of a request as a tool prints them for people.
    #[error("a printed request")]
    PrintedRequest,
    /// The elements of a file as `openssl asn1parse` prints them.
    #[error("a printed structure")]
    PrintedStructure,
    /// The path of a file.
    #[error("a path")]
    Path,
    /// A command.
    #[error("a command")]
    Command,
    /// An address of the web.
    #[error("a URL")]
    Url,
    /// An e-mail.
    #[error("an e-mail")]
    Email,
    /// HTML.
    #[error("a web page")]
    WebPage,
    /// A picture.
    #[error("a picture")]
    Picture,
    /// PDF.
    #[error("a PDF file")]
    Pdf,
    /// A file of a word processor or spreadsheet.
    #[error("an office file")]
    OfficeFile,
    /// zip, gzip or the like.
    #[error("a compressed file")]
    Compressed,
}

impl OtherText {
    /// All of them.
    pub const ALL: [OtherText; 18] = [
        OtherText::Crl,
        OtherText::Pkcs7,
        OtherText::Cmc,
        OtherText::Crmf,
        OtherText::Spkac,
        OtherText::OpenPgp,
        OtherText::Jwk,
        OtherText::PrintedRequest,
        OtherText::PrintedStructure,
        OtherText::Path,
        OtherText::Command,
        OtherText::Url,
        OtherText::Email,
        OtherText::WebPage,
        OtherText::Picture,
        OtherText::Pdf,
        OtherText::OfficeFile,
        OtherText::Compressed,
    ];
}
