"""Identity pools (federated identities): the service ``cognito-identity`` of the JSON API."""
