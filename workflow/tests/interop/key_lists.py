"""Looks every public key of a PEM file up in the list of keys of badkeys; prints a line for each: listed or not."""

import sys

from badkeys.checks import detectandcheck

END = "-----END PUBLIC KEY-----\n"
for block in open(sys.argv[1]).read().split(END)[:-1]:
    found = detectandcheck(block + END, checks=["blocklist"])
    assert found["type"] in ("rsa", "ec"), found
    print("listed" if "blocklist" in found["results"] else "not listed")
