"""A run that queries a database: how it gets there, the moment it reads, and what it commits."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from lakeshot.columns.types import JSON, NULL, Column, ColumnType, widen
from lakeshot.commit.commit import Commit
from lakeshot.errors import CommitError
from lakeshot.postgres.column_types import ReadColumn, untyped
from lakeshot.postgres.coordinator import Coordinator
from lakeshot.postgres.cutting import Cut
from lakeshot.postgres.named_columns import check_named_columns
from lakeshot.postgres.relations_read import shown
from lakeshot.postgres.secret_sessions import SecretSessions
from lakeshot.postgres.server import Server
from lakeshot.postgres.shared_moment import SharedMoment
from lakeshot.postgres.snapshot import Snapshot
from lakeshot.postgres.source import PostgresSource
from lakeshot.runs.committing import run_commit, run_target
from lakeshot.runs.plan import Plan
from lakeshot.stored import read

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

MOST_READERS = 16
"""Unless the source says otherwise: as many connections as a database of some size hardly notices."""
HOLDER_IDLE_SECONDS = 300.0
"""Who only holds a snapshot speaks every few seconds; if it stands still, its locks and snapshot go soon."""
_MOST_TOLD = 20


def most_readers(source: PostgresSource, slots: int) -> int:
    """How many connections read at once, if there are parts enough, in a job of so many slots."""
    if source.consistency == "single":
        return 1
    return max(1, min(source.readers or MOST_READERS, slots))


def most_connections(source: PostgresSource, slots: int) -> int:
    """How many a run has at once: those that read, the snapshot's holder, and one that watches the server.

    If no snapshot is shared, its holder is the one that reads.
    """
    holder = 0 if source.consistency == "single" else 1
    return most_readers(source, slots) + holder + 1


@dataclass(frozen=True)
class Query:
    """One run's query. ``check`` raises once the run is over."""

    plan: Plan
    s3: "S3Client"
    region: str
    check: Callable[[], None]

    @property
    def source(self) -> PostgresSource:
        """What is read."""
        return self.plan.deployed.postgres[0]

    @cached_property
    def server(self) -> Server:
        """Where the database is, and what to trust; CommitError if the certificates are gone."""
        _, connection = self.plan.deployed.postgres
        certificates = read(self.s3, connection.ca)
        if certificates is None:
            raise CommitError(
                f"the certificates that the database's is held against are gone from {connection.ca}; deploy "
                "again with: make deploy"
            )
        return Server(
            host=connection.host,
            port=connection.port,
            database=connection.database,
            ca_certificates=certificates.decode(),
        )

    def sessions(self, *, idle_timeout_seconds: float | None = None) -> SecretSessions:
        """What opens sessions, here and in other processes.

        The server lets none read, or wait with what it has read, for longer than a snapshot may be held.
        """
        most_seconds = self.source.max_snapshot_minutes * 60
        return SecretSessions(
            server=self.server,
            secret=self.plan.deployed.postgres[1].secret,
            region=self.region,
            application_name=f"lakeshot {self.plan.deployed.export} {self.plan.run}",
            lock_timeout_seconds=self.source.lock_timeout_seconds,
            statement_timeout_seconds=most_seconds,
            idle_timeout_seconds=most_seconds if idle_timeout_seconds is None else idle_timeout_seconds,
        )

    def readers(self, slots: int, parts: int) -> int:
        """How many connections read at once in a job that works on ``slots`` parts at a time."""
        return min(most_readers(self.source, slots), max(1, parts))

    @contextmanager
    def moment(self) -> Iterator[Coordinator]:
        """Hold the run's moment: a snapshot of its own, or one that all exports that run together share."""
        together = self.plan.query.together
        shared = self._shared_moment([one.export for one in together]) if together else None
        takes_it = shared is None or shared.is_taken_here
        is_shared = self.source.consistency == "shared"
        with Coordinator(
            self.sessions(idle_timeout_seconds=HOLDER_IDLE_SECONDS if is_shared else None),
            [one.source for one in together] if together and takes_it else [self.source],
            shared=is_shared,
            adopted=None if shared is None or takes_it else shared.taken(),
            max_snapshot_minutes=self.source.max_snapshot_minutes,
        ) as coordinator:
            if shared is not None:
                shared.hold(coordinator.snapshot)
            yield coordinator
            if shared is not None and takes_it:
                shared.wait_for_all(coordinator.check)

    def _shared_moment(self, exports: Sequence[str]) -> SharedMoment:
        deployed = self.plan.deployed
        return SharedMoment(
            s3=self.s3,
            bucket=deployed.bucket,
            stage=deployed.stage,
            run=self.plan.run,
            exports=exports,
            own=deployed.export,
            most_minutes=self.source.max_snapshot_minutes,
            check=self.check,
        )


