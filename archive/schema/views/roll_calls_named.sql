create view roll_calls_named as
select
  roll_calls.id as roll_call_id,
  roll_calls.voted_on,
  roll_calls.voting_year,
  roll_calls.body,
  roll_calls.resolution_id,
  resolutions.symbol,
  resolutions.title,
  roll_calls.counted_yes as in_favour,
  roll_calls.counted_no as against,
  roll_calls.counted_abstain as abstaining,
  roll_calls.counted_not_voting as not_voting,
  roll_calls.meeting,
  'https://digitallibrary.un.org/record/' || roll_calls.id as record_url
from roll_calls
join resolutions on resolutions.id = roll_calls.resolution_id
