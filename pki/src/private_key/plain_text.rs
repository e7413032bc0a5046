//! The readable ASCII text in octets: typography undone, anything else left out.

/// The shortest readable piece among other octets that can hold a key.
const MIN_PIECE_BYTES: usize = 24;

/// NUL octets in every second place that make octets UTF-16.
const MIN_NULS: usize = 16;

/// True if all octets are printable ASCII, tabs and line breaks.
pub(super) fn is_plain(bytes: &[u8]) -> bool {
    // Without an early exit per octet, so that the compiler uses vectors.
    bytes.chunks(1024).all(|chunk| chunk.iter().fold(true, |plain, byte| plain & is_plain_byte(*byte)))
}

fn is_plain_byte(byte: u8) -> bool {
    (byte.wrapping_sub(0x20) <= 0x5e) | (byte == b'\n') | (byte == b'\r') | (byte == b'\t')
}

/// The readable pieces, one per line. Japanese prose, invisible characters and binary data separate pieces.
pub(super) fn of(bytes: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(bytes.len());
    let (mut at, mut piece) = (0, 0);
    while at < bytes.len() {
        if is_plain_byte(bytes[at]) {
            text.push(bytes[at]);
            at += 1;
        } else if let Some((length, ascii)) = typographic(&bytes[at..]) {
            text.extend_from_slice(ascii);
            at += length;
        } else {
            if text.len() - piece < MIN_PIECE_BYTES {
                text.truncate(piece);
            } else {
                text.push(b'\n');
            }
            piece = text.len();
            at += 1;
        }
    }
    text
}

/// A character that editors and mail programs put in place of an ASCII one, as its UTF-8 length and the ASCII.
fn typographic(bytes: &[u8]) -> Option<(usize, &'static [u8])> {
    Some(match bytes {
        // No-break space; soft hyphen.
        [0xc2, 0xa0, ..] => (2, b" "),
        [0xc2, 0xad, ..] => (2, b""),
        // En dash, em dash, horizontal bar.
        [0xe2, 0x80, 0x93, ..] => (3, b"-"),
        [0xe2, 0x80, 0x94 | 0x95, ..] => (3, b"--"),
        // Zero-width characters, and marks of direction.
        [0xe2, 0x80, 0x8b..=0x8f, ..] | [0xe2, 0x81, 0xa0, ..] | [0xef, 0xbb, 0xbf, ..] => (3, b""),
        // Other blanks; line and paragraph separators; the blank of Japanese.
        [0xe2, 0x80, 0x80..=0x8a | 0xaf, ..] | [0xe3, 0x80, 0x80, ..] => (3, b" "),
        [0xe2, 0x80, 0xa8 | 0xa9, ..] => (3, b"\n"),
        // Curved quotation marks.
        [0xe2, 0x80, 0x98 | 0x99, ..] => (3, b"'"),
        [0xe2, 0x80, 0x9c | 0x9d, ..] => (3, b"\""),
        // Full-width ASCII, U+FF01 to U+FF5E.
        [0xef, 0xbc, last @ 0x81..=0xbf, ..] => (3, full_width(*last - 0x81)),
        [0xef, 0xbd, last @ 0x80..=0x9e, ..] => (3, full_width(*last - 0x80 + 0x3f)),
        _ => return None,
    })
}

fn full_width(offset: u8) -> &'static [u8] {
    const ASCII: &[u8; 94] =
        b"!\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~";
    &ASCII[usize::from(offset)..=usize::from(offset)]
}

/// UTF-16 and UTF-32 of ASCII as ASCII, in either byte order: the octets without NUL. `None` if there are few.
pub(super) fn without_nuls(bytes: &[u8]) -> Option<Vec<u8>> {
    let first = memchr::memchr(0, bytes)?;
    let alternating =
        bytes[first..].windows(3).filter(|window| window[0] == 0 && window[1] != 0 && window[2] == 0);
    (alternating.take(MIN_NULS).count() == MIN_NULS)
        .then(|| bytes.iter().copied().filter(|byte| *byte != 0).collect())
}
