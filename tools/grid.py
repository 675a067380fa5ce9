"""The grids of docs/results: bits against units on the PTB text.

    python3 tools/grid.py train characters|words|words-average|words-short TEXTS RUNS [UNITS ...]
    python3 tools/grid.py table characters|words|words-average|words-short RUNS docs/results

`train` needs ptb.train.txt, ptb.valid.txt and ptb.test.txt in TEXTS and lprnn-hw on the PATH (or in
LPRNN_HW); it leaves one folder a row in RUNS, and goes on where it was stopped. Every row starts at
the float model of its units, which is trained in one stage or several, and is trained as long and in
the same way as the others. `table` writes a CSV and an SVG and prints the Markdown table, of what it finds there. Standard library only.
"""

import csv
import json
import math
import os
import subprocess
import sys
from pathlib import Path

HEAD_BITS = 8
ROW_BITS = 8
# Bits of the weights, of h, of x, and the options of codes and rows; None is float.
PLAIN = {
    "float": None,
    "W8A8": (8, 8, 8, ""),
    "W4A4": (4, 4, 4, ""),
    "W3A3": (3, 3, 3, ""),
    "W2A4, ternary": (2, 4, 4, ""),
    "W2A2, ternary": (2, 2, 2, ""),
    "W1A4": (1, 4, 4, ""),
}
WORDS = {
    "float": None,
    "W4A4": (4, 4, 4, "--row-scales"),
    "W3A3": (3, 3, 4, "--levels odd --row-scales"),
    "W2A4": (2, 4, 4, "--levels auto --row-scales"),
    "W2A3": (2, 3, 4, "--levels odd --row-scales"),
    "W2A2": (2, 2, 4, "--levels odd --row-scales"),
    "W1A4": (1, 4, 4, "--levels auto --row-scales"),
}
# The same with h in the levels and the fraction that fit the h of the float model best (`train --fit-h` finds them).
WORDS_OWN_H = {
    **WORDS,
    "W3A3": (3, 3, 4, "--levels odd --act-levels even --row-scales"),
    "W2A3": (2, 3, 4, "--levels auto --row-scales"),
    "W2A2": (2, 2, 4, "--levels auto --act-levels even --h-frac 2 --row-scales"),
}
GRIDS = {
    "characters": {
        "widths": PLAIN,
        # Units, and the widths that are trained with them, in this order.
        "rows": {units: list(PLAIN) for units in (64, 128, 192, 256)},
        # How the row in real numbers is trained on, where it is not as the others are.
        "then_float": None,
        "embedding": lambda units: 64,
        "common": "--level char --batch 64 --steps 64 --windows 610 --rule adam --clip 1 --threads 1",
        # What a row of these widths has in place of a part of `then`.
        "instead": {},
        # Stages of the model in real numbers that all rows start at.
        "first": ["--rate 0.004 --epochs 4"],
        "then": "--rate 0.002 --epochs 2 --decay-from 1 --range-epochs 1",
        # What training reports, its column and its name.
        "found": "bits",
        "column": "bpc",
        "unit": "bits a character",
        "digits": 4,
        "tick": 0.1,
    },
    "words-short": {
        "widths": PLAIN,
        "rows": {
            300: ["float", "W4A4", "W2A2, ternary", "W3A3"],
            400: ["W4A4", "W2A4, ternary", "W2A2, ternary", "float"],
        },
        "then_float": None,
        "instead": {},
        "embedding": lambda units: units,
        "common": "--level word --batch 20 --steps 35 --clip 0.25",
        "first": ["--rate 20 --dropout 0.5 --epochs 5 --decay-from 4"],
        "then": "--rate 5 --dropout 0.4 --epochs 2 --decay-from 1 --range-epochs 1",
        "found": "perplexity",
        "column": "ppw",
        "unit": "perplexity a word",
        "digits": 2,
        "tick": 5.0,
    },
    "words": {
        "widths": WORDS,
        "rows": {300: list(WORDS)},
        "then_float": "--rate 20 --dropout 0.5 --epochs 14 --decay 1.25 --decay-from 2 "
        "--softmax-samples 1000",
        "instead": {},
        "embedding": lambda units: units,
        "common": "--level word --batch 20 --steps 35 --clip 0.25 --patience 20",
        "first": [
            "--rate 20 --dropout 0.5 --epochs 10",
            "--rate 20 --dropout 0.5 --epochs 2",
        ],
        "then": "--rate 20 --dropout 0.5 --epochs 12 --decay 1.3 --decay-from 2 --range-epochs 1 "
        "--softmax-samples 2000",
        "found": "perplexity",
        "column": "ppw",
        "unit": "perplexity a word",
        "digits": 2,
        "tick": 5.0,
    },
    "words-average": {
        "widths": WORDS_OWN_H,
        "rows": {300: list(WORDS_OWN_H)},
        "then_float": None,
        "instead": {
            name: ("--dropout 0.5", "--dropout 0.4") for name in ("float", "W2A3", "W2A2")
        },
        "embedding": lambda units: units,
        "common": "--level word --batch 20 --steps 35 --clip 0.25 --patience 20",
        "first": [
            "--rate 20 --dropout 0.5 --epochs 4",
            "--rate 20 --dropout 0.5 --epochs 4 --softmax-samples 1000 --average 1300",
        ],
        # Another seed: what was dropped and drawn in the second stage is not met again.
        "then": "--rate 20 --dropout 0.5 --epochs 10 --decay 1.35 --decay-from 2 --range-epochs 1 "
        "--softmax-samples 1000 --average 1300 --seed 2",
        "found": "perplexity",
        "column": "ppw",
        "unit": "perplexity a word",
        "digits": 2,
        "tick": 5.0,
    },
}


