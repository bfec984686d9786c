"""The data of a page's pictures, read from what a block left behind.

What it looks like is written in `crossgrad.pictures`, which draws it.
"""

from __future__ import annotations

from typing import Any

from crossgrad.recorder import Recorder


def data_of(picture: dict[str, Any], namespace: dict[str, Any], recorder: Recorder) -> Any:
    """The data of one picture; where it cannot be had, `{"problem": why}`."""
    read = {"graph": _graph, "plot": _plot, "image": _image}[picture["kind"]]
    try:
        return read(picture, namespace, recorder)
    except Exception as error:  # the page's names decide what can go wrong
        return {"problem": f"{type(error).__name__}: {error}"}


def _graph(picture: dict[str, Any], namespace: dict[str, Any], recorder: Recorder) -> Any:
    names: dict[int, str] = {}
    for name, tensor in recorder.tensors(namespace):
        names.setdefault(id(tensor), name)
    graph = _Graph(names)
    roots = []
    for name in picture["names"]:
        tensor = eval(name, namespace)
        if not tensor.requires_grad:
            raise ValueError(f"{name} does not require a gradient, so it has no graph")
        root = graph.leaf(tensor) if tensor.grad_fn is None else graph.add(tensor.grad_fn)
        roots.append({"name": name, "node": root, "shape": list(tensor.shape)})
    return {"nodes": graph.nodes, "edges": graph.edges, "roots": roots}


class _Graph:
    """The recorded graph below some roots; numbers follow the order of discovery."""

    def __init__(self, names: dict[int, str]) -> None:
        self.nodes: list[dict[str, Any]] = []
        self.edges: list[list[int]] = []
        self._names = names
        self._numbers: dict[int, int] = {}
        self._alive: list[Any] = []  # an object's id is its own only while the object lives

    def add(self, root: Any) -> int:
        """Number a node and everything below it; returns the node's number."""
        stack = [] if id(root) in self._numbers else [root]
        number = self._number(root)
        while stack:
            node = stack.pop()
            here = self._numbers[id(node)]
            for below, _ in node.next_functions:
                if below is None:
                    continue
                if id(below) not in self._numbers:
                    stack.append(below)
                self.edges.append([here, self._number(below)])
        return number

    def leaf(self, tensor: Any) -> int:
        """A leaf stands for itself when a graph has nothing else."""
        key = id(tensor)
        if key not in self._numbers:
            self._numbers[key] = len(self.nodes)
            self._alive.append(tensor)
            self.nodes.append({"name": "AccumulateGrad", **self._leaf(tensor)})
        return self._numbers[key]

    def _number(self, node: Any) -> int:
        if id(node) not in self._numbers:
            self._numbers[id(node)] = len(self.nodes)
            self._alive.append(node)
            variable = getattr(node, "variable", None)
            leaf = {} if variable is None else self._leaf(variable)
            self.nodes.append({"name": node.name().rpartition("::")[2], **leaf})
        return self._numbers[id(node)]

    def _leaf(self, tensor: Any) -> dict[str, Any]:
        return {"leaf": self._names.get(id(tensor)), "shape": list(tensor.shape)}


def _plot(picture: dict[str, Any], namespace: dict[str, Any], recorder: Recorder) -> Any:
    def numbers(name: str) -> list[float]:
        value = eval(name, namespace)
        if isinstance(value, recorder.torch.Tensor):
            value = recorder.array(value).reshape(-1)
        return [float(number) for number in value]

    return {
        "x": numbers(picture["options"]["x"]),
        "y": {name: numbers(name) for name in picture["names"]},
    }


def _image(picture: dict[str, Any], namespace: dict[str, Any], recorder: Recorder) -> Any:
    array = recorder.array(eval(picture["names"][0], namespace))
    return {
        "shape": list(array.shape),
        "dtype": str(array.dtype),
        "values": array.reshape(-1).tolist(),
    }
