-- What the files say of each voting record, which they repeat on every row: once for each way in which they say it.
create or replace table accounts as
select columns(* exclude (line, ms_code, ms_name, ms_vote)), min(line) as first_line, count(*) as row_count, list(line) as lines
from library
group by all
