"""What a crawl found, written to the catalog by the crawler's policies."""

import time

from local.athena.avro_files import AVRO
from local.athena.delimited_files import LAZY_SIMPLE
from local.athena.json_lines import OPENX
from local.athena.orc_files import ORC
from local.athena.table_definition import FORMATS
from local.athena.table_scan import PARQUET
from local.crawler.definition import CrawlerDefinition
from local.crawler.found import Classification, Inferred
from local.crawler.grouping import Folder, TableGroup, distinct_name, table_name
from local.crawler.inference import settled
from local.lake.catalog import Catalog, Column, Partition, Serde, Storage, Table
from local.lake.hive_types import hive_type

_SERDES: dict[Classification, str] = {
    "parquet": PARQUET,
    "orc": ORC,
    "avro": AVRO,
    "json": OPENX,
    "csv": LAZY_SIMPLE,
}


def publish(catalog: Catalog, crawler: CrawlerDefinition, group: TableGroup) -> str:
    """Create or update a table and its partitions; return the table's name."""
    name, present = _place(catalog, crawler.database_name, group.name, group.location)
    table = _table(crawler, name, group)
    if present is None:
        catalog.create(crawler.database_name, table)
    elif crawler.updates_tables:
        table = _updated(crawler, present, table)
        catalog.update(crawler.database_name, table)
    else:
        table = present
    if group.keys:
        _publish_partitions(catalog, crawler, table, group)
    return name


def retire(catalog: Catalog, crawler: CrawlerDefinition, location: str) -> None:
    """Delete or deprecate, by policy, the crawler's own table at a location where no file is left."""
    database = crawler.database_name
    name, present = _place(catalog, database, table_name(crawler.table_prefix, location), location)
    if present is None or present.parameters.get("UPDATED_BY_CRAWLER") != crawler.name:
        return
    behavior = crawler.schema_change_policy.delete_behavior
    if behavior == "DELETE_FROM_DATABASE":
        catalog.delete(database, name)
    elif behavior == "DEPRECATE_IN_DATABASE":
        deprecated = present.parameters | {"DEPRECATED_BY_CRAWLER": str(int(time.time() * 1000))}
        catalog.update(database, present.model_copy(update={"parameters": deprecated}))


def table_at(catalog: Catalog, crawler: CrawlerDefinition, location: str) -> Table | None:
    """Return the table that the catalog has for a location, or None."""
    plain = table_name(crawler.table_prefix, location)
    return _place(catalog, crawler.database_name, plain, location)[1]


def _place(catalog: Catalog, database: str, plain: str, location: str) -> tuple[str, Table | None]:
    for name in (plain, distinct_name(plain, location)):
        present = catalog.table(database, name)
        if present is None or present.storage_descriptor.location.rstrip("/") == location.rstrip("/"):
            return name, present
    return name, present


def _table(crawler: CrawlerDefinition, name: str, group: TableGroup) -> Table:
    parameters = {"UPDATED_BY_CRAWLER": crawler.name, **_parameters(group.inferred, group.folders)}
    return Table(
        name=name,
        owner="owner",
        storage_descriptor=_storage(group.inferred, group.location, parameters, group.folders),
        partition_keys=tuple(Column(name=key, type="string") for key in group.keys),
        parameters=parameters,
    )


def _updated(crawler: CrawlerDefinition, present: Table, found: Table) -> Table:
    columns = found.storage_descriptor.columns
    if crawler.merges_new_columns:
        own = present.storage_descriptor.columns
        known = {column.name for column in own}
        columns = (*own, *(column for column in columns if column.name not in known))
    storage = found.storage_descriptor.model_copy(update={"columns": columns})
    return found.model_copy(
        update={
            "storage_descriptor": storage,
            "parameters": present.parameters | found.parameters,
            "partition_keys": present.partition_keys or found.partition_keys,
        }
    )


def _publish_partitions(
    catalog: Catalog, crawler: CrawlerDefinition, table: Table, group: TableGroup
) -> None:
    database = crawler.database_name
    registered = {partition.values: partition for partition in catalog.partitions(database, table.name)}
    found = {folder.values: _partition(crawler, table, folder) for folder in group.folders}
    catalog.add_partitions(database, table.name, [one for key, one in found.items() if key not in registered])
    if crawler.updates_tables:
        changed = [one for key, one in found.items() if key in registered and one != registered[key]]
        catalog.update_partitions(database, table.name, changed)
    if crawler.deletes_partitions:
        for values in registered.keys() - found.keys():
            catalog.delete_partition(database, table.name, values)


def _partition(crawler: CrawlerDefinition, table: Table, folder: Folder) -> Partition:
    assert folder.inferred is not None  # noqa: S101 - grouping leaves out folders it did not recognise
    parameters = _parameters(folder.inferred, (folder,))
    if crawler.inherits_from_table:
        storage = table.storage_descriptor.model_copy(
            update={"location": folder.location, "parameters": parameters}
        )
    else:
        storage = _storage(folder.inferred, folder.location, parameters, (folder,))
    return Partition(values=folder.values, storage_descriptor=storage, parameters=parameters)


def _storage(
    found: Inferred, location: str, parameters: dict[str, str], folders: tuple[Folder, ...]
) -> Storage:
    serde = _SERDES[found.classification]
    in_format, out_format = FORMATS[serde]
    paths = {"paths": ",".join(sorted(found.columns))}
    details = (paths if serde == OPENX else {"serialization.format": "1"}) | dict(found.serde)
    if serde == LAZY_SIMPLE:
        del details["serialization.format"]
    return Storage(
        columns=tuple(Column(name=n, type=hive_type(settled(k))) for n, k in found.columns.items()),
        location=location,
        input_format=in_format,
        output_format=out_format,
        compressed=_compression(folders) != "none",
        serde_info=Serde(serialization_library=serde, parameters=details),
        parameters=parameters,
    )


def _parameters(found: Inferred, folders: tuple[Folder, ...]) -> dict[str, str]:
    size_bytes = sum(folder.size_bytes for folder in folders)
    return {
        "CrawlerSchemaDeserializerVersion": "1.0",
        "CrawlerSchemaSerializerVersion": "1.0",
        "averageRecordSize": str(size_bytes // max(found.rows, 1)),
        "classification": found.classification,
        "compressionType": _compression(folders),
        "objectCount": str(sum(len(folder.objects) for folder in folders)),
        "recordCount": str(found.rows),
        "sizeKey": str(size_bytes),
        "typeOfData": "file",
        **found.table,
    }


def _compression(folders: tuple[Folder, ...]) -> str:
    zipped = all(stored.key.endswith(".gz") for folder in folders for stored in folder.objects)
    return "gzip" if zipped else "none"
