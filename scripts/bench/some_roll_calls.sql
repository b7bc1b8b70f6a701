-- A share of a file's roll calls, whole ones and evenly over the days, in the order of the file.
with lines as (
  select row_number() over () as line, * from read_csv($file, all_varchar = true, header = true, delim = ',', quote = '"', escape = '"')
),
numbered as (
  select undl_id, row_number() over (order by min(date), cast(undl_id as bigint)) as number
  from lines
  group by undl_id
)
select lines.* exclude (line)
from lines
join numbered using (undl_id)
where floor(number * $share) > floor((number - 1) * $share)
order by line
