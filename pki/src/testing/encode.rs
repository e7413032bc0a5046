//! DER encoded by hand.

/// Tag, length, value.
#[must_use]
pub fn tlv(tag: u8, value: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    let length = value.len();
    if length < 0x80 {
        out.push(u8::try_from(length).unwrap());
    } else {
        let octets: Vec<u8> = length.to_be_bytes().into_iter().skip_while(|b| *b == 0).collect();
        out.push(0x80 | u8::try_from(octets.len()).unwrap());
        out.extend(octets);
    }
    out.extend(value);
    out
}

/// A SEQUENCE of encoded parts.
#[must_use]
pub fn sequence(parts: &[Vec<u8>]) -> Vec<u8> {
    tlv(0x30, &parts.concat())
}

/// An OBJECT IDENTIFIER.
#[must_use]
pub fn oid(dotted: &str) -> Vec<u8> {
    tlv(6, der::asn1::ObjectIdentifier::new(dotted).unwrap().as_bytes())
}

/// A PEM block.
#[must_use]
pub fn pem(label: &str, der: &[u8]) -> String {
    pem::encode_config(
        &pem::Pem::new(label, der),
        pem::EncodeConfig::new().set_line_ending(pem::LineEnding::LF),
    )
}

pub(super) fn unsigned(big_endian: &[u8]) -> Vec<u8> {
    let mut value = big_endian.to_vec();
    if value.first().is_none_or(|b| b & 0x80 != 0) {
        value.insert(0, 0);
    }
    tlv(2, &value)
}

pub(super) fn bit_string(content: &[u8]) -> Vec<u8> {
    tlv(3, &[&[0], content].concat())
}

pub(super) fn extension(id: &str, critical: bool, value: &[u8]) -> Vec<u8> {
    let critical = if critical { tlv(1, &[0xff]) } else { Vec::new() };
    sequence(&[oid(id), critical, tlv(4, value)])
}

pub(super) fn signed(body: &[u8], algorithm: &[u8], signature: &[u8]) -> Vec<u8> {
    sequence(&[body.to_vec(), algorithm.to_vec(), bit_string(signature)])
}

/// A Name: attribute type, string tag, value.
#[must_use]
pub fn distinguished_name(parts: &[(&str, u8, &[u8])]) -> Vec<u8> {
    let all: Vec<Vec<u8>> =
        parts.iter().map(|(id, tag, value)| tlv(0x31, &sequence(&[oid(id), tlv(*tag, value)]))).collect();
    sequence(&all)
}

/// A PKCS#7 file with certificates (RFC 5652 section 5.1).
#[must_use]
pub fn pkcs7(certificates: &[Vec<u8>]) -> Vec<u8> {
    let data = sequence(&[
        tlv(2, &[1]),
        tlv(0x31, &[]),
        sequence(&[oid("1.2.840.113549.1.7.1")]),
        tlv(0xa0, &certificates.concat()),
        tlv(0x31, &[]),
    ]);
    sequence(&[oid("1.2.840.113549.1.7.2"), tlv(0xa0, &data)])
}

/// The place of the first date with this tag: UTCTime (0x17) or GeneralizedTime (0x18). Its digits tell it from a serial or a key,
/// whose octets are random.
///
/// # Panics
/// If there is none.
#[must_use]
pub fn date_at(der: &[u8], tag: u8) -> usize {
    let length = if tag == 0x17 { 13 } else { 15 };
    let is_date = |part: &[u8]| match part {
        [first, second, digits @ .., b'Z'] => {
            [*first, *second] == [tag, length] && digits.iter().all(u8::is_ascii_digit)
        }
        _ => false,
    };
    der.windows(usize::from(length) + 2).position(is_date).expect("a date")
}
