"""The JSON API, as the published service model describes it. The vendor's spelling lives here only."""
