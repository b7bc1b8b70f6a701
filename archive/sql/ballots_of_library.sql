create view ballots as
select body, line, undl_id, ms_code, ms_name, ms_vote from library
