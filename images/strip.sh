#!/bin/sh
# Removes what a session never reads: packages' own tests and bundled header files.
set -eu
site=/opt/vitrine/venv/lib/python3.11/site-packages
for package in "$@"; do
    find "$site/$package" -type d -name tests -prune -exec rm -rf {} +
done
find "$site" \( -name '*.pyx' -o -name '*.pxd' -o -name '*.h' -o -name '*.hpp' \) -type f -delete
rm -rf "$site/_distutils_hack" "$site/distutils-precedence.pth"
