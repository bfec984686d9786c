"""LSTM cells continue sine waves; trained by L-BFGS in double precision."""

import numpy as np
import torch
import torch.nn as nn
import torch.optim as optim

torch.manual_seed(0)
phase = np.random.RandomState(2).randint(-8, 8, (6, 1))
data = np.sin((np.arange(24) + phase) / 3.0).astype("float64")
inputs, targets = torch.from_numpy(data[2:, :-1]), torch.from_numpy(data[2:, 1:])


class Sequence(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm1 = nn.LSTMCell(1, 8)
        self.lstm2 = nn.LSTMCell(8, 8)
        self.linear = nn.Linear(8, 1)

    def forward(self, input, future=0):
        outputs = []
        h1, c1, h2, c2 = (torch.zeros(input.size(0), 8, dtype=torch.double) for _ in range(4))
        for step in input.split(1, dim=1):
            h1, c1 = self.lstm1(step, (h1, c1))
            h2, c2 = self.lstm2(h1, (h2, c2))
            output = self.linear(h2)
            outputs += [output]
        for _ in range(future):
            h1, c1 = self.lstm1(output, (h1, c1))
            h2, c2 = self.lstm2(h1, (h2, c2))
            output = self.linear(h2)
            outputs += [output]
        return torch.cat(outputs, dim=1)


seq = Sequence().double()
criterion = nn.MSELoss()
optimizer = optim.LBFGS(seq.parameters(), lr=0.8, max_iter=4)
for i in range(3):
    print("STEP: ", i)

    def closure():
        optimizer.zero_grad()
        loss = criterion(seq(inputs), targets)
        print(f"loss: {loss.item():.6f}")
        loss.backward()
        return loss

    optimizer.step(closure)
with torch.no_grad():
    prediction = seq(torch.from_numpy(data[:2, :-1]), future=3)
    print(
        "test loss:", round(criterion(prediction[:, :-3], torch.from_numpy(data[:2, 1:])).item(), 5)
    )
    y = prediction.detach().numpy()
print(y.shape, y.dtype, np.round(y[0, -3:], 4))
strong = optim.LBFGS(seq.parameters(), max_iter=3, line_search_fn="strong_wolfe")
print(f"{strong.step(closure).item():.6f}", len(strong.state_dict()["state"]))
