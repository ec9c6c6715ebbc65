"""Line-level records: what a tool wrote down, at the time, about who wrote which lines."""
