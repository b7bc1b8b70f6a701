create table resolutions as
select
  key_of_symbol(resolution) as id,
  resolution as symbol,
  body,
  title,
  session,
  draft as draft_symbol,
  committee_report
from accounts
order by id;

create table votes as
select
  ballots.undl_id::integer as roll_call_id,
  known_members.id as member_id,
  case ms_vote when 'N' then 0 when 'Y' then 1 when 'A' then 2 else 3 end::tinyint as vote_id
from ballots
join known_members on known_members.code = ballots.ms_code
order by all;

create table roll_calls as
with counted as (
  select
    roll_call_id,
    count(*) filter (where vote_id = 1) as counted_yes,
    count(*) filter (where vote_id = 0) as counted_no,
    count(*) filter (where vote_id = 2) as counted_abstain,
    count(*) filter (where vote_id = 3) as counted_not_voting,
    count(*) as counted_members
  from votes
  group by roll_call_id
)
select
  undl_id::integer as id,
  key_of_symbol(resolution) as resolution_id,
  body,
  date as voted_on,
  year(date::date) as voting_year,
  meeting,
  modality,
  vote_note,
  counted.* exclude (roll_call_id),
  total_yes::integer as printed_yes,
  total_no::integer as printed_no,
  total_abstentions::integer as printed_abstain,
  total_non_voting::integer as printed_not_voting,
  total_ms::integer as printed_members
from accounts
join counted on counted.roll_call_id = undl_id::integer
order by id;

create table differences as
with totals as (
  select
    id as roll_call_id,
    unnest(['yes', 'no', 'abstain', 'not_voting', 'members']) as column_name,
    unnest([printed_yes, printed_no, printed_abstain, printed_not_voting, printed_members]) as printed,
    unnest([counted_yes, counted_no, counted_abstain, counted_not_voting, counted_members]) as counted
  from roll_calls
)
select roll_call_id, column_name, printed, counted
from totals
where printed <> counted
order by roll_call_id, column_name
