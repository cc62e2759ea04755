"""The service model at work: it knows the words of any service, and no service."""
