"""Settings in a TOML file: ``python -m gan train --config run.toml``.

The keys are the fields of :class:`gan.Config`, at the top of the file. What the command line says wins over the
file. Every run writes the settings that it resolved as ``config.toml`` into its folder, so that
``--config runs/NAME/config.toml`` makes the same run again.
"""

from __future__ import annotations

import json
import tomllib
from dataclasses import fields
from pathlib import Path
from typing import Any, get_type_hints

from .config import Config, ConfigError

__all__ = ["NAME", "dump", "read"]

NAME = "config.toml"
_KINDS = {str: "a string", int: "an integer", float: "a number", bool: "true or false"}
_OF_ONE_RUN = {"out", "resume"}  # where it lies and that it goes on: not part of what it is


def read(path: str | Path) -> dict[str, Any]:
    """The settings in a TOML file, by field name.

    Raises
    ------
    ConfigError
        If the file cannot be read, is not TOML, or a key or the type of a value is not that of a setting.
    """
    try:
        with open(path, "rb") as stream:
            values = tomllib.load(stream)
    except OSError as error:
        raise ConfigError(f"config {path}: cannot be read ({error.strerror or error})") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"config {path}: not TOML ({error})") from error
    types = get_type_hints(Config)
    for name, value in values.items():
        if name not in types:
            near = name.replace("-", "_")
            hint = f"did you mean {near}?" if near in types else "the settings are the fields of gan.Config"
            raise ConfigError(f"config {path}: unknown setting {name!r}: {hint}")
        values[name] = _typed(path, name, value, types[name])
    return values


def dump(config: Config) -> str:
    """The settings as TOML, each under a line that says what it is."""
    lines = [f"# The settings of a run: python -m gan train --config {NAME}"]
    for spec in fields(Config):
        if spec.name not in _OF_ONE_RUN:
            # JSON writes strings, numbers and truth values as TOML reads them.
            value = json.dumps(getattr(config, spec.name), ensure_ascii=False)
            lines += ["", f"# {spec.metadata['help']}", f"{spec.name} = {value}"]
    return "\n".join(lines) + "\n"


def _typed(path: str | Path, name: str, value: Any, kind: type) -> Any:
    if kind is float and type(value) is int:
        return float(value)
    if type(value) is not kind:
        raise ConfigError(
            f"config {path}: {name} is {value!r}, {_KINDS.get(type(value), 'a table or list')}: it takes {_KINDS[kind]}"
        )
    return value
