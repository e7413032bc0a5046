"""Lints OCSP answers by the rules of RFC 6960: reads the sheet of judges.rs, and answers with the findings of each answer."""

import pathlib
import sys

from pkilint import loader, pkix
from pkilint.pkix import extension, name, ocsp
from pkilint.validation import ValidationFindingSeverity

VALIDATOR = ocsp.create_pkix_ocsp_response_validator_container(
    [
        ocsp.create_response_decoder(),
        pkix.create_attribute_decoder(name.ATTRIBUTE_TYPE_MAPPINGS),
        pkix.create_extension_decoder(extension.EXTENSION_MAPPINGS),
    ],
    [],
)

for line in pathlib.Path(sys.argv[1]).read_text().splitlines():
    fields = line.split("\t")
    document = loader.RFC6960OCSPResponseDocumentLoader().load_der_document(pathlib.Path(fields[5]).read_bytes(), fields[5])
    codes = {
        f"{found.finding.severity.name} {found.finding.code} at {result.node.path}: {found.message}"
        for result in VALIDATOR.validate(document.root)
        for found in result.finding_descriptions
        if found.finding.severity <= ValidationFindingSeverity.WARNING
    }
    print(fields[0], "no\t" + ", ".join(sorted(codes)) if codes else "ok", sep="\t")
