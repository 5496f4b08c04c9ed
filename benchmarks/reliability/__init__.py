"""Bad and unusual input to every public function, and what comes back: ``python -m benchmarks --only reliability``."""
