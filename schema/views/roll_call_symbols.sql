-- A paragraph is voted on apart from its text, whose symbol would make two votes look like one.
create view roll_call_symbols as
select
  roll_calls.id as roll_call_id,
  case when roll_calls.kind = 'paragraph' then roll_calls.id else coalesce(resolutions.symbol, roll_calls.id) end as symbol
from roll_calls
left join resolutions on resolutions.id = roll_calls.resolution_id;
