"""What a team writes in ``exports.yaml``, as frozen typed models.

One file describes one stage: what is shared, and every export by name. The JSON Schema that
editors use is generated from these models (``make schema``).
"""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Annotated, Self

from pydantic import Field, ValidationError, model_validator

from lakeshot.config.allowed import allowed
from lakeshot.config.connections import Connection, ConnectionName
from lakeshot.config.errors import config_error, shown
from lakeshot.config.export import Export, Schedule
from lakeshot.config.landing import check_landings
from lakeshot.config.regions import check_region
from lakeshot.errors import ConfigError
from lakeshot.model import Setting
from lakeshot.names import ConnectionNames, ExportNames, GroupNames

ExportName = Annotated[
    str,
    Field(pattern=r"^[a-z][a-z0-9]*([_-][a-z0-9]+)*$", max_length=40),
    allowed(
        "1 to 40 lower-case letters and digits, a letter first, with single hyphens or underscores between"
    ),
]
"""Two underscores never meet in a name, because tables of generations and of changes have two (``__2``)."""
GroupName = ExportName
RESERVED_NAMES = frozenset({"common", "export"})
"""Names that the stage's own stack and state machine already have."""
RESERVED_BEGINNINGS = ("lakeshot", "snapshots")
"""How catalog entries begin that Lakeshot makes beside the views: staged views and tables of snapshots."""
FEWEST_MEMBERS, MOST_MEMBERS = 2, 25
"""How many exports a group has; no state of its run may grow beyond 32 KiB."""


class Group(Setting):
    """Exports that run together and are published together: all of them, or none."""

    exports: Annotated[tuple[ExportName, ...], Field(min_length=FEWEST_MEMBERS, max_length=MOST_MEMBERS)]
    """Names of the exports in this group."""
    schedule: Schedule | None = None
    """When the group runs by itself; without it, only when a person starts it."""


