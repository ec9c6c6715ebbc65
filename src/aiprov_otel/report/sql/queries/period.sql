SELECT min(Start), max(Start) FROM units
