"""Answers a sheet of questions with the verifier of cryptography: see question.rs."""

import functools
import ipaddress
import pathlib
import sys

from cryptography import x509
from cryptography.x509 import verification


@functools.cache
def read(path):
    text = pathlib.Path(path).read_bytes()
    return x509.load_pem_x509_certificates(text) if text else []


def subject(host):
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def verifier(purpose, host, leaf, between, root):
    builder = verification.PolicyBuilder().store(verification.Store(read(root)))
    if purpose == "server":
        verifier = builder.build_server_verifier(subject(host))
    else:
        verifier = builder.build_client_verifier()
    verifier.verify(read(leaf)[0], read(between))
    # A path can be valid though TLS cannot use the key at its end.
    read(leaf)[0].public_key()


for line in pathlib.Path(sys.argv[1]).read_text().splitlines():
    number, *question = line.split("\t")
    try:
        verifier(*question)
        print(number, "ok", sep="\t")
    except (verification.VerificationError, ValueError, x509.UnsupportedGeneralNameType) as refusal:
        print(number, "no", " ".join(str(refusal).split()), sep="\t")
