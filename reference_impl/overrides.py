"""``__torch_function__``: tensors that take part in calls."""
