-- The record's roll calls on texts as a whole beside the archive's, vote by vote, total by total.
create table compared as
select
  record_roll_calls.id as record_roll_call_id,
  roll_calls.id as roll_call_id,
  record_roll_calls.voted_on as record_day,
  roll_calls.voted_on as archive_day
from record_roll_calls
left join roll_calls on upper(roll_calls.resolution_id) = upper(record_roll_calls.resolution_id)
where record_roll_calls.kind = 'whole_text';

create table compared_votes as
with record_side as (
  select compared.record_roll_call_id, record_votes.member_id as code, record_votes.vote
  from compared
  join record_votes on record_votes.roll_call_id = compared.record_roll_call_id
),
archive_side as (
  select compared.record_roll_call_id, members.code, vote_kinds.vote
  from compared
  join votes on votes.roll_call_id = compared.roll_call_id
  join members on members.id = votes.member_id
  join vote_kinds on vote_kinds.id = votes.vote_id
)
select record_roll_call_id, code, record_side.vote as record_says, archive_side.vote as archive_says
from record_side
full join archive_side using (record_roll_call_id, code);

create table record_differences as
with all_differences as (
  select record_roll_call_id, 'vote' as column_name, code as member_code, record_says, archive_says
  from compared_votes
  join compared using (record_roll_call_id)
  where compared.roll_call_id is not null and record_says is distinct from archive_says
  union all
  select record_roll_call_id, 'voted_on', '-', record_day, archive_day
  from compared
  where record_day <> archive_day
  union all
  select record_roll_call_id, column_name, '-', record_says::varchar, archive_says::varchar
  from (
    select
      compared.record_roll_call_id,
      unnest(['official_yes', 'official_no', 'official_abstain', 'official_not_voting']) as column_name,
      unnest([
        record_roll_calls.official_yes, record_roll_calls.official_no, record_roll_calls.official_abstain,
        record_roll_calls.official_not_voting
      ]) as record_says,
      unnest([
        coalesce(printed_yes, counted_yes), coalesce(printed_no, counted_no), coalesce(printed_abstain, counted_abstain),
        coalesce(printed_not_voting, counted_not_voting)
      ]) as archive_says
    from compared
    join record_roll_calls on record_roll_calls.id = compared.record_roll_call_id
    join roll_calls on roll_calls.id = compared.roll_call_id
  )
  where record_says <> archive_says
)
select
  all_differences.*,
  exists (
    from record_source_differences as told
    where told.roll_call_id = record_roll_call_id
      and told.column_name = all_differences.column_name
      and coalesce(told.member_id, '-') = member_code
      and told.source_says = archive_says
  )::integer as explained
from all_differences
order by record_roll_call_id, column_name, member_code;

create table record_comparisons as
with votes_counted as (
  select
    record_roll_call_id,
    count(record_says) as votes_in_record,
    count(archive_says) as votes_in_archive,
    count(*) filter (where record_says = archive_says) as votes_agreeing
  from compared_votes
  group by record_roll_call_id
),
differences_counted as (
  select record_roll_call_id, count(*) as differences from record_differences group by record_roll_call_id
)
select
  record_roll_call_id,
  roll_call_id,
  case
    when roll_call_id is null then 'not_in_archive'
    when differences > 0 then 'differs'
    else 'agrees'
  end as result,
  coalesce(votes_in_record, 0) as votes_in_record,
  coalesce(votes_in_archive, 0) as votes_in_archive,
  coalesce(votes_agreeing, 0) as votes_agreeing,
  coalesce(differences, 0) as differences
from compared
left join votes_counted using (record_roll_call_id)
left join differences_counted using (record_roll_call_id)
order by record_roll_call_id
