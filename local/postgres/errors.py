"""Why an embedded PostgreSQL could not be had."""


class PostgresStartError(Exception):
    """PostgreSQL could not be started; the message says why and what to do."""


class PortTakenError(PostgresStartError):
    """Somebody took the port between our look at it and the server's; another one will do."""
