use super::*;
use crate::testing::passkeys::PasskeyHolder;

const POLICY: &str = include_str!("../../../../infra/policy.toml");
const APPROVERS: &str = "[\"approver@example.com\", \"bob@example.com\", \"carol@example.com\"]";

fn policy(enrol: &str) -> Policy {
    let text = POLICY
        .replace("[\"approver@example.com\"]", APPROVERS)
        .replace("[people]", &format!("[people]\nidentity = \"passkey\"\nenrol = \"{enrol}\""));
    Policy::parse(&text).unwrap()
}

fn vouch(person: &str) -> EnrolmentProof {
    EnrolmentProof::Vouch(person.into())
}

/// What is missing for a passkey of approver@example.com, who has so many.
fn missing(enrol: &str, existing: usize, proofs: &[EnrolmentProof]) -> EnrolmentNeeds {
    let holder = PasskeyHolder::new("approver@example.com");
    let one = holder.passkey(OffsetDateTime::UNIX_EPOCH);
    needs(&policy(enrol), &holder.enrolment(), &vec![one; existing], proofs)
}

#[test]
fn a_first_passkey_needs_the_code_and_another_approver_where_the_policy_says_so() {
    use EnrolmentNeeds::{AnotherApprover, Code, Nothing};
    let code = EnrolmentProof::Code;
    assert_eq!(missing("mail", 0, &[]), Code);
    assert_eq!(missing("mail", 0, &[vouch("bob@example.com")]), Code, "nobody vouches for a mailbox");
    assert_eq!(missing("mail", 0, std::slice::from_ref(&code)), Nothing);
    assert_eq!(missing("vouched", 0, std::slice::from_ref(&code)), AnotherApprover);
    for nobody in ["approver@example.com", "mallory@example.com"] {
        assert_eq!(missing("vouched", 0, &[code.clone(), vouch(nobody)]), AnotherApprover, "{nobody}");
    }
    assert_eq!(missing("vouched", 0, &[code.clone(), vouch("bob@example.com")]), Nothing);
    assert_eq!(missing("vouched", 0, &[code, EnrolmentProof::Operator("root".into())]), Nothing);
}

#[test]
fn a_mailbox_alone_replaces_no_passkey() {
    use EnrolmentNeeds::{Code, Nothing, OwnOrOthers};
    for enrol in ["mail", "vouched"] {
        let code = EnrolmentProof::Code;
        let (bob, carol) = (vouch("bob@example.com"), vouch("carol@example.com"));
        assert_eq!(missing(enrol, 1, std::slice::from_ref(&code)), OwnOrOthers(2));
        assert_eq!(missing(enrol, 1, &[code.clone(), vouch("approver@example.com")]), Nothing);
        assert_eq!(missing(enrol, 1, &[code.clone(), bob.clone()]), OwnOrOthers(1));
        assert_eq!(
            missing(enrol, 1, &[code.clone(), bob.clone(), bob.clone()]),
            OwnOrOthers(1),
            "one person twice"
        );
        assert_eq!(
            missing(enrol, 1, &[code.clone(), bob.clone(), vouch("mallory@example.com")]),
            OwnOrOthers(1)
        );
        assert_eq!(missing(enrol, 1, &[code, bob.clone(), carol.clone()]), Nothing);
        assert_eq!(missing(enrol, 1, &[bob, carol]), Code);
    }
}
