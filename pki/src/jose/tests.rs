//! Test vectors of the RFCs, and inputs that must be refused.

use serde_json::{Value, json};

use super::*;
use crate::base64url;
use crate::error::{KeyError, WeakKeyError};
use crate::testing::{TestKey, TestKeyPair};

/// RFC 7515 appendix A.1: the payload of the first examples.
const PAYLOAD: &str =
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";

fn read(protected: &str, payload: &str, signature: &str) -> FlattenedJws {
    let text = json!({ "protected": protected, "payload": payload, "signature": signature }).to_string();
    FlattenedJws::parse(text.as_bytes()).unwrap()
}

fn key(jwk: &Value) -> JsonWebKey {
    JsonWebKey::parse(jwk.to_string().as_bytes()).unwrap()
}

/// The example is verified by its algorithm and by no other, and not over another payload.
fn verified(protected: &str, payload: &str, signature: &str, jwk: &Value, algorithm: JwsAlgorithm) {
    let (jws, key) = (read(protected, payload, signature), key(jwk));
    assert_eq!(jws.header_text("alg"), Some(algorithm.name()));
    for one in JwsAlgorithm::ALL {
        let said = jws.verify(one, key.public_key());
        assert_eq!(said.is_some(), one == algorithm, "{one:?}");
    }
    assert_eq!(jws.to_json()["payload"], payload);
    let other = read(protected, "e30", signature);
    assert_eq!(other.verify(algorithm, key.public_key()), None);
}

/// RFC 7515 appendix A.2.
#[test]
fn rs256_is_that_of_the_example() {
    let n = "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ";
    let signature = "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
    let jwk = json!({ "kty": "RSA", "n": n, "e": "AQAB" });
    verified("eyJhbGciOiJSUzI1NiJ9", PAYLOAD, signature, &jwk, JwsAlgorithm::Rs256);
}

/// RFC 7515 appendix A.3.
#[test]
fn es256_is_that_of_the_example() {
    let jwk = json!({
        "kty": "EC", "crv": "P-256",
        "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
    });
    let signature = "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
    verified("eyJhbGciOiJFUzI1NiJ9", PAYLOAD, signature, &jwk, JwsAlgorithm::Es256);
}

