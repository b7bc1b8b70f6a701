create view incomplete_roll_calls as
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
    select group_concat(missing, ', ') from (
      select
        case
          when official_count is null then 'the number ' || label
          when members_known = 0 then 'all ' || official_count || ' ' || label
          else (official_count - members_known) || ' of the ' || official_count || ' ' || label
        end as missing
      from roll_call_counts
      where roll_call_counts.roll_call_id = roll_calls.id and (official_count is null or members_known < official_count)
      order by place
    )
  ) as missing
from roll_calls
where roll_calls.votes_known <> 'all'
order by roll_calls.voted_on, roll_calls.body, roll_calls.sequence nulls last, roll_calls.id;
