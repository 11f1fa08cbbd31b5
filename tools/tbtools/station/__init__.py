"""A place where one board after another is plugged in, watched by its log and by ThingsBoard, and judged."""
