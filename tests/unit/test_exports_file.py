"""exports.yaml is read strictly, and what is wrong with it is told with the line."""

from pathlib import Path

import pytest

import exports_file
from lakeshot.errors import ConfigError

SOURCE = "{type: dynamodb, table: Reviews}"


def written(directory: Path, text: str) -> Path:
    file = directory / "exports.yaml"
    file.write_text(text)
    return file


def test_a_config_is_read(tmp_path: Path) -> None:
    """A file holds what its models say, defaults filled in."""
    config = exports_file.load(written(tmp_path, f"exports:\n  reviews:\n    source: {SOURCE}\n"))
    assert config.exports["reviews"].source.table == "Reviews"
    assert config.stage == "dev"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("stage: dev\nstage: prod\n", ", line 2: the key 'stage' is given twice, first on line 1"),
        (
            f"exports:\n  a:\n    source: {SOURCE}\n  a:\n    source: {SOURCE}\n",
            ", line 4: the key 'a' is given",
        ),
        ("exports:\n  a: [\n", ", line 3: not YAML"),
        ("exports: !!python/object/apply:os.getcwd []\n", ", line 1: could not determine a constructor"),
        ("- a\n- b\n", "got ['a', 'b']; allowed: a mapping with the key 'exports'"),
        ("", "the file is empty; it needs the key 'exports'"),
        ("# nothing yet\n", "the file is empty; it needs the key 'exports'"),
        (f"exports:\n  a:\n    source: {SOURCE}\n    fromat: json\n", "unknown key; did you mean 'format'?"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(tmp_path: Path, text: str, said: str) -> None:
    """Repeated keys, broken YAML, foreign tags and unknown keys are refused, each with where it is."""
    with pytest.raises(ConfigError) as caught:
        exports_file.load(written(tmp_path, text))
    assert said in str(caught.value)
    assert "exports.yaml" in str(caught.value)


def test_a_missing_file_is_told_by_its_path(tmp_path: Path) -> None:
    """Without the file, the error names it and the option that names another."""
    with pytest.raises(ConfigError, match=r"nowhere\.yaml: cannot be read .*CONFIG=path"):
        exports_file.load(tmp_path / "nowhere.yaml")


def test_merged_keys_may_be_overridden(tmp_path: Path) -> None:
    """YAML's merge key brings defaults in, which a key of one's own replaces without being a repetition."""
    text = (
        f"exports:\n  a: &base\n    source: {SOURCE}\n    format: json\n"
        "  b:\n    <<: *base\n    format: parquet\n"
    )
    config = exports_file.load(written(tmp_path, text))
    assert [config.exports[name].format.value for name in ("a", "b")] == ["json", "parquet"]
