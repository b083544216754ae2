"""Remembers people: profile, consent, visits, who may see what, and forgetting. Imports index and vision."""
