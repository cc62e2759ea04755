"""The face of a security token service: forms in, XML out, as SDKs know it."""
