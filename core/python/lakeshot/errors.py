"""What can go wrong, told so that a person knows what to do next.

Every error says what was given, what is allowed and what to do. Errors of an SDK or of the
operating system are translated once, where they are met, with ``from``.
"""


class LakeshotError(Exception):
    """Base of every error Lakeshot raises on purpose."""


class ConfigError(LakeshotError):
    """``exports.yaml`` holds something that cannot be deployed."""


class PayloadError(LakeshotError):
    """An execution was started with a payload that does not fit the deployed export."""


class LockHeldError(LakeshotError):
    """Another live run holds the export's lock."""


class LockLostError(LakeshotError):
    """This run no longer holds the export's lock, so it may change nothing any more."""


class RunClosingError(LakeshotError):
    """A run that has ended still holds a lock and is being closed; trying again soon will do."""


class RunGoneError(LakeshotError):
    """What a step works on was removed when its run was closed, so a redrive cannot go on."""


class SourceError(LakeshotError):
    """The source table is missing, refused, or changed in a way that cannot be read."""


class ConnectionLostError(SourceError):
    """There is no connection to the source, or none any more; another one may do its work again."""


class PinnedTypeError(LakeshotError):
    """An attribute holds values that the type it is pinned to cannot hold without loss."""


class NestedValuesError(LakeshotError):
    """An attribute holds maps, lists or mixed values, which the export is set to refuse."""


class PartitionError(LakeshotError):
    """Values of an attribute that the rows are partitioned by cannot name folders."""


class ThrottledError(LakeshotError):
    """The source refuses reads for longer than the run is willing to wait."""


class DriverLostError(LakeshotError):
    """The run's driver cannot be reached, so its workers may read nothing any more."""


class CommitError(LakeshotError):
    """A snapshot's files could not be made visible exactly once."""


class VerificationError(LakeshotError):
    """What was written does not agree with what the source said, so it is not published."""


class CatalogError(LakeshotError):
    """The catalog does not show what the manifest says was written."""


class PermissionDeniedError(LakeshotError):
    """A role lacks a permission; the message names the action and the resource."""


FINAL = frozenset(LakeshotError.__subclasses__()) - {RunClosingError}
"""Errors after which the same step would only fail again; trying again is for AWS's own bad moments."""
