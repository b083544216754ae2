#!/bin/sh
# Makes sure there is a Chromium for the page tests: the system's, Debian's, else Playwright's own.
set -eu
bin=$1
for name in chromium chromium-browser google-chrome; do
    if command -v "$name" >/dev/null 2>&1; then exit 0; fi
done
if ls "${PLAYWRIGHT_BROWSERS_PATH:-$HOME/.cache/ms-playwright}"/chromium-* >/dev/null 2>&1; then exit 0; fi
as_root=""
if [ "$(id -u)" != 0 ]; then as_root="sudo -n"; fi
if command -v apt-get >/dev/null 2>&1; then
    echo "Installing Debian's Chromium for the page tests…" >&2
    if $as_root apt-get update -qq && $as_root apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core >/dev/null; then
        if command -v chromium >/dev/null 2>&1; then exit 0; fi
    fi
fi
echo "Fetching Playwright's Chromium for the page tests…" >&2
"$bin/playwright" install chromium
