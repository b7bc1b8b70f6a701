-- What stands for a member in a file, and its code: a member is told by its code, and by its name where the code is not known.
create table {raw}_codes as
select
  said.code as printed_code,
  said.name as printed_name,
  nullif(coalesce(codes.code, names.code, upper(trim(said.code, {blanks}))), '') as code,
  nullif(trim(said.name, {blanks}), '') as name
from (select distinct coalesce({code}, '') as code, coalesce({name}, '') as name from {raw}) as said
left join known_members as codes on codes.code = upper(trim(said.code, {blanks}))
left join known_names as names on names.name = lower(replace(trim(said.name, {blanks}), '’', ''''))
