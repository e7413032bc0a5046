"""Zips each bootstrap given, for AWS Lambda: `zip.py BOOTSTRAP ZIP [BOOTSTRAP ZIP ...]`.

`aws cloudformation package` would do it too, but at the slowest level, anew for every stack. Python, because a debug build of
Rust's own deflate is slower still. The entry's date is fixed, so that the same binary always gives the same zip.
"""
import os
import sys
import zipfile
from concurrent.futures import ThreadPoolExecutor


def pack(pair):
    bootstrap, target = pair
    entry = zipfile.ZipInfo("bootstrap", (1980, 1, 1, 0, 0, 0))
    entry.external_attr = 0o100755 << 16
    entry.compress_type = zipfile.ZIP_DEFLATED
    with open(bootstrap, "rb") as binary, zipfile.ZipFile(target, "w", compresslevel=1) as archive:
        archive.writestr(entry, binary.read(), compresslevel=1)


arguments = sys.argv[1:]
with ThreadPoolExecutor(os.cpu_count()) as pool:
    list(pool.map(pack, zip(arguments[::2], arguments[1::2])))
