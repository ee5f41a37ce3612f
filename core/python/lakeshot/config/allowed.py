"""What a field accepts, in a sentence for people."""

from pydantic import ValidationError, ValidatorFunctionWrapHandler, WrapValidator
from pydantic_core import PydanticCustomError


def allowed(words: str) -> WrapValidator:
    """An annotation that tells ``words`` for whatever the annotations before it refuse."""

    def checked(given: object, check: ValidatorFunctionWrapHandler) -> object:
        try:
            return check(given)
        except ValidationError as error:
            raise PydanticCustomError("not_allowed", "allowed: {words}", {"words": words}) from error

    return WrapValidator(checked)
