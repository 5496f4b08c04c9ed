"""Readers of files under random bytes: they answer, or refuse by a named error, and nothing else."""
