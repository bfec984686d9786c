"""The tables: one declaration an operation, grouped by family."""

from . import activation, aliases, arithmetic, bitwise, comparison, complex, convert, create
from . import cumulative, exponential, extremes, fill, getitem, index, join, legacy, matmul, parts
from . import rand, rand_fill, ranges, rearrange, reduce, rounding, scatter, selection, shape
from . import softmax, sort, statistics, trigonometric
