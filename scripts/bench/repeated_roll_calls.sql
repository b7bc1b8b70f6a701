-- A file's roll calls once more, with record numbers, addresses and symbols of their own in each copy but copy 0.
select
  * exclude (other_id) replace (
    other_id as undl_id,
    'https://digitallibrary.un.org/record/' || other_id as undl_link,
    resolution || case when $copy > 0 then '[COPY-' || $copy || ']' else '' end as resolution
  )
from (
  select *, cast(cast(undl_id as bigint) + $copy * 10000000 as varchar) as other_id
  from read_csv($file, all_varchar = true, header = true, delim = ',', quote = '"', escape = '"')
)
