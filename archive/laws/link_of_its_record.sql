-- The address of a voting record ends in its number.
select body, first_line as line, 'undl_link' as field, '"' || undl_link || '" is not the address of record ' || undl_id as reason
from accounts
where undl_link is not null and not ends_with(undl_link, '/record/' || undl_id)
order by line
