-- A file in the columns of the schema. A member is told by its code, and by its name where the code is not known.
create table {raw}_codes as
select
  said.code as printed_code,
  said.name as printed_name,
  coalesce(codes.code, names.code, upper(said.code)) as code
from (select distinct coalesce({code}, '') as code, coalesce({name}, '') as name from {raw}) as said
left join known_members as codes on codes.code = upper(said.code)
left join known_names as names on names.name = lower(replace(said.name, '’', ''''));

create view {view} as
select line, {cells}
from {raw} as file
join {raw}_codes as codes on codes.printed_code = coalesce(file.{code}, '') and codes.printed_name = coalesce(file.{name}, '')
where line not in (select line from refused where body = '{body}')
