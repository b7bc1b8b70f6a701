-- A file in the columns of the schema.
create view {view} as
select file.line, {cells}
from {raw} as file
join {raw}_codes as codes on codes.printed_code = coalesce(file.{code}, '') and codes.printed_name = coalesce(file.{name}, '')
where file.line not in (select line from refused where body = '{body}')
