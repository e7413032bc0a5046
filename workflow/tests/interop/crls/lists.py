"""Answers a sheet of certificates and revocation lists by Python's cryptography: see judges.rs. Its path verifier does not look
at lists, so this asks the steps of RFC 5280 section 6.3.3 one by one."""

import datetime
import pathlib
import sys

from cryptography import x509


FOREIGN = "the list is of another issuer, or of other certificates"


def addresses(leaf):
    try:
        points = leaf.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
        return {name for point in points for name in point.full_name}
    except x509.ExtensionNotFound:
        return set()


def refusal(leaf, issuer, crl):
    now = datetime.datetime.now(datetime.timezone.utc)
    number = crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number
    key = crl.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier
    own = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    if crl.issuer != leaf.issuer or key != own or number < 1:
        return FOREIGN
    try:
        point = crl.extensions.get_extension_for_class(x509.IssuingDistributionPoint).value
        if not set(point.full_name) & addresses(leaf):
            return FOREIGN
    except x509.ExtensionNotFound:
        pass
    if not crl.is_signature_valid(issuer.public_key()):
        return "the signature is wrong"
    if not crl.last_update_utc <= now < crl.next_update_utc:
        return "the list is too old"
    entry = crl.get_revoked_certificate_by_serial_number(leaf.serial_number)
    if entry is None:
        return None
    try:
        return "revoked: " + entry.extensions.get_extension_for_class(x509.CRLReason).value.reason.value
    except x509.ExtensionNotFound:
        return "revoked"


for line in pathlib.Path(sys.argv[1]).read_text().splitlines():
    number, leaf, _, _, crls, issuer, _ = line.split("\t")
    read = lambda path: x509.load_pem_x509_certificate(pathlib.Path(path).read_bytes())
    lists = [x509.load_der_x509_crl(pathlib.Path(path).read_bytes()) for path in crls.split(":")]
    answers = [refusal(read(leaf), read(issuer), crl) for crl in lists]
    # Any list that is for the certificate answers.
    found = next((answer for answer in answers if answer != FOREIGN), FOREIGN)
    print(number, "ok" if found is None else f"no\t{found}", sep="\t")
