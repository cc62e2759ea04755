"""Functions that pools name in their ``LambdaConfig`` answer hooks, in the field's own JSON."""
