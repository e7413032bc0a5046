"""Answers a sheet of certificates and revocation lists by pyhanko-certvalidator, which PDF signers use: see judges.rs. Every
certificate of the path needs a list."""

import asyncio
import pathlib
import sys

from asn1crypto import pem, x509
from pyhanko_certvalidator import CertificateValidator, ValidationContext


def certificates(path):
    octets = pathlib.Path(path).read_bytes()
    return [x509.Certificate.load(der) for _, _, der in pem.unarmor(octets, multiple=True)] if octets else []


async def ask(leaf, between, roots, lists):
    context = ValidationContext(
        trust_roots=certificates(roots),
        other_certs=certificates(between),
        crls=[pathlib.Path(path).read_bytes() for path in lists.split(":")],
        revocation_mode="require",
        allow_fetching=False,
    )
    validator = CertificateValidator(certificates(leaf)[0], certificates(between), validation_context=context)
    await validator.async_validate_usage({"digital_signature"}, {"client_auth"})


for line in pathlib.Path(sys.argv[1]).read_text().splitlines():
    number, leaf, between, roots, _, _, lists = line.split("\t")
    try:
        asyncio.run(ask(leaf, between, roots, lists))
        print(number, "ok", sep="\t")
    except Exception as error:  # Any of them is a refusal; its words are in the report.
        print(number, f"no\t{type(error).__name__}: {error}".replace("\n", " "), sep="\t")
