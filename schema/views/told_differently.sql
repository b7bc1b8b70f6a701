-- A claim that the record contradicts, where another outlet's claim answers the same question as the record does.
create view told_differently as
with asked as (
  select checks.query_name, checks.params, checks.found, checks.agrees, checks.relation || ' ' || checks.stated as states,
    claims.id as claim_id, articles.id as article_id, outlets.id as outlet_id, outlets.name as outlet
  from checks
  join claims on claims.id = checks.claim_id
  join articles on articles.id = claims.article_id
  join outlets on outlets.id = articles.outlet_id
  where checks.alternative = 0
)
select
  differing.query_name,
  differing.params,
  differing.found,
  differing.claim_id as differing_claim_id,
  differing.outlet as differing_outlet,
  differing.states as differing_states,
  count(distinct agreeing.outlet_id) as agreeing_outlets,
  min(agreeing.claim_id) as agreeing_claim_id
from asked as differing
join asked as agreeing
  on agreeing.query_name = differing.query_name
  and agreeing.params = differing.params
  and agreeing.agrees = 'yes'
  and agreeing.outlet_id <> differing.outlet_id
where differing.agrees = 'no'
group by differing.query_name, differing.params, differing.claim_id, differing.states
order by differing.query_name, differing.params, differing.claim_id;
