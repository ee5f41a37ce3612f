"""What a team may write in exports.yaml, and what it is told when it may not."""

import pytest

from lakeshot.config.exports import parse_config
from lakeshot.dynamodb.source import DynamoDBSource
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
    assert export.source == DynamoDBSource(type="dynamodb", table="Reviews")
    assert (export.source.read_percentage, export.source.max_read_units) == (0.25, None)
    assert export.format is FileFormat.PARQUET
    assert export.effective_compression is Compression.SNAPPY
    assert export.effective_catalog == "crawler"
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
    assert (
        "export 'reviews', field 'format': got 'excel'; allowed: 'parquet', 'orc', 'avro', 'json', 'csv', "
        "'text' or 'binary'"
    ) in message


@pytest.mark.parametrize(
    ("file_format", "compression"),
    [("parquet", "snappy"), ("orc", "snappy"), ("avro", "snappy"), ("json", "gzip"), ("csv", "gzip")],
)
def test_every_format_has_a_compression_of_its_own(file_format: str, compression: str) -> None:
    """The one that is taken where none is given."""
    config = parse_config({"exports": {"reviews": {**REVIEWS, "format": file_format}}})
    assert config.exports["reviews"].effective_compression == compression


@pytest.mark.parametrize(
    ("file_format", "pin"), [("parquet", "json"), ("csv", "json"), ("csv", "array<string>")]
)
def test_a_pin_that_is_refused_is_told(file_format: str, pin: str) -> None:
    """An attribute cannot both be JSON text and be refused for it."""
    export = {**REVIEWS, "format": file_format, "nested": "refuse", "types": {"Tags": pin}}
    assert f"types pins 'Tags' to {pin}, which {file_format} files hold as JSON text" in refused(
        {"exports": {"reviews": export}}
    )


def test_nesting_and_file_size_have_defaults_and_limits() -> None:
    """JSON text and 256 MB; what else there is, is told."""
    config = parse_config({"exports": {"reviews": REVIEWS}})
    assert (config.exports["reviews"].nested, config.exports["reviews"].target_file_mb) == ("json", 256)
    message = refused({"exports": {"reviews": {**REVIEWS, "nested": "flat"}}})
    assert "field 'nested': got 'flat'; allowed: 'json' or 'refuse'" in message
    for size in (0, 5_001, 1.5):
        assert "'target_file_mb'" in refused({"exports": {"reviews": {**REVIEWS, "target_file_mb": size}}})


def test_a_compression_has_to_fit_the_format() -> None:
    """JSON lines cannot be compressed with snappy."""
    message = refused({"exports": {"reviews": {**REVIEWS, "format": "json", "compression": "snappy"}}})
    assert "compression 'snappy' does not go with format 'json'; allowed: gzip, zstd, none" in message


def test_exports_whose_catalog_names_collide_are_refused() -> None:
    """Hyphens and underscores are one name in the catalog."""
    message = refused({"exports": {"user-events": REVIEWS, "user_events": REVIEWS}})
    assert (
        "export 'user-events' and export 'user_events' would both be 'user_events' in the catalog" in message
    )


@pytest.mark.parametrize(
    "name", ["Reviews", "1reviews", "re views", "r" * 41, "reviews__2", "re-_views", "reviews_", "_reviews"]
)
def test_an_unusable_export_name_is_refused(name: str) -> None:
    """Names have to work as stack, bucket prefix and catalog names at once."""
    assert (
        f"export {name!r}: got {name!r}; allowed: 1 to 40 lower-case letters and digits, a letter first, "
        "with single hyphens or underscores between"
    ) in refused({"exports": {name: REVIEWS}})


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({"stage": "Prod"}, "field 'stage': got 'Prod'; allowed: 1 to 12 lower-case letters and digits"),
        ({"database": "a-b"}, "field 'database': got 'a-b'; allowed: 1 to 63 lower-case letters, digits and"),
        ({"notify": ["anna"]}, "field 'notify.0': got 'anna'; allowed: an e-mail address"),
        ({"notify": "anna@example.com"}, "field 'notify': got 'anna@example.com'; allowed: a list"),
        ({"region": 1}, "field 'region': got 1; allowed: text"),
        ({"keep_data_on_destroy": "often"}, "got 'often'; allowed: true or false"),
        ({"exports": {}}, "field 'exports': got {}; allowed: 1 or more entries"),
        ({"exports": ["a"]}, "field 'exports': got ['a']; allowed: a mapping"),
        ({"exports": {"a": "Reviews"}}, "export 'a': got 'Reviews'; allowed: a mapping"),
        ({"exports": {"a": {"source": "Reviews"}}}, "field 'source': got 'Reviews'; allowed: a mapping"),
        (
            {"exports": {"a": {"source": {"type": "dynamodb", "table": "my table"}}}},
            "field 'source.table': got 'my table'; allowed: a DynamoDB table's name: 3 to 255 letters",
        ),
        (
            {"exports": {"a": {**REVIEWS, "schedule": "daily"}}},
            "field 'schedule': got 'daily'; allowed: a mapping",
        ),
        (
            {"exports": {"a": {**REVIEWS, "job": {"workers": 1}}}},
            "field 'job.workers': got 1; allowed: 2 or more",
        ),
        (
            {"exports": {"a": {**REVIEWS, "job": {"workers": 300}}}},
            "field 'job.workers': got 300; allowed: 299 or less",
        ),
        (
            {"exports": {"a": {**REVIEWS, "job": {"workers": "many"}}}},
            "field 'job.workers': got 'many'; allowed: a whole number",
        ),
    ],
)
def test_what_is_allowed_is_said_in_the_words_of_the_file(document: dict[str, object], said: str) -> None:
    """Neither regular expressions nor names of Python's types are for those who write YAML."""
    message = refused({"exports": {"reviews": REVIEWS}, **document})
    assert said in message
    assert "nput should" not in message


