"""A recurrent network of bare Linear layers learns names letter by letter, and makes some up."""

import string
import time

import torch
from torch import nn

NAMES = "anna hanna johanna susanna jan johan hans susan".split()
LETTERS = string.ascii_lowercase + "."
torch.manual_seed(1)


def one_hot(letter):
    row = torch.zeros(1, len(LETTERS))
    row[0][LETTERS.index(letter)] = 1
    return row


class RNN(nn.Module):
    def __init__(self, size, hidden):
        super().__init__()
        self.hidden_size = hidden
        self.i2h = nn.Linear(size + hidden, hidden)
        self.h2o = nn.Linear(hidden, size)
        self.softmax = nn.LogSoftmax(dim=1)

    def forward(self, letter, hidden):
        hidden = torch.tanh(self.i2h(torch.cat((letter, hidden), 1)))
        return self.softmax(self.h2o(hidden)), hidden

    def init_hidden(self):
        return torch.zeros(1, self.hidden_size)


rnn = RNN(len(LETTERS), 24)
print(rnn)
print(f"{sum(p.numel() for p in rnn.parameters()):,} parameters")
criterion = nn.NLLLoss()


def train(name, rate=0.05):
    hidden = rnn.init_hidden()
    rnn.zero_grad()
    loss = torch.Tensor([0])
    for letter, following in zip(name, name[1:] + "."):
        output, hidden = rnn(one_hot(letter), hidden)
        loss = loss + criterion(output, torch.tensor([LETTERS.index(following)]))
    loss.backward()
    nn.utils.clip_grad_norm_(rnn.parameters(), 1.0)
    for p in rnn.parameters():
        p.data.add_(p.grad.data, alpha=-rate)
    return loss.item() / len(name)


@torch.no_grad()
def sample(first, longest=10):
    letter, name, hidden = first, first, rnn.init_hidden()
    while letter != "." and len(name) < longest:
        output, hidden = rnn(one_hot(letter), hidden)
        value, index = output.topk(1)
        letter = LETTERS[index[0][0]]
        name += letter
    return name, value.exp().item()


started, losses = time.time(), []
for i in range(1, 121):
    choice = NAMES[torch.randint(len(NAMES), (1,)).item()]
    losses.append(train(choice))
    if i % 30 == 0:
        print("%d %d%% %.4f %s" % (i, i / 120 * 100, sum(losses[-30:]) / 30, choice))
assert time.time() >= started
for first in "ajhs":
    name, sure = sample(first)
    print(f"{name} ({sure:.3f})")
