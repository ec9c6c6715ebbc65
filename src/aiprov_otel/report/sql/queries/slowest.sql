SELECT * FROM functions WHERE spent > 0 ORDER BY spent DESC, Function LIMIT {{ most }}
