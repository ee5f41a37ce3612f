"""What a team configures, what is deployed of it, and what a payload may ask for."""
