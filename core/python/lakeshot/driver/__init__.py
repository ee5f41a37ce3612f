"""What a run's workers ask of the driver that owns the run, in small messages over one connection each."""
