-- The first text and those with the most and the fewest members in favour, from the official tallies.
with voted_on_as_a_whole as (
  select
    roll_calls.id, roll_calls.voted_on, resolutions.series, coalesce(resolutions.symbol, resolutions.title) as name,
    roll_calls.official_yes as in_favour
  from roll_calls
  join resolutions on resolutions.id = roll_calls.resolution_id
  join sponsorships on sponsorships.resolution_id = resolutions.id and sponsorships.member_id = 'UKR'
  where roll_calls.kind = 'whole_text' and roll_calls.body = 'GA' and roll_calls.official_yes is not null
),
texts as (select * from voted_on_as_a_whole where series <> 'council_of_europe'),
left_out as (
  select count(*) as texts, group_concat(name, ' and ') as names
  from (select name from voted_on_as_a_whole where series = 'council_of_europe' order by voted_on, id)
),
most as (select * from texts order by in_favour desc, voted_on limit 1),
fewest as (select * from texts order by in_favour, voted_on limit 1),
latest as (select * from texts order by voted_on desc limit 1)
select
  'support' as id,
  'Support for Ukraine’s texts in the General Assembly, ' || substr((select min(voted_on) from texts), 1, 4) || ' to ' || substr(latest.voted_on, 1, 4) as title,
  (select count(*) from texts) || ' texts that Ukraine sponsored were voted on as a whole' || case left_out.texts when 0 then '' else ', not counting ' || left_out.names
    || ' on cooperation with the Council of Europe' end || '. Most members were in favour of ' || most.name || ' (' || most.in_favour
    || ' on ' || day_in_words(most.voted_on) || '), fewest of ' || fewest.name || ' (' || fewest.in_favour || ' on ' || day_in_words(fewest.voted_on) || '). The texts ask for different things, and so stand by subject.' as sentence,
  'Bars, one a text: members in favour, against, abstaining and not voting. In favour: '
    || (select group_concat(name || ' ' || in_favour, ', ') from (select * from texts order by voted_on, id)) || '.' as alternative,
  'UKR' as member
from most, fewest, latest, left_out
