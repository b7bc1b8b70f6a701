insert into refused
select distinct accounts.body, unnest(accounts.lines)
from accounts
join found on found.body = accounts.body and found.line = accounts.first_line
