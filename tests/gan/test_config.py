"""Flags, presets and what they refuse."""

from __future__ import annotations

import argparse
from dataclasses import FrozenInstanceError, fields

import pytest

from gan import Config, ConfigError
from gan.config import PRESETS, add_flags, from_flags


def parse(*arguments: str) -> Config:
    parser = argparse.ArgumentParser()
    add_flags(parser)
    return from_flags(vars(parser.parse_args(arguments)))


def test_every_field_is_a_flag() -> None:
    parser = argparse.ArgumentParser()
    add_flags(parser)
    flags = {option for action in parser._actions for option in action.option_strings}
    assert {"--" + field.name.replace("_", "-") for field in fields(Config)} <= flags


def test_no_flags_give_the_defaults() -> None:
    assert parse() == Config()


def test_flags_have_their_field_s_type() -> None:
    config = parse("--steps", "7", "--lr", "0.5", "--data", "digits", "--resume", "--batch-size", "8")
    assert (config.steps, config.lr, config.data, config.resume, config.batch_size) == (
        7,
        0.5,
        "digits",
        True,
        8,
    )


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_sets_its_values(preset: str) -> None:
    config = parse("--preset", preset)
    assert {name: getattr(config, name) for name in PRESETS[preset]} == PRESETS[preset]


def test_a_flag_wins_over_the_preset() -> None:
    assert parse("--preset", "classic", "--critic-steps", "2").critic_steps == 2


def test_the_published_settings() -> None:
    classic, paper = (parse("--preset", preset) for preset in ("classic", "paper"))
    clipped = parse("--constraint", "clip")
    assert (classic.lr, classic.batch_size, classic.critic_steps, classic.latent) == (5e-4, 64, 5, 128)
    assert (paper.lr, paper.beta1, paper.beta2, paper.batch_size, paper.steps) == (
        1e-4,
        0.5,
        0.9,
        50,
        200_000,
    )
    assert (clipped.optimizer, clipped.lr, clipped.clip) == ("rmsprop", 5e-5, 0.01)
    assert classic.penalty == paper.penalty == 10.0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--preset", "quick"], "preset is 'quick': choose one of fast, classic, paper"),
        (["--constraint", "gap"], "constraint is 'gap': choose one of gp, one-sided, clip"),
        (["--critic", "big"], "critic is 'big': choose one of plain, spectral"),
        (["--steps", "0"], "steps is 0: it must be a finite number, at least 1"),
        (["--lr", "nan"], "lr is nan: it must be a finite number"),
        (["--lr", "0"], "lr is 0: it must be positive"),
        (["--penalty", "-1"], "penalty is -1.0"),
        (["--penalty", "0"], "penalty is 0: it must be positive"),
        (["--beta2", "1"], "beta2 is 1.0: it must be below 1"),
        (["--fade", "1.5"], "fade is 1.5: it is a share of the run"),
        (["--constraint", "clip", "--critic", "spectral"], "bounds the same weights twice"),
    ],
)
def test_what_is_wrong_is_named(arguments: list[str], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        parse(*arguments)


def test_an_unknown_setting_is_refused() -> None:
    with pytest.raises(ConfigError, match="unknown setting 'speed'"):
        from_flags({"speed": 3})


def test_settings_are_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        Config().steps = 3  # type: ignore[misc]


def test_the_learning_rate_fades_to_zero() -> None:
    config = Config(steps=100, lr=2.0, fade=0.25)
    assert [config.learning_rate(step) for step in (0, 75, 80, 95, 100)] == pytest.approx([2, 2, 1.6, 0.4, 0])
    assert Config(steps=100, lr=2.0, fade=0.0).learning_rate(99) == 2.0


@pytest.mark.parametrize(("steps", "pictures"), [(1, 8), (7, 3), (3000, 8)])
def test_the_last_picture_is_of_the_end(steps: int, pictures: int) -> None:
    drawn = Config(steps=steps, pictures=pictures).picture_steps()
    assert drawn[-1] == steps
    assert drawn[0] >= 1
    assert len(drawn) == min(steps, pictures)
