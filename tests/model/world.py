"""Everything around the library: services in memory, executions, and whoever is at work for them."""
# ruff: noqa: N803  # arguments are named as boto3 names them

import importlib
import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

from lakeshot.config.deployed import Deployed, DeployedGroup
from lakeshot.config.exports import parse_config
from lakeshot.files import Compression, FileFormat
from lakeshot.names import StageNames
from lakeshot.steps.environment import FunctionEnvironment
from lakeshot.steps.owning_view import create_view
from lakeshot.steps.services import Services
from tests.in_memory.dynamodb import DynamoDBInMemory
from tests.in_memory.errors import EXCEPTIONS, fail
from tests.in_memory.glue import GlueInMemory
from tests.in_memory.s3 import S3InMemory
from tests.model.actors import Actor, Client, Fault, Killed, here, pause
from tests.model.athena_in_memory import AthenaInMemory
from tests.model.executions import WAY, WHOLE, Branch, Execution
from tests.model.job import run_job

if TYPE_CHECKING:
    from boto3 import Session

STAGE = StageNames(stage="dev")
BUCKET = "lakeshot-dev-123456789012-us-east-1"
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
GROUP = "pair"
EXPORTS = ("left", "right")
STEPS = ("plan", "verify_files", "catalog", "verify_readable", "publish", "retain", "report", "close")
LIVE = ("RUNNING", "STOPPING")
CONTEXT = SimpleNamespace(function_name="a step", aws_request_id="1")
CLOSING_POLLS = 3
"""How often a plan is tried again while another run is closed; more would only be the same once more."""


@dataclass(frozen=True)
class AthenaOfSession:
    """What ``lakeshot.lake.athena.Athena`` is, over the one in memory."""

    session: Any
    workgroup: str
    database: str

    def run(self, sql: str) -> str:
        client = self.session.client("athena")
        query = str(client.start(sql=sql))
        client.wait(query_id=query)
        return query

    def numbers(self, query_id: str) -> Mapping[str, int]:
        numbers: Mapping[str, int] = self.session.client("athena").numbers(query_id=query_id)
        return numbers


def deployed(name: str, retain: int, *, readable: bool) -> Deployed:
    """An export as deployed, whose runs read two segments."""
    unread = {"format": FileFormat.BINARY, "compression": Compression.NONE}
    source = {"type": "dynamodb", "table": name.title(), "segments": 2}
    config = parse_config(
        {
            "exports": {
                name: {
                    "source": source,
                    "format": "json",
                    "catalog": "direct",
                    "retain_snapshots": retain,
                }
            }
        }
    )
    return Deployed.of(
        name=name,
        export=config.exports[name],
        stage="dev",
        database="lakeshot",
        bucket=BUCKET,
        job_role_arn=f"arn:aws:iam::123456789012:role/lakeshot-dev-{name}-job",
    ).model_copy(update={} if readable else unread)


