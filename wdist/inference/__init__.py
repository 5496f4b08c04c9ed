"""From samples to populations: estimates with intervals, and tests."""

from .significance import two_sample_test

__all__ = ["two_sample_test"]
