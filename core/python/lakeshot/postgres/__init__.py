"""What is special to PostgreSQL, Aurora's included."""
