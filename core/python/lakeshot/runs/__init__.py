"""What is known of a run while it lives and after: plan, lock, record, snapshots."""
