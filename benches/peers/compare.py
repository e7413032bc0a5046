#!/usr/bin/env python3
"""Time of one certificate with Countersign and with alternatives: benches/peers/compare.py, in a virtual environment with
the packages of requirements.txt (benches/tables creates it).

Same keys, same request, medians. Programs are started for each certificate, as their users do. Names and omits peers
that are not installed. Prints Markdown.
"""

import datetime
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import ExtendedKeyUsageOID

HERE = pathlib.Path(__file__).resolve().parent
OURS = HERE.parent.parent / "target/release/certify"
PROFILE = '{"signing":{"default":{"usages":["digital signature","server auth"],"expiry":"8760h"}}}'


def run(*arguments, **options):
    return subprocess.run(arguments, check=True, capture_output=True, **options)


def micros(work, times):
    took = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        took.append((time.perf_counter() - start) * 1e6)
    return statistics.median(took)


def in_python(issuer, key, text):
    """A plain function as it stands in many a Lambda: it checks the request's signature and nothing else."""
    request = x509.load_pem_x509_csr(text)
    if not request.is_signature_valid:
        raise ValueError("signature")
    now = datetime.datetime.now(datetime.timezone.utc)
    names = request.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    builder = (
        x509.CertificateBuilder()
        .subject_name(request.subject)
        .issuer_name(issuer.subject)
        .public_key(request.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=365))
        .add_extension(names.value, critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    )
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def peers(folder):
    key, root, request = (str(folder / name) for name in ("ca.key", "ca.crt", "request.csr"))
    key_pem, text = pathlib.Path(key).read_bytes(), pathlib.Path(request).read_bytes()
    issuer = x509.load_pem_x509_certificate(pathlib.Path(root).read_bytes())
    load = lambda: serialization.load_pem_private_key(key_pem, None)  # noqa: E731
    cached = load()
    yield "Countersign, library", float(run(str(OURS), key, root, request, "2000").stdout)
    go = shutil.which("go")
    if go:
        run(go, "build", "-o", str(folder / "peer"), str(HERE / "main.go"), env={"HOME": str(folder), "PATH": "/usr/bin:/bin"})
        yield "Go crypto/x509, library", float(run(str(folder / "peer"), key, root, request, "2000").stdout)
    yield "Python cryptography, key cached", micros(lambda: in_python(issuer, cached, text), 500)
    yield "Python cryptography, key loaded each time", micros(lambda: in_python(issuer, load(), text), 50)
    openssl = ["openssl", "x509", "-req", "-in", request, "-CA", root, "-CAkey", key, "-days", "365", "-copy_extensions", "copy"]
    yield "`openssl x509 -req`, a process each", micros(lambda: run(*openssl), 50)
    if shutil.which("cfssl"):
        config = folder / "config.json"
        config.write_text(PROFILE)
        cfssl = ["cfssl", "sign", "-ca", root, "-ca-key", key, "-config", str(config), request]
        yield "`cfssl sign`, a process each", micros(lambda: run(*cfssl), 50)
    for name in ("go", "cfssl"):
        if not shutil.which(name):
            print(f"not installed: {name}", file=sys.stderr)


def main():
    kinds = {
        "EC P-256": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
        "RSA 2048": ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
        "RSA 4096": ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:4096"],
    }
    table = {}
    for kind, options in kinds.items():
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            run("openssl", "genpkey", *options, "-out", str(folder / "ca.key"))
            run(
                "openssl", "req", "-x509", "-new", "-key", str(folder / "ca.key"), "-days", "3650", "-subj", "/CN=Peer",
                "-addext", "keyUsage=critical,keyCertSign,cRLSign", "-out", str(folder / "ca.crt"),
            )  # fmt: skip
            run(
                "openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
                str(folder / "request.key"), "-subj", "/CN=www.example.com", "-addext",
                "subjectAltName=DNS:www.example.com", "-out", str(folder / "request.csr"),
            )  # fmt: skip
            for peer, took in peers(folder):
                table.setdefault(peer, []).append(took)
    print("| µs a certificate, EC P-256 request | " + " | ".join(f"issuer {kind}" for kind in kinds) + " |")
    print("| --- | " + " | ".join("---:" for _ in kinds) + " |")
    for peer, all_took in table.items():
        print(f"| {peer} | " + " | ".join(f"{took:,.0f}" for took in all_took) + " |")


if __name__ == "__main__":
    main()
