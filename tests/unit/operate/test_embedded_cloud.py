"""Commands use the embedded cloud only where nobody chose another one."""

from pathlib import Path

import pytest

from local.instance import Instance
from local.settings import Settings
from operate.embedded_cloud import use_embedded_cloud


@pytest.fixture
def running(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Instance:
    """An embedded cloud that runs, as far as the commands can tell."""
    instance = Instance(settings=Settings(directory=tmp_path, port=4566), pid=1)
    monkeypatch.setattr(Instance, "find", classmethod(lambda _, directory: instance))
    return instance


@pytest.mark.usefixtures("running")
def test_without_a_choice_the_running_cloud_is_used_and_named(tmp_path: Path) -> None:
    """The environment then points there, whatever region it named before, and one line says so."""
    environ = {"PATH": "/bin", "AWS_REGION": "eu-west-1", "AWS_CA_BUNDLE": "/elsewhere"}
    said = use_embedded_cloud(environ, tmp_path)
    assert said is not None
    assert "https://127.0.0.1:4566" in said
    assert environ["AWS_ENDPOINT_URL"] == "https://127.0.0.1:4566"
    assert environ["AWS_REGION"] == "us-east-1"
    assert environ["PATH"] == "/bin"


@pytest.mark.usefixtures("running")
def test_a_default_profile_is_no_choice(tmp_path: Path) -> None:
    """Files of ~/.aws, even if named elsewhere, do not keep commands from the cloud that runs here."""
    profiles = tmp_path / "config"
    profiles.write_text("[default]\nregion = eu-west-1\n")
    environ = {"HOME": str(tmp_path), "AWS_CONFIG_FILE": str(profiles)}
    assert use_embedded_cloud(environ, tmp_path) is not None
    assert environ["AWS_ENDPOINT_URL"] == "https://127.0.0.1:4566"


@pytest.mark.usefixtures("running")
@pytest.mark.parametrize("name", ["AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID"])
def test_a_choice_of_the_person_wins(tmp_path: Path, name: str) -> None:
    """With a profile, an endpoint or a key, nothing is changed and nothing said."""
    environ = {name: "chosen"}
    assert use_embedded_cloud(environ, tmp_path) is None
    assert environ == {name: "chosen"}


def test_without_a_running_cloud_nothing_changes(tmp_path: Path) -> None:
    """An empty directory holds no cloud."""
    environ: dict[str, str] = {}
    assert use_embedded_cloud(environ, tmp_path) is None
    assert environ == {}
