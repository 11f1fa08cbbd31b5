"""A stand-in ThingsBoard: its device-facing MQTT and the REST calls a test driver needs, on one machine, in memory.

For tests: StandIn (in standin.py) within an event loop, StandInThread (in thread.py) beside blocking code.
"""
