#!/bin/sh
# Trains the model of `lprnn-hw demo --text` anew: models/text/make.sh [PROGRAM [FOLDER]].
# The same files for the same program, compiler and C library; copy them here if they are to ship.
set -eu
program=${1:-lprnn-hw}
folder=${2:-demo-text}
here=$(dirname "$0")
common="--level char --text $here/text.txt --valid $here/valid.txt --hidden 96 --embedding 16 --batch 2 --steps 50
    --rule adam --clip 1 --streams 1 --threads 1 --range-epochs 1 --force"
# shellcheck disable=SC2086
"$program" train $common --float --rate 0.004 --decay 1.15 --decay-from 30 --epochs 50 --patience 50 -o "$folder/float"
# shellcheck disable=SC2086
"$program" train $common --bits 4 --head-bits 4 --init "$folder/float/lm.safetensors" \
    --rate 0.003 --decay 1.1 --decay-from 30 --epochs 70 --patience 70 -o "$folder/w4"
cp "$folder/w4/lm_quantized.safetensors" "$folder/text.safetensors"
cp "$folder/w4/lm.vocab.json" "$folder/text.vocab.json"
