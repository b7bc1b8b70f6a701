insert into refused select distinct body, line from found
