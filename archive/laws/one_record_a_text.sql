-- A text has one voting record.
with keyed as (
  select body, undl_id, first_line, resolution, key_of_symbol(upper(resolution)) as key
  from accounts
),
firsts as (
  select key, arg_min(undl_id, first_line) as undl_id, min(first_line) as first_line from keyed group by key having count(distinct undl_id) > 1
)
select
  body,
  keyed.first_line as line,
  'resolution' as field,
  '"' || resolution || '" has the record ' || firsts.undl_id || ' already, in row ' || firsts.first_line as reason
from keyed
join firsts on firsts.key = keyed.key and firsts.undl_id <> keyed.undl_id
order by line
