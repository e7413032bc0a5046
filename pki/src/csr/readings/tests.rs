//! Texts as they arrive: the forms that are undone, and the work of reading.

mod forms;

use forms::{Form, OF_ANY_TEXT, OF_PEM, base64};

use super::super::input::LOOKED_AT;
use super::*;
use crate::testing::{self, CsrMaker, TestKey};

/// The bytes that are looked at to read a text.
fn work(text: &str) -> usize {
    LOOKED_AT.set(0);
    _ = decode(text);
    LOOKED_AT.get()
}

/// Some 64 KB of a pattern; the private-key detector and the limit of the text are the same for all lengths.
fn repeated(pattern: &str, bytes: usize) -> String {
    pattern.repeat(bytes / pattern.len())
}

#[test]
fn reading_takes_work_that_is_linear_in_the_text() {
    let patterns = [
        "-----BEGIN A-----\n",
        "-----BEGIN ",
        "-----BEGIN CERTIFICATE REQUEST-----\n",
        "-----BEGIN A-----\n-----END B-----\n",
        "-----BEGIN A-----\n-----END A-----\n",
        "-----END A-----\n",
        "----- ",
        "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZnaA==\n",
        "&#45;",
        "<b",
        "\\n",
        "%2",
        "MIIBGDCB-_",
        "30820118 ",
        "00000000: 3082 0118\n",
        "48, 130, ",
        "MIXHK43JM4QHG5DS",
        "  1 -----BEGIN CERTIFICATE REQUEST-----\n",
        "\u{ff2d}\u{ff29}",
        "\u{fdfa}",
        "\"a\", ",
        "------BEGIN X509 REQUEST------ | MI",
        "+=3D\n",
    ];
    for pattern in patterns {
        let (short, long) = (work(&repeated(pattern, 8_000)), work(&repeated(pattern, 64_000)));
        assert!(short > 0, "{pattern:?}");
        // Eight times the text is eight times the work, and never more than a few looks at each byte for each form.
        assert!(long <= short * 9, "{pattern:?}: {short} for 8,000 bytes, {long} for 64,000");
        assert!(long <= 64_000 * 30, "{pattern:?}: {long}");
    }
}

/// A request whose base64 holds a `+` in the middle of a line and at neither end of one.
fn request_with_plus() -> (String, Vec<u8>) {
    for number in 0.. {
        let name = format!("www{number}.example.com");
        let maker = CsrMaker::new(TestKey::EcP256).common_name(&name).names(&[&name]);
        let (pem, der) = (maker.pem(), maker.der());
        // Signatures differ from call to call.
        let der = pem::parse(&pem).map_or(der, pem::Pem::into_contents);
        if pem.lines().any(|line| line.trim_matches('+').contains('+')) {
            return (pem, der);
        }
    }
    unreachable!()
}

/// Requests with one `+` each, at every place of their last two lines: the signature is there, and readers of forms do not
/// verify it.
fn requests_with_one_plus() -> impl Iterator<Item = (String, Vec<u8>)> {
    let pem = CsrMaker::new(TestKey::EcP256).common_name("www.example.com").pem().replace('+', "A");
    let end = pem.find("\n-----END").unwrap();
    let places: Vec<usize> =
        (end - 66..end).filter(|at| pem.as_bytes()[*at] != b'\n' && pem.as_bytes()[*at] != b'=').collect();
    places.into_iter().filter_map(move |at| {
        let text = [&pem[..at], "+", &pem[at + 1..]].concat();
        let der = pem::parse(&text).ok()?.into_contents();
        strict_der::check(&der).is_ok().then_some((text, der))
    })
}

#[test]
fn one_lost_plus_is_found_wherever_it_stood() {
    let mut read = 0;
    for (pem, der) in requests_with_one_plus() {
        let without_lines: String = pem.lines().filter(|line| !line.starts_with("--")).collect();
        for text in
            [pem.replace('+', " "), pem.trim_end().replace(['\n', '+'], " "), without_lines.replace('+', " ")]
        {
            assert_eq!(decode(&text).as_ref(), Ok(&der), "{text:?}");
            read += 1;
        }
    }
    assert!(read > 3 * 50, "{read}");
}

/// All forms of a request, each with its name.
fn forms(pem: &str) -> Vec<(&'static str, String)> {
    OF_PEM.iter().chain(OF_ANY_TEXT).map(|(name, form)| (*name, form(pem))).collect()
}

