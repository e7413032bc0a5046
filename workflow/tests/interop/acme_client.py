"""Requests of certbot's own library (acme, josepy), and its reading of our answers.

acme_client.py requests BASE MAC_KEY   prints a request a line, as certbot's network layer makes it
acme_client.py objects                 reads {"kind", "object"} a line, and prints what the library reads, a line each
"""

import base64
import datetime
import json
import sys

import josepy as jose
from acme import client, messages
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

HOST = "www.example.com"


def keys():
    yield jose.RS256, jose.JWKRSA(key=rsa.generate_private_key(65537, 2048))
    yield jose.ES256, jose.JWKEC(key=ec.generate_private_key(ec.SECP256R1()))
    yield jose.ES384, jose.JWKEC(key=ec.generate_private_key(ec.SECP384R1()))


def csr_and_certificate():
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    names = x509.SubjectAlternativeName([x509.DNSName(HOST)])
    csr = x509.CertificateSigningRequestBuilder().subject_name(name).add_extension(names, False)
    now = datetime.datetime.now(datetime.timezone.utc)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + datetime.timedelta(days=1))
    )
    return csr.sign(key, hashes.SHA256()), certificate.sign(key, hashes.SHA256())


def requests(base, mac_key):
    mac_key = base64.urlsafe_b64encode(mac_key.encode()).decode().rstrip("=")
    directory = messages.Directory({"newAccount": f"{base}/new-account"})
    csr, certificate = csr_and_certificate()
    identifiers = [
        messages.Identifier(typ=messages.IDENTIFIER_FQDN, value=HOST),
        messages.Identifier(typ=messages.IDENTIFIER_IP, value="192.0.2.1"),
    ]
    deactivation = messages.Registration.from_json({"status": "deactivated", "contact": None})
    for algorithm, key in keys():
        net = client.ClientNetwork(key, alg=algorithm)

        def emit(what, path, body, of_account=True):
            net.account = {"uri": f"{base}/account/a1"} if of_account else None
            url = f"{base}/{path}"
            print(
                json.dumps(
                    {
                        "what": what,
                        "algorithm": algorithm.name,
                        "url": url,
                        "body": net._wrap_in_jws(body, b"a nonce", url),
                        "key": key.public_key().to_partial_json(),
                        "thumbprint": base64.urlsafe_b64encode(key.thumbprint()).decode().rstrip("="),
                    }
                )
            )

        for mac in ["HS256", "HS384", "HS512"]:
            binding = messages.ExternalAccountBinding.from_data(key.public_key(), "grant-7", mac_key, directory, mac)
            account = messages.NewRegistration.from_data(
                email="alice@example.com", terms_of_service_agreed=True, external_account_binding=binding
            )
            emit("new account", "new-account", account, False)
        emit("existing account", "new-account", messages.NewRegistration(only_return_existing=True), False)
        emit("update", "account/a1", messages.UpdateRegistration.from_data(email="bob@example.com"))
        emit("no contact", "account/a1", messages.UpdateRegistration.from_data(contact=()))
        emit("deactivate", "account/a1", messages.UpdateRegistration(**dict(deactivation)))
        emit("order", "new-order", messages.NewOrder(identifiers=identifiers, profile="tls-server"))
        emit("plain order", "new-order", messages.NewOrder(identifiers=identifiers, profile=""))
        emit("finalize", "order/o1/finalize", messages.CertificateRequest(csr=csr))
        emit("read", "order/o1", None)
        emit("revoke", "revoke-cert", messages.Revocation(certificate=certificate, reason=1))
        emit("give up", "authorization/o1/0", messages.UpdateAuthorization(status="deactivated"))


def directory(value):
    read = messages.Directory.from_json(value)
    return [read["newOrder"], read["renewalInfo"], read.meta.external_account_required, dict(read.meta.profiles)]


def account(value):
    read = messages.Registration.from_json(value)
    return [read.status, list(read.contact), dict(read.external_account_binding)]


def order(value):
    read = messages.Order.from_json(value)
    return [
        read.status.name,
        [[one.typ.name, one.value] for one in read.identifiers],
        read.expires.isoformat(),
        list(read.authorizations),
        read.finalize,
        read.certificate,
        read.profile,
        read.error and read.error.code,
    ]


def authorization(value):
    read = messages.Authorization.from_json(value)
    challenges = [[one.to_partial_json()["type"], one.status.name, one.uri] for one in read.challenges]
    return [read.status.name, read.identifier.value, bool(read.wildcard), challenges]


def problem(value):
    read = messages.Error.from_json(value)
    assert messages.is_acme_error(read) and str(read)
    subproblems = [[one.typ, one.identifier.value] for one in read.subproblems or ()]
    return [read.typ, read.detail, subproblems]


def renewal(value):
    read = messages.RenewalInfo.from_json(value).suggested_window
    return [read.start.isoformat(), read.end.isoformat()]


def certificate(value):
    return client._renewal_info_path_component(x509.load_pem_x509_certificate(value.encode()))


READERS = {
    "directory": directory,
    "account": account,
    "order": order,
    "authorization": authorization,
    "problem": problem,
    "renewal": renewal,
    "certificate": certificate,
}

if sys.argv[1] == "requests":
    requests(*sys.argv[2:])
else:
    for line in sys.stdin:
        asked = json.loads(line)
        print(json.dumps(READERS[asked["kind"]](asked["object"])))
