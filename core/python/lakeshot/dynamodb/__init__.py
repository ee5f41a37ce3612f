"""What is special to DynamoDB."""
