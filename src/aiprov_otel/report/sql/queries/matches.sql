SELECT Match, sum(Weight) / sum(sum(Weight)) OVER () FROM units
WHERE Match IS NOT NULL GROUP BY Match ORDER BY Match
