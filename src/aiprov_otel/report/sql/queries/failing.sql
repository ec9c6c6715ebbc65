SELECT * FROM functions WHERE errors > 0 ORDER BY errors DESC, calls DESC, Function LIMIT {{ most }}
