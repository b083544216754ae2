"""Remembers people: consent, visits, who may see what, and forgetting. Imports index, vision."""
