SELECT count(*), sum(Weight) FROM units
