"""What `bench.py` and `size.py` measure, one module a figure."""
