"""Whether a site is finished; by itself, since a build with nothing to do should not wait for the stages' libraries."""

import hashlib
import json
from pathlib import Path

from scripts.queries import DATABASE


def is_whole(site: Path) -> bool:
    """Whether a site's database is there and is the one that its inspection data describes."""
    try:
        noted = json.loads((site / "inspect-data.json").read_text(encoding="utf-8"))[DATABASE]
        return hashlib.sha256((site / noted["file"]).read_bytes()).hexdigest() == noted["hash"]
    except (OSError, ValueError, KeyError):
        return False
