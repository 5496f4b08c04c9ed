"""``python -m benchmarks --only dual`` and ``dual-coverage``: critics on problems of known W_1.

`families` are the critics, `instances` the rows, `measure` fits one, `cache` keeps what is measured, `row` draws
conclusions, `table`, `figure` and `files` show them; `coverage` counts how often the bracket holds the truth.
"""
