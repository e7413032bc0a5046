//! What people do wrong on the pages with keys, and browsers that lack something: each has its answer.

use end_to_end::{Browser, PkiDir, Stack, Submission, csr_for, find, needed, unique_host};
use serde_json::json;

use super::visit::KeyVisit;
use super::{PASSPHRASE, PROGRAMS};
use crate::APPROVER;

#[tokio::test]
async fn wrong_names_and_passphrases_are_answered_at_their_fields() {
    let Some(programs) = needed(PROGRAMS) else { return };
    Stack::shared().await;
    let visit = KeyVisit::with(Browser::start(&programs, true).await).await;
    visit.open().await;
    let press = async || visit.browser.press("#make-button").await;
    press().await;
    visit.says("#typed-names-error", "at least one name").await;
    visit.type_into("#typed-names", "www.example.com a..b 300.1.1.1").await;
    press().await;
    visit.says("#typed-names-error", "a..b 300.1.1.1").await;
    visit.type_into("#typed-names", &unique_host()).await;
    for (first, second, field, said) in [
        ("", "", "#passphrase-error", "Enter a passphrase"),
        ("short", "short", "#passphrase-error", "at least 12 characters"),
        ("pässword of length", "pässword of length", "#passphrase-error", "ASCII"),
        (PASSPHRASE, "another passphrase", "#passphrase-again-error", "differ"),
    ] {
        visit.type_passphrases(first, second).await;
        press().await;
        visit.says(field, said).await;
        assert!(!visit.is_shown("#made").await, "{said}");
        let focused = visit.browser.page.active_element().await.unwrap().attr("id").await.unwrap().unwrap();
        assert_eq!(format!("#{focused}-error"), field);
    }
    // What is shown is typed once.
    visit.browser.press("[data-shows]").await;
    assert!(!visit.is_shown("#passphrase-again").await);
    visit.type_into("#passphrase", PASSPHRASE).await;
    press().await;
    visit.shown("#key-link").await;
    assert!(!visit.can_send().await);
    assert!(!visit.is_shown("#typed-names-error").await);
    // A form that is sent by a script all the same stays here.
    visit.browser.fill("#email", "team@example.com").await;
    let url = visit.browser.page.current_url().await.unwrap();
    visit.browser.page.execute("document.getElementById('request').requestSubmit()", vec![]).await.unwrap();
    visit.says("#why", "download").await;
    assert_eq!(visit.browser.page.current_url().await.unwrap(), url);
    // Names that the profile refuses are answered by the preview.
    visit.type_into("#typed-names", "www.example.edu").await;
    press().await;
    visit.says("#preview", "www.example.edu").await;
    visit.browser.close().await;
}

#[tokio::test]
async fn the_wrong_key_file_or_passphrase_is_answered() {
    let Some(programs) = needed(PROGRAMS) else { return };
    let Some(openssl) = find("openssl") else { return };
    let (stack, folder, host) = (Stack::shared().await, PkiDir::new(), unique_host());
    let (portal, mailbox) = (stack.portal(), stack.mailbox());
    let p256 = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"];
    let asked = portal.ask(&Submission::of(&folder.openssl_csr(&openssl, &p256, &host, &[]))).await;
    let run = |arguments: &str| {
        let arguments: Vec<&str> = arguments.split(' ').collect();
        folder.succeed(&openssl, &arguments);
    };
    run("pkcs8 -topk8 -in key.pem -out encrypted.pem -passout pass:longenough");
    run("pkcs8 -topk8 -scrypt -in key.pem -out scrypt.pem -passout pass:longenough");
    run("ec -in key.pem -out sec1.pem");
    run("genpkey -algorithm ed25519 -out other.pem");
    run("genpkey -algorithm x25519 -out agreement.pem");
    folder.write("large.pem", "A".repeat(300 * 1024));
    let link = mailbox.approval_link(&asked, APPROVER).await;
    portal.decide(&link, "approve", "").await.expect(200);
    portal.until(&asked, "delivered").await;

    let visit = KeyVisit::with(Browser::start(&programs, true).await).await;
    visit.open_status(&asked).await;
    let press = async || visit.browser.press("#key-button").await;
    visit.browser.press("input[value=fullchain]").await;
    press().await;
    visit.says("#key-choice-error", "Choose the key file").await;
    for (file, passphrase, error, said) in [
        ("request.csr", "", "#key-choice-error", "isn't a private key"),
        ("large.pem", "", "#key-choice-error", "isn't a private key"),
        ("sec1.pem", "", "#key-choice-error", "another format"),
        ("scrypt.pem", "longenough", "#key-choice-error", "can't open this encryption"),
        ("agreement.pem", "", "#key-choice-error", "can't use this kind of key"),
        ("other.pem", "", "#key-choice-error", "another certificate"),
        ("encrypted.pem", "", "#key-passphrase-error", "Enter its passphrase"),
        ("encrypted.pem", "Longenough", "#key-passphrase-error", "doesn't open"),
    ] {
        visit.choose(&folder.path(file), passphrase).await;
        press().await;
        visit.says(error, said).await;
        assert!(!visit.is_shown("#key-made").await, "{file}");
    }
    // The passphrase of a file of one's own is too short for a PKCS#12 file, which may have another.
    visit.choose(&folder.path("encrypted.pem"), "longenough").await;
    visit.browser.press("input[value=modern]").await;
    press().await;
    visit.says("#key-another-error", "at least 12 characters").await;
    visit.type_into("#key-another", PASSPHRASE).await;
    let made = visit.file("modern").await;
    folder.write("made.p12", std::fs::read(made).unwrap());
    let pass = format!("pass:{PASSPHRASE}");
    let open = ["pkcs12", "-in", "made.p12", "-passin", &pass, "-noenc", "-nocerts", "-out", "opened.pem"];
    folder.succeed(&openssl, &open);
    let public = |key: &str| folder.succeed(&openssl, &["pkey", "-in", key, "-pubout"]);
    assert_eq!(public("opened.pem"), public("key.pem"));
    // A file that is dropped, and is not encrypted.
    visit.open_status(&asked).await;
    let drop = "const dataTransfer = new DataTransfer();
        dataTransfer.items.add(new File([arguments[0]], 'key.pem'));
        const event = { dataTransfer, bubbles: true, cancelable: true };
        document.getElementById('key-file').dispatchEvent(new DragEvent('drop', event));";
    visit.browser.page.execute(drop, vec![json!(folder.read("key.pem"))]).await.unwrap();
    visit.says("#key-dropped", "key.pem").await;
    assert!(visit.file("bundle").await.is_file());
    // A certificate that cannot be fetched.
    let away = "const real = fetch; window.fetch = async () => new Response('', { status: 503 });";
    visit.open_status(&asked).await;
    visit.browser.page.execute(away, vec![]).await.unwrap();
    visit.choose(&folder.path("encrypted.pem"), "longenough").await;
    visit.browser.press("input[value=key]").await;
    press().await;
    visit.says("#key-choice-error", "couldn't be fetched").await;
    visit.browser.close().await;
}

