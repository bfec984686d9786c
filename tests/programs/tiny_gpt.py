"""A decoder-only transformer learns a line by heart."""

import math
from dataclasses import dataclass

import torch
import torch.nn as nn
from torch.nn import functional as F

TEXT = "the cat sat on the mat and the dog sat on the log. "
torch.manual_seed(1337)


@dataclass
class Config:
    vocab: int
    block: int = 16
    layers: int = 2
    heads: int = 2
    width: int = 32
    dropout: float = 0.1


class Attention(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.heads = config.heads
        self.qkv = nn.Linear(config.width, 3 * config.width)
        self.proj = nn.Linear(config.width, config.width)
        self.drop = nn.Dropout(config.dropout)
        mask = torch.tril(torch.ones(config.block, config.block))
        self.register_buffer("mask", mask.view(1, 1, config.block, config.block))

    def forward(self, x):
        b, t, c = x.size()
        q, k, v = self.qkv(x).split(c, dim=2)
        q, k, v = (z.view(b, t, self.heads, c // self.heads).transpose(1, 2) for z in (q, k, v))
        scores = (q @ k.transpose(-2, -1)) * (1.0 / math.sqrt(k.size(-1)))
        scores = scores.masked_fill(self.mask[:, :, :t, :t] == 0, float("-inf"))
        mixed = self.drop(F.softmax(scores, dim=-1)) @ v
        return self.proj(mixed.transpose(1, 2).contiguous().view(b, t, c))


class Block(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.ln_1, self.ln_2 = nn.LayerNorm(config.width), nn.LayerNorm(config.width)
        self.attn = Attention(config)
        self.mlp = nn.ModuleDict(
            {
                "up": nn.Linear(config.width, 4 * config.width),
                "act": nn.GELU(),
                "down": nn.Linear(4 * config.width, config.width),
            }
        )

    def forward(self, x):
        x = x + self.attn(self.ln_1(x))
        m = self.mlp
        return x + m.down(m.act(m.up(self.ln_2(x))))


class GPT(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.wte = nn.Embedding(config.vocab, config.width)
        self.wpe = nn.Embedding(config.block, config.width)
        self.blocks = nn.ModuleList([Block(config) for _ in range(config.layers)])
        self.head = nn.Linear(config.width, config.vocab, bias=False)
        self.wte.weight = self.head.weight
        self.apply(self._init)

    @staticmethod
    def _init(module):
        if isinstance(module, (nn.Linear, nn.Embedding)):
            nn.init.normal_(module.weight, mean=0.0, std=0.02)
            if getattr(module, "bias", None) is not None:
                nn.init.zeros_(module.bias)

    def forward(self, index, targets=None):
        at = torch.arange(index.shape[1], device=index.device)
        x = self.wte(index) + self.wpe(at)
        for block in self.blocks:
            x = block(x)
        logits = self.head(x)
        if targets is None:
            return logits, None
        return logits, F.cross_entropy(logits.view(-1, logits.size(-1)), targets.view(-1))

    @torch.no_grad()
    def generate(self, index, count, top_k=3):
        for _ in range(count):
            logits, _ = self(index[:, -self.config.block :])
            logits = logits[:, -1, :]
            logits[logits < torch.topk(logits, top_k)[0][:, [-1]]] = -float("inf")
            following = torch.multinomial(F.softmax(logits, dim=-1), num_samples=1)
            index = torch.cat((index, following), dim=1)
        return index


letters = sorted(set(TEXT))
data = torch.tensor([letters.index(c) for c in TEXT * 4], dtype=torch.long)
model = GPT(Config(vocab=len(letters)))
print(model)
decayed = {n for n, p in model.named_parameters() if p.dim() >= 2}
groups = [
    {"params": [p for n, p in model.named_parameters() if n in decayed], "weight_decay": 0.1},
    {"params": [p for n, p in model.named_parameters() if n not in decayed], "weight_decay": 0.0},
]
optimizer = torch.optim.AdamW(groups, lr=3e-3, betas=(0.9, 0.95))
schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=40)
print(optimizer)
for step in range(40):
    starts = torch.randint(len(data) - 16, (8,))
    x = torch.stack([data[i : i + 16] for i in starts])
    y = torch.stack([data[i + 1 : i + 17] for i in starts])
    _, loss = model(x, y)
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    norm = nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    schedule.step()
    if step % 10 == 0:
        print(f"step {step} loss {loss:.4f} norm {norm:.4f} lr {schedule.get_last_lr()[0]:.2e}")
model.eval()
_, loss = model(data[None, :16], data[None, 1:17])
print(f"after {loss.item():.3f}, {len(model.state_dict())} entries, tied", end=" ")
print(model.wte.weight is model.head.weight)
made = model.generate(data[None, :4], 12)
print(tuple(made.shape), made.dtype)
