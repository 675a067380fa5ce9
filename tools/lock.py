#!/usr/bin/env python3
"""Pins every package of NAME.in, with its dependencies and the hashes of all wheels we support.

usage: tools/lock.py tools/requirements.in [...]      writes the .txt beside each .in

pip resolves the file once per Python version and machine, without installing anything; a
package that has no wheel for one of them is left out there by its environment marker or fails.
A file with the line --no-deps lists everything itself.
"""

import json
import pathlib
import subprocess
import sys
import tempfile

PYTHONS = ["3.11", "3.12", "3.13"]
MACHINES = ["x86_64", "aarch64"]
NO_DEPS = "--no-deps"
GLIBC = ["_2_28", "_2_27", "_2_17", "2014", "2010", "1"]  # newest first; Debian 12 has 2.36


def wanted(line: str, machine: str) -> bool:
    """Whether the line is a requirement that applies on `machine` (pip's dry run applies ours)."""
    requirement, _, marker = line.partition(";")
    return bool(requirement.strip()) and requirement != NO_DEPS and (not marker or machine in marker)


def resolve(lines: list[str], python: str, machine: str) -> list[tuple[str, str, str]]:
    """(name, version, sha256) of everything pip would install there."""
    with tempfile.TemporaryDirectory() as target:
        command = [sys.executable, "-m", "pip", "install", "--dry-run", "--quiet", "--report", "-"]
        command += ["--ignore-installed", "--only-binary=:all:", "--target", target]
        command += ["--implementation", "cp", "--python-version", python]
        for glibc in GLIBC:
            command += ["--platform", f"manylinux{glibc}_{machine}"]
        if NO_DEPS in lines:
            command.append(NO_DEPS)
        command += [line.partition(";")[0].strip() for line in lines if wanted(line, machine)]
        report = subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout
    return [
        (
            item["metadata"]["name"].lower().replace("_", "-"),
            item["metadata"]["version"],
            item["download_info"]["archive_info"]["hashes"]["sha256"],
        )
        for item in json.loads(report)["install"]
    ]


def lock(source: pathlib.Path) -> None:
    """Writes `source` with the suffix .txt."""
    lines = [line for line in source.read_text().splitlines() if not line.startswith("#")]
    hashes: dict[tuple[str, str], set[str]] = {}
    machines: dict[tuple[str, str], set[str]] = {}
    for machine in MACHINES:
        for python in PYTHONS:
            for name, version, digest in resolve(lines, python, machine):
                hashes.setdefault((name, version), set()).add(digest)
                machines.setdefault((name, version), set()).add(machine)
    text = [f"# Written by tools/lock.py from {source.name}: Python {', '.join(PYTHONS)} on Linux."]
    for (name, version), digests in sorted(hashes.items()):
        only = machines[name, version]
        marker = "" if len(only) == len(MACHINES) else f' ; platform_machine == "{min(only)}"'
        text.append(f"{name}=={version}{marker} \\")
        text.append(" \\\n".join(f"    --hash=sha256:{digest}" for digest in sorted(digests)))
    source.with_suffix(".txt").write_text("\n".join(text) + "\n")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    for argument in sys.argv[1:]:
        lock(pathlib.Path(argument))
