"""What the role of a job is there for that reads a database in a VPC."""

from tests.cloud.permissions.proof import Situation
from tests.cloud.permissions.query_run import EXPORT
from tests.cloud.permissions.situations_of_services import fetches_its_code
from tests.cloud.permissions.story import Story


def of_job(story: Story) -> list[Situation]:
    """The script, which logs in and reads; and Glue itself, which puts it into the VPC."""
    queried = story.queried

    def reads() -> None:
        queried.at("read")
        queried.read()

    def starts() -> None:
        fetches_its_code(story, EXPORT)

    return [
        Situation("read a table", reads),
        Situation("run in the VPC", starts, about=("glue:GetConnection on *", "ec2:* on *")),
        Situation("fetch the script", starts, about=("s3:GetObject on *:cdk-*",), silent=True),
    ]
