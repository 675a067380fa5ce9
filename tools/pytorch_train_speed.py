"""Tokens per second of training in PyTorch: the counterpart of `cargo bench --bench train`.

300 units behind an embedding of 300 for 10,000 words, 20 sequences of 35 steps, the whole softmax,
clipped gradients, plain SGD. Needs only torch. Usage: python pytorch_train_speed.py [threads]
"""

import sys
import time

import torch

WORDS, SIZE, BATCH, STEPS, WINDOWS, RUNS = 10_000, 300, 20, 35, 10, 6


class Model(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = torch.nn.Embedding(WORDS, SIZE)
        self.lstm = torch.nn.LSTM(SIZE, SIZE)
        self.decoder = torch.nn.Linear(SIZE, WORDS)

    def forward(self, tokens, state):
        h, state = self.lstm(self.embedding(tokens), state)
        return self.decoder(h), state


torch.set_num_threads(int(sys.argv[1]) if len(sys.argv) > 1 else 2)
torch.manual_seed(1)
model = Model()
optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
text = torch.randint(0, WORDS, (WINDOWS * STEPS + 1, BATCH))
best = 0.0
for _ in range(RUNS):
    state = None
    start = time.perf_counter()
    for at in range(0, WINDOWS * STEPS, STEPS):
        scores, state = model(text[at : at + STEPS], state)
        state = tuple(part.detach() for part in state)
        wanted = text[at + 1 : at + 1 + STEPS]
        loss = torch.nn.functional.cross_entropy(scores.view(-1, WORDS), wanted.reshape(-1))
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 0.25)
        optimizer.step()
    best = max(best, WINDOWS * STEPS * BATCH / (time.perf_counter() - start))
print(f"torch {torch.__version__}, {torch.get_num_threads()} threads: {best:,.0f} tokens/s")