#[test]
fn a_request_is_read_from_each_form_in_which_it_arrives() {
    let (mut taken, mut refused) = (0, Vec::new());
    for _ in 0..5 {
        let (pem, der) = request_with_plus();
        for (form, text) in forms(&pem) {
            match decode(&text) {
                Ok(read) => {
                    assert_eq!(read, der, "{form}");
                    taken += 1;
                }
                Err(error) => refused.push(format!("{form}: {error:?}")),
            }
        }
    }
    assert!(refused.is_empty(), "{taken} taken, {} refused: {refused:#?}", refused.len());
    assert_eq!(taken, 5 * (OF_PEM.len() + OF_ANY_TEXT.len()));
}

/// Requests of openssl, so that the same texts are read in each run.
fn fixed_requests() -> Vec<(String, Vec<u8>)> {
    const REQUESTS: &str = include_str!("tests/requests.pem");
    let all = pem::parse_many(REQUESTS).unwrap_or_default();
    let request = |parsed: pem::Pem| {
        let text = testing::pem("CERTIFICATE REQUEST", parsed.contents());
        (text, parsed.into_contents())
    };
    all.into_iter().map(request).collect()
}

/// Every form in every form that any text can be given, shared among threads; requests take turns.
#[test]
fn a_request_is_read_from_each_form_in_each_other() {
    const THREADS: usize = 4;
    let requests = fixed_requests();
    assert_eq!(requests.len(), 3);
    let pairs: Vec<(&Form, &Form)> = OF_PEM
        .iter()
        .chain(OF_ANY_TEXT)
        .flat_map(|inner| OF_ANY_TEXT.iter().map(move |outer| (inner, outer)))
        .collect();
    let refused = |at: usize| {
        let ((inner, give_inner), (outer, give_outer)) = pairs[at];
        let (pem, der) = &requests[at % requests.len()];
        let read = decode(&give_outer(&give_inner(pem)));
        (read.as_ref() != Ok(der)).then(|| format!("{inner} in {outer}: {:?}", read.map(|_| "another")))
    };
    let refused: Vec<String> = std::thread::scope(|scope| {
        let share = |first: usize| (first..pairs.len()).step_by(THREADS).filter_map(refused).collect();
        let threads: Vec<_> =
            (0..THREADS).map(|first| scope.spawn(move || -> Vec<String> { share(first) })).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap_or_default()).collect()
    });
    assert!(refused.is_empty(), "{} of {} refused: {refused:#?}", refused.len(), pairs.len());
    assert!(pairs.len() > 4_000, "{}", pairs.len());
}

#[test]
fn a_form_around_something_else_is_told_what_it_is() {
    let (pem, _) = request_with_plus();
    let ca = testing::root().certificate_pem;
    let key = testing::TestKeyPair::generate(TestKey::EcP256).pem();
    let other = CsrMaker::new(TestKey::EcP256).names(&["other.example.com"]).pem();
    let mut judged = 0;
    for (form, text) in forms(&ca.replace("CERTIFICATE", "CERTIFICATE REQUEST")) {
        assert!(decode(&text).is_err(), "{form}");
        judged += 1;
    }
    for text in [base64(&key), key.replace('\n', "\\n")] {
        assert!(matches!(decode(&text), Err(TextError::PrivateKey(_))), "{text}");
        judged += 1;
    }
    for (text, error) in [
        (ca.replace('\n', "\\n"), TextError::Certificate),
        (base64(&ca), TextError::Certificate),
        (format!("{pem}{other}").replace('\n', "\\n"), TextError::SeveralRequests(2)),
        (base64(format!("{pem}{other}")), TextError::SeveralRequests(2)),
        (base64(&pem[..pem.len() / 2]), TextError::Rewritten(TextForm::Base64OfPem)),
        (pem[..pem.len() / 2].replace('\n', "\\n"), TextError::Rewritten(TextForm::Escapes)),
        (pem.replacen("MII", "M!I", 1).replace('\n', "\\n"), TextError::Rewritten(TextForm::Escapes)),
        (pem.replacen("MII", "M!I", 1), TextError::NotBase64(Some((2, '!')))),
        (pem.replacen("MII", "M!I", 1).replace('\n', "<br>"), TextError::Rewritten(TextForm::HtmlEntities)),
        (format!("'{}'", &pem[..pem.len() / 2]), TextError::CutOff),
        ("no request &amp; nothing".to_owned(), TextError::NoRequest),
    ] {
        assert_eq!(decode(&text), Err(error), "{text}");
        judged += 1;
    }
    assert!(judged > 40, "{judged}");
}

