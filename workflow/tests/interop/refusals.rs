//! Refused requests, with code and words: the list in docs/issuance.md.
//!
//! Invariant: each row says what is sent, and the code that must come first; the words are those that a person is shown.
//! Every code that a request can end in is there.

mod keys;
mod names;
mod texts;
mod wishes;

use pki::issuer::Issuer;
use pki::testing::{CaMaker, CsrMaker, TestKey};
use workflow::email::Email;
use workflow::finding::{Code, Finding};
use workflow::policy::Policy;
use workflow::policy::evaluate::evaluate_csr;
use workflow::requester::Requester;

use crate::document::{Table, plain, settle};

const DEFAULT: &str = include_str!("../../../infra/policy.toml");
const STRICT: &str = include_str!("strict-policy.toml");

/// Something that is refused.
struct Row {
    what: &'static str,
    code: Code,
    text: String,
    profile: Option<&'static str>,
    policy: String,
    issuer: Option<Issuer>,
    /// Text that differs from run to run, and its name in the list.
    varies: Option<(String, &'static str)>,
}

impl Row {
    fn new(what: &'static str, code: Code, text: String) -> Row {
        Row { what, code, text, profile: None, policy: DEFAULT.to_owned(), issuer: None, varies: None }
    }

    fn strict(self) -> Row {
        Row { policy: STRICT.to_owned(), ..self }
    }

    /// Below an authority that may certify example.com alone, without secret.example.com.
    fn constrained(self) -> Row {
        let ca = CaMaker::new(TestKey::EcP256).name_constraints(&["example.com"], &["secret.example.com"]);
        Row { issuer: Some(Issuer::from_pem(&ca.self_signed().certificate_pem).unwrap()), ..self }
    }

    fn profile(self, profile: &'static str) -> Row {
        Row { profile: Some(profile), ..self }
    }
}

/// A request that is right as it is.
fn right() -> CsrMaker {
    CsrMaker::new(TestKey::EcP256).names(&["www.example.com"])
}

#[test]
fn every_refusal_has_its_code_and_its_words() {
    let alice = Requester::Person("alice@example.com".parse().unwrap());
    let requester = Some(&alice);
    assert!(
        evaluate_csr(&Policy::parse(DEFAULT).unwrap(), None, &right().pem(), None, None, requester).is_ok()
    );
    assert!(
        evaluate_csr(&Policy::parse(STRICT).unwrap(), None, &right().pem(), None, None, requester).is_ok()
    );

    let mut faults = Vec::new();
    let mut rows = Vec::new();
    let mut seen = Vec::new();
    let mut say = |what: &str, code: Code, finding: &Finding, varies: Option<&(String, &str)>| {
        if finding.code != code {
            faults.push(format!("{what}: {code} expected, {} found: {finding}", finding.code));
        }
        seen.push(finding.code);
        let words = |text: &str| match varies {
            Some((value, called)) => plain(&text.replace(value, called)),
            None => plain(text),
        };
        rows.push(vec![
            Some(plain(what)),
            Some(format!("`{}`", finding.code)),
            Some(words(&finding.detail)),
            Some(words(&finding.advice)),
        ]);
    };
    let requests = [texts::rows(), keys::rows(), names::rows(), wishes::rows()];
    for row in requests.into_iter().flatten() {
        let policy = Policy::parse(&row.policy).unwrap();
        match evaluate_csr(&policy, row.issuer.as_ref(), &row.text, None, row.profile, requester) {
            Ok(judged) => panic!("{}: granted, with {:?}", row.what, judged.findings),
            Err(refusal) => say(row.what, row.code, refusal.main().unwrap(), row.varies.as_ref()),
        }
    }
    for (what, text) in [
        ("no e-mail address", ""),
        ("an e-mail address without @", "alice.example.com"),
        ("two e-mail addresses", "alice@example.com, bob@example.com"),
        ("an e-mail address with a line break", "alice@example.com\r\nBcc: bob@example.com"),
    ] {
        let finding = text.parse::<Email>().expect_err(what);
        say(what, Code::BadEmail, &finding, None);
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    // The others are about links, fields and faults of the web front.
    for code in Code::ALL.into_iter().take_while(|code| *code != Code::MissingField) {
        assert!(seen.contains(&code), "nothing ends in {code}");
    }

    let columns = ["What is sent", "Code", "What is wrong", "What to do"];
    let table = Table { columns: columns.map(str::to_owned).to_vec(), keys: 1, rows };
    settle("refusals", &table.markdown("refusals"));
}
