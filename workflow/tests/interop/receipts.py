"""Verifies a receipt of Countersign without any of its code: receipts.py RECEIPT CERTIFICATE KEY...

Prints index and size, and how many of the receipts with one changed bit are refused.
"""

import base64
import hashlib
import json
import re
import sys

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding


class Refused(Exception):
    pass


def need(truth, why):
    if not truth:
        raise Refused(why)


def b64(text, length=None):
    """Standard base64, in its one spelling."""
    try:
        octets = base64.b64decode(text, validate=True)
    except ValueError as error:
        raise Refused(str(error))
    need(base64.b64encode(octets).decode() == text and length in (None, len(octets)), "base64")
    return octets


def sha256(octets):
    return hashlib.sha256(octets).digest()


def read_key(text):
    """A verifier key: name+hash+base64(type || key)."""
    name, short, key = text.split("+", 2)
    key = b64(key, 33)
    need(key[0] == 1, "not Ed25519")
    identity = sha256(name.encode() + b"\n" + key)[:4]
    need(identity.hex() == short, "hash of the key")
    return name, identity, Ed25519PublicKey.from_public_bytes(key[1:])


def signed(key, signature, message):
    try:
        key.verify(signature, message)
        return True
    except InvalidSignature:
        return False


def read_checkpoint(lines, keys):
    """Origin, size, root, an empty line, and signatures."""
    need(len(lines) >= 5 and lines[3] == "", "form of the checkpoint")
    origin, size, root = lines[:3]
    need(re.fullmatch("0|[1-9][0-9]*", size), "size")
    text = "".join(line + "\n" for line in lines[:3]).encode()
    known = 0
    for line in lines[4:]:
        dash, name, encoded = line.split(" ")
        octets = b64(encoded)
        need(dash == "\u2014", "signature line")
        for key_name, identity, key in keys:
            if (name, octets[:4]) == (key_name, identity):
                need(name == origin and signed(key, octets[4:], text), "signature of the checkpoint")
                known += 1
    need(known > 0, "no known signature")
    return int(size), b64(root, 32)


def root_from(leaf, index, size, proof):
    """RFC 9162 section 2.1.3, from the top: which half of the tree the leaf is in."""
    if size == 1:
        need(not proof, "proof too long")
        return leaf
    need(proof, "proof too short")
    half = 1
    while half * 2 < size:
        half *= 2
    *below, sibling = proof
    if index < half:
        return sha256(b"\x01" + root_from(leaf, index, half, below) + sibling)
    return sha256(b"\x01" + sibling + root_from(leaf, index - half, size - half, below))


def verify(octets, der, serial, keys):
    found = re.fullmatch(rb'(\{\n.*,\n)  "signature": "([A-Za-z0-9+/=]*)"\n\}\n', octets, re.DOTALL)
    need(found, "form of the receipt")
    body, signature = found[1], b64(found[2].decode(), 64)
    need(any(signed(key, signature, b"countersign/receipt@v1\n" + body) for _, _, key in keys), "signature")
    receipt = json.loads(octets)
    need(receipt["format"] == "countersign/receipt@v1", "format")
    certificate, log = receipt["certificate"], receipt["log"]
    standing = receipt["approval"].get("standing")
    need(standing is None or re.fullmatch("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", standing), "standing approval")
    need(standing != receipt["request"], "a request is no standing approval above itself")
    need(certificate["sha256"] == sha256(der).hex() and int(certificate["serial"], 16) == serial, "certificate")
    lines = [
        "countersign/certificate@v1",
        "serial " + certificate["serial"],
        "certificate " + certificate["sha256"],
        "issuer " + certificate["issuer"],
        "request " + receipt["request"],
        "approval " + receipt["approval"]["digest"],
    ]
    lines += ["evidence " + vote["evidence"] for vote in receipt["approval"]["votes"] if "evidence" in vote]
    leaf = sha256(b"\x00" + "".join(line + "\n" for line in lines).encode())
    size, root = read_checkpoint(log["checkpoint"], keys)
    need(0 <= log["index"] < size, "index")
    need(root_from(leaf, log["index"], size, [b64(hash, 32) for hash in log["proof"]]) == root, "proof")
    return log["index"], size


def main():
    octets = open(sys.argv[1], "rb").read()
    certificate = x509.load_pem_x509_certificate(open(sys.argv[2], "rb").read())
    der, serial = certificate.public_bytes(Encoding.DER), certificate.serial_number
    keys = [read_key(text) for text in sys.argv[3:]]
    index, size = verify(octets, der, serial, keys)
    print(index, size)
    refused = 0
    for at in range(len(octets)):
        for bit in range(8):
            changed = octets[:at] + bytes([octets[at] ^ 1 << bit]) + octets[at + 1 :]
            try:
                verify(changed, der, serial, keys)
            except Refused:
                refused += 1
    print(refused, 8 * len(octets))


main()
