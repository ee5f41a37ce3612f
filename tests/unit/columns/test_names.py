"""The rule that turns attribute names into column names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakeshot.columns.names import column_names


@pytest.mark.parametrize(
    ("sources", "names"),
    [
        (["id", "created_at", "v2"], {"id": "id", "created_at": "created_at", "v2": "v2"}),
        (["userId"], {"userId": "userid"}),
        (
            ["a.b", "c-d", "e f", "ü", "日本"],
            {"a.b": "a_b", "c-d": "c_d", "e f": "e_f", "ü": "_", "日本": "__"},
        ),
        ([""], {"": "_"}),
        (["Id", "id"], {"Id": "id_12156e", "id": "id"}),
        (["ID", "Id"], {"ID": "id", "Id": "id_12156e"}),
        (["snapshot_timestamp"], {"snapshot_timestamp": "snapshot_timestamp_57f02a"}),
        (["b" * 255], {"b" * 255: "b" * 255}),
    ],
)
def test_names_follow_the_documented_rule(sources: list[str], names: dict[str, str]) -> None:
    """Each attribute gets the name docs/types.md says."""
    assert column_names(sources) == names


def test_a_long_name_is_cut_and_keeps_apart() -> None:
    """Two names that differ only after 240 bytes stay two columns of at most 255 bytes."""
    names = column_names(["c" * 256, "c" * 257])
    assert names == {"c" * 256: "c" * 240 + "_1eda457d", "c" * 257: "c" * 240 + "_a76381a7"}


def test_an_attribute_called_like_a_suffixed_name_keeps_its_name() -> None:
    """The suffix grows where an attribute is itself called what the rule would make."""
    assert column_names(["Id", "id", "id_12156e"]) == {
        "Id": "id_12156e9",
        "id": "id",
        "id_12156e": "id_12156e",
    }


@pytest.mark.parametrize(
    ("sources", "published", "names"),
    [
        (["Id", "id"], {"Id": "id"}, {"Id": "id", "id": "id_a56145"}),
        (["Id", "id", "ID"], {"Id": "id"}, {"Id": "id", "ID": "id_384397", "id": "id_a56145"}),
        (["Id", "id"], {"Id": "id_12156e"}, {"Id": "id_12156e", "id": "id"}),
        (
            ["Id", "id", "id_12156e"],
            {"Id": "id_12156e"},
            {"Id": "id_12156e", "id": "id", "id_12156e": "id_12156e_fb10d7"},
        ),
        (["id"], {"Id": "id"}, {"id": "id_a56145"}),
        (["id", "ID"], {"Id": "other"}, {"id": "id", "ID": "id_384397"}),
    ],
)
def test_a_published_name_stays_with_its_attribute(
    sources: list[str], published: dict[str, str], names: dict[str, str]
) -> None:
    """An attribute that comes later never takes a name, not even one that is equal to its own."""
    assert column_names(sources, published) == names


SOURCES = st.lists(
    st.sampled_from(["Id", "id", "ID", "iD", "id_12156e", "id_a56145", "a.b", "a_b", "snapshot_timestamp"])
    | st.text(max_size=2)
)


@given(st.lists(SOURCES, min_size=1, max_size=4))
def test_names_never_change_from_snapshot_to_snapshot(snapshots: list[list[str]]) -> None:
    """Whatever attributes come, in whatever order, every name of a snapshot is a name of the next one."""
    names: dict[str, str] = {}
    for sources in snapshots:
        after = column_names([*names, *sources], names)
        assert after == column_names([*reversed(sources), *names], names)
        assert names.items() <= after.items()
        assert len(set(after.values())) == len(after)
        names = after


@given(st.lists(st.text(max_size=4) | st.sampled_from(["A" * 255, "a" * 255, "Snapshot_Timestamp"])))
def test_names_are_unique_and_accepted_by_every_catalog(sources: list[str]) -> None:
    """Whatever the attributes are called, no two columns share a name, nor take the partition's."""
    names = column_names(sources)
    assert names.keys() == set(sources)
    assert len(set(names.values())) == len(names)
    assert "snapshot_timestamp" not in names.values()
    assert all(
        0 < len(name) <= 255 and set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789_")
        for name in names.values()
    )
