"""The Glue job that exports a PostgreSQL table: one snapshot, parts, Spark distributes readers, commit."""

import logging
import secrets
import sys
from collections.abc import Sequence

from lakeshot.doctor.examine import examine, is_doctor
from lakeshot.driver.byte_pace import BytePace
from lakeshot.driver.connection import DriverContact
from lakeshot.driver.part_queue import PartQueue
from lakeshot.driver.queue_server import QueueServer
from lakeshot.dynamodb.segments import task_slots
from lakeshot.postgres.column_types import read_columns
from lakeshot.postgres.instance_cpu import IMPATIENT, InstanceCpu
from lakeshot.postgres.own_reads import pages_words
from lakeshot.postgres.query_run import Query, planned_words, query_commit
from lakeshot.postgres.reader import Reader, read_alone
from lakeshot.postgres.reading import MEGABYTE
from lakeshot.postgres.stragglers import end_stragglers
from lakeshot.postgres.taking import agreed, starting_from, taking
from lakeshot.postgres.watching import Watch
from lakeshot_spark.distribution import distribute, driver_host
from lakeshot_spark.job import Job

log = logging.getLogger("lakeshot")


def main(argv: Sequence[str]) -> None:
    """Export what the run's plan names, or only examine whether that could be done."""
    if is_doctor(argv):
        examine(argv)
        return
    job = Job.entered(argv)
    plan = job.plan
    query = Query(plan, job.s3, job.region, check=job.run.check)
    slots = task_slots(plan.workers, plan.deployed.worker_type)
    with watching(query, job) as watch, query.moment() as moment:
        cut = moment.cut(query.source, query.readers(slots, parts=slots))
        readers = query.readers(slots, len(cut.parts))
        columns = read_columns(cut.columns)
        known = starting_from(plan.deployed, job.run.baseline_columns(), columns)
        what = query_commit(plan, known, cut=cut, columns=columns, snapshot=moment.snapshot)
        told = planned_words(cut, moment.snapshot, readers)
        take = taking(plan.deployed, what, columns, region=job.region)
        job.tell(**told)
        log.info("run %s reads %s", plan.run, told["read_by"])

        progress = job.progress()
        queue = PartQueue(cut.parts, pace=pace(query), on_progress=progress.report)
        moment.when_lost(queue.stop)
        watch.begin(queue)
        if moment.snapshot.id is None:
            read_alone(moment, queue, take, relations=cut.relations, leaves=cut.leaves, s3=job.s3)
        else:
            key = secrets.token_bytes(32)
            with QueueServer(queue, key, host=driver_host()) as server:
                reader = Reader(
                    connect=query.sessions(),
                    snapshot=moment.snapshot,
                    held=cut.held,
                    relations=cut.relations,
                    leaves=cut.leaves,
                    take=take,
                    region=job.region,
                    driver=DriverContact(server.address, key),
                )
                distribute(reader, range(readers))
        results = agreed(queue.results())
        if query.source.landing is not None:
            moment.run(end_stragglers)
    progress.write()
    bytes_read = round(sum(result.consumed_units for result in results) * MEGABYTE)
    load = [*pages_words(cut, queue.pages), *filter(None, [watch.source_load])]
    job.tell(bytes_read=bytes_read, source_load="; ".join(load))
    job.commit(what, results)


def watching(query: Query, job: Job) -> Watch:
    """What looks after the database meanwhile."""
    source, connection = query.plan.deployed.postgres
    cpu = None
    if connection.instance is not None:
        cpu = InstanceCpu(job.session.client("cloudwatch", config=IMPATIENT), connection.instance)
    return Watch(query.sessions(), source, cpu=cpu)


def pace(query: Query) -> BytePace:
    """How fast all readers together may read."""
    most = query.plan.query.max_mb_per_second
    return BytePace(most * MEGABYTE if most is not None else None)


if __name__ == "__main__":
    main(sys.argv)
