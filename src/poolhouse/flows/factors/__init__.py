"""Factors: which ones are asked for, how they are set up, and what users prefer."""
