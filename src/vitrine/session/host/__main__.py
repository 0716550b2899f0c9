"""`python -m vitrine.session.host`: serve the Hub until stopped."""

from __future__ import annotations

import sys

from vitrine import settings
from vitrine.errors import VitrineError
from vitrine.session.host.server import serve


def main() -> int:
    """Run the helper; 2 when the node is not configured for it."""
    try:
        serve(settings.load())
    except (VitrineError, OSError) as error:
        sentence = error.sentence() if isinstance(error, VitrineError) else str(error)
        print(f"host helper: {sentence}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        pass
    return 0


if __name__ == "__main__":
    sys.exit(main())
