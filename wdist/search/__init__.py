"""The smallest 'cost minus potential' over all pairs of two point sets, in arithmetic that only errs to one side."""
