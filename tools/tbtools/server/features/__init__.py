"""What a device can do over MQTT: one file per feature, each a set of handlers that dispatch.py refers to."""
