"""What Jupyter Server reads at start; the settings are in `config.py`."""

from vitrine.session.lab.config import apply

apply(get_config())  # type: ignore[name-defined]  # noqa: F821
