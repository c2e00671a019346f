#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Looks for secrets in directories: the layers of an image as Podman stores them. Run inside `podman unshare`.

usage: find_secrets.py NEEDLES DIRECTORY...     NEEDLES: a file with one string per line that must be nowhere
Prints {"files": how many were read, "found": ["FILE: why", ...]} as JSON."""
import json
import mmap
import os
import pathlib
import re
import stat
import sys

KEY = re.compile(rb"^-----BEGIN [A-Z ]*PRIVATE KEY-----\r?\n[A-Za-z0-9+/]{40}", re.MULTILINE)
NAME = re.compile(r"/(id_(rsa|dsa|ecdsa|ed25519)|\.netrc|\.npmrc|\.env|\.git-credentials|auth\.json|\.credentials\.json|ssh_host_.*_key|ca\.pem)$")
SMALL = 65536  # a file that is a key; programs contain samples of them


def problems(path, needles):
    if NAME.search(path):
        yield "its name"
    with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) as content:
        if any(content.find(needle) >= 0 for needle in needles):
            yield "a secret"
        if len(content) < SMALL and KEY.search(content):
            yield "a private key"


def main():
    needles = [line.encode() for line in pathlib.Path(sys.argv[1]).read_text().splitlines() if line]
    files, found = 0, []
    for top in sys.argv[2:]:
        for directory, _, names in os.walk(top):
            for path in (os.path.join(directory, name) for name in names):
                info = os.lstat(path)
                if stat.S_ISREG(info.st_mode) and info.st_size:
                    files += 1
                    found += [f"{path}: {why}" for why in problems(path, needles)]
    print(json.dumps({"files": files, "found": found}))


main()
