"""Run the lab: `python -I -m vitrine.session.lab`, the main process of a lab container."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def main() -> int:
    """Serve JupyterLab behind the Hub's sign-in until the container is stopped."""
    if "JUPYTERHUB_API_TOKEN" not in os.environ:
        print("lab: this program serves only behind a JupyterHub", file=sys.stderr)
        return 2
    os.umask(0o077)
    os.environ["JUPYTERHUB_SINGLEUSER_EXTENSION"] = "1"
    from jupyterhub.singleuser.extension import JupyterHubSingleUser

    from vitrine.session.lab.kernels import GateProvisionerFactory

    GateProvisionerFactory.instance()
    config = Path(__file__).with_name("jupyter_server_config.py")
    JupyterHubSingleUser.launch_instance([f"--config={config}"])
    return 0


if __name__ == "__main__":
    sys.exit(main())
