"""Two implementations of WebAuthn: webauthn (py_webauthn) and fido2 (Yubico).

Reads a line of JSON for each case, and writes what both say about its registration and its assertion. With the argument
"client", makes a registration and an assertion with fido2's encoders instead.
"""

import base64
import hashlib
import json
import sys

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from fido2.cose import CoseKey
from fido2.server import Fido2Server
from fido2.webauthn import (
    AttestationObject,
    AttestedCredentialData,
    AuthenticatorData,
    CollectedClientData,
    PublicKeyCredentialRpEntity,
)
from webauthn import verify_authentication_response, verify_registration_response


def octets(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def text(value):
    return base64.urlsafe_b64encode(bytes(value)).decode().rstrip("=")


def tried(check):
    """True if the check passes; each of the libraries has exceptions of many kinds."""
    try:
        check()
        return True
    except Exception:
        return False


def judged(case):
    party, origin, challenge = case["party"], case["origin"], octets(case["challenge"])
    common = {"id": case["credential"], "rawId": case["credential"], "type": "public-key"}
    registration = {
        **common,
        "response": {"clientDataJSON": case["clientData"], "attestationObject": case["attestationObject"]},
    }
    assertion = {
        **common,
        "response": {
            "clientDataJSON": case["assertionClientData"],
            "authenticatorData": case["authenticatorData"],
            "signature": case["signature"],
        },
    }
    common = {"expected_challenge": challenge, "expected_rp_id": party, "expected_origin": origin}
    server = Fido2Server(PublicKeyCredentialRpEntity(id=party, name="Countersign"), verify_origin=lambda it: it == origin)
    state = {"challenge": case["challenge"], "user_verification": "required"}
    known = AttestationObject(octets(case["knownAttestationObject"])).auth_data.credential_data
    return {
        "webauthn": [
            tried(
                lambda: verify_registration_response(
                    credential=registration, require_user_verification=True, **common
                )
            ),
            tried(
                lambda: verify_authentication_response(
                    credential=assertion,
                    credential_public_key=octets(case["key"]),
                    credential_current_sign_count=0,
                    require_user_verification=True,
                    **common,
                )
            ),
        ],
        "fido2": [
            tried(lambda: server.register_complete(state, registration)),
            tried(lambda: server.authenticate_complete(state, [known], assertion)),
        ],
    }


def keys():
    p256 = ec.generate_private_key(ec.SECP256R1())
    yield p256, lambda message: p256.sign(message, ec.ECDSA(hashes.SHA256()))
    curve = ed25519.Ed25519PrivateKey.generate()
    yield curve, curve.sign
    number = rsa.generate_private_key(65537, 2048)
    yield number, lambda message: number.sign(message, padding.PKCS1v15(), hashes.SHA256())


def made(key, sign, party, origin, challenge):
    algorithm = {ec.EllipticCurvePrivateKey: -7, ed25519.Ed25519PrivateKey: -8, rsa.RSAPrivateKey: -257}
    algorithm = next(number for kind, number in algorithm.items() if isinstance(key, kind))
    cose = CoseKey.for_alg(algorithm).from_cryptography_key(key.public_key())
    flags = AuthenticatorData.FLAG.UP | AuthenticatorData.FLAG.UV
    rp_hash = hashlib.sha256(party.encode()).digest()
    credential = AttestedCredentialData.create(bytes(16), b"credential of fido2", cose)
    registered = AuthenticatorData.create(rp_hash, flags | AuthenticatorData.FLAG.AT, 1, credential)
    data = AuthenticatorData.create(rp_hash, flags, 2)
    client = CollectedClientData.create("webauthn.get", challenge, origin)
    return {
        "clientData": text(CollectedClientData.create("webauthn.create", challenge, origin)),
        "attestationObject": text(AttestationObject.create("none", registered, {})),
        "authenticatorData": text(data),
        "assertionClientData": text(client),
        "signature": text(sign(bytes(data) + client.hash)),
    }


if sys.argv[1:2] == ["client"]:
    _, _, party, origin, challenge = sys.argv
    for key, sign in keys():
        print(json.dumps(made(key, sign, party, origin, octets(challenge))))
else:
    for line in sys.stdin:
        print(json.dumps(judged(json.loads(line))), flush=True)
