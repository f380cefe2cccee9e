"""Constructs, one capability each."""
