"""Sentences of Markdown files, one a line: what the writing model learned.

    python3 models/text/sentences.py README.md CONTRIBUTING.md docs/architecture.md docs/interface.md

Paragraphs and items of lists are taken, without headings, tables and blocks of code; of these the sentences of 16 to 200
letters, blanks and usual marks, each once. `text.txt` is what this printed when the model was trained; the files have
changed since.
"""

import re
import sys
from pathlib import Path

LETTERS = set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ ,.;:-()'")


def paragraphs(text: str):
    """Every paragraph and item as one line."""
    kept, fenced = [], False
    for line in [*text.splitlines(), ""]:
        if line.startswith("```"):
            fenced = not fenced
            line = ""
        item = re.match(r"\s*(?:[*-]|\d+\.)\s+(.*)", line)
        outside = not kept and line.startswith(("    ", "#", "|", "!", "<", "["))
        if item or fenced or outside or not line.strip():
            if kept:
                yield " ".join(kept)
            kept = [item.group(1)] if item and not fenced else []
        else:
            kept.append(line.strip())


def sentences(text: str):
    """Those whose letters and marks the model has."""
    for paragraph in paragraphs(text):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", paragraph).replace("`", "").replace("*", "")
        for sentence in re.split(r"(?<=[.!?])\s+(?=[A-Z])", plain):
            sentence = " ".join(sentence.split())
            usual = set(sentence) <= LETTERS and not re.search(r"\.\.|--", sentence)
            if 16 <= len(sentence) <= 200 and usual and sentence[0].isupper() and sentence.endswith("."):
                yield sentence


if __name__ == "__main__":
    found = {}
    for name in sys.argv[1:]:
        for sentence in sentences(Path(name).read_text(encoding="utf-8")):
            found.setdefault(sentence)
    print("\n".join(found))
