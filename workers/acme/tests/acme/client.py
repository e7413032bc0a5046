"""The whole exchange by certbot's library (acme, josepy): a line of JSON for each step.

client.py DIRECTORY KEY_ID MAC_KEY
"""

import datetime
import json
import sys

import josepy as jose
from acme import client, errors, messages
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

URL, KEY_ID, MAC_KEY = sys.argv[1:]
NAMES = ["www.example.com", "a.web.example.com"]


def step(name, **said):
    print(json.dumps({"step": name, **said}))


def refused(act, kind):
    try:
        act()
    except messages.Error as error:
        # The library has no code for the types of drafts.
        assert error.typ == f"urn:ietf:params:acme:error:{kind}", error
        return error
    raise AssertionError(f"{kind} was expected")


def csr(names):
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
    alternatives = x509.SubjectAlternativeName([x509.DNSName(name) for name in names])
    made = x509.CertificateSigningRequestBuilder().subject_name(subject).add_extension(alternatives, False)
    return made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def deadline():
    return datetime.datetime.now() + datetime.timedelta(seconds=60)


key = jose.JWKEC(key=ec.generate_private_key(ec.SECP256R1()))
net = client.ClientNetwork(key, alg=jose.ES256, user_agent="countersign-tests")
acme = client.ClientV2(client.ClientV2.get_directory(URL, net), net)
assert acme.external_account_required()
assert dict(acme.directory.meta.profiles).keys() == {"server"}
step("directory")

refused(lambda: acme.new_account(messages.NewRegistration()), "externalAccountRequired")
step("no binding")


def registration(mac_key):
    binding = messages.ExternalAccountBinding.from_data(key.public_key(), KEY_ID, mac_key, acme.directory, "HS256")
    return messages.NewRegistration.from_data(
        email="alice@example.com", terms_of_service_agreed=True, external_account_binding=binding
    )


refused(lambda: acme.new_account(registration("A" * 43)), "unauthorized")
step("wrong binding")

account = acme.new_account(registration(MAC_KEY))
assert account.body.status == "valid" and account.body.contact == ("mailto:alice@example.com",)
step("account", uri=account.uri)

# The request for an account brings its key.
net.account = None
try:
    acme.new_account(messages.NewRegistration(only_return_existing=True))
    raise AssertionError("a conflict was expected")
except errors.ConflictError as conflict:
    assert conflict.location == account.uri
# As certbot keeps it: the library cannot send the body of an account back that has a binding.
account = account.update(body=messages.Registration())
assert acme.query_registration(account).body.status == "valid"
step("again")

changed = acme.update_registration(account, messages.Registration.from_data(email="bob@example.com"))
assert changed.body.contact == ("mailto:bob@example.com",)
step("contact")

order = acme.new_order(csr(NAMES), profile="server")
assert order.body.status == messages.STATUS_READY and order.body.profile == "server"
assert [one.body.status for one in order.authorizations] == [messages.STATUS_VALID] * 2
assert [one.body.identifier.value for one in order.authorizations] == NAMES
challenge = order.authorizations[0].body.challenges[0]
answered = acme.answer_challenge(challenge, challenge.chall.response(key))
assert answered.body.status == messages.STATUS_VALID
step("order")

order = acme.poll_and_finalize(order, deadline())
assert order.body.status == messages.STATUS_VALID
certificates = x509.load_pem_x509_certificates(order.fullchain_pem.encode())
assert len(certificates) == 2
leaf = certificates[0]
assert leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value.get_values_for_type(x509.DNSName) == NAMES
leaf.verify_directly_issued_by(certificates[1])
step("certificate")

renew_at, _ = acme.renewal_time(order.fullchain_pem.encode())
assert leaf.not_valid_before_utc < renew_at < leaf.not_valid_after_utc
step("renewal", at=renew_at.isoformat())

error = refused(lambda: acme.new_order(csr(["shop.example.com", NAMES[0]])), "rejectedIdentifier")
assert [one.identifier.value for one in error.subproblems] == ["shop.example.com"]
step("names outside", said=str(error))

refused(lambda: acme.new_order(csr(NAMES), profile="client"), "invalidProfile")
step("profile")

acme.revoke(leaf, 4)
step("revoked")

refused(lambda: acme.revoke(leaf, 4), "alreadyRevoked")
step("revoked again")

order = acme.new_order(csr(NAMES[:1]))
given_up = acme.deactivate_authorization(order.authorizations[0])
assert given_up.body.status == messages.STATUS_DEACTIVATED
refused(lambda: acme.begin_finalization(order), "orderNotReady")
step("given up")

assert acme.deactivate_registration(account).body.status == "deactivated"
step("deactivated")

refused(lambda: acme.new_order(csr(NAMES)), "unauthorized")
step("afterwards")
