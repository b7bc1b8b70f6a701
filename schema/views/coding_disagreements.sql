create view coding_disagreements as
with compared as (
  select codings.claim_id, codings.coder, 'kind' as variable, claims.kind as first_value, codings.kind as second_value
  from codings join claims on claims.id = codings.claim_id
  union all
  select codings.claim_id, codings.coder, 'checkable', claims.checkable, codings.checkable
  from codings join claims on claims.id = codings.claim_id
  union all
  select codings.claim_id, codings.coder, 'verdict', coalesce(claims.verdict, 'none'), coalesce(codings.verdict, 'none')
  from codings join claims on claims.id = codings.claim_id
)
select compared.claim_id, claims.claim, claims.quote, compared.variable, compared.first_value, compared.second_value, compared.coder
from compared
join claims on claims.id = compared.claim_id
where compared.first_value <> compared.second_value
order by compared.claim_id, compared.variable;
