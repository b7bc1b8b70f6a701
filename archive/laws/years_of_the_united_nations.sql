-- No vote is older than the United Nations' first, of January 1946.
select body, first_line as line, 'date' as field, '"' || date || '" is before the first vote, of January 1946' as reason
from accounts
where date < '1946-01-01'
order by line
