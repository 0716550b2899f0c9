"""What may be started for whom: sessions, the workspaces they mount, and what ends them."""
