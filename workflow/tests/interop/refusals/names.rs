//! Names that are none, or that the policy does not allow.

use pki::testing::{CsrMaker, TestKey, oid, tlv};
use workflow::finding::Code::{BadName, NameNotAllowed, TooLarge};

use super::{Row, right};

pub(super) fn rows() -> Vec<Row> {
    let ec = || CsrMaker::new(TestKey::EcP256);
    let dns = |name: &str| ec().general_name(tlv(0x82, name.as_bytes())).pem();
    let long_label = format!("{}.example.com", "a".repeat(64));
    let long_name = format!("{}example.com", "abcdefghi.".repeat(25));
    let bad = |what, text: String| Row::new(what, BadName, text);
    let not_allowed = |what, text: String| Row::new(what, NameNotAllowed, text);
    vec![
        bad("no name at all", ec().pem()),
        bad("a common name that is no host, and nothing else", ec().common_name("My Server").pem()),
        bad("DNS:localhost", dns("localhost")),
        bad("DNS:*", dns("*")),
        bad("DNS:*.com", dns("*.com")),
        bad("DNS:www.*.example.com", dns("www.*.example.com")),
        bad("DNS:a_b.example.com", dns("a_b.example.com")),
        bad("DNS:-a.example.com", dns("-a.example.com")),
        bad("DNS:a..example.com", dns("a..example.com")),
        bad("DNS:www.example.com. (with a dot at the end)", dns("www.example.com.")),
        bad("DNS:www.example.com, a NUL, .evil.example", dns("www.example.com\0.evil.example")),
        bad("DNS:bücher.example.com, in UTF-8", dns("bücher.example.com")),
        bad("DNS:xn--zzzzzzzzzzz999999999.example.com", dns("xn--zzzzzzzzzzz999999999.example.com")),
        bad("DNS:ab--c.example.com", dns("ab--c.example.com")),
        bad("DNS:10.1.2.3", dns("10.1.2.3")),
        bad("DNS:host.123", dns("host.123")),
        bad("DNS, a label of 64 characters", dns(&long_label)),
        bad("DNS, 261 characters", dns(&long_name)),
        bad("IP of 8 octets: a network", ec().general_name(tlv(0x87, &[10, 0, 0, 0, 255, 0, 0, 0])).pem()),
        bad("IP:0.0.0.0", ec().names(&["0.0.0.0"]).pem()),
        bad("IP:224.0.0.1", ec().names(&["224.0.0.1"]).pem()),
        bad("email:@example.com", ec().names(&["@example.com"]).pem()),
        bad("URI:spiffe://example.org/a?b", ec().names(&["spiffe://example.org/a?b"]).pem()),
        bad("URI:https://user@www.example.com/", ec().names(&["https://user@www.example.com/"]).pem()),
        bad("two common names", right().common_name("a.example.com").common_name("b.example.com").pem()),
        bad(
            "a common name with a character that turns the text around",
            right().common_name("a.example.com\u{202e}").pem(),
        ),
        bad("a common name of 65 characters", right().common_name(&"a".repeat(65)).pem()),
        not_allowed("DNS:www.example.edu, a domain that is not listed", dns("www.example.edu")),
        not_allowed("DNS:*.example.com, where wildcards are not allowed", dns("*.example.com")),
        not_allowed("IP:203.0.113.5, a network that is not listed", ec().names(&["203.0.113.5"]).pem()),
        not_allowed("email:alice@example.com, profile server", ec().names(&["alice@example.com"]).pem()),
        not_allowed(
            "URI:spiffe://example.com/a, a trust domain that is not listed",
            ec().names(&["spiffe://example.com/a"]).pem(),
        )
        .profile("client"),
        not_allowed(
            "a name of the kind otherName (a Windows login)",
            right()
                .general_name(tlv(
                    0xa0,
                    &[oid("1.3.6.1.4.1.311.20.2.3"), tlv(0xa0, &tlv(12, b"alice"))].concat(),
                ))
                .pem(),
        ),
        not_allowed("DNS:db.secret.example.com, a domain that is denied", dns("db.secret.example.com"))
            .strict(),
        not_allowed(
            "DNS:www.example.org, which the certificate of the CA does not permit",
            dns("www.example.org"),
        )
        .constrained(),
        not_allowed(
            "DNS:a.secret.example.com, which the certificate of the CA excludes",
            dns("a.secret.example.com"),
        )
        .constrained(),
        not_allowed("DNS:www.example.com, which the requester's domain may not have", dns("www.example.com"))
            .strict()
            .profile("apps"),
        Row::new(
            "four names, where three are allowed",
            TooLarge,
            ec().names(&["a.example.com", "b.example.com", "c.example.com", "d.example.com"]).pem(),
        )
        .strict(),
    ]
}
