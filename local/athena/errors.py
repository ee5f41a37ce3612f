"""A query's failure, told with Athena's error codes."""


class QueryError(Exception):
    """Why a query failed; its text is the StateChangeReason of the execution.

    ``code`` is Trino's or Athena's error name, such as HIVE_BAD_DATA:
    https://docs.aws.amazon.com/athena/latest/ug/error-reference.html
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code


class QueryCancelledError(Exception):
    """The query was stopped; nobody waits for its result."""
