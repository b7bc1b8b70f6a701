create view incomplete_roll_calls as
with counts as (
  select id, 1 as place, 'yes' as vote, 'in favour' as words, official_yes as counted from roll_calls
  union all
  select id, 2, 'no', 'against', official_no from roll_calls
  union all
  select id, 3, 'abstain', 'abstaining', official_abstain from roll_calls
  union all
  select id, 4, 'not_voting', 'not voting', official_not_voting from roll_calls
),
lacking as (
  select
    counts.id,
    counts.place,
    case
      when counts.counted is null then 'the number ' || counts.words
      when count(votes.vote) = 0 then 'all ' || counts.counted || ' ' || counts.words
      else (counts.counted - count(votes.vote)) || ' of the ' || counts.counted || ' ' || counts.words
    end as missing
  from counts
  left join votes on votes.roll_call_id = counts.id and votes.vote = counts.vote
  group by counts.id, counts.place
  having counts.counted is null or count(votes.vote) < counts.counted
)
select
  roll_calls.id as roll_call_id,
  roll_calls.voted_on,
  roll_calls.body,
  roll_calls.question,
  roll_calls.outcome,
  roll_calls.votes_known,
  (select count(*) from votes where votes.roll_call_id = roll_calls.id) as known,
  (select count(*) from eligible_members where eligible_members.roll_call_id = roll_calls.id) as could_vote,
  roll_calls.official_yes,
  roll_calls.official_no,
  roll_calls.official_abstain,
  roll_calls.official_not_voting,
  (
    select group_concat(missing, ', ') from (select missing from lacking where lacking.id = roll_calls.id order by place)
  ) as missing
from roll_calls
where roll_calls.votes_known <> 'all'
order by roll_calls.voted_on, roll_calls.body, roll_calls.sequence nulls last, roll_calls.id;
