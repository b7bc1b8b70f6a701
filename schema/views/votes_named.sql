create view votes_named as
select
  roll_calls.voted_on,
  roll_calls.body,
  coalesce(resolutions.symbol, roll_calls.meeting) as symbol,
  coalesce(resolutions.title, roll_calls.question) as title,
  members.short_name as member,
  members.region,
  members.regional_group,
  votes.vote,
  case votes.vote
    when 'yes' then 'voted in favour'
    when 'no' then 'voted against'
    when 'abstain' then 'abstained'
    when 'not_voting' then 'did not vote'
  end as vote_in_words,
  votes.roll_call_id,
  votes.member_id
from votes
join roll_calls on roll_calls.id = votes.roll_call_id
join members on members.id = votes.member_id
left join resolutions on resolutions.id = roll_calls.resolution_id
order by roll_calls.voted_on, roll_calls.sequence, votes.roll_call_id, members.short_name;
