"""What an export needs, tried out from where its job runs."""
