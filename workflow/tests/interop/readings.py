"""Reads every certificate of a PEM file; prints one line of tab-separated fields for each."""

import hashlib
import sys

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

KINDS = {x509.DNSName: "DNS", x509.IPAddress: "IP", x509.RFC822Name: "email", x509.UniformResourceIdentifier: "URI"}


def fields(pem):
    read = x509.load_pem_x509_certificate(pem)
    spki = read.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    names = read.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    usage = read.extensions.get_extension_for_class(x509.KeyUsage).value
    purposes = read.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    is_ca = read.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    bits = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
            "key_cert_sign", "crl_sign")
    return [
        f"{read.serial_number:040x}",
        str(int(read.not_valid_before_utc.timestamp())),
        str(int(read.not_valid_after_utc.timestamp())),
        read.issuer.rfc4514_string(),
        read.subject.rfc4514_string(),
        hashlib.sha256(spki).hexdigest(),
        " ".join(f"{KINDS[type(name)]}:{name.value}" for name in names),
        " ".join(bit for bit in bits if getattr(usage, bit)),
        " ".join(purpose.dotted_string for purpose in purposes),
        str(is_ca),
    ]


END = b"-----END CERTIFICATE-----\n"
for block in open(sys.argv[1], "rb").read().split(END)[:-1]:
    try:
        print("\t".join(fields(block + END)))
    except Exception as error:  # The caller compares; whatever it is, it is an answer.
        print(f"{type(error).__name__}: {error}".replace("\n", " "))
