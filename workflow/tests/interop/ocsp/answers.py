"""Answers a sheet of certificates and OCSP answers by Python's cryptography: see judges.rs. It has no verifier of answers, so this
asks the steps of RFC 6960 section 3.2 one by one."""

import datetime
import pathlib
import sys

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID


def refusal(leaf, issuer, answer):
    now = datetime.datetime.now(datetime.timezone.utc)
    if answer.response_status != ocsp.OCSPResponseStatus.SUCCESSFUL:
        return answer.response_status.name
    (responder,) = answer.certificates
    try:
        responder.verify_directly_issued_by(issuer)
        responder.public_key().verify(answer.signature, answer.tbs_response_bytes, ec.ECDSA(answer.signature_hash_algorithm))
    except (InvalidSignature, ValueError) as error:
        return f"the signature is wrong: {error!r}"
    purposes = responder.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    if list(purposes) != [ExtendedKeyUsageOID.OCSP_SIGNING]:
        return "the responder may not sign answers"
    responder.extensions.get_extension_for_oid(ExtensionOID.OCSP_NO_CHECK)
    if not responder.not_valid_before_utc <= now <= responder.not_valid_after_utc:
        return "the responder has ended"
    if answer.responder_key_hash != x509.SubjectKeyIdentifier.from_public_key(responder.public_key()).digest:
        return "another responder signed"
    if answer.serial_number != leaf.serial_number or answer.hash_algorithm.name not in ("sha1", "sha256"):
        return "the answer is about another certificate"
    digest = hashes.Hash(answer.hash_algorithm)
    digest.update(issuer.subject.public_bytes())
    if digest.finalize() != answer.issuer_name_hash:
        return "the answer is about another issuer"
    if not answer.this_update_utc <= now < answer.next_update_utc:
        return "the answer is too old"
    if answer.certificate_status != ocsp.OCSPCertStatus.GOOD:
        return f"{answer.certificate_status.name}: {answer.revocation_reason}"
    return None


for line in pathlib.Path(sys.argv[1]).read_text().splitlines():
    number, leaf, _, _, issuer, answer, _, _ = line.split("\t")
    read = lambda path: x509.load_pem_x509_certificate(pathlib.Path(path).read_bytes())
    found = refusal(read(leaf), read(issuer), ocsp.load_der_ocsp_response(pathlib.Path(answer).read_bytes()))
    print(number, "ok" if found is None else f"no\t{found}", sep="\t")
