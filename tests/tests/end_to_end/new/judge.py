"""cryptography opens what the pages made: a CSR, key files, and PKCS#12 files with both kinds of MAC."""

import sys
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key
from cryptography.hazmat.primitives.serialization.pkcs12 import load_pkcs12

passphrase, host = sys.argv[1].encode(), sys.argv[2]


def octets(key):
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def read(name):
    return Path(name).read_bytes()


csr = x509.load_pem_x509_csr(read("request.csr"))
assert csr.is_signature_valid
names = csr.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
assert names.get_values_for_type(x509.DNSName) == [host]
assert csr.subject.rfc4514_string() == f"CN={host}"
public = octets(csr.public_key())

assert octets(load_pem_private_key(read("encrypted.pem"), passphrase).public_key()) == public
assert octets(load_pem_private_key(read("key.pem"), None).public_key()) == public
chain = x509.load_pem_x509_certificates(read("fullchain.pem"))
assert octets(chain[0].public_key()) == public

for name in ["modern.p12", "pbmac1.p12"]:
    store = load_pkcs12(read(name), passphrase)
    assert octets(store.key.public_key()) == public, name
    assert store.cert.certificate == chain[0] and store.cert.friendly_name == host.encode(), name
    assert [one.certificate for one in store.additional_certs] == chain[1:], name
    try:
        load_pkcs12(read(name), b"another passphrase")
    except ValueError:
        continue
    raise AssertionError(f"{name} opens with another passphrase")

print("agreed")
