{# Errors by what became of them. #}
{% from 'macros.sql' import count with context %}
SELECT Outcome, {{ count() }} FROM errors GROUP BY Outcome
