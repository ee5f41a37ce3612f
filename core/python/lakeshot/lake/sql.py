"""The parts of SQL statements. Every identifier is quoted, every literal escaped."""


def identifier(name: str) -> str:
    """A name as an identifier."""
    return '"' + name.replace('"', '""') + '"'


def qualified(database: str, name: str) -> str:
    """A table or view of a database."""
    return f"{identifier(database)}.{identifier(name)}"


def literal(text: str) -> str:
    """A text as a string literal."""
    return "'" + text.replace("'", "''") + "'"


def create_view(database: str, name: str, select: str) -> str:
    """Make a view of a query, whatever view was there before."""
    return f"CREATE OR REPLACE VIEW {qualified(database, name)} AS {select}"


def read_all_columns(database: str, name: str) -> str:
    """Read one row of a table or view, whole."""
    return f"SELECT * FROM {qualified(database, name)} LIMIT 1"
