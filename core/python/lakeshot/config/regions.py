"""In which regions a connection is, as far as what the config says of it tells."""

from collections.abc import Iterator

from lakeshot.config.connections import Connection


def check_region(
    name: str, connection: Connection, export: str, region: str | None, *, kms_key: str | None = None
) -> None:
    """ValueError if an export that is deployed to ``region`` cannot use the connection ``name`` there.

    Without a region, which is then the deployer's own, its parts have at least to be in one and the same, and
    ``kms_key``, by which the database encrypts the export's files, with them.
    """
    wanted, why = region, f"export {export!r}, which uses it, is deployed to {region}"
    key = [(f"the 'kms_key' of export {export!r}", kms_key.split(":")[3])] if kms_key is not None else []
    for part, found in (*_regions(connection), *key):
        if wanted is None:
            wanted, why = found, f"{part} is in {found}"
        if found != wanted:
            raise ValueError(
                f"connection {name!r}: {part} is in {found}, but {why}; a job, the subnets it runs in, "
                "the secret it reads and the key of its files have to be in one region. Correct what is "
                "wrong, or deploy the export to the region of its connection ('region')"
            )


def _regions(connection: Connection) -> Iterator[tuple[str, str]]:
    """Each part whose region is known, in words, and that region."""
    for subnet in connection.network.subnets if connection.network is not None else ():
        yield f"the subnet {subnet.id}", subnet.zone[:-1]
    for field, arn in (("secret", connection.secret), ("secret_key", connection.secret_key)):
        if arn is not None and arn.startswith("arn:"):
            yield f"its {field!r}", arn.split(":")[3]
