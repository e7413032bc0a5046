//! The values of a document, and its mistakes.

use proptest::prelude::*;

use super::*;
use crate::email::Email;

#[test]
fn mistakes_in_the_document_are_one_line_with_its_number() {
    let wrong = |text: &str| Policy::parse(text).unwrap_err();
    let with = |lines: &str| {
        wrong(&format!(
            "[profiles.server]\napprovers = [\"a@example.com\"]\nnames.dns.allow = [\"example.com\"]\n{lines}"
        ))
    };
    for (said, line, words) in [
        (with("colour = 1"), 4, "unknown key `colour`"),
        (with("limit = \"7 days\""), 4, "no length of time"),
        (with("limit = \"7日\""), 4, "no length of time"),
        (with("limit = \"\""), 4, "no length of time"),
        (with("limit = \"90d\""), 4, "out of range"),
        (with("\n\nkey_usage = [\"keyCertSign\"]"), 6, "for authorities"),
        (with("key_usage = [\"sign\"]"), 4, "no key usage"),
        (with("extended_key_usage = [\"any\"]"), 4, "no purpose"),
        (with("extended_key_usage = [\"2.5.29.37.0\"]"), 4, "speak for the authority"),
        (with("keys = [\"dsa\"]"), 4, "\"dsa\" is no kind of key"),
        (with("names.ip.allow = [\"10.0.0.1/8\"]"), 4, "behind its prefix"),
        (with("names.dns.deny = [\"*.example.com\"]"), 4, "no suffix"),
        (with("subject = \"CN=x\""), 4, "CN comes from the request"),
        (with("subject = \"O=Example,C=Germany\""), 4, "not two letters"),
        (with("quorum = 2"), 4, "1 approver and a quorum of 2"),
        (with("quorum = 0"), 4, "quorum of 0"),
        (with("validity_days = 0"), 4, "validity of 0 days"),
        (with("rsa_min_bits = 1024"), 4, "at least 2048"),
        (wrong("[profiles.server]\nnames.dns.allow = [\"example.com\"]"), 1, "no approvers"),
        (
            wrong("[profiles.server]\nnames.dns.allow = [\"example.com\"]\n[defaults]\napprovers = []"),
            4,
            "no approvers",
        ),
        (wrong("[profiles.server]\napprovers = [\"a@example.com\"]"), 1, "allows no names"),
        (wrong("[profiles.server]\napprovers = [\"unknown\"]"), 2, "no e-mail address"),
        (wrong("[profiles.Server]\n"), 1, "no name for a profile"),
        (
            wrong(
                "default = \"x\"\n[profiles.server]\napprovers = [\"a@example.com\"]\nnames.dns.allow = [\"*\"]",
            ),
            1,
            "no profile \"x\"",
        ),
        (wrong("denied_keys = [\"abc\"]\n[profiles]"), 1, "no SHA-256"),
        (wrong("[publication]\ncrl = [\"ldap://x\"]\n[profiles]"), 2, "no web address"),
        (wrong("[publication]\nlist_shards = 0\n[profiles]"), 2, "0 is out of range; write 1 to 1000"),
        (wrong("[publication]\nlist_shards = 1001\n[profiles]"), 2, "1001 is out of range; write 1 to 1000"),
        (wrong("[profiles.server\n"), 1, ""),
    ] {
        let is_it = |error: &&PolicyError| error.place.as_ref().is_some_and(|place| place.line == line);
        let found = said.all().iter().filter(is_it).any(|error| error.to_string().contains(words));
        assert!(found && !said.to_string().contains('\n'), "{words}: {:?}", said.all());
    }
    for (lines, words) in [
        ("approval = [{ group = \"security\" }]", "approval and also approvers"),
        ("escalation = { after = \"1d\", group = \"unknown\" }", "no group \"unknown\""),
        ("reminders = [\"7d\"]", "not before the usual limit of 7 days"),
    ] {
        assert!(with(lines).to_string().contains(words), "{}", with(lines));
    }
    let both = "[defaults]\napprovers = [\"a@example.com\", \"b@example.com\"]\nquorum = 2\n\
                approval = [{ group = \"security\" }]\nnames.dns.allow = [\"*\"]\n\
                [groups]\nsecurity = [\"s@example.com\"]\n[profiles.server]\n";
    assert_eq!(
        wrong(&format!("\n{both}")).to_string(),
        "policy, line 5: [defaults] has approval and also approvers or quorum; write one way or the other"
    );
    let wrong = |text: &str| {
        let errors = Policy::parse(text).unwrap_err();
        errors.all().iter().map(|error| format!("{error}\n")).collect::<String>()
    };
    for without in [
        "approvers = [\"a@example.com\", \"b@example.com\"]\nquorum = 2\n",
        "approval = [{ group = \"security\" }]\n",
    ] {
        assert!(Policy::parse(&both.replace(without, "")).is_ok(), "{without}");
    }
    assert!(wrong("[groups]\na = []\n[profiles]").contains("line 2: the group a has no members"));
    assert!(wrong("[people]\nplus_tags = \"maybe\"\n[profiles]").contains("no value of plus_tags"));
    assert!(wrong("[people]\nlanguage = \"tlh\"\n[profiles]").contains("line 2: \"tlh\" is no language"));
    assert!(wrong("[profiles]").contains("no profile"));
    assert!(wrong("").contains("there is no profile"));
    let two = "[defaults]\napprovers = [\"a@example.com\"]\nnames.dns.allow = [\"*\"]\n[profiles.a]\n[profiles.b]\n";
    assert!(wrong(two).contains("default"));
}

