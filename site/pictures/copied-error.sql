-- The error that most articles took over from one another, with the claim that most of them share.
with recursive tree (first_article_id, article_id, steps) as (
  select distinct origin_article_id, origin_article_id, 0
  from article_origins
  where how_known = 'same_error'
    and origin_article_id not in (select article_id from article_origins where how_known = 'same_error')
  union
  select tree.first_article_id, article_origins.article_id, tree.steps + 1
  from tree
  join article_origins on article_origins.origin_article_id = tree.article_id and article_origins.how_known = 'same_error'
  where tree.steps < 20
),
first as (select first_article_id as article_id from tree group by 1 order by count(*) desc, 1 limit 1),
chain as (
  select tree.article_id, tree.steps, outlets.name as outlet
  from first
  join tree on tree.first_article_id = first.article_id
  join articles on articles.id = tree.article_id
  join outlets on outlets.id = articles.outlet_id
  order by tree.steps, outlets.name
),
-- What the record notes on the copy by which the first article, not seen itself, is known.
copy as (
  select chain.outlet, article_origins.note
  from first
  join article_origins on article_origins.origin_article_id = first.article_id and article_origins.note like '%copy%'
  join chain on chain.article_id = article_origins.article_id
  order by chain.outlet
  limit 1
),
source as (
  select case articles.seen when 'not_seen' then ' The article of ' || outlets.name || ' was not seen itself'
    || coalesce('; the record’s note on ' || copy.outlet || ' says from which copy its wording is known: “' || copy.note || '”.', '.') else '' end as words
  from first
  join articles on articles.id = first.article_id
  join outlets on outlets.id = articles.outlet_id
  left join copy
),
shared as (
  select claims.claim, checks.found, checks.stated, count(distinct claims.article_id) as articles
  from chain
  join claims on claims.article_id = chain.article_id and claims.verdict = 'inaccurate'
  join checks on checks.claim_id = claims.id and checks.agrees = 'no'
  group by checks.query_name, checks.params
  order by articles desc, checks.query_name, checks.params
  limit 1
)
select
  'copied-error' as id,
  'One error, taken over' as title,
  shared.articles || ' articles have the claim “' || shared.claim || '” Asked the same, the record answers “' || shared.found
    || '”, not “' || shared.stated || '”. An arrow goes to an article that has the same error together with wording or an order of facts in common; it does not prove who took it from whom.' || source.words as sentence,
  'A tree of articles. First: ' || (select outlet from chain where steps = 0) || '. The same error in: '
    || (select group_concat(outlet || case when steps > 1 then ' (at ' || steps || ' removes)' else '' end, ', ') from chain where steps > 0) || '.' || source.words as alternative,
  first.article_id as article
from first, shared, source
