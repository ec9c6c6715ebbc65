{# The errors of each line that raised, by type and by what became of them; those that escaped, and of them
   the most frequent, come first. *GroupKey* joins them with `errors`. #}
{% from 'macros.sql' import count, group_key with context %}
CREATE TEMPORARY TABLE error_groups AS
SELECT
    {{ group_key() }} AS GroupKey, Type, Origin, Agent, Model, Commit, Path, Line, {{ count() }} AS Errors, Outcome,
    ServiceName, Function, substringUTF8(argMax(Message, (Time, Message)), 1, {{ longest_message }}) AS LastMessage, min(Time) AS First, max(Time) AS Latest
FROM errors
GROUP BY GroupKey, Type, Origin, Agent, Model, Commit, Path, Line, Outcome, ServiceName, Function
ORDER BY Outcome = 'escaped' DESC, Errors DESC, Type, Path, Line, GroupKey
LIMIT {{ most_groups }}
