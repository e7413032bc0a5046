//! The test vectors of the specification, section 16.
//!
//! Some authenticators of the vectors do not verify the user, some pages are embedded, and some algorithms are not
//! supported. The table says what each vector ends in; the signature of every vector with a supported key is verified.

use std::collections::BTreeMap;

use super::WebAuthnError as E;
use super::*;

/// The values of a vector by "create NAME" or "get NAME".
type Vector = BTreeMap<&'static str, Vec<u8>>;

fn vectors() -> BTreeMap<&'static str, Vector> {
    let mut vectors = BTreeMap::<_, Vector>::new();
    let mut name = "";
    for line in include_str!("vectors.txt").lines().filter(|line| !line.is_empty() && !line.starts_with('#'))
    {
        if let Some(section) = line.strip_prefix('[') {
            name = section.trim_end_matches(']');
        } else {
            let (key, value) = line.rsplit_once(' ').unwrap();
            vectors.entry(name).or_default().insert(key, hex::decode(value).unwrap());
        }
    }
    vectors
}

fn party() -> RelyingParty {
    RelyingParty { id: "example.org".into(), origin: "https://example.org".into() }
}

fn registered(vector: &Vector) -> Result<Registration, E> {
    let challenge = &vector["create challenge"];
    register(&party(), challenge, &vector["create clientDataJSON"], &vector["create attestationObject"])
}

fn assertion(vector: &Vector) -> Assertion {
    Assertion {
        authenticator_data: vector["get authenticatorData"].clone(),
        client_data_json: vector["get clientDataJSON"].clone(),
        signature: vector["get signature"].clone(),
    }
}

/// The key of a vector, registered or not.
fn key(vector: &Vector) -> Result<PasskeyKey, E> {
    let data = AuthenticatorData::read(attested_data(&vector["create attestationObject"])?)?;
    PasskeyKey::from_cose(data.credential.unwrap().key)
}

/// The state of the backup, or the error.
type End = Result<bool, E>;
const BACKED_UP: End = Ok(true);
const ON_ONE_DEVICE: End = Ok(false);
const NOT_VERIFIED: End = Err(E::NotVerified);
const CROSS_ORIGIN: End = Err(E::CrossOrigin);

/// Vectors, the ends of their registrations and of their assertions.
const EXPECTED: [(&str, End, End); 12] = [
    ("none-es256", NOT_VERIFIED, NOT_VERIFIED),
    ("packed-self-es256", BACKED_UP, NOT_VERIFIED),
    ("none-es256-crossOrigin", CROSS_ORIGIN, CROSS_ORIGIN),
    ("none-es256-topOrigin", CROSS_ORIGIN, CROSS_ORIGIN),
    ("none-es256-long-credential-id", NOT_VERIFIED, ON_ONE_DEVICE),
    ("packed-es256", ON_ONE_DEVICE, ON_ONE_DEVICE),
    ("packed-rs256", BACKED_UP, NOT_VERIFIED),
    ("packed-eddsa", NOT_VERIFIED, NOT_VERIFIED),
    ("tpm-es256", ON_ONE_DEVICE, ON_ONE_DEVICE),
    ("android-key-es256", BACKED_UP, NOT_VERIFIED),
    ("apple-es256", NOT_VERIFIED, NOT_VERIFIED),
    ("fido-u2f-es256", NOT_VERIFIED, NOT_VERIFIED),
];

#[test]
fn every_vector_of_the_specification_ends_as_it_should() {
    let vectors = vectors();
    for (name, created, got) in EXPECTED {
        let vector = &vectors[name];
        let registration = registered(vector);
        assert_eq!(
            registration.as_ref().map(|one| one.is_backed_up).map_err(|error| *error),
            created,
            "{name}"
        );
        if let Ok(registration) = registration {
            assert_eq!(registration.credential_id, vector["create credential_id"], "{name}");
            assert_eq!(registration.aaguid[..], vector["create aaguid"], "{name}");
            assert_eq!(registration.counter, 0, "{name}");
        }
        let verified = verify(&party(), &vector["get challenge"], &key(vector).unwrap(), &assertion(vector));
        assert_eq!(verified.map(|verified| verified.is_backed_up), got, "{name}");
    }
}

#[test]
fn the_signature_of_every_vector_is_verified() {
    for (name, vector) in vectors() {
        let Ok(key) = key(&vector) else { continue };
        let Assertion { authenticator_data, client_data_json, mut signature } = assertion(&vector);
        let message = signed_octets(&authenticator_data, &client_data_json);
        assert_eq!(key.verify(&message, &signature), Ok(()), "{name}");
        *signature.last_mut().unwrap() ^= 1;
        assert_eq!(key.verify(&message, &signature), Err(E::BadSignature), "{name}");
    }
}

#[test]
fn each_algorithm_has_a_vector_and_the_others_are_refused() {
    let vectors = vectors();
    let key = |name: &str| key(&vectors[name]).map(|key| key.algorithm());
    assert_eq!(key("none-es256"), Ok(PasskeyAlgorithm::Es256));
    assert_eq!(key("packed-eddsa"), Ok(PasskeyAlgorithm::EdDsa));
    assert_eq!(key("packed-rs256"), Ok(PasskeyAlgorithm::Rs256));
    for name in ["packed-es384", "packed-es512", "packed-ed448"] {
        assert_eq!(key(name), Err(E::UnknownAlgorithm), "{name}");
    }
    assert_eq!(vectors.len(), EXPECTED.len() + 3);
}
