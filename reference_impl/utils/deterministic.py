"""``torch.utils.deterministic``: a switch that is kept; nothing is left uninitialised by chance."""

fill_uninitialized_memory = True
