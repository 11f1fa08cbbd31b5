"""The main job on a laptop: the firmware as a Linux program, provisioning itself on a ThingsBoard."""