class World:
    """One stage with two exports, which are a group as well; no engine reads the files of ``unread`` ones."""

    def __init__(self, *, retain: int, unread: Collection[str] = ()) -> None:
        self.trace: list[str] = []
        self.dynamodb, self.s3, self.glue = DynamoDBInMemory(), S3InMemory(), GlueInMemory()
        self.athena = AthenaInMemory(self.glue, self.s3)
        self.exports = {name: deployed(name, retain, readable=name not in unread) for name in EXPORTS}
        self.group = DeployedGroup(
            group=GROUP, stage="dev", database="lakeshot", bucket=BUCKET, exports=EXPORTS
        )
        self.executions: dict[str, Execution] = {}
        self.actors: list[Actor] = []
        self.events: list[dict[str, Any]] = []
        self.job_actors: dict[str, Actor] = {}
        self.notices: list[str] = []
        self.now = 0
        self._homes: dict[Actor, tuple[Execution, int]] = {}
        self._born: dict[Actor, int] = {}
        self._kinds: dict[str, str] = {}
        self._numbers = count(1)
        self._clients: dict[str, Client] = {}
        self.handlers: dict[str, ModuleType] = {}
        self.services = Services(
            session=cast("Session", self), environment=FunctionEnvironment(stage="dev", topic_arn="topic")
        )
        for step in STEPS:
            module = importlib.import_module(f"lambdas.{step}")
            vars(module)["services"] = self.services
            self.handlers[step] = module
        for name in EXPORTS:
            self.dynamodb.sources[name.title()] = {
                "TableName": name.title(),
                "TableArn": f"arn:{name}",
                "TableStatus": "ACTIVE",
                "AttributeDefinitions": [{"AttributeName": "Id", "AttributeType": "S"}],
                "KeySchema": [{"AttributeName": "Id", "KeyType": "HASH"}],
                "ProvisionedThroughput": {"ReadCapacityUnits": 4},
            }
            if name not in unread:
                create_view(self.services, {"Export": name})
        create_view(self.services, {"Group": GROUP})

    # What boto3 would be: the session with its clients.

    def client(self, name: str, **_: object) -> Client:
        """The client of a service."""
        if name not in self._clients:
            service = {
                "dynamodb": self.dynamodb,
                "s3": self.s3,
                "glue": self.glue,
                "athena": self.athena,
            }.get(name, self)
            self._clients[name] = Client(name, service, self.tell)
        return self._clients[name]

    exceptions = EXCEPTIONS

    @staticmethod
    def brief(given: Mapping[str, Any]) -> str:
        return str(given.get("executionArn") or given.get("Name") or given.get("FunctionName") or "")

    def get_parameter(self, *, Name: str) -> dict[str, Any]:
        values: dict[str, Deployed | DeployedGroup] = {
            **{STAGE.parameter(name): one for name, one in self.exports.items()},
            STAGE.group_parameter(GROUP): self.group,
        }
        return {"Parameter": {"Value": values[Name].model_dump_json()}}

    def describe_execution(self, *, executionArn: str) -> dict[str, Any]:
        execution = self.executions.get(executionArn.rsplit(":", 1)[-1])
        if execution is None:
            fail("ExecutionDoesNotExist")
        told = {"error": execution.error, "cause": execution.cause}
        return self._detail(execution) | {name: text for name, text in told.items() if text is not None}

    def assume_role(self, *, RoleArn: str, RoleSessionName: str) -> dict[str, Any]:
        return {"Credentials": {"AccessKeyId": "", "SecretAccessKey": "", "SessionToken": ""}}

    def publish(self, *, TopicArn: str, Subject: str, Message: str) -> None:
        self.notices.append(f"{Subject}: {Message}")

    def invoke(self, *, FunctionName: str, InvocationType: str, Payload: str) -> None:
        self.close(json.loads(Payload), "asked for by a plan")

    # Executions.

    def tell(self, sentence: str) -> None:
        """Write a line of the trace."""
        self.trace.append(sentence)

    def start(self, payload: dict[str, Any], started_at: datetime, kind: str) -> Execution:
        """Start an execution; ``kind`` is what its jobs will find in the source."""
        name = f"run-{len(self.executions) + 1}"
        execution = Execution(
            name=name,
            arn=f"arn:aws:states:us-east-1:123456789012:execution:lakeshot-dev-export:{name}",
            input=payload,
            started_at=started_at,
        )
        self.executions[name] = execution
        self._kinds[name] = kind
        self.tell(f"== {name} starts at {started_at:%H:%M:%S} with {_short(payload)}")
        self._launch(execution, WHOLE)
        return execution

    def abort(self, execution: Execution, status: str) -> None:
        """Stop an execution from outside; what it has at work goes on."""
        self.tell(f"== {execution.name} is {status} in {execution.state}")
        execution.at_work.clear()
        execution.error = execution.cause = None
        self._end(execution, status)

    def redrive(self, execution: Execution) -> None:
        """Let an execution go on from where it did not succeed."""
        execution.redrives += 1
        execution.status, execution.closed, execution.attempts = "RUNNING", False, 0
        self.tell(f"== {execution.name} is redriven in {execution.state}")
        if execution.state == "Failed":
            self._end(execution, "FAILED")
        elif execution.state == "Members":
            for slot, branch in enumerate(execution.branches):
                if branch.state is not None:
                    self._launch(execution, slot)
        else:
            self._launch(execution, WHOLE)

    def retry(self, actor: Actor) -> bool:
        """Start a step again whose answer got lost, beside its first invocation; False if none waits."""
        home = self._homes.get(actor)
        if home is None or not self._is_waited_for(actor):
            return False
        execution, slot = home
        if execution.state_of(slot) in ("ExportTable", "CountRows"):
            return False
        self.tell(f"== the answer of {actor.label} got lost")
        self._launch(execution, slot)
        return True

    def deliver(self, event: dict[str, Any]) -> None:
        """Let close hear of an end by an event."""
        self.close(event, "told by an event")

    def close(self, given: dict[str, Any], why: str) -> Actor:
        """Invoke close."""
        run = given["detail"]["executionArn"].rsplit(":", 1)[-1]
        return self._spawn(f"close of {run} ({why})", run, lambda: self._handle("close", given))

    # Who goes on.

    @property
    def live(self) -> list[Actor]:
        """Everybody who could go on, in the order they began."""
        return [actor for actor in self.actors if not actor.ended]

    def step(self, actor: Actor, fault: Fault = Fault.NONE) -> None:
        """Let an actor make its next call."""
        self.now += 1
        actor.step(fault)
        if actor.ended:
            self._over(actor)

    def kill(self, actor: Actor, *, retried: bool) -> None:
        """End a process; Step Functions may try again what it was."""
        self.tell(f"{actor.label}: killed before {actor.next_call}")
        actor.kill()
        home = self._homes.get(actor)
        if retried and home is not None and self._is_waited_for(actor):
            execution, slot = home
            if execution.state_of(slot) not in ("ExportTable", "CountRows"):
                self._launch(execution, slot)
                self.actors.remove(actor)
                return
        self._over(actor)

    def stop_jobs(self) -> None:
        """What Glue does while somebody sleeps: job runs that were stopped are over."""
        for name, job_run in self.glue.job_runs.items():
            if job_run["JobRunState"] == "STOPPING":
                actor = self.job_actors[name]
                self.tell(f"{actor.label}: stopped before {actor.next_call}")
                actor.kill()
                job_run["JobRunState"] = "STOPPED"
                self._over(actor)

    def shut_down(self) -> None:
        """End every thread."""
        for actor in self.live:
            actor.kill()

    def _spawn(self, label: str, run: str, body: Callable[[], object]) -> Actor:
        actor = Actor(f"[{next(self._numbers)}] {label}", run, body)
        actor.after_sleep = self.stop_jobs
        self.actors.append(actor)
        self._born[actor] = self.now
        return actor

    def _handle(self, step: str, given: Mapping[str, Any]) -> Any:
        return self.handlers[step].handler(json.loads(json.dumps(given)), CONTEXT)

    def _launch(self, execution: Execution, slot: int) -> None:
        state = execution.state_of(slot)
        body = getattr(self, f"_{state.lower()}")(execution, slot)
        export = "" if slot == WHOLE else f" of {execution.exports[slot]}"
        actor = self._spawn(f"{state}{export}, {execution.name}", execution.name, body)
        self._homes[actor] = execution, slot
        execution.at_work[slot] = actor

    def _plan(self, execution: Execution, slot: int) -> Callable[[], object]:
        given = {
            "payload": execution.input,
            "execution_arn": execution.arn,
            "started_at": execution.started_at.isoformat(),
            "redrive": execution.redrives,
        }
        return lambda: self._handle("plan", given)

    def _exporttable(self, execution: Execution, slot: int) -> Callable[[], object]:
        member, redrive = execution.branches[slot].member, execution.redrives
        number = next(self._numbers)

        def body() -> None:
            name = f"{execution.name}.{member['plan'].split('/')[4]}.{number}"
            pause(f"glue starts job run {name}")
            self.glue.job_runs[name] = {
                "Id": name,
                "JobName": member["job"]["name"],
                "Arguments": {"--run": member["run"]},
                "JobRunState": "RUNNING",
                "ExecutionTime": 60,
            }
            actor = here()
            assert actor is not None
            self.job_actors[name] = actor
            run_job(
                cast("Any", self.client("s3")),
                cast("Any", self.client("dynamodb")),
                member["plan"],
                redrive=redrive,
                job_run=name,
                kind=self._kinds[execution.name] if member["readable"] else "numbers",
            )

        return body

    def _verifyfiles(self, execution: Execution, slot: int) -> Callable[[], object]:
        return self._of_member("verify_files", execution, slot, verifier=0)

    def _catalog(self, execution: Execution, slot: int) -> Callable[[], object]:
        return self._of_member("catalog", execution, slot)

    def _countrows(self, execution: Execution, slot: int) -> Callable[[], object]:
        catalogued = execution.branches[slot].catalogued
        assert catalogued is not None
        athena = AthenaOfSession(self, catalogued["workgroup"], catalogued["database"])
        return lambda: athena.run(catalogued["query"])

    def _verifyreadable(self, execution: Execution, slot: int) -> Callable[[], object]:
        query = execution.branches[slot].query
        return self._of_member("verify_readable", execution, slot, query_execution_id=query)

    def _publish(self, execution: Execution, slot: int) -> Callable[[], object]:
        return self._of_all("publish", execution)

    def _retain(self, execution: Execution, slot: int) -> Callable[[], object]:
        return self._of_all("retain", execution)

    def _report(self, execution: Execution, slot: int) -> Callable[[], object]:
        return self._of_all("report", execution)

    def _close(self, execution: Execution, slot: int) -> Callable[[], object]:
        given = self.caught(execution)
        return lambda: self._handle("close", given)

    def _of_member(self, step: str, execution: Execution, slot: int, **more: object) -> Callable[[], object]:
        given = {"plan": execution.branches[slot].member["plan"], "redrive": execution.redrives, **more}
        return lambda: self._handle(step, given)

    def _of_all(self, step: str, execution: Execution) -> Callable[[], object]:
        given = {"plans": execution.planned["plans"], "redrive": execution.redrives}
        return lambda: self._handle(step, given)

    def _over(self, actor: Actor) -> None:
        """What follows from the end of a process."""
        self.actors.remove(actor)
        error = actor.error
        self.tell(f"{actor.label}: ended{'' if error is None else f' with {type(error).__name__}: {error}'}")
        if isinstance(error, AssertionError | AttributeError | TypeError | NameError | LookupError):
            raise error
        for name, job_run in self.glue.job_runs.items():
            if self.job_actors.get(name) is actor and job_run["JobRunState"] in LIVE:
                job_run["JobRunState"] = "SUCCEEDED" if error is None else "FAILED"
        execution = self.executions[actor.run]
        if error is None and ("close of" in actor.label or "Close, " in actor.label):
            execution.closed |= self._born[actor] >= execution.ended_at >= 0 and not execution.is_running
        if not self._is_waited_for(actor):
            return
        execution, slot = self._homes[actor]
        del execution.at_work[slot]
        if error is None:
            self._advance(execution, slot, actor.result)
            return
        if slot == WHOLE and execution.state == "Close":
            execution.state = "Failed"
            self._end(execution, "FAILED")
            return
        name = type(error).__name__
        if name == "RunClosingError" and execution.state == "Plan" and execution.attempts < CLOSING_POLLS:
            execution.attempts += 1
            self._launch(execution, slot)
            return
        execution.error = name
        execution.cause = json.dumps({"errorType": name, "errorMessage": str(error)})
        execution.state = "Close"
        execution.at_work.clear()
        self._launch(execution, WHOLE)

    def _advance(self, execution: Execution, slot: int, result: Any) -> None:
        if slot != WHOLE:
            branch = execution.branches[slot]
            if branch.state == "Catalog":
                branch.catalogued = result
            if branch.state == "CountRows":
                branch.query = result
            branch.state = branch.following
            if branch.state is not None:
                self._launch(execution, slot)
                return
            if any(other.state is not None for other in execution.branches):
                return
        if execution.state == "Close":
            execution.state = "Failed"
            self._end(execution, "FAILED")
            return
        if execution.state == "Plan":
            execution.planned = result
            if result["duplicate_of"] is not None:
                self._end(execution, "SUCCEEDED")
                return
        index = WAY.index(execution.state) + 1
        if index == len(WAY):
            self._end(execution, "SUCCEEDED")
            return
        execution.state = WAY[index]
        if execution.state == "Members":
            execution.branches = [
                Branch(member, "ExportTable" if member["reads"] else "VerifyFiles")
                for member in execution.planned["members"]
            ]
            for number in range(len(execution.branches)):
                self._launch(execution, number)
        else:
            self._launch(execution, WHOLE)

    def _end(self, execution: Execution, status: str) -> None:
        self.tell(f"== {execution.name} is {status}")
        execution.status, execution.ended_at, execution.closed = status, self.now, False
        if status != "SUCCEEDED":
            self.events.append(self.event(execution))

    def event(self, execution: Execution) -> dict[str, Any]:
        """What EventBridge tells of an execution's end."""
        return {"detail-type": "Step Functions Execution Status Change", "detail": self._detail(execution)}

    def _detail(self, execution: Execution) -> dict[str, Any]:
        return {
            "executionArn": execution.arn,
            "status": execution.status,
            "input": json.dumps(execution.input),
            "redriveCount": execution.redrives,
        }

    def caught(self, execution: Execution) -> dict[str, Any]:
        """What the state machine's own Catch tells close."""
        told = {"status": "FAILED", "error": execution.error, "cause": execution.cause}
        return {"detail": self._detail(execution) | told}

    def _is_waited_for(self, actor: Actor) -> bool:
        if actor not in self._homes:
            return False
        execution, slot = self._homes[actor]
        return execution.is_running and execution.at_work.get(slot) is actor


def _short(payload: Mapping[str, Any]) -> str:
    wanted = ("export", "group", "snapshot", "allow_older", "scheduled_time")
    return str({name: payload[name] for name in wanted if payload.get(name)})


def moment(number: int) -> datetime:
    """An instant of the model, some minutes after noon."""
    return NOON + timedelta(minutes=number)


__all__ = ["BUCKET", "EXPORTS", "GROUP", "NOON", "Killed", "World", "moment"]