@pytest.mark.parametrize(
    "given",
    [
        "cron(0 2 * * ? *)",
        "cron(0/15 8-17 ? * MON-FRI *)",
        "cron(0 10 L * ? 2026,2027)",
        "cron(0 9 ? * 2#1 *)",
        "rate(1 day)",
        "rate(90 minutes)",
    ],
)
def test_schedules_that_eventbridge_takes_are_accepted(given: str) -> None:
    """Six cron fields with one of the days left open, or a number with its unit."""
    config = parse_config({"exports": {"reviews": {**REVIEWS, "schedule": {"expression": given}}}})
    schedule = config.exports["reviews"].schedule
    assert schedule is not None
    assert schedule.expression == given


@pytest.mark.parametrize(
    "given",
    [
        "cron(0 2 * *)",
        "cron(0 2 * * * *)",
        "cron(0 2 * * ? * *)",
        "rate(5)",
        "rate(0 days)",
        "rate(2 weeks)",
        "at(2026-11-21T02:00:00)",
        "daily",
    ],
)
def test_a_schedule_that_would_fail_to_deploy_is_refused(given: str) -> None:
    """EventBridge Scheduler would refuse it only in the middle of a deployment."""
    message = refused({"exports": {"reviews": {**REVIEWS, "schedule": {"expression": given}}}})
    assert (
        f"export 'reviews', field 'schedule.expression': got {given!r}; "
        "allowed: cron(minute hour day-of-month month day-of-week year) with ? for one of the two days"
    ) in message
    assert "or rate(number unit) in minutes, hours or days" in message


@pytest.mark.parametrize("given", ["Mars/Phobos", "europe/berlin", "", 2])
def test_a_time_zone_has_to_exist(given: object) -> None:
    """Names are those of the IANA time zone database, spelt as there."""
    schedule = {"expression": "rate(1 day)", "timezone": given}
    assert (
        f"field 'schedule.timezone': got {given!r}; allowed: a time zone's IANA name, such as Europe/Berlin"
    ) in refused({"exports": {"reviews": {**REVIEWS, "schedule": schedule}}})


@pytest.mark.parametrize("name", ["common", "export", "lakeshot", "lakeshot_staged", "snapshots_reviews"])
def test_names_lakeshot_uses_itself_are_refused(name: str) -> None:
    """An export replaces neither common stack nor state machine, and hides no table and no staged view."""
    assert f"export {name!r} has to be renamed: common and export, and what begins with" in refused(
        {"exports": {name: REVIEWS}}
    )


@pytest.mark.parametrize("document", [[], "exports", 7])
def test_a_document_that_is_no_mapping_is_refused(document: object) -> None:
    """What was given is shown beside what is needed."""
    assert refused(document) == (f"exports.yaml: got {document!r}; allowed: a mapping with the key 'exports'")


def test_an_empty_document_is_refused() -> None:
    """An empty file gets an answer, too."""
    assert refused(None) == "exports.yaml: the file is empty; it needs the key 'exports'"


def test_exports_are_grouped_by_region() -> None:
    """An export's own region wins over the file's."""
    config = parse_config(
        {
            "region": "eu-west-1",
            "exports": {"a": REVIEWS, "b": {**REVIEWS, "region": "us-east-1"}, "c": REVIEWS},
        }
    )
    assert config.regions() == {"eu-west-1": ("a", "c"), "us-east-1": ("b",)}


def test_a_region_of_one_export_asks_for_the_region_of_the_others() -> None:
    """The deployer's own region might be the same, and then two stacks would have one name."""
    message = refused({"exports": {"a": REVIEWS, "b": {**REVIEWS, "region": "us-east-1"}}})
    assert "export 'b' names a region of its own" in message


def test_all_mistakes_are_told_at_once() -> None:
    """Nobody has to deploy three times to find three typos."""
    message = refused({"stgae": "x", "exports": {"a": {}, "b": {**REVIEWS, "retain_snapshots": 0}}})
    assert message.count("\n") == 3
