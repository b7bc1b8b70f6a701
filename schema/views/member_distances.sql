-- yes is 2, abstain 1 and no 0; a distance is the mean difference, halved, so that it goes from 0 to 1.
create view member_distances as
with positions as (
  select
    votes.roll_call_id,
    cast(strftime('%Y', roll_calls.voted_on) as integer) as voting_year,
    votes.member_id,
    case votes.vote when 'yes' then 2 when 'abstain' then 1 else 0 end as place
  from votes
  join roll_calls on roll_calls.id = votes.roll_call_id
  where roll_calls.body = 'GA' and roll_calls.votes_known = 'all' and votes.vote <> 'not_voting'
),
poles as (
  select roll_call_id, member_id as pole, place from positions where member_id in ('USA', 'RUS', 'CHN', 'UKR')
  union all
  select roll_call_id, 'EU', case majority_vote when 'yes' then 2 when 'abstain' then 1 else 0 end
  from bloc_votes where bloc_id = 'EU' and majority_vote is not null
)
select
  positions.member_id,
  members.short_name as member,
  poles.pole,
  positions.voting_year,
  count(*) as roll_calls_compared,
  round(avg(abs(positions.place - poles.place)) / 2, 4) as distance
from positions
join poles on poles.roll_call_id = positions.roll_call_id and poles.pole <> positions.member_id
join members on members.id = positions.member_id
group by positions.member_id, poles.pole, positions.voting_year
order by positions.member_id, poles.pole, positions.voting_year;
