"""Operator tools: the stand-in ThingsBoard, its REST client and the commands of ``tb.py``."""
