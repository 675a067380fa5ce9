# SPDX-License-Identifier: MIT OR Apache-2.0
"""A core against its vectors, with the AXI4-Stream models of cocotbext-axi.

run.py starts it. DESIGN is the folder of the core; the vectors are those of its test bench in tb/.
"""

import itertools
import json
import os
import random
from pathlib import Path

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import ClockCycles, RisingEdge
from cocotbext.axi import AxiStreamBus, AxiStreamSink, AxiStreamSource

FOLDER = Path(os.environ["DESIGN"])
DESIGN = json.loads((FOLDER / "interface.json").read_text())
NAME = DESIGN["top"].removesuffix("_top")


def frames(what, port):
    """The vectors cut at TLAST, each as bytes: a line of the file is {TLAST, TDATA}."""
    width = port["elements_per_beat"] * port["element_width"]
    sequences = [b""]
    for line in (FOLDER / "tb" / f"{NAME}_{what}.mem").read_text().split():
        beat = int(line, 16)
        sequences[-1] += (beat & ((1 << width) - 1)).to_bytes(width // 8, "little")
        if beat >> width & 1:
            sequences.append(b"")
    assert sequences.pop() == b"", "the last beat has TLAST"
    return sequences


STIMULUS = frames("stimulus", DESIGN["input"])
EXPECTED = frames("expected", DESIGN["output"])


async def start(dut):
    """Clock and reset; source and sink."""
    # In steps of the simulator, because the sources have no timescale.
    cocotb.start_soon(Clock(dut.aclk, 10, unit="step").start())
    dut.aresetn.value = 0
    stream = {"clock": dut.aclk, "reset": dut.aresetn, "reset_active_level": False}
    source = AxiStreamSource(AxiStreamBus.from_prefix(dut, "s_axis"), **stream)
    sink = AxiStreamSink(AxiStreamBus.from_prefix(dut, "m_axis"), **stream)
    await ClockCycles(dut.aclk, 4)
    dut.aresetn.value = 1
    return source, sink


async def compare(source, sink):
    """All sequences: every word, and a TLAST where the model has one and nowhere else."""
    for sequence in STIMULUS:
        await source.send(sequence)
    for number, expected in enumerate(EXPECTED):
        frame = await sink.recv()
        assert bytes(frame.tdata) == expected, f"sequence {number}"
    assert sink.empty(), "more output than the model has"


@cocotb.test()
async def words(dut):
    """Source and sink never wait."""
    await compare(*await start(dut))


@cocotb.test()
async def pauses(dut):
    """The source idles and the sink stalls, now and then and for long."""
    source, sink = await start(dut)
    chance = random.Random(1)
    runs = [[on] * chance.randint(1, length) for on, length in [(True, 40), (False, 3)] * 50]
    source.set_pause_generator(chance.random() < 0.4 for _ in itertools.count())
    sink.set_pause_generator(itertools.cycle(itertools.chain(*runs)))
    await compare(source, sink)


@cocotb.test()
async def reset_in_mid_transfer(dut):
    """A step is lost with its output, and the next sequence starts from zero state."""
    source, sink = await start(dut)
    for cycles in (1, 2, 3):
        await source.send(STIMULUS[0])
        sink.pause = True
        while not dut.m_axis_tvalid.value.is_resolvable or not dut.m_axis_tvalid.value:
            await RisingEdge(dut.aclk)
        dut.aresetn.value = 0
        source.clear()
        await ClockCycles(dut.aclk, cycles)
        dut.aresetn.value = 1
        sink.pause = False
        await RisingEdge(dut.aclk)
        sink.clear()
    await compare(source, sink)