def slug(name):
    return name.split(",")[0].lower()


def options(widths):
    if widths is None:
        return ["--float"]
    weight, act, x, more = widths
    return (
        f"--weight-bits {weight} --act-bits {act} --input-bits {x} --head-bits {HEAD_BITS} {more}"
    ).split()


def texts(folder):
    names = [("--text", "train"), ("--valid", "valid"), ("--test", "test")]
    return [word for option, name in names for word in (option, str(folder / f"ptb.{name}.txt"))]


def run(arguments, folder):
    """One training, unless its result is there; the result is the last thing written."""
    result = folder.with_suffix(".json")
    if result.exists():
        return
    folder.parent.mkdir(parents=True, exist_ok=True)
    again = ["--resume"] if (folder / "checkpoint.safetensors").exists() else ["--force"]
    tool = os.environ.get("LPRNN_HW", "lprnn-hw")
    command = [tool, "train", *arguments, "-o", str(folder), *again]
    print(" ".join(command), file=sys.stderr, flush=True)
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE)
    partial = folder.with_suffix(".part")
    partial.write_bytes(done.stdout)
    partial.rename(result)


def float_model(grid, same, runs, hidden):
    """The folder of the last stage of the model in real numbers."""
    start, folder = [], None
    for stage, extra in enumerate(grid["first"]):
        folder = runs / (f"first_{hidden}" if stage == 0 else f"first_{hidden}_{stage + 1}")
        run([*same, "--float", *extra.split(), *start], folder)
        start = ["--init", str(folder / "lm.safetensors")]
    return folder


def train(grid, data, runs, units):
    for hidden in units or grid["rows"]:
        size = ["--hidden", str(hidden), "--embedding", str(grid["embedding"](hidden))]
        same = [*texts(data), *grid["common"].split(), "--format", "json", *size]
        first = float_model(grid, same, runs, hidden)
        for name in grid["rows"][hidden]:
            folder = runs / f"{slug(name)}_{hidden}"
            start = ["--init", str(first / "lm.safetensors")]
            then = (name == "float" and grid["then_float"]) or grid["then"]
            then = then.replace(*grid["instead"].get(name, ("", "")))
            run([*same, *then.split(), *options(grid["widths"][name]), *start], folder)


def memory(hidden, embedding, widths, tokens):
    """Bits of the LSTM's weights, and of weights, biases, embedding and decoder together."""
    weights = 4 * hidden * (embedding + hidden)
    if widths is None:
        return 32 * weights, 32 * (weights + 4 * hidden + tokens * (embedding + hidden + 1))
    weight, _, x, more = widths
    rows = 4 * hidden * ROW_BITS if "--row-scales" in more else 0
    lstm = weight * weights + rows
    around = tokens * (embedding * x + hidden * HEAD_BITS + 32)
    return lstm, lstm + 32 * 4 * hidden + around


def collect(grid, runs):
    rows = []
    for name, widths in grid["widths"].items():
        for hidden in grid["rows"]:
            result = runs / f"{slug(name)}_{hidden}.json"
            if not result.exists():
                continue
            found = json.loads(result.read_text())
            vocabulary = runs / f"{slug(name)}_{hidden}" / "lm.vocab.json"
            tokens = len(json.loads(vocabulary.read_text()))
            lstm, total = memory(hidden, grid["embedding"](hidden), widths, tokens)
            rows.append(
                {
                    "name": name,
                    "w_bits": widths[0] if widths else "float",
                    "a_bits": widths[1] if widths else "float",
                    "hidden": hidden,
                    "lstm_weight_bits": lstm,
                    "total_bits": total,
                    f"valid_{grid['column']}": found[f"valid_{grid['found']}"],
                    f"test_{grid['column']}": found[f"test_{grid['found']}"],
                }
            )
    measure = f"valid_{grid['column']}"
    for row in rows:
        row["pareto"] = not any(
            other["lstm_weight_bits"] <= row["lstm_weight_bits"]
            and other[measure] <= row[measure]
            and other is not row
            for other in rows
        )
    return rows


def kib(bits):
    return f"{bits / 8192:.1f}"


def markdown(grid, rows):
    digits, column = grid["digits"], grid["column"]
    lines = [
        "| widths | units | LSTM weights, KiB | all, KiB | validation | test | Pareto |",
        "|---|--:|--:|--:|--:|--:|:-:|",
    ]
    for row in rows:
        lines.append(
            f"| {row['name']} | {row['hidden']} | {kib(row['lstm_weight_bits'])} "
            f"| {kib(row['total_bits'])} | {row[f'valid_{column}']:.{digits}f} "
            f"| {row[f'test_{column}']:.{digits}f} | {'yes' if row['pareto'] else ''} |"
        )
    return "\n".join(lines) + "\n"


