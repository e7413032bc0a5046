//! The page with commands: each command is run, and makes a CSR with the typed names.

use std::collections::BTreeSet;
use std::process::Command;

use pki::csr::Csr;
use pki::name::Name;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use url::form_urlencoded;

use crate::site::Site;

/// The page of these names.
async fn page(site: &Site, typed: &str) -> String {
    let query = form_urlencoded::Serializer::new(String::new()).append_pair("names", typed).finish();
    site.browse(&format!("/commands?{query}")).await.text()
}

/// The command of the page under this heading.
fn command(page: &str, heading: &str) -> Option<String> {
    let (_, section) = page.split_once(&format!("<h2>{heading}</h2>"))?;
    let (_, code) = section.split_once("<code>")?;
    Some(plain(code.split_once("</code>")?.0))
}

/// The text of a piece of HTML.
fn plain(html: &str) -> String {
    [("&#60;", "<"), ("&#62;", ">"), ("&#34;", "\""), ("&#39;", "'"), ("&#38;", "&")]
        .iter()
        .fold(html.to_owned(), |text, (reference, character)| text.replace(reference, character))
}

/// True if bash and openssl are installed; otherwise says so.
fn tools_are_installed() -> bool {
    let runs = |program: &str, argument: &str| Command::new(program).arg(argument).output().is_ok();
    if runs("bash", "--version") && runs("openssl", "version") {
        return true;
    }
    assert!(std::env::var_os("COUNTERSIGN_NO_SKIPS").is_none(), "bash or openssl is not installed");
    #[allow(clippy::print_stderr)]
    {
        eprintln!("SKIPPED: install bash and openssl with: apt-get install bash openssl");
    }
    false
}

/// Runs a command in an empty folder; returns the CSR, and the files in the folder.
fn run(command: &str) -> (Csr, BTreeSet<String>) {
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new("bash").arg("-euc").arg(command).current_dir(folder.path()).output().unwrap();
    assert!(output.status.success(), "{command}\n{}", String::from_utf8_lossy(&output.stderr));
    let csr = std::fs::read_to_string(folder.path().join("request.csr")).unwrap();
    let files = std::fs::read_dir(folder.path()).unwrap();
    let files = files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    (Csr::read(&csr).unwrap_or_else(|error| panic!("{command}\n{error:?}")), files)
}

/// Asserts that the page has a working command for the valid names of `typed`, and names all other words of it.
/// Returns the number of names in the CSR.
async fn is_served(site: &Site, typed: &str) -> usize {
    let page = page(site, typed).await;
    let words: BTreeSet<&str> =
        typed.split([' ', ',', ';', '\n', '\t']).filter(|word| !word.is_empty()).collect();
    let (valid, other): (Vec<_>, Vec<_>) = words.into_iter().partition(|word| word.parse::<Name>().is_ok());
    let valid: BTreeSet<Name> = valid.into_iter().map(|word| word.parse().unwrap()).collect();
    let left_out =
        page.split_once("Left out of the commands").map(|(_, said)| plain(said)).unwrap_or_default();
    for word in other {
        assert!(left_out.contains(word), "{word:?} of {typed:?} is gone: {page}");
    }
    let openssl = command(&page, "openssl");
    let powershell = page.split_once("<h2>PowerShell</h2>").map(|(_, section)| plain(section));
    for name in &valid {
        let named = powershell.as_ref().unwrap_or_else(|| panic!("{name} of {typed:?} is gone: {page}"));
        assert!(named.contains(&name.to_string()), "{name} is not for PowerShell: {page}");
    }
    match openssl {
        None => assert!(valid.is_empty(), "no command for {typed:?}: {page}"),
        Some(command) => {
            let (csr, files) = run(&command);
            let names: BTreeSet<Name> = csr.names().iter().cloned().collect();
            assert_eq!(names, valid, "{command}");
            assert_eq!(csr.names().len(), valid.len(), "{command}");
            let made = ["key.pem", "request.csr"].map(str::to_owned);
            assert_eq!(files, BTreeSet::from(made), "{command}");
        }
    }
    valid.len()
}

