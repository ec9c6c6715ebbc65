SELECT
    GroupKey, First, Latest, ServiceName, Type, LastMessage, Origin, Agent, Model, Commit, Function, Path, Line, Errors,
    Outcome
FROM error_groups
ORDER BY Outcome = 'escaped' DESC, Errors DESC, Type, Path, Line, GroupKey
LIMIT {{ limit }}
