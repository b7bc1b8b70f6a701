-- The rows that a problem is about.
create or replace temp table refused_now as
select distinct on (body, line, field, reason) * from found;

from refused_now order by body, line