#[tokio::test]
async fn without_webcrypto_the_pages_say_so_and_lead_to_commands() {
    let Some(programs) = needed(PROGRAMS) else { return };
    let stack = Stack::shared().await;
    let (portal, mailbox) = (stack.portal(), stack.mailbox());
    let asked = portal.ask(&Submission::of(&csr_for(&[&unique_host()]))).await;
    let link = mailbox.approval_link(&asked, APPROVER).await;
    portal.decide(&link, "approve", "").await.expect(200);
    portal.until(&asked, "delivered").await;
    // As in plain http on a host that is not this machine's own name; a local stack answers on its own names alone.
    let missing = "Object.defineProperty(Crypto.prototype, 'subtle', { get: () => undefined })";
    let visit = KeyVisit::with(Browser::start(&programs, true).await).await;
    visit.browser.before_scripts(missing).await;
    visit.browser.page.goto(&format!("{}new", visit.base)).await.unwrap();
    visit.says("#no-crypto", "WebCrypto").await;
    assert!(!visit.is_shown("#make").await);
    let address = visit.browser.element("#no-crypto a").await.prop("href").await.unwrap().unwrap();
    assert!(portal.get(&address, "text/html").await.expect(200).text().contains("openssl req"));

    visit.browser.page.goto(&asked.status_url).await.unwrap();
    visit.says("#key-no-crypto", "openssl pkcs12 -export").await;
    assert!(!visit.is_shown("#key-controls").await);
    visit.browser.close().await;
}

#[tokio::test]
async fn without_indexeddb_the_download_is_all_there_is() {
    let Some(programs) = needed(PROGRAMS) else { return };
    Stack::shared().await;
    let missing = "Object.defineProperty(window, 'indexedDB', { value: undefined })";
    // As Firefox in a private window once did: it is there, and does not open.
    let failing = "IDBFactory.prototype.open = function () {
        const request = {};
        setTimeout(() => { request.error = new DOMException('no', 'InvalidStateError'); request.onerror(); });
        return request;
    };";
    for (script, can_be_chosen) in [(missing, false), (failing, true)] {
        let visit = KeyVisit::with(Browser::start(&programs, true).await).await;
        visit.browser.before_scripts(script).await;
        visit.open().await;
        let keep = visit.browser.element("#keep").await;
        assert_eq!(keep.is_enabled().await.unwrap(), can_be_chosen);
        if can_be_chosen {
            keep.click().await.unwrap();
        } else {
            visit.says("#no-store", "IndexedDB").await;
        }
        let (key_file, _) = visit.make("ec-p256", &unique_host()).await;
        if can_be_chosen {
            visit.says("#kept", "couldn't keep").await;
        }
        let asked = visit.certify().await;
        visit.open_status(&asked).await;
        assert!(!visit.is_shown("#key-kept").await);
        visit.choose(&key_file, PASSPHRASE).await;
        assert!(visit.file("fullchain").await.is_file());
        visit.browser.close().await;
    }
}

#[tokio::test]
async fn without_javascript_the_page_says_so_and_leads_to_commands() {
    let Some(programs) = needed(PROGRAMS) else { return };
    let stack = Stack::shared().await;
    let browser = Browser::start(&programs, false).await;
    for (language, said) in [("en", "It needs JavaScript"), ("ja", "JavaScript が必要です")] {
        browser.page.goto(&format!("{}new?lang={language}", stack.portal().base)).await.unwrap();
        let page = browser.element("main").await.text().await.unwrap();
        assert!(page.contains(said), "{page}");
        assert!(!browser.element("#request").await.is_displayed().await.unwrap());
        browser.leave("noscript a").await;
        let commands = browser.element("main").await.text().await.unwrap();
        assert!(commands.contains("openssl req"), "{commands}");
    }
    browser.close().await;
}
