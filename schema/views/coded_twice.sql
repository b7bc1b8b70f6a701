create view coded_twice as
select codings.claim_id, codings.coder, 'kind' as variable, claims.kind as first_value, codings.kind as second_value
from codings join claims on claims.id = codings.claim_id
union all
select codings.claim_id, codings.coder, 'checkable', claims.checkable, codings.checkable
from codings join claims on claims.id = codings.claim_id
union all
select codings.claim_id, codings.coder, 'verdict', coalesce(claims.verdict, 'none'), coalesce(codings.verdict, 'none')
from codings join claims on claims.id = codings.claim_id
order by claim_id, coder, variable;
