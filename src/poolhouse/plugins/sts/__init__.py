"""Credentials of others for identities, by token services that trust our issuer: AWS, and S3-compatible stores."""
