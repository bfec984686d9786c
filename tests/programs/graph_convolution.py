"""A graph convolution tells apart four cliques joined in a ring, from one label each."""

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.nn.parameter import Parameter

torch.manual_seed(42)
COUNT, SIZE = 4, 5
nodes = COUNT * SIZE
adjacency = torch.block_diag(*[torch.ones(SIZE, SIZE) for _ in range(COUNT)])
for c in range(COUNT):
    i, j = c * SIZE, ((c + 1) % COUNT) * SIZE + 1
    adjacency[i, j] = adjacency[j, i] = 1
degree = adjacency.sum(1)
normal = torch.diag(degree.rsqrt()) @ adjacency @ torch.diag(degree.rsqrt())
labels = torch.arange(nodes) // SIZE
known = torch.arange(0, nodes, SIZE) + 2
features = torch.eye(nodes)
print(adjacency.int().sum(0).tolist(), torch.trace(adjacency).item())


class GraphConv(nn.Module):
    def __init__(self, in_features, out_features, bias=True):
        super().__init__()
        self.weight = Parameter(torch.empty(in_features, out_features))
        if bias:
            self.bias = Parameter(torch.zeros(out_features))
        else:
            self.register_parameter("bias", None)
        nn.init.kaiming_normal_(self.weight)

    def forward(self, x, adj):
        out = adj.mm(x.mm(self.weight))
        return out if self.bias is None else out + self.bias

    def extra_repr(self):
        return "{}, {}, bias={}".format(*self.weight.shape, self.bias is not None)


class GCN(nn.Module):
    def __init__(self, hidden=8):
        super().__init__()
        self.gc1 = GraphConv(nodes, hidden, bias=False)
        self.gc2 = GraphConv(hidden, COUNT)

    def forward(self, x, adj):
        x = F.dropout(F.relu(self.gc1(x, adj)), 0.2, training=self.training)
        return F.log_softmax(self.gc2(x, adj), dim=1)


model = GCN()
print(model)
optimizer = torch.optim.Adam(model.parameters(), lr=0.05, weight_decay=5e-4)
for epoch in range(21):
    model.train()
    optimizer.zero_grad()
    output = model(features, normal)
    loss = F.nll_loss(output[known], labels[known])
    loss.backward()
    optimizer.step()
    if epoch % 5 == 0:
        model.eval()
        right = model(features, normal).argmax(dim=1).eq(labels).float().mean()
        print(f"Epoch {epoch:02d} loss {loss.item():.4f} accuracy {right:.2%}")
laplacian = torch.eye(nodes) - normal
values = torch.linalg.eigvalsh(laplacian.double())
print(values[:4].numpy().round(4), f"{values.max():.4f}")

# the same sums as messages along edges
source, goal = adjacency.nonzero(as_tuple=True)
weights = normal[source, goal]
messages = torch.zeros(nodes, nodes).index_add_(0, goal, weights[:, None] * features[source])
print(torch.allclose(messages, normal), len(source))
