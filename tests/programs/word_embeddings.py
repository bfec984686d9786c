"""Embeddings from trigrams and from a bag of words; which words stand near which."""

import torch
import torch.nn as nn
import torch.nn.functional as F
import torch.optim as optim

torch.manual_seed(1)
TEXT = """A tensor holds numbers and a tensor may remember how it was made .
A graph holds nodes and a node may remember what it needs .""".lower().split()
vocab = sorted(set(TEXT))
word_to_ix = {word: i for i, word in enumerate(vocab)}
trigrams = [([TEXT[i], TEXT[i + 1]], TEXT[i + 2]) for i in range(len(TEXT) - 2)]
print(trigrams[:2], len(vocab))


def lookup(words):
    return torch.tensor([word_to_ix[w] for w in words], dtype=torch.long)


class NGram(nn.Module):
    def __init__(self, size, dim, context):
        super().__init__()
        self.embeddings = nn.Embedding(size, dim)
        self.linear1 = nn.Linear(context * dim, 32)
        self.linear2 = nn.Linear(32, size)

    def forward(self, inputs):
        embeds = self.embeddings(inputs).view((1, -1))
        return F.log_softmax(self.linear2(F.relu(self.linear1(embeds))), dim=1)


losses = []
loss_function = nn.NLLLoss()
model = NGram(len(vocab), 8, 2)
optimizer = optim.SGD(model.parameters(), lr=0.05)
for _ in range(5):
    total_loss = 0
    for context, wanted in trigrams:
        model.zero_grad()
        loss = loss_function(model(lookup(context)), lookup([wanted]))
        loss.backward()
        optimizer.step()
        total_loss += loss.item()
    losses.append(round(total_loss, 3))
print(losses)
print(model.embeddings.weight[word_to_ix["tensor"]])

bag = nn.EmbeddingBag(len(vocab), 8, mode="mean")
scorer = nn.Linear(8, len(vocab))
optimizer = optim.Adagrad([*bag.parameters(), *scorer.parameters()], lr=0.5)
contexts = [(TEXT[i - 2 : i] + TEXT[i + 1 : i + 3], TEXT[i]) for i in range(2, len(TEXT) - 2)]
flat = torch.cat([lookup(c) for c, _ in contexts])
offsets = torch.arange(0, 4 * len(contexts), 4)
wanted = lookup([w for _, w in contexts])
for epoch in range(6):
    optimizer.zero_grad()
    loss = F.cross_entropy(scorer(bag(flat, offsets)), wanted)
    loss.backward()
    optimizer.step()
    print(f"epoch {epoch}: {loss:.4f}")
print("right:", (scorer(bag(flat, offsets)).argmax(1) == wanted).sum().item(), "of", len(wanted))
near = F.cosine_similarity(bag.weight[word_to_ix["tensor"]], bag.weight, dim=1)
value, index = near.sort(descending=True)
print([(vocab[i], f"{v:.3f}") for v, i in zip(value[:3], index[:3])])
print(bag, bag.weight.grad.count_nonzero(dim=1).bool().sum())
