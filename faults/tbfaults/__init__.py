"""The firmware among faults: power cuts, broken storage, and a server and a network that do anything."""
