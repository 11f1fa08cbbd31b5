"""From a list of devices to boards: images, import file, labels; and writing them, each to one board."""
