"""An encoder and an attending decoder learn to turn words around."""

import random

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch import optim
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence, pad_sequence

random.seed(0)
torch.manual_seed(0)
PAD, SOS, EOS = 0, 1, 2
SIZE = 3 + 5


def pair():
    word = [random.randrange(3, SIZE) for _ in range(random.randint(2, 5))]
    return torch.tensor(word), torch.tensor([*reversed(word), EOS])


class Encoder(nn.Module):
    def __init__(self, hidden):
        super().__init__()
        self.embedding = nn.Embedding(SIZE, hidden, padding_idx=PAD)
        self.gru = nn.GRU(hidden, hidden, batch_first=True, bidirectional=True)
        self.bridge = nn.Linear(2 * hidden, hidden)

    def forward(self, words, lengths):
        packed = pack_padded_sequence(
            self.embedding(words), lengths, batch_first=True, enforce_sorted=False
        )
        outputs, hidden = self.gru(packed)
        outputs, _ = pad_packed_sequence(outputs, batch_first=True)
        joined = torch.cat((hidden[0], hidden[1]), dim=1)
        return self.bridge(outputs), torch.tanh(self.bridge(joined)).unsqueeze(0)


class Decoder(nn.Module):
    def __init__(self, hidden):
        super().__init__()
        self.embedding = nn.Embedding(SIZE, hidden)
        self.gru = nn.GRU(2 * hidden, hidden, batch_first=True)
        self.out = nn.Linear(hidden, SIZE)

    def step(self, letter, hidden, memory, mask):
        scores = torch.bmm(memory, hidden.permute(1, 2, 0)).squeeze(2)
        weights = F.softmax(scores.masked_fill(~mask, -1e9), dim=-1)
        context = torch.bmm(weights.unsqueeze(1), memory)
        output, hidden = self.gru(torch.cat((self.embedding(letter), context), 2), hidden)
        return F.log_softmax(self.out(output.squeeze(1)), -1), hidden, weights


encoder, decoder = Encoder(16), Decoder(16)
criterion = nn.NLLLoss(ignore_index=PAD)
optimizers = [optim.Adam(m.parameters(), lr=0.01) for m in (encoder, decoder)]
for it in range(1, 31):
    sources, targets = zip(*(pair() for _ in range(8)))
    lengths = torch.tensor([len(s) for s in sources])
    words, wanted = pad_sequence(sources, batch_first=True), pad_sequence(targets, True)
    mask = torch.arange(words.size(1))[None, :] < lengths[:, None]
    for optimizer in optimizers:
        optimizer.zero_grad()
    memory, hidden = encoder(words, lengths)
    letter, loss = torch.full((8, 1), SOS), 0
    teacher = random.random() < 0.7
    for t in range(wanted.size(1)):
        output, hidden, weights = decoder.step(letter, hidden, memory, mask)
        loss += criterion(output, wanted[:, t]) if (wanted[:, t] != PAD).any() else 0
        letter = wanted[:, t : t + 1] if teacher else output.topk(1)[1].detach()
    loss.backward()
    norm = nn.utils.clip_grad_norm_([*encoder.parameters(), *decoder.parameters()], 1.0)
    for optimizer in optimizers:
        optimizer.step()
    if it % 6 == 0:
        print(f"{it:3d} loss {loss.item() / wanted.size(1):.4f} norm {norm:.3f} teacher {teacher}")
print(encoder, decoder, sep="\n")
print(weights.shape, weights.sum(1).allclose(torch.ones(8)), mask.sum().item())
print(encoder.embedding.weight[PAD].abs().sum().item(), encoder.embedding.weight.grad[PAD].norm())
