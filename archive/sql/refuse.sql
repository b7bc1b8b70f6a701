insert into refused select distinct body, line from refused_now
