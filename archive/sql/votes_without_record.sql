-- Votes whose number is not written as their record's is.
select count(*) from ballots where not exists (select 1 from accounts where accounts.body = ballots.body and accounts.undl_id = ballots.undl_id)
