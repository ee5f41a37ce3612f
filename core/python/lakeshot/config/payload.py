"""The JSON an execution is started with: by the schedule, or pasted by a person."""

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, ValidationError, model_validator

from lakeshot.config.allowed import allowed
from lakeshot.config.errors import field_errors, shown
from lakeshot.config.exports import ExportName, GroupName
from lakeshot.dynamodb.source import MaxReadUnits, ReadPercentage
from lakeshot.errors import PayloadError
from lakeshot.files import FileFormat
from lakeshot.model import Model
from lakeshot.names import snapshot_moment, snapshot_name
from lakeshot.postgres.source import MaxMegabytesPerSecond


def _partition_value(text: str) -> str:
    if snapshot_name(snapshot_moment(text)) != text:
        raise ValueError(text)
    return text


SnapshotName = Annotated[
    str,
    AfterValidator(_partition_value),
    allowed("a snapshot's name as the catalog has it, such as 20261121T120000Z"),
]


class RunOptions(Model):
    """What may be said of a run, whether it runs one export or a group of them.

    ``scheduled_time`` is the schedule's own instant; absent when a person starts the run. In the mode
    ``rollback`` nothing is read: the view is moved to ``snapshot``, which has to be retained and
    verified. ``moment`` has the tables exported as they were then, which only DynamoDB's own exports can.
    ``allow_older`` lets a run publish although a newer moment is published.
    """

    scheduled_time: str | None = None
    mode: Literal["export", "check", "rollback"] = "export"
    snapshot: SnapshotName | None = None
    moment: SnapshotName | None = None
    allow_older: bool = False

    @model_validator(mode="after")
    def _snapshot_goes_with_rollback(self) -> Self:
        if self.mode == "rollback" and self.snapshot is None:
            raise ValueError("mode 'rollback' needs 'snapshot', the snapshot to show again")
        if self.mode != "rollback" and self.snapshot is not None:
            raise ValueError(
                f"snapshot {self.snapshot!r} goes with mode 'rollback'; a run that exports makes a new one"
            )
        if self.mode != "export" and self.moment is not None:
            raise ValueError(f"moment {self.moment!r} goes with mode 'export', not {self.mode!r}")
        return self

    def text(self, indent: int | None = None) -> str:
        """The JSON to start an execution with, without what holds anyway."""
        return self.model_dump_json(exclude_defaults=True, indent=indent)


class Payload(RunOptions):
    """What one run of one export shall do.

    Export, job, crawler, source table, destination and format have to be the deployed export's own.
    ``reuse_export`` names an earlier run of the export, whose native export is converted once more instead
    of making a new one. Of kind ``changes``, ``full`` has the whole table exported before it is due, and the
    mode ``check`` does so as of the published moment and publishes it only if the view shows the same rows.
    The rest may be changed for one run: rate (of DynamoDB tables ``read_percentage``, ``max_read_units`` in
    read units per second, ``consistent_read``; of databases ``max_mb_per_second``; what is left out is as
    deployed), ``workers`` and ``timeout_minutes`` of the Glue job.
    """

    export: ExportName
    job: str
    crawler: str
    source_table: str
    read_percentage: ReadPercentage | None = None
    max_read_units: MaxReadUnits | None = None
    consistent_read: bool | None = None
    max_mb_per_second: MaxMegabytesPerSecond | None = None
    destination: str
    format: FileFormat
    workers: Annotated[int, Field(ge=2, le=299)] | None = None
    timeout_minutes: Annotated[int, Field(ge=1, le=10080)] | None = None
    reuse_export: str | None = None
    full: bool = False

    @model_validator(mode="after")
    def _options_go_together(self) -> Self:
        if self.reuse_export is not None:
            if self.mode != "export":
                raise ValueError(
                    f"reuse_export {self.reuse_export!r} goes with mode 'export', not {self.mode!r}"
                )
            if self.moment is not None or self.full:
                raise ValueError(
                    f"reuse_export {self.reuse_export!r} converts an export that is there as it is; leave "
                    f"out {'full' if self.full else 'moment'}"
                )
        if self.full and self.mode != "export":
            raise ValueError(f"full goes with mode 'export', not {self.mode!r}")
        return self


class GroupPayload(RunOptions):
    """What one run of a group shall do: ``members`` are the payloads of its exports.

    A member has no run options of its own, because its group is published as one.
    """

    group: GroupName
    members: tuple[Payload, ...]

    @model_validator(mode="after")
    def _members_have_no_options(self) -> Self:
        if self.mode == "check":
            raise ValueError("mode 'check' is for exports of kind 'changes', of which groups have none")
        for member in self.members:
            for name in ("reuse_export", "full"):
                if getattr(member, name) != Payload.model_fields[name].default:
                    raise ValueError(
                        f"the member {member.export!r} has the option {name}, which groups do not have; "
                        "leave it out, or run the export by itself"
                    )
            options = RunOptions.model_fields
            own = [name for name, field in options.items() if getattr(member, name) != field.default]
            if own:
                raise ValueError(
                    f"the member {member.export!r} has options of its own ({', '.join(own)}); "
                    "give them beside 'group', where they hold for every member"
                )
        return self


def parse_payload(document: object) -> Payload | GroupPayload:
    """The payload an execution's input holds; PayloadError says which field is wrong and why."""
    model = _model(document)
    try:
        return model.model_validate(document)
    except ValidationError as error:
        raise PayloadError(f"the payload cannot be used: {field_errors(error, model)}") from error


def _model(document: object) -> type[Payload] | type[GroupPayload]:
    if not isinstance(document, Mapping):
        raise PayloadError(f"the payload cannot be used: got {shown(document)}; allowed: a JSON object")
    match "export" in document, "group" in document:
        case True, False:
            return Payload
        case False, True:
            return GroupPayload
        case True, True:
            raise PayloadError("the payload names both 'export' and 'group'; leave one of them out")
        case _:
            raise PayloadError(
                "the payload names neither 'export' nor 'group'; print a whole one with: "
                "make payload EXPORT=<name>, or make payload GROUP=<name>"
            )
