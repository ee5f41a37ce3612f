"""Columns: their names, their types, and how values are cast from one to a wider one."""
