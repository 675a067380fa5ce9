"""Tokens per second of PyTorch's float nn.LSTM behind an embedding, without a decoder.

The counterpart of `cargo bench --bench eval`: 300 units, 10,000 tokens, 40,000 steps, state
carried. Needs only torch. Usage: python pytorch_lstm_speed.py [threads [batch ...]]
"""

import sys
import time

import torch

TOKENS, SIZE, TEXT = 10_000, 300, 40_000

threads = int(sys.argv[1]) if len(sys.argv) > 1 else 2
torch.set_num_threads(threads)
torch.manual_seed(1)
embedding = torch.nn.Embedding(TOKENS, SIZE)
lstm = torch.nn.LSTM(SIZE, SIZE)
print(f"torch {torch.__version__}, {threads} threads")
for batch in [int(word) for word in sys.argv[2:]] or [1, 8, 20, 64]:
    steps = TEXT // batch
    text = torch.randint(0, TOKENS, (steps, batch))
    best = 0.0
    # As long a sequence per call as PyTorch likes best is allowed.
    for chunk in (35, 256, steps):
        with torch.inference_mode():
            for _ in range(5):
                state = None
                start = time.perf_counter()
                for part in text.split(chunk):
                    _, state = lstm(embedding(part), state)
                best = max(best, steps * batch / (time.perf_counter() - start))
    print(f"batch {batch:3}: {best:12,.0f} tokens/s", flush=True)
