"""What every helper function does around its one call: parse, log, return plain JSON."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.parser import parse

from lakeshot.errors import LakeshotError
from lakeshot.model import Model

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

Given = TypeVar("Given", bound=Model)
Handler = Callable[[dict[str, Any], "LambdaContext"], dict[str, Any] | None]

logger = Logger(service="lakeshot")


def step(model: type[Given]) -> Callable[[Callable[[Given], Model | None]], Handler]:
    """Make a Lambda handler of a function that takes ``model`` and returns a model or nothing.

    An error of ours is logged as its message, without a traceback, and raised: its class and message
    become the state's error and cause.
    """

    def decorate(function: Callable[[Given], Model | None]) -> Handler:
        def handler(event: dict[str, Any], context: "LambdaContext") -> dict[str, Any] | None:
            logger.append_keys(step=context.function_name, request=context.aws_request_id)
            given = parse(event=event, model=model)
            logger.info("step started", extra={"given": given.model_dump(mode="json")})
            try:
                result = function(given)
            except LakeshotError as error:
                # The message is written for a person; the traceback would only hide it.
                logger.error(  # noqa: TRY400
                    "step failed", extra={"error": type(error).__name__, "reason": str(error)}
                )
                raise
            logger.info("step finished")
            return None if result is None else result.model_dump(mode="json")

        return handler

    return decorate
