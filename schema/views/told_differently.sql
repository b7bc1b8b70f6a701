-- The same question put by claims of two articles, of which the record bears out one and not the other.
create view told_differently as
select
  a.query_name,
  a.params,
  a.found,
  a.claim_id as agreeing_claim_id,
  agreeing_outlets.name as agreeing_outlet,
  a.relation || ' ' || a.stated as agreeing_states,
  b.claim_id as differing_claim_id,
  differing_outlets.name as differing_outlet,
  b.relation || ' ' || b.stated as differing_states
from checks as a
join checks as b on b.query_name = a.query_name and b.params = a.params and a.agrees = 'yes' and b.agrees = 'no'
join claims as agreeing on agreeing.id = a.claim_id
join claims as differing on differing.id = b.claim_id and differing.article_id <> agreeing.article_id
join articles as agreeing_articles on agreeing_articles.id = agreeing.article_id
join articles as differing_articles on differing_articles.id = differing.article_id
join outlets as agreeing_outlets on agreeing_outlets.id = agreeing_articles.outlet_id
join outlets as differing_outlets on differing_outlets.id = differing_articles.outlet_id
where agreeing_outlets.id <> differing_outlets.id
order by a.query_name, a.params, b.claim_id, a.claim_id;
