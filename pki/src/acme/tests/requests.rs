//! The JWS of requests.

use serde_json::json;

use super::*;
use crate::base64url;

#[test]
fn a_request_of_each_kind_of_key_is_read() {
    for kind in KEYS {
        let client = AcmeClient::new(kind, ACCOUNT);
        let request = receive(&client, &client.request(URL, &json!({ "a": 1 })), URL).unwrap();
        assert_eq!((request.nonce(), request.url()), (client.nonce.as_str(), URL));
        assert_eq!(request.key(), &key_of(&client.key), "{kind:?}");
        assert!(request.payload().object().is_ok() && request.payload().empty().is_err());
        let request = receive(&client, &client.read(URL), URL).unwrap();
        assert_eq!(request.payload(), &RequestPayload::Empty);
        assert!(request.payload().empty().is_ok());
        assert_eq!(super::kind(request.payload().object()), (AcmeErrorType::Malformed, 400));
        let request =
            receive(&client, &client.request_with_key(NEW_ACCOUNT, &json!({})), NEW_ACCOUNT).unwrap();
        assert_eq!(request.key(), &key_of(&client.key));
    }
}

/// The answer to a request with this protected header, signed with the right key.
fn with_header(client: &AcmeClient, header: &Value) -> Result<VerifiedRequest, AcmeProblem> {
    receive(client, &client.key.flattened_jws(header, b"{}"), URL)
}

#[test]
fn each_wrong_header_has_its_problem() {
    let client = client();
    let right = {
        let mut header = client.header(URL);
        header["kid"] = ACCOUNT.into();
        header
    };
    assert!(with_header(&client, &right).is_ok());
    let changed = |name: &str, value: Value| with_member(&right, name, value);
    let without = |name: &str| without_member(&right, name);
    let with_key = |jwk: Value| {
        let mut header = without("kid");
        header["jwk"] = jwk;
        header
    };
    let mut private = client.key.jwk();
    private["d"] = json!("AAAA");
    let weak = json!({ "kty": "RSA", "n": base64url::encode([0xc1; 128]), "e": "AQAB" });
    let mut weak_header = with_key(weak);
    weak_header["alg"] = json!("RS256");
    for (header, error) in [
        (without("alg"), AcmeErrorType::Malformed),
        (changed("alg", json!(1)), AcmeErrorType::Malformed),
        (changed("alg", json!("none")), AcmeErrorType::BadSignatureAlgorithm),
        (changed("alg", json!("HS256")), AcmeErrorType::BadSignatureAlgorithm),
        (changed("alg", json!("ES512")), AcmeErrorType::BadSignatureAlgorithm),
        (changed("alg", json!("es256")), AcmeErrorType::BadSignatureAlgorithm),
        // An algorithm that is supported, but by which the key of the account does not sign.
        (changed("alg", json!("RS256")), AcmeErrorType::BadSignatureAlgorithm),
        (without("nonce"), AcmeErrorType::BadNonce),
        (changed("nonce", json!("")), AcmeErrorType::Malformed),
        (changed("nonce", json!("a=")), AcmeErrorType::Malformed),
        (changed("nonce", json!(1)), AcmeErrorType::Malformed),
        (without("url"), AcmeErrorType::Malformed),
        (changed("url", json!(["https://pki.example.com"])), AcmeErrorType::Malformed),
        (changed("url", json!(format!("{URL}/"))), AcmeErrorType::Unauthorized),
        (changed("url", json!(URL.replace("https", "http"))), AcmeErrorType::Unauthorized),
        (without("kid"), AcmeErrorType::Malformed),
        (changed("kid", json!(1)), AcmeErrorType::Malformed),
        (changed("jwk", client.key.jwk()), AcmeErrorType::Malformed),
        (with_key(json!("x")), AcmeErrorType::Malformed),
        (with_key(private), AcmeErrorType::BadPublicKey),
        (with_key(TestKeyPair::generate(TestKey::EcP384).jwk()), AcmeErrorType::BadPublicKey),
        (with_key(TestKeyPair::generate(TestKey::EcP521).jwk()), AcmeErrorType::BadPublicKey),
        (weak_header, AcmeErrorType::BadPublicKey),
        // Another key of the right kind did not sign.
        (with_key(TestKeyPair::generate(TestKey::EcP256).jwk()), AcmeErrorType::Malformed),
        (changed("crit", json!(["nonce"])), AcmeErrorType::Malformed),
        (changed("b64", json!(false)), AcmeErrorType::Malformed),
    ] {
        let problem = with_header(&client, &header).unwrap_err();
        assert_eq!(problem.error_type(), error, "{header}: {problem}");
        assert_eq!(problem.status(), error.status(), "{header}");
    }
    assert!(with_header(&client, &changed("typ", json!("x"))).is_ok(), "other parameters are ignored");
    let problem = with_header(&client, &changed("alg", json!("none"))).unwrap_err();
    assert_eq!(
        serde_json::to_value(problem).unwrap()["algorithms"],
        json!(["ES256", "ES384", "RS256", "EdDSA"])
    );
}