#[tokio::test]
async fn the_commands_make_a_csr_with_the_typed_names() {
    if !tools_are_installed() {
        return;
    }
    let site = Site::new();
    let long = format!("{}.{}.example.com", "a".repeat(60), "b".repeat(60));
    let many: Vec<String> = (0..250).map(|n| format!("host-{n}.example.com")).collect();
    for (typed, names) in [
        ("www.example.com", 1),
        ("*.example.com example.com", 2),
        ("10.0.0.1, 2001:db8::1; ::ffff:10.0.0.1", 3),
        ("spiffe://example.org/x", 1),
        ("spiffe://example.org/ns/prod/sa/web www.example.com", 2),
        ("https://www.example.com/a$b'c?e=f&g=h%20i", 1),
        ("o'neil@example.com a$HOME+`id`#{x}/y=z@example.com", 2),
        (&long, 1),
        (&format!("{long} www.example.com"), 2),
        (&many.join("\n"), 250),
        ("xn--bcher-kva.example.com b\u{fc}cher.example.com", 1),
        ("not_a_name! '; touch hacked; ' $(touch hacked) `touch hacked`", 0),
    ] {
        assert_eq!(is_served(&site, typed).await, names, "{typed}");
    }
}

#[test]
fn every_typed_word_is_in_the_command_or_said_to_be_left_out() {
    if !tools_are_installed() {
        return;
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let site = Site::new();
    let name = prop_oneof![
        3 => "[a-z]{1,3}(\\.[a-z]{2,5}){1,2}",
        2 => "(\\*\\.)?[a-z0-9-]{1,63}\\.[a-z0-9]{1,30}\\.example",
        2 => "[a-z!#$%&'*+/=?^_`{|}~.-]{1,12}@[a-z]{1,5}\\.com",
        2 => "(https|spiffe|urn|ldap)://[a-z]{1,5}\\.com(/[a-z._~:?#@!$&'()*+=%\\[\\]-]{0,12})?",
        1 => "[0-9]{1,3}\\.[0-9]{1,3}\\.[0-9]{1,3}\\.[0-9]{1,3}|[0-9a-f]{1,4}::[0-9a-f]{1,4}",
        1 => "[!-~]{1,12}",
    ];
    let typed = prop::collection::vec(name, 1..8).prop_map(|names| names.join(" "));
    let names = std::cell::Cell::new(0);
    let mut runner = TestRunner::new(ProptestConfig { cases: 96, ..ProptestConfig::default() });
    runner
        .run(&typed, |typed| {
            names.set(names.get() + runtime.block_on(is_served(&site, &typed)));
            Ok(())
        })
        .unwrap();
    assert!(names.get() >= 96, "only {} valid names", names.get());
}

#[tokio::test]
async fn names_beyond_the_limit_are_named() {
    let names: Vec<String> = (0..252).map(|n| format!("host-{n}.example.com")).collect();
    let page = page(&Site::new(), &names.join(" ")).await;
    assert!(page.contains("A request can have at most 250 names."), "{page}");
    let (_, left_out) = page.split_once("Left out of the commands").unwrap();
    let (left_out, commands) = left_out.split_once("<h2>openssl</h2>").unwrap();
    for name in ["host-250.example.com", "host-251.example.com"] {
        assert!(left_out.contains(name) && !commands.contains(name), "{page}");
    }
}

#[tokio::test]
async fn the_example_is_shown_only_before_anything_is_typed() {
    let site = Site::new();
    assert!(command(&page(&site, " ").await, "openssl").unwrap().contains("/CN=www.example.com"));
    let page = page(&site, "localhost").await;
    assert_eq!((command(&page, "openssl"), command(&page, "PowerShell")), (None, None));
    let key = pki::testing::root().key_pem;
    let query = form_urlencoded::Serializer::new(String::new()).append_pair("names", &key).finish();
    let page = site.browse(&format!("/commands?{query}")).await;
    let page = page.is_page(400);
    assert!(page.contains("private key") && !page.contains("www.example.com'"), "{page}");
    assert!(!page.contains(key.lines().nth(1).unwrap()));
}

#[tokio::test]
async fn the_common_name_fits_or_is_left_out() {
    let site = Site::new();
    let long = format!("{}.example.com", "a".repeat(60));
    let [alone, beside, mail] = [long.clone(), format!("{long} www.example.com"), "a@example.com".to_owned()];
    for (typed, subject) in
        [(alone, "-subj '/' "), (beside, "-subj '/CN=www.example.com' "), (mail, "-subj '/' ")]
    {
        let page = page(&site, &typed).await;
        assert!(command(&page, "openssl").unwrap().contains(subject), "{typed}");
        let has_subject = subject.contains("CN");
        assert_eq!(command(&page, "PowerShell").unwrap().contains("\nSubject = "), has_subject, "{typed}");
    }
}
