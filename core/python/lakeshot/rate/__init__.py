"""The promise to the production table: one budget of read units, shared by all parts."""