#[test]
fn a_request_by_the_wrong_kind_of_reference_is_refused() {
    let client = client();
    let with_key = parse(&client.request_with_key(URL, &json!({}))).unwrap();
    assert!(with_key.account_url().is_err());
    assert!(with_key.verify_by_account_key(&key_of(&client.key), URL).is_err());
    let of_account = parse(&client.request(URL, &json!({}))).unwrap();
    assert_eq!(of_account.account_url(), Ok(ACCOUNT));
    assert!(of_account.verify_by_own_key(URL).is_err());
    // The key of another account.
    let other = key_of(&TestKeyPair::generate(TestKey::EcP256));
    let of_account = parse(&client.request(URL, &json!({}))).unwrap();
    assert_eq!(kind(of_account.verify_by_account_key(&other, URL)), (AcmeErrorType::Malformed, 400));
}

#[test]
fn a_payload_is_empty_or_an_object() {
    let client = client();
    let mut header = client.header(URL);
    header["kid"] = ACCOUNT.into();
    let of = |payload: &[u8]| receive(&client, &client.key.flattened_jws(&header, payload), URL);
    assert!(of(b"").is_ok() && of(b" {} ").is_ok());
    for wrong in [&b"[]"[..], b"null", b"\"\"", b" ", b"{", b"{\"a\":1,\"a\":1}", b"\xff", b"{}{}"] {
        assert_eq!(kind(of(wrong)), (AcmeErrorType::Malformed, 400), "{wrong:?}");
    }
}

#[test]
fn the_size_and_the_content_type_are_checked() {
    let body = vec![b' '; MAX_REQUEST_BYTES + 1];
    assert_eq!(kind(AcmeRequest::parse(&body)), (AcmeErrorType::Malformed, 413));
    assert_eq!(kind(AcmeRequest::parse(&body[1..])), (AcmeErrorType::Malformed, 400));
    for right in ["application/jose+json", "Application/JOSE+json; charset=utf-8"] {
        assert_eq!(check_content_type(Some(right)), Ok(()));
    }
    for wrong in [
        None,
        Some(""),
        Some("application/json"),
        Some("application/jose"),
        Some("text/plain; application/jose+json"),
    ] {
        assert_eq!(kind(check_content_type(wrong)), (AcmeErrorType::Malformed, 415), "{wrong:?}");
    }
}

#[test]
fn a_csr_of_the_largest_size_fits_into_a_request() {
    let client = client();
    let csr = base64url::encode(vec![0; crate::csr::Csr::MAX_BYTES]);
    let request = receive(&client, &client.request(URL, &json!({ "csr": csr })), URL).unwrap();
    assert_eq!(kind(read_csr(&request)), (AcmeErrorType::BadCsr, 400));
}
