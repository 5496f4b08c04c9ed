"""The result of an evaluation as text: a score a line, values with their intervals."""

from __future__ import annotations

from typing import Any

from .stacked import MODES

__all__ = ["table"]

_LINES = {
    "w2_squared": "W2² of Gaussian fits, features",
    "ratio": "  over blurred",
    "inception_score": "inception score",
    "precision": "precision",
    "recall": "recall",
    "density": "density",
    "coverage": "coverage",
    "smallest_class": "smallest class",
    "largest_class": "largest class",
    "memorised": "memorised (held-out: 0.01)",
    "w2_features": "exact W2, features",
    "w2_features_population": "  population",
    "w1_pixels": "exact W1, pixels",
    "w2_pixels": "exact W2, pixels",
    "w2_pixels_population": "  population",
}


def table(result: dict[str, Any]) -> str:
    """The result of :func:`gan.evaluate.evaluate` as text: a score a line, values with their intervals."""
    if result["data"]["name"] == "stacked":
        return _modes_table(result)
    rows = result["rows"]
    measured = {key: text for key, text in _LINES.items() if key.removesuffix("_population") in rows["generated"]}
    lines = [("", *rows), *((text, *(_cell(row, key) for row in rows.values())) for key, text in measured.items())]
    widths = [max(len(line[k]) for line in lines) for k in range(len(lines[0]))]
    text = [
        " ".join([line[0].ljust(widths[0]), *(c.rjust(w + 2) for c, w in zip(line[1:], widths[1:], strict=True))])
        for line in lines
    ]
    notes = (
        f"Each against {result['n']} held-out images ({result['data']['name']}), 95 % intervals in brackets. Exact: on "
        f"{result['n_exact']} a side;",
        "population: what those samples say about W of the laws. Training images are the reference of all.",
        *_about_classes(result),
    )
    return "\n".join([*text, "", *notes])


def _about_classes(result: dict[str, Any]) -> tuple[str, ...]:
    judge = result["classifier"]
    if judge is None:
        return ("There is no classifier of these images; pixels alone put blurred ones first. Look at the pictures.",)
    shares = result["rows"]["generated"]["class_shares"]
    return (
        f"Generated classes 0-9: {' '.join(f'{100 * share:.1f}' for share in shares)} %",
        f"Classifier {judge['sha256'][:16]}, {100 * judge['accuracy']:.2f} % right on held-out images. "
        "Figures under another classifier do not compare.",
    )


def _cell(row: dict[str, Any], key: str) -> str:
    if key not in row:
        return "not taken"  # of too few images, or too wide ones
    if key not in row["intervals"]:
        return f"{row[key]:.4g}"
    low, high = row["intervals"][key]
    return f"{row[key]:.4g} [{low:.3g}, {high:.3g}]"


def _modes_table(result: dict[str, Any]) -> str:
    lines = [f"{'':<18} modes of {MODES:,}  KL to uniform"]
    lines += [f"{name:<18} {row['modes']:>14,}  {row['kl']:>13.4f}" for name, row in result["rows"].items()]
    judge = result["classifier"]
    note = f"{result['n']:,} images of each kind, read by classifier {judge['sha256'][:16]}, "
    return "\n".join([*lines, "", f"{note}{100 * judge['accuracy']:.2f} % right on held-out digits."])