# Of Okabe and Ito, told apart by the colour-blind as well; legible on light and dark ground.
COLOURS = ["#7f7f7f", "#0072b2", "#009e73", "#d55e00", "#cc79a7", "#56b4e9", "#e69f00"]
WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM = 720, 420, 64, 40, 130, 52


def picture(grid, rows):
    xs = [math.log2(row["lstm_weight_bits"] / 8192) for row in rows]
    measure, tick = f"valid_{grid['column']}", grid["tick"]
    ys = [row[measure] for row in rows]
    x0, x1 = math.floor(min(xs)), math.ceil(max(xs))
    y0, y1 = math.floor(min(ys) / tick) * tick, math.ceil(max(ys) / tick) * tick

    def x(row):
        share = (math.log2(row["lstm_weight_bits"] / 8192) - x0) / (x1 - x0)
        return LEFT + share * (WIDTH - LEFT - RIGHT)

    def y(value):
        return HEIGHT - BOTTOM - (value - y0) / (y1 - y0) * (HEIGHT - TOP - BOTTOM)

    title = "Memory of the LSTM's weights against accuracy, PTB"
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-label="{title}" font-family="system-ui, sans-serif" font-size="12">',
        "<style>.ground{fill:#fff}text{fill:#1f2328}.grid{stroke:#d0d7de}",
        "@media(prefers-color-scheme:dark){.ground{fill:#0d1117}text{fill:#e6edf3}"
        ".grid{stroke:#30363d}}</style>",
        f'<rect class="ground" width="{WIDTH}" height="{HEIGHT}"/>',
        f'<text x="{LEFT}" y="22" font-size="14">{title}</text>',
    ]
    for power in range(x0, x1 + 1):
        at = LEFT + (power - x0) / (x1 - x0) * (WIDTH - LEFT - RIGHT)
        out.append(
            f'<line class="grid" x1="{at:.1f}" x2="{at:.1f}" y1="{TOP}" y2="{HEIGHT - BOTTOM}"/>'
            f'<text x="{at:.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{2**power}</text>'
        )
    for mark in range(round((y1 - y0) / tick) + 1):
        value = y0 + mark * tick
        at = y(value)
        out.append(
            f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{at:.1f}" y2="{at:.1f}"/>'
            f'<text x="{LEFT - 8}" y="{at + 4:.1f}" text-anchor="end">{round(value, 3):g}</text>'
        )
    middle = (HEIGHT + TOP - BOTTOM) / 2
    out.append(
        f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 12}" text-anchor="middle">'
        "weights of the LSTM, KiB</text>"
        f'<text x="16" y="{middle}" text-anchor="middle" transform="rotate(-90 16 {middle})">'
        f"validation, {grid['unit']}</text>"
    )
    for index, name in enumerate(grid["widths"]):
        line = [row for row in rows if row["name"] == name]
        if not line:
            continue
        colour = COLOURS[index]
        points = [(x(row), y(row[measure])) for row in line]
        path = " ".join(f"{px:.1f},{py:.1f}" for px, py in points)
        out.append(f'<polyline fill="none" stroke="{colour}" stroke-width="2" points="{path}"/>')
        for row, (px, py) in zip(line, points):
            fill = colour if row["pareto"] else "none"
            out.append(
                f'<circle cx="{px:.1f}" cy="{py:.1f}" r="5" stroke="{colour}" stroke-width="2" '
                f'fill="{fill}"><title>{name}, {row["hidden"]} units</title></circle>'
            )
        at = TOP + 10 + 20 * index
        out.append(
            f'<line x1="{WIDTH - RIGHT + 10}" x2="{WIDTH - RIGHT + 30}" y1="{at}" y2="{at}" '
            f'stroke="{colour}" stroke-width="2"/>'
            f'<text x="{WIDTH - RIGHT + 36}" y="{at + 4}">{name}</text>'
        )
    at = TOP + 10 + 20 * len(grid["widths"])
    out.append(f'<text x="{WIDTH - RIGHT + 10}" y="{at + 4}">filled: Pareto set</text></svg>')
    return "\n".join(out) + "\n"


def table(name, runs, results):
    grid = GRIDS[name]
    rows = collect(grid, runs)
    with open(results / f"{name}.csv", "w", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys(), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    (results / f"{name}.svg").write_text(picture(grid, rows))
    print(markdown(grid, rows), end="")


def main():
    what, name, *rest = [*sys.argv[1:], "", ""]
    rest = [word for word in rest if word]
    if name not in GRIDS or len(rest) < 2:
        sys.exit(__doc__)
    if what == "train":
        train(GRIDS[name], Path(rest[0]), Path(rest[1]), [int(word) for word in rest[2:]])
    elif what == "table":
        table(name, Path(rest[0]), Path(rest[1]))
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
