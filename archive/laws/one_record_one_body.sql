-- A record's number stands in one of the two files.
select
  'SC' as body,
  council.first_line as line,
  'undl_id' as field,
  'record ' || council.undl_id || ' is in the file of the General Assembly too, in row ' || assembly.first_line as reason
from accounts as council
join accounts as assembly on assembly.undl_id = council.undl_id and assembly.body = 'GA'
where council.body = 'SC'
order by line
