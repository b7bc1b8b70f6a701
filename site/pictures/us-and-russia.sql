-- Every text of the Assembly voted on as a whole on which the votes of both are known.
with texts as (
  select roll_calls.id, roll_calls.voted_on, coalesce(resolutions.symbol, resolutions.title) as name, usa.vote as usa, rus.vote as rus
  from roll_calls
  join resolutions on resolutions.id = roll_calls.resolution_id
  join votes as usa on usa.roll_call_id = roll_calls.id and usa.member_id = 'USA'
  join votes as rus on rus.roll_call_id = roll_calls.id and rus.member_id = 'RUS'
  where roll_calls.kind = 'whole_text' and roll_calls.body = 'GA'
),
alike as (select * from texts where usa = rus and usa <> 'not_voting')
select
  'us-and-russia' as id,
  'The United States and Russia on each text of the General Assembly' as title,
  'Of ' || count(*) || ' texts voted on as a whole, the two cast the same vote on ' || (select count(*) from alike)
    || coalesce(', the first time on ' || day_in_words((select min(voted_on) from alike)), '') || '. The United States voted in favour of '
    || sum(usa = 'yes') || ' and against ' || sum(usa = 'no') || '; Russia voted in favour of ' || sum(rus = 'yes') || ' and against '
    || sum(rus = 'no') || '. A bar upward is a vote in favour, a bar downward one against, a short one neither; grey behind marks the same vote.' as sentence,
  'Two rows of bars from ' || substr(min(voted_on), 1, 4) || ' to ' || substr(max(voted_on), 1, 4) || ', one bar a text. United States: yes '
    || sum(usa = 'yes') || ', no ' || sum(usa = 'no') || ', abstaining ' || sum(usa = 'abstain') || ', not voting ' || sum(usa = 'not_voting')
    || '. Russia: yes ' || sum(rus = 'yes') || ', no ' || sum(rus = 'no') || ', abstaining ' || sum(rus = 'abstain') || ', not voting '
    || sum(rus = 'not_voting') || '. The same vote: '
    || coalesce((select group_concat(name || ' (' || day_in_words(voted_on) || ')', ', ') from (select * from alike order by voted_on, id)), 'none') || '.' as alternative,
  'USA' as member_a,
  'RUS' as member_b
from texts
