-- All rows of a voting record say the same of the text and the vote. What most of them say is taken for what the record says.
with records as (
  select body, undl_id, arg_max(first_line, (row_count, -first_line)) as first_line
  from accounts
  group by body, undl_id
  having count(*) > 1
)
select
  body,
  accounts.first_line as line,
  'undl_id' as field,
  'says otherwise of record ' || undl_id || ' than row ' || records.first_line || ' and most others' as reason
from accounts
join records using (body, undl_id)
where accounts.first_line <> records.first_line
order by line