def query_commit(
    plan: Plan, known: Sequence[Column], *, cut: Cut, columns: Sequence[ReadColumn], snapshot: Snapshot
) -> Commit:
    """What the run commits once every part has ended; ``known`` are the columns of its baseline, if any.

    PinnedTypeError if a column is pinned to a type that its values never have, SourceError if ``types`` or
    ``partition_by`` name one that is not read.
    """
    declared = [column.column for column in columns]
    named = {"types": plan.deployed.types, "partition_by": plan.deployed.partition_by}
    check_named_columns(named, [column.source for column in declared], plan.deployed.source.name)
    sources = [column.source for column in declared]
    target = run_target(plan, as_declared(known, declared), first=sources)
    return run_commit(
        plan,
        target,
        parts=len(cut.parts),
        expected_from=(
            f"what COPY itself counted in {len(cut.parts):,} parts"
            if plan.deployed.postgres[0].landing is None
            else f"rows_uploaded, as aws_s3 said for {len(cut.parts):,} parts"
        ),
        moment=snapshot.taken_at,
        moment_from=_moment_words(cut),
        of_one_instant=not cut.foreign,
        keys=[column for column in declared if column.source in cut.primary_key],
        declared=declared,
    )


def _moment_words(cut: Cut) -> str:
    taken = "when the database's snapshot was taken"
    if cut.foreign:
        return f"{taken}, by its own clock; not of it are the rows of foreign tables: {shown(cut.foreign)}"
    return f"{taken}, which every row is of, by its own clock"


def planned_words(cut: Cut, snapshot: Snapshot, readers: int) -> dict[str, object]:
    """What the run record tells of a reading before it begins."""
    told: dict[str, object] = {
        "taken_at": snapshot.taken_at,
        "read_by": f"by {_connections(snapshot, readers)}, as {cut.how}",
    }
    if cut.estimated_rows is not None:
        told |= {"rows_expected": cut.estimated_rows, "expected_from": "the database's own estimate"}
    if unknown := untyped(cut.columns):
        names = [f"{column.name} ({column.type_name})" for column in unknown[:_MOST_TOLD]]
        more = [f"and {len(unknown) - _MOST_TOLD:,} more"] if len(unknown) > _MOST_TOLD else []
        told["text_columns"] = ", ".join([*names, *more])
    return told


def _connections(snapshot: Snapshot, readers: int) -> str:
    if snapshot.id is None:
        return "the one connection that holds the snapshot"
    return "one connection" if readers == 1 else f"{readers} connections"


def as_declared(known: Sequence[Column], declared: Sequence[Column]) -> tuple[Column, ...]:
    """Known columns, with types that go with what the database declares now.

    A type that was widened for some value stays. One that is no wider form of the declared type is from
    before ``ALTER COLUMN … TYPE``, and JSON text of both would help nobody: the declared one takes its place.
    """
    types = {column.source: column.type for column in declared}
    return tuple(
        column.model_copy(update={"type": _kept(column.type, types.get(column.source, NULL))})
        for column in known
    )


def _kept(known: ColumnType, declared: ColumnType) -> ColumnType:
    is_wider = widen(declared, known) == known
    return known if is_wider and (known != JSON or declared in (JSON, NULL)) else declared
