"""The tables: one declaration an operation, grouped by family."""
