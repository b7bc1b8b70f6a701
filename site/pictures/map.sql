-- One map for each roll call of which any vote is known. The tally is the official one: where not all votes are known by name,
-- what the map shows is less, and its words say so.
with counted as (
  select
    roll_calls.*,
    (select count(*) from eligible_members where eligible_members.roll_call_id = roll_calls.id) as could_vote,
    (select count(*) from votes where votes.roll_call_id = roll_calls.id) as known,
    (
      select group_concat(official_count || ' ' || label, ', ')
      from (select * from roll_call_counts where roll_call_counts.roll_call_id = roll_calls.id order by place)
    ) || case when official_yes + official_no + official_abstain + official_not_voting is null then ', the other figures not known' else '' end as figures
  from roll_calls
  where roll_calls.id in (select roll_call_id from votes)
),
worded as (
  select
    counted.*,
    known < could_vote as partly,
    'In the ' || case body when 'GA' then 'General Assembly' else 'Security Council' end || ' on ' || day_in_words(voted_on) || ': ' as opening,
    'of ' || could_vote || ' members the map shows the ' || case known when 1 then 'one whose vote is' else known || ' whose votes are' end
      || ' known by name' as shown
  from counted
)
select
  'map-' || id as id,
  'How members voted: ' || question as title,
  opening || case when partly then 'the tally was ' else '' end || figures || '; ' || outcome || '.'
    || case when partly then ' O' || substr(shown, 2) || '.' else '' end as sentence,
  case when partly then 'The tally was ' || figures || '; ' || shown || '.' else figures || '; map of members by vote.' end as alternative,
  (
    select json_group_array(json_object('vote', vote, 'label', label, 'members', members, 'says', says, 'partly', partly)) from (
      select
        place, vote, label, members_known as members, label || ' ' || members_known || case when partly then ' (known by name)' else '' end as says
      from roll_call_counts
      where roll_call_counts.roll_call_id = worded.id and members_known > 0
      union all
      select 5, 'not_known', 'not known', could_vote - known, 'not known ' || (could_vote - known) where partly
      union all
      select
        6, 'no_seat', 'no seat', no_seat,
        case when no_seat > 0 then 'no seat ' || no_seat || ', or no vote of its own' else 'territory with no vote of its own' end
      from (select (select count(*) from members) - could_vote as no_seat)
      order by 1
    )
  ) as keys,
  question as about,
  '/record/roll_calls/' || id as page,
  voted_on as day,
  substr(voted_on, 1, 4) as year,
  id as roll_call
from worded
order by voted_on, body, sequence nulls last, id
