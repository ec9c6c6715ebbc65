SELECT
    GroupKey, Type, Origin, Agent, Model, Commit, Path, Line, Errors, Outcome, ServiceName, Function, LastMessage,
    First, Latest
FROM error_groups
ORDER BY Outcome = 'escaped' DESC, Errors DESC, Type, Path, Line, Outcome, ServiceName, Function, Commit
LIMIT {{ limit }}
