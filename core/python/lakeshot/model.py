"""The base of every value that crosses a boundary: config, payload, step input, job arguments, S3 files."""

from pydantic import BaseModel, ConfigDict


class Model(BaseModel):
    """A frozen value whose unknown fields are errors, so that a misspelt key is never ignored."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)


class Setting(Model):
    """What people write in ``exports.yaml``: a field's docstring is its description in the JSON Schema."""

    model_config = ConfigDict(use_attribute_docstrings=True)
