"""Files that templates carry along, and how they were made."""
