# SPDX-License-Identifier: MIT OR Apache-2.0
"""Builds the core in a folder that `lprnn-hw gen` wrote, and runs test_core.py on it.

usage: SIM=icarus python run.py FOLDER
       SIM=verilator python run.py FOLDER

Exit status: 0 when every test passed, 1 when one failed.
"""

import json
import os
import sys
from pathlib import Path

from cocotb_tools.check_results import get_results
from cocotb_tools.runner import get_runner


def main(folder: Path) -> int:
    design = json.loads((folder / "interface.json").read_text())
    build = Path("sim_build").resolve()
    # The simulation runs elsewhere: the core is told where its memory files are.
    parameters = {"MEMORIES": f'"{folder}/rtl/"'} if design["memories"] else {}
    runner = get_runner(os.environ.get("SIM", "icarus"))
    runner.build(
        sources=[folder / path for path in design["sources"]],
        hdl_toplevel=design["top"],
        parameters=parameters,
        build_dir=build,
    )
    results = runner.test(
        hdl_toplevel=design["top"],
        test_module="test_core",
        test_dir=Path(__file__).resolve().parent,
        build_dir=build,
        results_xml=str(build / "results.xml"),
        extra_env={"DESIGN": str(folder)},
    )
    tests, failed = get_results(results)
    return 0 if tests and not failed else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).resolve()))
