"""The part of Yosys's command line that scripts use, over the pyosys wheel, which has none.

usage: yosys [-q] [-Q] [-T] [-l LOG] [-p COMMANDS]... [-s SCRIPT] [SCRIPT.ys]...
       yosys -V

Runs what it is given in the order given, `-p` last, as Yosys does. Exit status 1 on an error.
"""

import argparse
import importlib.metadata
import os
import sys
import tempfile


def main() -> None:
    parser = argparse.ArgumentParser(prog="yosys", add_help=False, usage=__doc__)
    parser.add_argument("-q", action="store_true")
    parser.add_argument("-Q", action="store_true")  # no banner: pyosys prints none
    parser.add_argument("-T", action="store_true")  # no footer: pyosys prints none
    parser.add_argument("-V", "--version", action="store_true")
    parser.add_argument("-l", metavar="LOG")
    parser.add_argument("-p", action="append", default=[])
    parser.add_argument("-s", action="append", default=[])
    parser.add_argument("files", nargs="*")
    arguments = parser.parse_args()
    if arguments.version:
        print(f"Yosys {importlib.metadata.version('pyosys')} (pyosys)")
        return
    scripts = arguments.s + arguments.files
    for script in scripts:
        if not script.endswith(".ys") and script not in arguments.s:
            sys.exit(f"yosys: {script}: only scripts (.ys) are taken; -p 'read_verilog {script}'")
        if not os.path.isfile(script):
            sys.exit(f"yosys: {script}: no such script")

    from pyosys import libyosys as ys  # takes a moment: not for -V

    tee = "tee -q " if arguments.q else "tee " if arguments.l else ""
    if arguments.l:
        open(arguments.l, "w", encoding="utf-8").close()
        tee += f"-a {arguments.l} "
    design = ys.Design()
    with tempfile.TemporaryDirectory(prefix="yosys-") as folder:
        for number, commands in enumerate(arguments.p):
            # As a script, so that `;` and `#` mean what they mean to Yosys, and tee sees it all.
            scripts.append(os.path.join(folder, f"{number}.ys"))
            with open(scripts[-1], "w", encoding="utf-8") as file:
                file.write(commands + "\n")
        for script in scripts:
            ys.run_pass(f"{tee}script {script}", design)


if __name__ == "__main__":
    main()
