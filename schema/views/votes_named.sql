-- A paragraph or an amendment has a vote of its own: its question stands in the place of the whole text's title.
create view votes_named as
select
  roll_calls.voted_on,
  roll_calls.body,
  roll_calls.kind,
  roll_call_symbols.symbol,
  case when roll_calls.kind = 'whole_text' then resolutions.title else roll_calls.question end as title,
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
join roll_call_symbols on roll_call_symbols.roll_call_id = roll_calls.id
join members on members.id = votes.member_id
left join resolutions on resolutions.id = roll_calls.resolution_id
order by roll_calls.voted_on, roll_calls.body, roll_calls.sequence nulls last, votes.roll_call_id, members.short_name;
