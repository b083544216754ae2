"""Versions of products as HTTP tells them: ETag, If-Match, If-None-Match."""

import re

from api.errors import BadParameter

ANY = "*"
TAG = re.compile(r'(?:W/)?"([\x21\x23-\x7e]*)"')


def etag_of(version: str) -> str:
    """A strong ETag: two answers with the same one are the same."""
    return f'"{version}"'


def wanted_versions(header: str | None) -> frozenset[str] | None:
    """The versions that an If-Match allows; None where it allows any. Raises BadParameter."""
    if header is None or header.strip() == ANY:
        return None
    found = [TAG.fullmatch(tag.strip()) for tag in header.split(",")]
    if not all(found):
        raise BadParameter("If-Match", 'it is a list of ETags such as "12-345", or *')
    return frozenset(match[1] for match in found if match)


def is_held(header: str | None, version: str) -> bool:
    """Whether an If-None-Match says that the caller holds this version already."""
    if header is None:
        return False
    return header.strip() == ANY or version in TAG.findall(header)
