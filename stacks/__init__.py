"""The stacks of Lakeshot: one shared by a stage, one for each export."""
