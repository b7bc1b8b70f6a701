-- The votes of a file, whose cells are taken as they stand but for letter case; others break a rule, and are looked at row by row.
create table {view} as
select
  file.rowid + 2 as line,
  file.{record} as undl_id,
  codes.code as ms_code,
  codes.name as ms_name,
  nullif(upper(file.{vote}), '') as ms_vote
from {raw} as file
join {raw}_codes as codes on codes.printed_code = coalesce(file.{code}, '') and codes.printed_name = coalesce(file.{name}, '')
