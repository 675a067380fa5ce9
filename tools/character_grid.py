"""The grid of docs/results/characters.md: bits against units at character level.

    python3 tools/character_grid.py train TEXTS RUNS [UNITS ...]
    python3 tools/character_grid.py table RUNS docs/results

`train` needs ptb.train.txt, ptb.valid.txt and ptb.test.txt in TEXTS and lprnn-hw on the PATH (or in
LPRNN_HW); it leaves one folder a row in RUNS, and goes on where it was stopped. Every row starts at
the float model of its units and is trained as long and in the same way, the float row too. `table`
writes characters.csv, characters.svg and the rows of the Markdown table from what it finds there.
Standard library only.
"""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

UNITS = [64, 128, 192, 256]
EMBEDDING = 64
HEAD_BITS = 8
# Name, bits of the weights, of h, of x; None is float.
WIDTHS = [
    ("float", None),
    ("W8A8", (8, 8, 8)),
    ("W4A4", (4, 4, 4)),
    ("W3A3", (3, 3, 3)),
    ("W2A4, ternary", (2, 4, 4)),
    ("W2A2, ternary", (2, 2, 2)),
    ("W1A4", (1, 4, 4)),
]
COMMON = (
    f"--level char --embedding {EMBEDDING} --batch 64 --steps 64 --windows 610 --rule adam "
    "--clip 1 --threads 1 --format json"
).split()
FIRST = "--float --rate 0.004 --epochs 4".split()
THEN = "--rate 0.002 --epochs 2 --decay-from 1 --range-epochs 1".split()


def slug(name):
    return name.split(",")[0].lower()


