-- No vote is older than the United Nations' first, of January 1946, or of a later century than this.
select
  body,
  first_line as line,
  'date' as field,
  '"' || date || '" is ' || if(date < '1946-01-01', 'before the first vote, of January 1946', 'after the year 2099') as reason
from accounts
where date < '1946-01-01' or date >= '2100-01-01'
order by line
