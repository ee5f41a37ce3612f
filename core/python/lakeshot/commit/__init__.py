"""How written parts become one snapshot: completed, agreed on one schema, listed in a manifest."""
