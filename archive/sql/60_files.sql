create table library_files as
select body, file_name, sha256, line_count, (select count(*) from refused where refused.body = given.body) as refused_rows
from given
order by body
