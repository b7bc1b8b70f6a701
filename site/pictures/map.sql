-- One map for each roll call of which any vote is known. Counts come from the votes; those that are not known are counted too.
with counted as (
  select
    roll_calls.id as roll_call_id,
    (select count(*) from eligible_members where eligible_members.roll_call_id = roll_calls.id) as could_vote,
    count(*) as known,
    count(*) filter (where votes.vote = 'yes') as in_favour,
    count(*) filter (where votes.vote = 'no') as against,
    count(*) filter (where votes.vote = 'abstain') as abstaining,
    count(*) filter (where votes.vote = 'not_voting') as not_voting
  from roll_calls
  join votes on votes.roll_call_id = roll_calls.id
  group by roll_calls.id
),
worded as (
  select
    counted.*,
    in_favour || ' in favour, ' || against || ' against, ' || abstaining || ' abstaining, ' || not_voting || ' not voting'
      || case when known < could_vote then ', ' || (could_vote - known) || ' not known' else '' end as figures
  from counted
)
select
  'map-' || roll_calls.id as id,
  'How members voted: ' || roll_calls.question as title,
  'In the ' || case roll_calls.body when 'GA' then 'General Assembly' else 'Security Council' end || ' on ' || roll_calls.voted_on || ': '
    || worded.figures || '; ' || roll_calls.outcome || '.' as sentence,
  worded.figures || '; map of members by vote.' as alternative,
  (
    select json_group_array(json_object('vote', vote, 'label', label, 'members', members)) from (
      select 1 as place, 'yes' as vote, 'in favour' as label, worded.in_favour as members
      union all select 2, 'no', 'against', worded.against
      union all select 3, 'abstain', 'abstaining', worded.abstaining
      union all select 4, 'not_voting', 'not voting', worded.not_voting
      union all select 5, 'not_known', 'not known', worded.could_vote - worded.known
      union all select 6, 'no_seat', 'no seat', (select count(*) from members) - worded.could_vote
      order by place
    )
    where members > 0
  ) as keys,
  roll_calls.question as about,
  '/record/roll_calls/' || roll_calls.id as page,
  roll_calls.voted_on as day,
  substr(roll_calls.voted_on, 1, 4) as year,
  roll_calls.id as roll_call
from worded
join roll_calls on roll_calls.id = worded.roll_call_id
order by roll_calls.voted_on, roll_calls.body, roll_calls.sequence nulls last, roll_calls.id
