"""The DynamoDB provider; `manager.DynamoDBManager` is its entry."""
