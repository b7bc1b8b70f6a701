select (select count(*) from roll_calls), (select count(*) from differences)