class Config(Setting):
    """The whole of ``exports.yaml``."""

    stage: Annotated[
        str,
        Field(pattern=r"^[a-z][a-z0-9]{0,11}$"),
        allowed("1 to 12 lower-case letters and digits, a letter first"),
    ] = "dev"
    """Prefix of every name, so that several deployments share an account."""
    region: str | None = None
    """Region to deploy to; by default the deployer's own."""
    database: Annotated[
        str,
        Field(pattern=r"^[a-z][a-z0-9_]{0,62}$"),
        allowed("1 to 63 lower-case letters, digits and underscores, a letter first"),
    ] = "lakeshot"
    """Glue database of tables and views."""
    notify: tuple[
        Annotated[
            str,
            Field(pattern=r"^[^@\s]+@[^@\s]+$"),
            allowed("an e-mail address, such as team@example.com"),
        ],
        ...,
    ] = ()
    """E-mail addresses that are told of runs which end without success."""
    keep_data_on_destroy: bool = True
    """Whether bucket and run table outlive ``cdk destroy``."""
    connections: Mapping[ConnectionName, Connection] = Field(default_factory=dict)
    """Databases that exports read, by a name of your own."""
    exports: Annotated[Mapping[ExportName, Export], Field(min_length=1)]
    """Every export by its name, which is also its view's (hyphens become underscores)."""
    groups: Mapping[GroupName, Group] = Field(default_factory=dict)
    """Exports that run together and are published together, by the group's name, which is also its view's."""

    @model_validator(mode="after")
    def _names_are_usable(self) -> Self:
        owners: dict[str, str] = {
            ConnectionNames(self.stage, name).resource: f"connection {name!r}" for name in self.connections
        }
        named: list[tuple[str, str, ExportNames | GroupNames]] = [
            *(("export", name, ExportNames(self.stage, name)) for name in self.exports),
            *(("group", name, GroupNames(self.stage, name)) for name in self.groups),
        ]
        for noun, name, names in named:
            if name in RESERVED_NAMES or name.startswith(RESERVED_BEGINNINGS):
                raise ValueError(
                    f"{noun} {name!r} has to be renamed: {' and '.join(sorted(RESERVED_NAMES))}, and what "
                    f"begins with {' or '.join(RESERVED_BEGINNINGS)}, are Lakeshot's own names"
                )
            for place, entry in (("in the catalog", names.view), ("as a stack", names.resource)):
                if entry in owners:
                    raise ValueError(
                        f"{owners[entry]} and {noun} {name!r} would both be {entry!r} {place}; "
                        "rename one (hyphens and underscores are the same there)"
                    )
                owners[entry] = f"{noun} {name!r}"
        return self

    @model_validator(mode="after")
    def _connections_fit_exports(self) -> Self:
        used: set[str] = set()
        for name, export in self.exports.items():
            if export.source.type == "dynamodb":
                continue
            wanted = export.source.connection
            if wanted not in self.connections:
                there = ", ".join(self.connections) or "none"
                raise ValueError(
                    f"export {name!r} names the connection {wanted!r}, which is not below 'connections'; "
                    f"{_meant(wanted, self.connections)}connections are: {there}"
                )
            used.add(wanted)
            if self.connections[wanted].type != export.source.type:
                raise ValueError(
                    f"export {name!r} has a source of type {export.source.type!r}, but its connection "
                    f"{wanted!r} is of type {self.connections[wanted].type!r}"
                )
            if export.source.max_cpu_percent is not None and self.connections[wanted].instance is None:
                raise ValueError(
                    f"export {name!r} has 'max_cpu_percent', but its connection {wanted!r} has no 'instance' "
                    "whose CPU to look at; give it the identifier of the DB instance"
                )
            landing = export.source.landing
            check_region(
                wanted,
                self.connections[wanted],
                name,
                export.region or self.region,
                kms_key=landing.kms_key if landing is not None else None,
            )
        if unused := [name for name in self.connections if name not in used]:
            raise ValueError(
                f"connection {unused[0]!r} is used by no export; remove it, or name it in the 'source' of one"
            )
        check_landings(self._landings, self.connections)
        return self

    @model_validator(mode="after")
    def _members_fit_their_group(self) -> Self:
        groups_of: dict[str, str] = {}
        for name, group in self.groups.items():
            for member in group.exports:
                self._check_member(member, name)
                if member in groups_of:
                    raise ValueError(
                        f"export {member!r} is named by group {groups_of[member]!r} and again by {name!r}; "
                        "an export is in one group at most, once"
                    )
                groups_of[member] = name
            regions = sorted({str(self.exports[member].region or self.region) for member in group.exports})
            if len(regions) > 1:
                raise ValueError(
                    f"group {name!r} has exports in different regions ({', '.join(regions)}); give them "
                    "the same one, because they are published as one"
                )
        return self

    def _check_member(self, member: str, group: str) -> None:
        if member not in self.exports:
            raise ValueError(
                f"group {group!r} names the export {member!r}, which is not below 'exports'; "
                f"{_meant(member, self.exports)}exports are: {', '.join(self.exports)}"
            )
        if self.exports[member].kind == "changes":
            raise ValueError(
                f"export {member!r} is of kind 'changes' and in group {group!r}; a group publishes whole "
                "snapshots of one moment together. Set kind: snapshot, or take it out of the group"
            )
        source = self.exports[member].source
        together = self.read_together(member)
        if source.type != "dynamodb" and source.consistency == "single" and together:
            raise ValueError(
                f"export {member!r} has 'consistency: single' and is in group {group!r} with "
                f"{together[0]!r}, which reads the same connection, but such a snapshot cannot be "
                "shared by exports. Remove 'consistency', or take one of them out of the group"
            )
        if self.exports[member].schedule is not None:
            raise ValueError(
                f"export {member!r} has a schedule of its own and is in group {group!r}, which runs it; "
                "remove the export's schedule and give one to the group"
            )

    @model_validator(mode="after")
    def _regions_are_told_apart(self) -> Self:
        away = sorted(name for name, export in self.exports.items() if export.region is not None)
        if away and self.region is None:
            raise ValueError(
                f"export {away[0]!r} names a region of its own, so the file has to name one for the others: "
                "give 'region' at its top, too"
            )
        return self

    def read_together(self, export: str) -> tuple[str, ...]:
        """The other exports of its group that read the same database, and so the same moment."""
        source = self.exports[export].source
        if source.type == "dynamodb":
            return ()
        group = next((group.exports for group in self.groups.values() if export in group.exports), ())
        return tuple(
            member
            for member in group
            if member != export
            and (other := self.exports[member].source).type != "dynamodb"
            and other.connection == source.connection
        )

    @property
    def _landings(self) -> Mapping[str, str]:
        """The connections of the exports whose files the database itself writes, by export."""
        sources = {name: export.source for name, export in self.exports.items()}
        return {
            name: source.connection
            for name, source in sources.items()
            if source.type == "postgres" and source.landing is not None
        }

    def landing_by(self, connection: str, region: str | None) -> tuple[str, ...]:
        """Exports of a region whose files the database behind a connection writes itself."""
        here = self.regions().get(region, ())
        return tuple(name for name in here if self._landings.get(name) == connection)

    def landing_keys(self, exports: Iterable[str]) -> tuple[str, ...]:
        """KMS keys by which databases encrypt the files that they write for some of these exports."""
        sources = (self.exports[name].source for name in exports)
        options = (source.landing for source in sources if source.type == "postgres")
        return tuple(sorted({one.kms_key for one in options if one is not None and one.kms_key is not None}))

    def region_of(self, group: str) -> str | None:
        """The region a group and its exports are deployed to; None is the deployer's own."""
        return self.exports[self.groups[group].exports[0]].region or self.region

    def regions(self) -> Mapping[str | None, tuple[str, ...]]:
        """Names of exports by the region they are deployed to; None is the deployer's own."""
        grouped: dict[str | None, list[str]] = {}
        for name, export in self.exports.items():
            grouped.setdefault(export.region or self.region, []).append(name)
        return {region: tuple(names) for region, names in grouped.items()}


def _meant(name: str, known: Iterable[str]) -> str:
    """What somebody may have meant by an unknown name; empty if nothing is like it."""
    close = get_close_matches(name, list(known), n=1)
    return f"did you mean {close[0]!r}? " if close else ""


def parse_config(document: object, origin: str = "exports.yaml") -> Config:
    """The config a parsed YAML document holds.

    Raises ConfigError that names each export and field, what was given and what is allowed.
    """
    if document is None:
        raise ConfigError(f"{origin}: the file is empty; it needs the key 'exports'")
    if not isinstance(document, Mapping):
        raise ConfigError(f"{origin}: got {shown(document)}; allowed: a mapping with the key 'exports'")
    try:
        return Config.model_validate(document)
    except ValidationError as error:
        raise config_error(error, origin, Config) from error
