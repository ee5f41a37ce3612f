"""PostgreSQL on this machine: real servers of version 13 and 18, started by whoever needs one."""
