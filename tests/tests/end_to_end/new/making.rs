//! Keys of every kind, from `/new` to the files that programs use, with all traffic recorded.

use std::path::Path;
use std::process::Command;

use end_to_end::{Browser, BrowserTraffic, PkiDir, SecretPieces, Stack, find, needed, unique_host};

use super::judges::Judges;
use super::visit::KeyVisit;
use super::{PASSPHRASE, PROGRAMS};

#[tokio::test]
async fn no_octet_of_a_key_leaves_the_browser() {
    let Some(programs) = needed(PROGRAMS) else { return };
    let Some(judges) = Judges::installed() else { return };
    Stack::shared().await;
    let traffic = BrowserTraffic::record().await;
    let visit = KeyVisit::with(Browser::start_through(&programs, true, &traffic.url()).await).await;
    let mut pieces = SecretPieces::default();
    for kind in ["ec-p256", "ec-p384", "rsa", "ed25519"] {
        let (host, folder) = (unique_host(), PkiDir::new());
        visit.open().await;
        let (key_file, csr) = visit.make(kind, &host).await;
        assert_eq!(key_file.file_name().unwrap().to_str().unwrap(), format!("{host}-key.pem"));
        judges.csr(&folder, &csr, &host);
        let asked = visit.certify().await;
        visit.open_status(&asked).await;
        visit.choose(&key_file, PASSPHRASE).await;
        let modern = visit.file("modern").await;
        let modern = visit.take(&modern, "modern.p12");
        let [pbmac1, bundle, key, fullchain] = [
            visit.file("pbmac1").await,
            visit.file("bundle").await,
            visit.file("key").await,
            visit.file("fullchain").await,
        ];
        let files = [
            ("encrypted.pem", &key_file),
            ("modern.p12", &modern),
            ("pbmac1.p12", &pbmac1),
            ("bundle.pem", &bundle),
            ("key.pem", &key),
            ("fullchain.pem", &fullchain),
        ];
        for (name, file) in files {
            folder.write(name, std::fs::read(file).unwrap());
            std::fs::remove_file(file).unwrap();
        }
        judges.files(&folder, kind, &host);
        add_secrets(&mut pieces, &folder.path("key.pem"));
    }
    pieces.add(PASSPHRASE.as_bytes());
    visit.browser.close().await;
    assert!(pieces.count() > 3_000, "{} pieces", pieces.count());

    let exchanges = traffic.exchanges();
    let base = visit.base.as_bytes();
    let ours: Vec<_> = exchanges.iter().filter(|one| one.octets.starts_with(base)).collect();
    // What was sent is recorded, so an empty record proves nothing here.
    for (path, least) in [("/requests", 4), ("/requests/preview", 4), ("/certificate.zip", 4)] {
        let count = ours.iter().filter(|one| one.path.ends_with(path)).count();
        assert!(count >= least, "{count} calls of {path}");
    }
    for exchange in &exchanges {
        let (method, path) = (&exchange.method, &exchange.path);
        assert!(
            !pieces.are_in(&exchange.octets),
            "{method} {path} has a piece of a key or of its passphrase"
        );
    }
}

/// Adds the secret numbers of a key that is not encrypted.
fn add_secrets(pieces: &mut SecretPieces, key: &Path) {
    let Some(openssl) = find("openssl") else { panic!("openssl made the report") };
    let output = Command::new(openssl).args(["pkey", "-noout", "-text", "-in"]).arg(key).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let mut count = 0;
    let mut is_secret = false;
    let mut digits = String::new();
    for line in text.lines().chain(["end:"]) {
        if line.starts_with(' ') {
            if is_secret {
                digits.extend(line.chars().filter(char::is_ascii_hexdigit));
            }
            continue;
        }
        if is_secret {
            let octets = hex::decode(digits.strip_prefix("00").unwrap_or(&digits)).unwrap();
            assert!(octets.len() >= 30, "{} octets", octets.len());
            pieces.add(&octets);
            count += 1;
        }
        digits.clear();
        is_secret = ["priv", "privateExponent", "prime", "exponent1", "exponent2", "coefficient"]
            .iter()
            .any(|name| line.starts_with(name));
    }
    assert!(count == 1 || count == 6, "{count} secret numbers");
}