/// RFC 8037 appendix A.4.
#[test]
fn eddsa_is_that_of_the_example() {
    let jwk = json!({ "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" });
    let signature = "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
    let payload = "RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
    verified("eyJhbGciOiJFZERTQSJ9", payload, signature, &jwk, JwsAlgorithm::EdDsa);
    assert_eq!(key(&jwk).thumbprint(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k", "appendix A.3");
}

/// RFC 7515 appendix A.1.
#[test]
fn hs256_is_that_of_the_example() {
    let secret = base64url::decode(
        "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow",
    );
    let secret = secret.unwrap();
    let jws = read(
        "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9",
        PAYLOAD,
        "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
    );
    for algorithm in MacAlgorithm::ALL {
        let said = jws.verify_mac(algorithm, &secret);
        assert_eq!(said.is_some(), jws.header_text("alg") == Some(algorithm.name()));
    }
    assert_eq!(jws.verify_mac(MacAlgorithm::Hs256, &secret[1..]), None);
}

/// RFC 7638 section 3.1.
#[test]
fn the_thumbprint_is_that_of_the_example() {
    let n = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";
    let jwk = json!({ "kty": "RSA", "n": n, "e": "AQAB", "alg": "RS256", "kid": "2011-04-29" });
    let key = key(&jwk);
    assert_eq!(key.thumbprint(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
    assert_eq!(JsonWebKey::from_json(&key.to_json()), Some(key));
}

#[test]
fn each_wrong_key_has_its_error() {
    let (p256, p521) = (TestKeyPair::generate(TestKey::EcP256), TestKeyPair::generate(TestKey::EcP521));
    let with = |name: &str, value: Value| {
        let mut jwk = p256.jwk();
        jwk[name] = value;
        jwk
    };
    let rsa =
        |n: &[u8], e: &[u8]| json!({ "kty": "RSA", "n": base64url::encode(n), "e": base64url::encode(e) });
    // A modulus of this many octets without small factors: it is a product of nothing, but only its size is looked at.
    let modulus = |octets: usize| {
        let mut modulus = vec![0xc1; octets];
        modulus[octets - 1] = 0x01;
        modulus
    };
    for (jwk, error) in [
        (json!([]), JwkError::NotAnObject),
        (with("d", json!("AAAA")), JwkError::Private("d")),
        (json!({ "kty": "oct", "k": "AAAA" }), JwkError::Private("k")),
        (json!({ "kty": "oct" }), JwkError::KeyType("\"oct\"".to_owned())),
        (json!({ "crv": "P-256" }), JwkError::Member("kty")),
        (with("crv", json!("secp256k1")), JwkError::Curve("\"secp256k1\"".to_owned())),
        (p521.jwk(), JwkError::Curve("\"P-521\"".to_owned())),
        (with("x", json!("AAAA")), JwkError::Member("x")),
        (with("x", json!(1)), JwkError::Member("x")),
        (
            with("y", p256.jwk()["x"].clone()),
            JwkError::Key(KeyError::NotOnCurve(crate::key::KeyKind::EcP256)),
        ),
        (with("use", json!("enc")), JwkError::Purpose),
        (with("key_ops", json!(["sign"])), JwkError::Purpose),
        (with("alg", json!("ES384")), JwkError::Algorithm),
        (with("alg", json!("none")), JwkError::Algorithm),
        (with("kid", json!("x".repeat(257))), JwkError::Member("kid")),
        (rsa(&modulus(128), &[1, 0, 1]), JwkError::Weak(WeakKeyError::RsaTooShort { bits: 1024, min: 2048 })),
        (rsa(&modulus(256), &[3]), JwkError::Weak(WeakKeyError::RsaExponentSmall(3))),
        (rsa(&modulus(256), &[0, 1, 0, 1]), JwkError::Member("e")),
        (
            rsa(&modulus(1032), &[1, 0, 1]),
            JwkError::Key(KeyError::RsaTooLong { bits: 8256, max: crate::key::MAX_RSA_BITS }),
        ),
    ] {
        assert_eq!(JsonWebKey::parse(jwk.to_string().as_bytes()), Err(error), "{jwk}");
    }
    let twice = p256.jwk().to_string().replacen('{', "{\"kty\":\"EC\",", 1);
    assert_eq!(JsonWebKey::parse(twice.as_bytes()), Err(JwkError::NotAnObject));
}

#[test]
fn the_value_of_a_private_member_is_in_no_error() {
    let mut jwk = TestKeyPair::generate(TestKey::Ed25519).jwk();
    jwk["d"] = json!("c2VjcmV0");
    let error = JsonWebKey::parse(jwk.to_string().as_bytes()).unwrap_err();
    assert!(!format!("{error} {error:?}").contains("c2VjcmV0"));
}

#[test]
fn each_wrong_jws_has_its_error() {
    let header = |header: &str| base64url::encode(header);
    let parts = |protected: &str| FlattenedJws::from_parts(protected, "e30", "AAAA");
    for (text, error) in [
        ("", FlattenedJwsError::NotAnObject),
        ("[]", FlattenedJwsError::NotAnObject),
        (r#"{"protected":"e30","payload":"","payload":"","signature":""}"#, FlattenedJwsError::NotAnObject),
        (r#"{"protected":"e30","payload":""}"#, FlattenedJwsError::Member("signature")),
        (r#"{"protected":"e30","payload":null,"signature":""}"#, FlattenedJwsError::Member("payload")),
        (
            r#"{"protected":"e30","payload":"","signature":"","header":{}}"#,
            FlattenedJwsError::UnprotectedHeader,
        ),
        (
            r#"{"protected":"e30","payload":"","signature":"","header":null}"#,
            FlattenedJwsError::UnprotectedHeader,
        ),
        (r#"{"payload":"","signatures":[]}"#, FlattenedJwsError::SeveralSignatures),
        (r#"{"protected":"e30=","payload":"","signature":""}"#, FlattenedJwsError::NotBase64Url("protected")),
        (
            r#"{"protected":"e30","payload":"e30=","signature":""}"#,
            FlattenedJwsError::NotBase64Url("payload"),
        ),
        (
            r#"{"protected":"e30","payload":"","signature":"+w"}"#,
            FlattenedJwsError::NotBase64Url("signature"),
        ),
    ] {
        assert_eq!(FlattenedJws::parse(text.as_bytes()), Err(error), "{text}");
    }
    assert_eq!(parts(&header("[]")), Err(FlattenedJwsError::Header));
    assert_eq!(parts(&header(r#"{"alg":"ES256","alg":"ES256"}"#)), Err(FlattenedJwsError::Header));
    assert_eq!(parts(&header(r#"{"jwk":{"kty":"EC","kty":"EC"}}"#)), Err(FlattenedJwsError::Header));
    assert_eq!(parts(&header(r#"{"crit":["x"]}"#)), Err(FlattenedJwsError::Extension("crit")));
    assert_eq!(parts(&header(r#"{"b64":false}"#)), Err(FlattenedJwsError::Extension("b64")));
    assert!(parts(&header(r#"{"typ":"x"}"#)).is_ok(), "RFC 7515 section 4: other parameters are ignored");
    let other = r#"{"protected":"e30","payload":"","signature":"","x":1}"#;
    assert!(
        FlattenedJws::parse(other.as_bytes()).is_ok(),
        "RFC 7515 section 7.2.2: other members are ignored"
    );
}
