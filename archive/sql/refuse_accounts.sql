-- All rows that give an account of which one row was found wrong.
create or replace temp table refused_now as
select accounts.body, unnest(accounts.lines) as line, found.field, found.reason
from accounts
join found on found.body = accounts.body and found.line = accounts.first_line;

from refused_now order by body, line
