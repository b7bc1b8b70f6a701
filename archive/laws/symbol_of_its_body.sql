-- A text of the General Assembly has a symbol that begins with A/, one of the Security Council with S/.
with held as (
  select
    body,
    first_line,
    resolution,
    if(body = 'GA', 'General Assembly', 'Security Council') as name,
    starts_with(resolution, if(body = 'GA', 'A/', 'S/')) as is_of_it
  from accounts
),
files as (
  select body, any_value(name) as name, bool_or(is_of_it) as has_some, min(first_line) as first_line from held group by body
)
select body, held.first_line as line, 'resolution' as field, '"' || resolution || '" is no text of the ' || held.name as reason
from held
join files using (body)
where files.has_some and not is_of_it
union all
select body, first_line, 'resolution', 'neither this text nor any other of the file is of the ' || name
from files
where not has_some
order by line
