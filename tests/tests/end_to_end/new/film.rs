//! The whole way of a requester who has no openssl, on a phone, as a film in pictures: from the form to a PKCS#12 file that is
//! installed. The pictures are in `target/screenshots/film-*.png`.

use end_to_end::{Browser, Look, PkiDir, needed, repository, unique_host};

use super::visit::KeyVisit;
use super::{PASSPHRASE, PROGRAMS};

/// Takes one picture after the other.
struct Film<'a> {
    browser: &'a Browser,
    taken: usize,
}

impl Film<'_> {
    async fn take(&mut self, name: &str) {
        let phone = Look::ALL[1];
        self.taken += 1;
        let file = repository().join(format!("target/screenshots/film-{}-{name}.png", self.taken));
        self.browser.picture(phone, &file).await;
        let (content, seen) = self.browser.widths().await;
        assert!(content <= seen, "{name} scrolls sideways: {content} px in {seen}");
    }
}

#[tokio::test]
async fn a_requester_without_openssl_gets_an_installed_pkcs12_file_on_a_phone() {
    let Some(programs) = needed(PROGRAMS) else { return };
    let nss = [("pk12util", "libnss3-tools"), ("certutil", "libnss3-tools")];
    let Some([pk12util, certutil]) = needed(nss) else { return };
    std::fs::create_dir_all(repository().join("target/screenshots")).unwrap();
    let visit = KeyVisit::with(Browser::start(&programs, true).await).await;
    let (browser, host) = (&visit.browser, unique_host());
    browser.look(Look::ALL[1]).await;
    let mut film = Film { browser, taken: 0 };

    browser.page.goto(&visit.base).await.unwrap();
    browser.press("#csr-help summary").await;
    film.take("the-form-offers-to-make-a-key").await;
    browser.leave("#csr-help a[href$='new']").await;
    visit.shown("#make-button").await;
    film.take("a-key-in-the-browser").await;
    let (key_file, _) = visit.make("ec-p256", &host).await;
    film.take("the-key-is-made-and-downloaded").await;
    let asked = visit.certify().await;
    film.take("the-request-is-sent").await;
    visit.open_status(&asked).await;
    film.take("the-certificate-is-ready").await;
    visit.choose(&key_file, PASSPHRASE).await;
    let file = visit.file("modern").await;
    film.take("the-pkcs12-file-is-made").await;

    // Installed, as in the store that browsers on Linux use.
    let folder = PkiDir::new();
    folder.write("modern.p12", std::fs::read(&file).unwrap());
    std::fs::create_dir(folder.path("nss")).unwrap();
    folder.succeed(&certutil, &["-N", "-d", "sql:nss", "--empty-password"]);
    folder.succeed(&pk12util, &["-i", "modern.p12", "-d", "sql:nss", "-W", PASSPHRASE, "-K", ""]);
    let installed = folder.succeed(&certutil, &["-L", "-d", "sql:nss"]);
    assert!(installed.contains(&host) && installed.contains("u,u,u"), "{installed}");
    assert_eq!(film.taken, 6);
    visit.browser.close().await;
}
