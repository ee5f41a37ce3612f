"""What a team may write in exports.yaml, and what it is told when it may not."""

import pytest

from lakeshot.config import parse_config
from lakeshot.errors import ConfigError
from lakeshot.files import Compression, FileFormat

REVIEWS = {"source": {"type": "dynamodb", "table": "Reviews"}}


def refused(document: object) -> str:
    with pytest.raises(ConfigError) as caught:
        parse_config(document)
    return str(caught.value)


def test_defaults_are_filled_in() -> None:
    """The shortest export reads a quarter of a provisioned table into snappy Parquet, by hand only."""
    export = parse_config({"exports": {"reviews": REVIEWS}}).exports["reviews"]
    assert export.source.read_percentage == 0.25
    assert export.source.max_read_units is None
    assert export.format is FileFormat.PARQUET
    assert export.effective_compression is Compression.SNAPPY
    assert export.catalog == "crawler"
    assert export.schedule is None
    assert export.job.glue_version == "5.1"


def test_a_schedule_is_disabled_until_it_is_enabled() -> None:
    """Writing down a schedule starts nothing."""
    config = parse_config({"exports": {"reviews": {**REVIEWS, "schedule": {"expression": "rate(1 day)"}}}})
    schedule = config.exports["reviews"].schedule
    assert schedule is not None
    assert schedule.enabled is False
    assert schedule.timezone == "Etc/UTC"


def test_a_misspelt_key_names_export_field_and_the_nearest_known_key() -> None:
    """A typo is told with what was probably meant."""
    message = refused({"exports": {"reviews": {**REVIEWS, "fromat": "json"}}})
    assert "export 'reviews', field 'fromat': unknown key; did you mean 'format'?" in message
    assert "allowed: catalog, compression, format" in message


def test_a_misspelt_key_inside_the_source_is_told_the_same_way() -> None:
    """Nested models know their own fields."""
    message = refused({"exports": {"reviews": {"source": {**REVIEWS["source"], "tabel": "x"}}}})
    assert "export 'reviews', field 'source.tabel': unknown key; did you mean 'table'?" in message


def test_a_missing_field_is_named() -> None:
    """What has to be given is said."""
    assert "export 'reviews', field 'source': missing" in refused({"exports": {"reviews": {}}})


@pytest.mark.parametrize("given", [0, 1.5, "fast", True, None])
def test_an_impossible_read_percentage_is_refused(given: object) -> None:
    """The message shows what was given and both bounds."""
    message = refused({"exports": {"reviews": {"source": {**REVIEWS["source"], "read_percentage": given}}}})
    assert (
        f"export 'reviews', field 'source.read_percentage': got {given!r}; allowed: a number from 0.1 to 1.0"
        in message
    )


def test_an_unknown_format_lists_those_that_exist() -> None:
    """A format that does not exist is answered with those that do."""
    message = refused({"exports": {"reviews": {**REVIEWS, "format": "excel"}}})
    assert "export 'reviews', field 'format': got 'excel'; input should be 'parquet' or 'json'" in message


def test_a_compression_has_to_fit_the_format() -> None:
    """JSON lines cannot be compressed with snappy."""
    message = refused({"exports": {"reviews": {**REVIEWS, "format": "json", "compression": "snappy"}}})
    assert "compression 'snappy' does not go with format 'json'; allowed: gzip, none" in message


def test_exports_whose_catalog_names_collide_are_refused() -> None:
    """Hyphens and underscores are one name in the catalog."""
    message = refused({"exports": {"user-events": REVIEWS, "user_events": REVIEWS}})
    assert "exports 'user-events' and 'user_events' would both be 'user_events' in the catalog" in message


def test_a_view_may_not_take_the_name_of_another_exports_table() -> None:
    """The view of snapshots_reviews would hide the table of reviews."""
    message = refused({"exports": {"reviews": REVIEWS, "snapshots_reviews": REVIEWS}})
    assert "exports 'reviews' and 'snapshots_reviews' would both be 'snapshots_reviews'" in message


@pytest.mark.parametrize("name", ["Reviews", "1reviews", "re views", "r" * 41])
def test_an_unusable_export_name_is_refused(name: str) -> None:
    """Names have to work as stack, bucket prefix and catalog names at once."""
    assert "string should match pattern" in refused({"exports": {name: REVIEWS}})


@pytest.mark.parametrize("name", ["common", "export"])
def test_names_lakeshot_uses_itself_are_refused(name: str) -> None:
    """An export cannot replace the common stack or the state machine."""
    assert f"an export cannot be named {name!r}" in refused({"exports": {name: REVIEWS}})


@pytest.mark.parametrize("document", [None, [], "exports"])
def test_a_document_that_is_no_mapping_is_refused(document: object) -> None:
    """An empty file gets an answer, too."""
    assert "expected a mapping with the key 'exports'" in refused(document)


def test_no_exports_at_all_is_refused() -> None:
    """There has to be something to deploy."""
    assert "field 'exports'" in refused({"exports": {}})


def test_exports_are_grouped_by_region() -> None:
    """An export's own region wins over the file's."""
    config = parse_config(
        {
            "region": "eu-west-1",
            "exports": {"a": REVIEWS, "b": {**REVIEWS, "region": "us-east-1"}, "c": REVIEWS},
        }
    )
    assert config.regions() == {"eu-west-1": ("a", "c"), "us-east-1": ("b",)}


def test_all_mistakes_are_told_at_once() -> None:
    """Nobody has to deploy three times to find three typos."""
    message = refused({"stgae": "x", "exports": {"a": {}, "b": {**REVIEWS, "retain_snapshots": 0}}})
    assert message.count("\n") == 3
