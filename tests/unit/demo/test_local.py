"""The deployment that stays says what it cannot use before it starts anything."""

from pathlib import Path

import pytest

from demo import local
from local.instance import Instance


def test_a_config_that_cannot_be_used_is_told_before_a_cloud_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`make local CONFIG=...` ends with 1 and the reason; no cloud is looked for."""
    looked: list[Path] = []
    monkeypatch.setattr(Instance, "find", looked.append)
    file = tmp_path / "other.yaml"
    file.write_text("stage: dev\n")
    assert local.main(["start", "--config", str(file)]) == 1
    assert f"{file} cannot be used:\n  field 'exports': missing" in capsys.readouterr().err
    assert looked == []
