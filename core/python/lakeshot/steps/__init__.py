"""What each step of the workflow does, behind the functions in ``lambdas/``."""
