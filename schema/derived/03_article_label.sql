-- Not every article has a title; every one has an outlet, and most a date.
update articles set label = (
  select outlets.name || coalesce(', ' || articles.published_on, '') from outlets where outlets.id = articles.outlet_id
);
