"""The stacks of Lakeshot: one that a stage shares in each region, one for each export, one for each group."""
