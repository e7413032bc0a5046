"""Lints certificates by the rules of RFC 5280, each alone and each with its issuer. Reads lines of number, certificate and
issuer with tabs between, and writes one line for each finding: number, severity, code, place, message."""

import pathlib
import sys

from pkilint import loader
from pkilint.bin import lint_pkix_signer_signee_cert_chain as chain
from pkilint.pkix import certificate, extension, name
from pkilint.validation import ValidationFindingSeverity

ALONE = certificate.create_pkix_certificate_validator_container(
    certificate.create_decoding_validators(name.ATTRIBUTE_TYPE_MAPPINGS, extension.EXTENSION_MAPPINGS),
    [
        certificate.create_issuer_validator_container([]),
        certificate.create_validity_validator_container(),
        certificate.create_subject_validator_container([]),
        certificate.create_extensions_validator_container([]),
        certificate.create_spki_validator_container([]),
    ],
)
DECODING = chain.create_decoder_validation_container()
ISSUER = chain.create_issuer_validation_container()
SUBJECT = chain.create_subject_validation_container()


def load(path, role=None, documents=None):
    text = pathlib.Path(path).read_text()
    return loader.RFC5280CertificateDocumentLoader().load_pem_document(text, path, role, documents)


def lint(leaf, authority):
    yield from ALONE.validate(load(leaf).root)
    documents = {}
    documents["issuer"] = load(authority, "issuer", documents)
    documents["subject"] = load(leaf, "subject", documents)
    for document in documents.values():
        DECODING.validate(document.root)
    yield from ISSUER.validate(documents["issuer"].root)
    yield from SUBJECT.validate(documents["subject"].root)


for line in pathlib.Path(sys.argv[1]).read_text().splitlines():
    number, leaf, authority = line.split("\t")
    for result in lint(leaf, authority):
        for found in result.finding_descriptions:
            if found.finding.severity <= ValidationFindingSeverity.WARNING:
                message = " ".join((found.message or "").split())
                print(number, found.finding.severity.name, found.finding.code, result.node.path, message, sep="\t")
    print(number, "linted", sep="\t")
