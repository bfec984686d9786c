"""``torch.backends.miopen``: not used here."""

from .switches import flags_of

immediate = False
flags = flags_of(__name__, "immediate")
