"""Q-learning with a replay memory and a target network on a 4 x 4 grid."""

import random
from collections import deque, namedtuple
from itertools import count

import torch
import torch.nn.functional as F
from torch import nn, optim

random.seed(0)
torch.manual_seed(0)
torch.set_default_dtype(torch.float64)
Transition = namedtuple("Transition", ("state", "action", "next_state", "reward"))
MOVES = [(0, 1), (1, 0), (0, -1), (-1, 0)]


class Grid:
    """Walk from one corner to the other; each step costs a little."""

    def reset(self):
        self.at = (0, 0)
        return self.state()

    def state(self):
        row = torch.zeros(1, 16)
        row[0, self.at[0] * 4 + self.at[1]] = 1
        return row

    def step(self, action):
        self.at = tuple(min(3, max(0, p + d)) for p, d in zip(self.at, MOVES[action]))
        done = self.at == (3, 3)
        return self.state(), 1.0 if done else -0.05, done


class ReplayMemory:
    def __init__(self, capacity):
        self.memory = deque(maxlen=capacity)

    def push(self, *args):
        self.memory.append(Transition(*args))

    def sample(self, size):
        return random.sample(self.memory, size)

    def __len__(self):
        return len(self.memory)


def net():
    return nn.Sequential(nn.Linear(16, 24), nn.ReLU(), nn.Linear(24, 4))


policy, target = net(), net()
target.load_state_dict(policy.state_dict())
optimizer = optim.AdamW(policy.parameters(), lr=1e-2, amsgrad=True)
memory, env = ReplayMemory(300), Grid()


def select(state, threshold):
    if random.random() > threshold:
        with torch.no_grad():
            return policy(state).max(1).indices.view(1, 1)
    return torch.tensor([[random.randrange(4)]], dtype=torch.long)


def optimise():
    if len(memory) < 32:
        return None
    batch = Transition(*zip(*memory.sample(32)))
    mask = torch.tensor([s is not None for s in batch.next_state], dtype=torch.bool)
    following = torch.cat([s for s in batch.next_state if s is not None])
    state, action, reward = (torch.cat(p) for p in (batch.state, batch.action, batch.reward))
    values = policy(state).gather(1, action)
    future = torch.zeros(32)
    with torch.no_grad():
        future[mask] = target(following).max(1).values
    loss = nn.SmoothL1Loss()(values, (future * 0.9 + reward).unsqueeze(1))
    optimizer.zero_grad()
    loss.backward()
    nn.utils.clip_grad_value_(policy.parameters(), 100)
    optimizer.step()
    return loss.item()


for episode in range(12):
    state, total, loss = env.reset(), 0.0, None
    for t in count():
        action = select(state, 0.9 * 0.8**episode)
        observed, reward, done = env.step(action.item())
        total += reward
        memory.push(state, action, None if done else observed, torch.tensor([reward]))
        state = observed
        loss = optimise() if t % 2 == 0 else loss
        if done or t >= 60:
            break
    if episode % 3 == 0:
        slow, fast = target.state_dict(), policy.state_dict()
        for key in fast:
            slow[key] = fast[key] * 0.5 + slow[key] * 0.5
        target.load_state_dict(slow)
    print(f"episode {episode:2d}: {t + 1:2d} steps, return {total:.2f}, loss {loss}")
with torch.no_grad():
    values = F.relu(policy(torch.eye(16))).max(1).values.view(4, 4)
print(values)
