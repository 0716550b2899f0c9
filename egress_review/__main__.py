"""`python -m egress_review`: the review application of this node."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from urllib.parse import urlsplit

import uvicorn

from egress_review.app import create_app
from vitrine import settings as node
from vitrine.errors import VitrineError


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until told to stop; 1 when this node cannot run it."""
    parser = argparse.ArgumentParser(prog="egress_review", description=__doc__)
    parser.add_argument(
        "--bind",
        metavar="HOST:PORT",
        help="where to listen behind a reverse proxy; default: the host and port of the "
        "setting VITRINE_REVIEW_URL",
    )
    options = parser.parse_args(arguments)
    try:
        settings = node.load()
        app = create_app(settings)
    except VitrineError as error:
        print(f"egress_review: {error.sentence()}", file=sys.stderr)
        return 1
    address = urlsplit(f"//{options.bind}" if options.bind else settings.review_url)
    default_port = 443 if address.scheme == "https" else 80
    uvicorn.run(
        app,
        host=address.hostname or "localhost",
        port=address.port or default_port,
        access_log=False,  # the audit log has who saw what; paths hold no names
        server_header=False,
        log_level="warning",
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