#[test]
fn so_many_requests_of_an_address_may_wait() {
    let without = DEFAULT.replace("pending_limit = 200\n", "");
    assert_eq!(Policy::parse(&without).unwrap().pending_limit(), 200);
    let five = DEFAULT.replace("pending_limit = 200", "pending_limit = 5");
    assert_eq!(Policy::parse(&five).unwrap().pending_limit(), 5);
    for bad in ["0", "-1", "\"many\""] {
        let error = Policy::parse(&DEFAULT.replace("pending_limit = 200", &format!("pending_limit = {bad}")));
        assert_eq!(error.unwrap_err().line(), Some(9), "{bad}");
    }
}

#[test]
fn groups_have_their_seats_and_one_person_cannot_fill_two() {
    let text = |approval: &str| {
        format!(
            "[groups]\nsecurity = [\"a@example.com\", \"b@example.com\"]\nplatform = [\"a+x@example.com\"]\n\
             managers = [\"m@example.com\"]\n[profiles.server]\n{approval}\nreminders = [\"2d\", \"1d\"]\n\
             escalation = {{ after = \"3d\", group = \"managers\" }}\nnames.dns.allow = [\"example.com\"]"
        )
    };
    let policy =
        Policy::parse(&text("approval = [{ group = \"security\" }, { group = \"platform\" }]")).unwrap();
    let server = policy.profile(None).unwrap();
    let groups: Vec<_> = server.quorums().iter().filter_map(|group| group.group.as_deref()).collect();
    assert_eq!(groups, ["security", "platform"]);
    assert_eq!(server.reminders(), [Duration::from_secs(86_400), Duration::from_secs(2 * 86_400)]);
    let approver_set = server.approver_set_for(&"someone@example.com".parse().unwrap()).unwrap();
    assert_eq!((approver_set.approvers().len(), approver_set.quorum()), (2, 2), "a and a+x are one person");
    let error = server.approver_set_for(&"B+me@example.com".parse().unwrap()).unwrap_err();
    assert!(error.to_string().contains("cannot fill the 2 seats"), "{error}");
    let manager = "M@example.com".parse().unwrap();
    assert!(server.lists(&manager, true) && !server.lists(&manager, false));
    let error =
        Policy::parse(&text("approval = [{ group = \"security\", quorum = 2 }, { group = \"platform\" }]"));
    assert!(error.unwrap_err().to_string().contains("2 approvers and a quorum of 3"));
    assert!(policy.masks_addresses());
}

proptest! {
    #[test]
    fn any_text_is_a_policy_or_one_line(text in "(?s).{0,200}") {
        if let Err(error) = Policy::parse(&text) {
            prop_assert!(!error.to_string().contains('\n'));
        }
    }

    /// Any input of an operator in a text field, alone or in a list.
    #[test]
    fn any_text_in_any_field_is_taken_or_refused_in_one_line(
        field in prop::sample::select(vec![
            "limit", "reminders", "approvers", "keys", "key_usage", "extended_key_usage", "description", "names.dns.allow",
            "names.ip.allow", "names.email.allow", "names.uri.allow", "escalation.after", "subject.organization",
        ]),
        value in prop_oneof![any::<String>(), "[0-9]{0,21}\\PC{0,2}", "\\PC{0,4}example.com\\PC{0,2}"],
        listed: bool,
    ) {
        let text = toml::Value::String(value);
        let text = if listed { format!("[{text}]") } else { text.to_string() };
        let policy = format!("[defaults]\n{field} = {text}\n[profiles.server]\n{field} = {text}\n");
        if let Err(error) = Policy::parse(&policy) {
            prop_assert!(!error.to_string().contains('\n'), "{error}");
        }
    }
}

#[test]
fn approvers_have_a_stricter_address_than_requesters() {
    let with = |address: &str| Policy::parse(&DEFAULT.replace("approver@example.com", address));
    for address in ["A.b+c@Example.com", "o'neil@sub.example-1.com", "{x}@example.com"] {
        assert!(with(address).is_ok(), "{address}");
        assert!(address.parse::<Email>().is_ok(), "{address}");
    }
    for address in ["a@b", "a@-b.example.com", "a..b@example.com", " a@example.com"] {
        let error = with(address).unwrap_err();
        assert!(error.to_string().contains("is no e-mail address") && error.line().is_some(), "{error}");
    }
    assert!("a@b".parse::<Email>().is_ok());
}
