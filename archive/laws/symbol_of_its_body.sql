-- A text of the General Assembly has a symbol that begins with A/, one of the Security Council with S/.
select
  body,
  first_line as line,
  'resolution' as field,
  '"' || resolution || '" is no text of the ' || if(body = 'GA', 'General Assembly', 'Security Council') as reason
from accounts
where not starts_with(resolution, if(body = 'GA', 'A/', 'S/'))
