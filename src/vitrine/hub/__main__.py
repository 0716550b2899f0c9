"""`python -m vitrine.hub -f jupyterhub_config.py`: serve people until stopped."""

from vitrine.hub.app import VitrineHub

if __name__ == "__main__":
    VitrineHub.launch_instance()
