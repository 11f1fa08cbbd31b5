"""The REST calls of ThingsBoard that an administrator or a test driver needs (contract 9), and our own beside them."""
