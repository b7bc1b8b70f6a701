-- All rows of a voting record say the same of the text and the vote.
with firsts as (
  select body, undl_id, min(first_line) as first_line from accounts group by body, undl_id having count(*) > 1
)
select
  accounts.body,
  accounts.first_line as line,
  'undl_id' as field,
  'says otherwise of record ' || accounts.undl_id || ' than row ' || firsts.first_line as reason
from accounts
join firsts using (body, undl_id)
where accounts.first_line <> firsts.first_line
