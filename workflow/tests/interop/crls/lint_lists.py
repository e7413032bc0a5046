"""Lints revocation lists by the rules of RFC 5280: reads the sheet of judges.rs, and answers with the findings of each list."""

import pathlib
import sys

from pkilint import loader, pkix
from pkilint.pkix import crl, extension, name
from pkilint.validation import ValidationFindingSeverity

VALIDATOR = crl.create_pkix_crl_validator_container(
    [
        pkix.create_attribute_decoder(name.ATTRIBUTE_TYPE_MAPPINGS),
        pkix.create_extension_decoder(extension.EXTENSION_MAPPINGS),
    ],
    [
        crl.create_issuer_validator_container([]),
        crl.create_validity_validator_container([]),
        crl.create_extensions_validator_container([]),
    ],
)

for line in pathlib.Path(sys.argv[1]).read_text().splitlines():
    fields = line.split("\t")
    load = loader.RFC5280CertificateListDocumentLoader().load_der_document
    codes = {
        f"{found.finding.severity.name} {found.finding.code} at {result.node.path}"
        for document in [load(pathlib.Path(path).read_bytes(), path) for path in fields[4].split(":")]
        for result in VALIDATOR.validate(document.root)
        for found in result.finding_descriptions
        if found.finding.severity <= ValidationFindingSeverity.WARNING
    }
    print(fields[0], "no\t" + ", ".join(sorted(codes)) if codes else "ok", sep="\t")