def options(widths):
    if widths is None:
        return ["--float"]
    weight, act, x = widths
    return (
        f"--weight-bits {weight} --act-bits {act} --input-bits {x} --head-bits {HEAD_BITS}"
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


def train(data, runs, units):
    for hidden in units:
        size = [*texts(data), *COMMON, "--hidden", str(hidden)]
        first = runs / f"first_{hidden}"
        run([*size, *FIRST], first)
        for name, widths in WIDTHS:
            start = ["--init", str(first / "lm.safetensors")]
            run([*size, *THEN, *options(widths), *start], runs / f"{slug(name)}_{hidden}")


def memory(hidden, widths, tokens):
    """Bits of the LSTM's weights, and of weights, biases, embedding and decoder together."""
    weights = 4 * hidden * (EMBEDDING + hidden)
    if widths is None:
        return 32 * weights, 32 * (weights + 4 * hidden + tokens * (EMBEDDING + hidden + 1))
    weight, _, x = widths
    lstm = weight * weights
    around = tokens * (EMBEDDING * x + hidden * HEAD_BITS + 32)
    return lstm, lstm + 32 * 4 * hidden + around


def collect(runs):
    rows = []
    for name, widths in WIDTHS:
        for hidden in UNITS:
            result = runs / f"{slug(name)}_{hidden}.json"
            if not result.exists():
                continue
            found = json.loads(result.read_text())
            vocabulary = runs / f"{slug(name)}_{hidden}" / "lm.vocab.json"
            lstm, total = memory(hidden, widths, len(json.loads(vocabulary.read_text())))
            rows.append(
                {
                    "widths": name,
                    "units": hidden,
                    "lstm_bits": lstm,
                    "total_bits": total,
                    "valid_bits_per_character": found["valid_bits"],
                    "test_bits_per_character": found["test_bits"],
                }
            )
    for row in rows:
        row["pareto"] = not any(
            other["lstm_bits"] <= row["lstm_bits"]
            and other["valid_bits_per_character"] <= row["valid_bits_per_character"]
            and other is not row
            for other in rows
        )
    return rows


def kib(bits):
    return f"{bits / 8192:.1f}"


def markdown(rows):
    lines = [
        "| widths | units | LSTM weights, KiB | all, KiB | validation | test | Pareto |",
        "|---|--:|--:|--:|--:|--:|:-:|",
    ]
    for row in rows:
        lines.append(
            f"| {row['widths']} | {row['units']} | {kib(row['lstm_bits'])} "
            f"| {kib(row['total_bits'])} | {row['valid_bits_per_character']:.4f} "
            f"| {row['test_bits_per_character']:.4f} | {'yes' if row['pareto'] else ''} |"
        )
    return "\n".join(lines) + "\n"


# Of Okabe and Ito, told apart by the colour-blind as well; legible on light and dark ground.
COLOURS = ["#7f7f7f", "#0072b2", "#009e73", "#d55e00", "#cc79a7", "#56b4e9", "#e69f00"]
WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM = 720, 420, 64, 40, 130, 52


def picture(rows):
    import math

    xs = [math.log2(row["lstm_bits"] / 8192) for row in rows]
    ys = [row["valid_bits_per_character"] for row in rows]
    x0, x1 = math.floor(min(xs)), math.ceil(max(xs))
    y0, y1 = math.floor(min(ys) * 10) / 10, math.ceil(max(ys) * 10) / 10

    def x(row):
        share = (math.log2(row["lstm_bits"] / 8192) - x0) / (x1 - x0)
        return LEFT + share * (WIDTH - LEFT - RIGHT)

    def y(value):
        return HEIGHT - BOTTOM - (value - y0) / (y1 - y0) * (HEIGHT - TOP - BOTTOM)

    title = "Memory of the LSTM's weights against accuracy, PTB characters"
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
    for tenth in range(round(y0 * 10), round(y1 * 10) + 1):
        at = y(tenth / 10)
        out.append(
            f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{at:.1f}" y2="{at:.1f}"/>'
            f'<text x="{LEFT - 8}" y="{at + 4:.1f}" text-anchor="end">{tenth / 10:.1f}</text>'
        )
    middle = (HEIGHT + TOP - BOTTOM) / 2
    out.append(
        f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 12}" text-anchor="middle">'
        "weights of the LSTM, KiB</text>"
        f'<text x="16" y="{middle}" text-anchor="middle" transform="rotate(-90 16 {middle})">'
        "validation, bits a character</text>"
    )
    for index, (name, _) in enumerate(WIDTHS):
        line = [row for row in rows if row["widths"] == name]
        if not line:
            continue
        colour = COLOURS[index]
        points = [(x(row), y(row["valid_bits_per_character"])) for row in line]
        path = " ".join(f"{px:.1f},{py:.1f}" for px, py in points)
        out.append(f'<polyline fill="none" stroke="{colour}" stroke-width="2" points="{path}"/>')
        for row, (px, py) in zip(line, points):
            fill = colour if row["pareto"] else "none"
            out.append(
                f'<circle cx="{px:.1f}" cy="{py:.1f}" r="5" stroke="{colour}" stroke-width="2" '
                f'fill="{fill}"><title>{name}, {row["units"]} units</title></circle>'
            )
        at = TOP + 10 + 20 * index
        out.append(
            f'<line x1="{WIDTH - RIGHT + 10}" x2="{WIDTH - RIGHT + 30}" y1="{at}" y2="{at}" '
            f'stroke="{colour}" stroke-width="2"/>'
            f'<text x="{WIDTH - RIGHT + 36}" y="{at + 4}">{name}</text>'
        )
    at = TOP + 10 + 20 * len(WIDTHS)
    out.append(f'<text x="{WIDTH - RIGHT + 10}" y="{at + 4}">filled: Pareto set</text></svg>')
    return "\n".join(out) + "\n"


def table(runs, results):
    rows = collect(runs)
    with open(results / "characters.csv", "w", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys(), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    (results / "characters.svg").write_text(picture(rows))
    print(markdown(rows), end="")


def main():
    what, *rest = sys.argv[1:] or [""]
    if what == "train" and len(rest) >= 2:
        train(Path(rest[0]), Path(rest[1]), [int(word) for word in rest[2:]] or UNITS)
    elif what == "table" and len(rest) == 2:
        table(Path(rest[0]), Path(rest[1]))
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
