"""The nouns of the domain: frozen values, in the field's own words. They know nothing of ours but each other."""
