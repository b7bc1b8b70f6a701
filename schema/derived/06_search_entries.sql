-- A row for each page that the search can lead to. `names` is what the thing is called, divided by bars: whoever types one of
-- them in full is shown that thing first. `place` tells apart things of the same title, as claims are.
insert into search_entries (url, kind, title, names, words)
select
  '/record/resolutions/' || id,
  case kind when 'amendment' then 'amendment' else 'resolution' end,
  coalesce(symbol || ': ', draft_symbol || ': ', '') || title,
  id || coalesce('|' || symbol, '') || coalesce('|' || draft_symbol, ''),
  summary || coalesce(' ' || adopted_on, '')
from resolutions
order by id;

insert into search_entries (url, kind, title, names, words)
select
  '/record/roll_calls/' || roll_calls.id,
  'roll call',
  roll_calls.question,
  roll_calls.id || coalesce('|' || resolutions.symbol, '') || coalesce('|' || resolutions.draft_symbol, ''),
  'Roll call of the ' || case roll_calls.body when 'GA' then 'General Assembly' else 'Security Council' end
    || ' on ' || roll_calls.voted_on || ', ' || roll_calls.outcome || coalesce(', meeting ' || roll_calls.meeting, '')
    || coalesce('. ' || resolutions.title, '')
from roll_calls
left join resolutions on resolutions.id = roll_calls.resolution_id
order by roll_calls.id;

insert into search_entries (url, kind, title, names, words)
select
  '/record/members/' || members.id,
  'member state',
  members.short_name,
  members.id || '|' || members.iso2 || '|' || members.short_name || '|' || members.name || coalesce('|' || members.aliases, '')
    || coalesce('|' || (select group_concat(name, '|') from member_names where member_names.member_id = members.id), ''),
  members.name || '. ' || members.subregion || coalesce('. Regional group: ' || members.regional_group, '')
from members
order by members.id;

insert into search_entries (url, kind, title, names, words)
select '/record/blocs/' || id, 'bloc', name, id || '|' || name, definition
from blocs
order by id;

insert into search_entries (url, kind, title, names, words)
select
  '/record/outlets/' || outlets.id,
  'outlet',
  outlets.name,
  outlets.name || coalesce('|' || outlets.domain, ''),
  replace(outlets.kind, '_', ' ') || coalesce(', ' || members.short_name, '') || coalesce(', ' || outlets.domain, '')
from outlets
left join members on members.id = outlets.country_id
order by outlets.id;

insert into search_entries (url, kind, title, place, names, words)
select
  '/record/articles/' || articles.id,
  'article',
  coalesce(articles.title, articles.label),
  articles.label,
  articles.id,
  articles.label || coalesce('. By ' || articles.author, '')
from articles
order by articles.id;

insert into search_entries (url, kind, title, place, names, words)
select
  '/record/claims/' || claims.id,
  'claim',
  claims.claim,
  articles.label,
  claims.id,
  '“' || claims.quote || '”' || coalesce(', ' || claims.said_by, '') || ', ' || articles.label
    || coalesce('. ' || claims.rationale, '')
from claims
join articles on articles.id = claims.article_id
order by claims.id;

-- A day is a name of what was voted on that day, as a date and in words.
with
  months (number, name) as (
    values
      ('01', 'January'), ('02', 'February'), ('03', 'March'), ('04', 'April'), ('05', 'May'), ('06', 'June'),
      ('07', 'July'), ('08', 'August'), ('09', 'September'), ('10', 'October'), ('11', 'November'), ('12', 'December')
  ),
  days (url, day) as (
    select '/record/resolutions/' || id, adopted_on from resolutions where adopted_on is not null
    union
    select '/record/resolutions/' || resolution_id, voted_on from roll_calls where resolution_id is not null
    union
    select '/record/roll_calls/' || id, voted_on from roll_calls
    order by 1, 2
  ),
  spelt (url, names) as (
    select
      days.url,
      group_concat(
        days.day || '|' || cast(substr(days.day, 9) as integer) || ' ' || months.name || ' ' || substr(days.day, 1, 4)
          || '|' || months.name || ' ' || cast(substr(days.day, 9) as integer) || ', ' || substr(days.day, 1, 4),
        '|'
      )
    from days
    join months on months.number = substr(days.day, 6, 2)
    group by days.url
  )
update search_entries
set names = search_entries.names || '|' || spelt.names
from spelt
where spelt.url = search_entries.url;
