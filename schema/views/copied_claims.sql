-- A claim can have several origins, and so several ways back to a beginning; every way has a row.
create view copied_claims as
with recursive chain (first_claim_id, claim_id, steps, way) as (
  select origin_claim_id, claim_id, 1, origin_claim_id || ' > ' || claim_id
  from claim_origins
  where origin_claim_id not in (select claim_id from claim_origins)
  union all
  select chain.first_claim_id, claim_origins.claim_id, chain.steps + 1, chain.way || ' > ' || claim_origins.claim_id
  from chain
  join claim_origins on claim_origins.origin_claim_id = chain.claim_id
  where chain.steps < 20
)
select
  chain.first_claim_id,
  chain.claim_id,
  chain.steps,
  first_claims.claim as first_claim,
  claims.claim,
  first_claims.verdict as first_verdict,
  claims.verdict,
  first_articles.published_on as first_published_on,
  articles.published_on,
  case
    when length(first_articles.published_on) = 10 and length(articles.published_on) = 10
      then cast(julianday(articles.published_on) - julianday(first_articles.published_on) as integer)
  end as days_after,
  first_outlets.name as first_outlet,
  outlets.name as outlet,
  chain.way
from chain
join claims as first_claims on first_claims.id = chain.first_claim_id
join articles as first_articles on first_articles.id = first_claims.article_id
join outlets as first_outlets on first_outlets.id = first_articles.outlet_id
join claims on claims.id = chain.claim_id
join articles on articles.id = claims.article_id
join outlets on outlets.id = articles.outlet_id
order by chain.first_claim_id, chain.steps, chain.claim_id;
