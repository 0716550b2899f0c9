"""The only part of a session that runs as root: directories, disk images, mounts, nothing else."""