#[test]
fn a_private_key_in_any_form_is_refused_for_what_it_is() {
    let key = testing::TestKeyPair::generate(TestKey::EcP256).pem();
    let mut taken = Vec::new();
    for (form, give) in OF_ANY_TEXT {
        let error = decode(&give(&key));
        if !matches!(error, Err(TextError::PrivateKey(_))) {
            taken.push(format!("{form}: {error:?}"));
        }
    }
    // The characters of every DER form of a request, around the DER of a key.
    let request = key.replace("PRIVATE KEY", "CERTIFICATE REQUEST");
    for (form, give) in OF_PEM {
        let error = decode(&give(&request));
        if !matches!(error, Err(TextError::PrivateKey(_))) {
            taken.push(format!("{form} of the DER: {error:?}"));
        }
    }
    assert!(taken.is_empty(), "{taken:#?}");
}

#[test]
fn readings_that_hold_different_requests_are_several_requests() {
    let requests = fixed_requests();
    let [(one, _), (other, _), ..] = requests.as_slice() else { unreachable!() };
    let (one, other) = (base64(one), base64(other));
    assert_eq!(decode(&format!("first: {one}\nsecond: {other}\n")), Err(TextError::SeveralRequests(2)));
    let hex = OF_PEM
        .iter()
        .find(|(name, _)| *name == "hexadecimal of the DER")
        .map(|(_, form)| form(&requests[2].0));
    assert_eq!(
        decode(&format!("first: {one}\nsecond: {}\n", hex.unwrap_or_default())),
        Err(TextError::SeveralRequests(2))
    );
}

#[test]
fn compressed_data_is_read_up_to_a_bound() {
    let give = |name: &str| OF_ANY_TEXT.iter().find(|(form, _)| *form == name).map(|(_, form)| *form);
    let bomb = "A ".repeat(5_000_000);
    for form in ["gzip in base64", "zip in base64"] {
        let text = give(form).map(|form| form(&bomb)).unwrap_or_default();
        assert!(text.len() < Csr::MAX_BYTES && text.len() > 1_000, "{}", text.len());
        assert!(decode(&text).is_err(), "{form}");
        assert!(work(&text) < 64_000 * 30, "{}", work(&text));
    }
}

#[test]
fn the_damaged_line_is_named() {
    let (pem, _) = request_with_plus();
    let at = pem.find("MII").map_or(0, |at| at + 70);
    let cut = format!("{}{}", &pem[..at], &pem[at + 4..]);
    assert_eq!(decode(&cut), Err(TextError::LineLength { line: 3, length: 60, usual: 64 }));
    let added = format!("{}AAAA{}", &pem[..at], &pem[at..]);
    assert_eq!(decode(&added), Err(TextError::LineLength { line: 3, length: 68, usual: 64 }));
}

#[test]
fn a_line_of_a_damaged_request_is_no_form_of_its_own() {
    let (pem, _) = request_with_plus();
    let damaged = pem.replacen("\nMI", "\nM!", 1);
    let begins: [&[u8]; 3] = [&[0x07, 46], &[0xff, 0xfe], &[0xfe, 0xff, 0, b'-']];
    for begin in begins {
        let mut octets = [0xa5; 48];
        octets[..begin.len()].copy_from_slice(begin);
        let text: String = damaged.lines().map(|line| format!("> {line}\n")).collect();
        let text = text.replace("> -----END", &format!("> {}\n> -----END", base64(octets)));
        assert_eq!(decode(&text), Err(TextError::NotBase64(Some((2, '!')))), "{begin:02x?}");
    }
}

#[test]
fn a_blank_that_is_no_plus_is_not_guessed() {
    let (pem, _) = request_with_plus();
    // One character of the body is lost: no reading is a whole request.
    let (begin, end) = pem.split_at(pem.find("MII").map_or(0, |at| at + 70));
    let cut = format!("{begin} {}", &end[2..]);
    assert!(decode(&cut).map_or(true, |der| strict_der::check(&der).is_err()));
}

proptest::proptest! {
    #[test]
    fn any_text_ends_in_a_request_or_an_error(text in "(?s)(-----BEGIN |-----|END|CERTIFICATE REQUEST|\\\\n|&#43;|%2B|=3D|MIIB|LS0tLS1CRUdJTi|.){0,60}") {
        _ = decode(&text);
    }
}
