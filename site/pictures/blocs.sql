-- The mean share of each bloc's members that cast its most common vote, over the texts of which all votes are known.
with shares as (
  select
    blocs.id, blocs.name, roll_calls.voted_on,
    1.0 * max(bloc_votes.in_favour, bloc_votes.against, bloc_votes.abstaining) / bloc_votes.eligible as share
  from bloc_votes
  join blocs on blocs.id = bloc_votes.bloc_id
  join roll_calls on roll_calls.id = bloc_votes.roll_call_id and roll_calls.kind = 'whole_text' and roll_calls.body = 'GA'
  where bloc_votes.known = bloc_votes.eligible and bloc_votes.eligible > 1
    and blocs.id in ('EU', 'NATO', 'BRICS', 'ARAB-LEAGUE', 'group-african-states', 'group-latin-american-and-caribbean-states')
),
means as (
  select name, cast(round(100 * avg(share)) as integer) || ' %' as mean, avg(share) as exact, min(voted_on) as first_day, max(voted_on) as last_day, count(*) as texts
  from shares group by id order by exact desc, name
)
select
  'blocs' as id,
  'How far blocs vote together in the General Assembly' as title,
  'The share of a bloc’s members that cast its most common vote, on average over ' || max(texts) || ' texts from ' || substr(min(first_day), 1, 4) || ' to '
    || substr(max(last_day), 1, 4) || ': ' || group_concat(name || ' ' || mean, ', ') || '. A dot is a text, the line is the mean of a year.' as sentence,
  'Six small charts, one a bloc, of the share of members voting together, from 0 to 100 %: ' || group_concat(name || ' ' || mean, ', ') || ' on average.' as alternative,
  '' as bloc
from means
