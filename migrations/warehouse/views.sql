-- The scoped views: all that a reader login may read.
--
-- security_barrier: the row scope is applied before any condition of the statement that is not
-- known to be free of side effects, so that a failing cast or division cannot tell of a row
-- outside the scope.
-- (SELECT scope_store_ids()): an InitPlan, evaluated once a statement.
-- LEFT JOIN on unique keys: PostgreSQL drops the join when none of its columns is asked for.
-- A film's categories become one text, so that no sum is counted twice.

CREATE VIEW analytics.v_payment_scoped WITH (security_barrier) AS
SELECT
    p.payment_id,
    p.payment_date,
    to_char(p.payment_date AT TIME ZONE 'UTC', 'FMDay') AS weekday,
    p.amount,
    p.rental_id,
    p.customer_id,
    i.store_id,
    i.film_id,
    f.title AS film_title,
    fc.category,
    f.rating::text AS rating,
    l.name::text AS language,
    ci.city AS customer_city,
    co.country AS customer_country,
    p.staff_id,
    s.first_name || ' ' || s.last_name AS staff_name,
    r.rental_date
FROM public.payment AS p
JOIN public.rental AS r ON r.rental_id = p.rental_id
JOIN public.inventory AS i ON i.inventory_id = r.inventory_id
LEFT JOIN public.film AS f ON f.film_id = i.film_id
LEFT JOIN public.language AS l ON l.language_id = f.language_id
LEFT JOIN (
    SELECT x.film_id, string_agg(c.name, ', ' ORDER BY c.name) AS category
    FROM public.film_category AS x
    JOIN public.category AS c ON c.category_id = x.category_id
    GROUP BY x.film_id
) AS fc ON fc.film_id = i.film_id
LEFT JOIN public.customer AS cu ON cu.customer_id = p.customer_id
LEFT JOIN public.address AS a ON a.address_id = cu.address_id
LEFT JOIN public.city AS ci ON ci.city_id = a.city_id
LEFT JOIN public.country AS co ON co.country_id = ci.country_id
LEFT JOIN public.staff AS s ON s.staff_id = p.staff_id
WHERE i.store_id = ANY ((SELECT analytics.scope_store_ids())::integer[]);

CREATE VIEW analytics.v_rental_scoped WITH (security_barrier) AS
SELECT
    r.rental_id,
    r.rental_date,
    to_char(r.rental_date AT TIME ZONE 'UTC', 'FMDay') AS weekday,
    r.return_date,
    r.return_date IS NOT NULL AS is_returned,
    extract(epoch FROM r.return_date - r.rental_date) / 86400 AS rental_days,
    f.rental_duration::integer AS allowed_days,
    r.return_date <= r.rental_date + make_interval(days => f.rental_duration::integer)
        AS is_on_time,
    r.customer_id,
    i.store_id,
    i.film_id,
    f.title AS film_title,
    fc.category,
    f.rating::text AS rating,
    l.name::text AS language,
    ci.city AS customer_city,
    co.country AS customer_country,
    r.staff_id,
    s.first_name || ' ' || s.last_name AS staff_name
FROM public.rental AS r
JOIN public.inventory AS i ON i.inventory_id = r.inventory_id
LEFT JOIN public.film AS f ON f.film_id = i.film_id
LEFT JOIN public.language AS l ON l.language_id = f.language_id
LEFT JOIN (
    SELECT x.film_id, string_agg(c.name, ', ' ORDER BY c.name) AS category
    FROM public.film_category AS x
    JOIN public.category AS c ON c.category_id = x.category_id
    GROUP BY x.film_id
) AS fc ON fc.film_id = i.film_id
LEFT JOIN public.customer AS cu ON cu.customer_id = r.customer_id
LEFT JOIN public.address AS a ON a.address_id = cu.address_id
LEFT JOIN public.city AS ci ON ci.city_id = a.city_id
LEFT JOIN public.country AS co ON co.country_id = ci.country_id
LEFT JOIN public.staff AS s ON s.staff_id = r.staff_id
WHERE i.store_id = ANY ((SELECT analytics.scope_store_ids())::integer[]);

-- activebool is true for everybody in Pagila; active is the column that tells.
CREATE VIEW analytics.v_customer_masked WITH (security_barrier) AS
SELECT
    cu.customer_id,
    cu.store_id,
    upper(left(cu.first_name, 1)) || '. ' || upper(left(cu.last_name, 1)) || '.' AS masked_name,
    lower(left(cu.email, 1)) || '***@***' AS masked_email,
    ci.city,
    co.country,
    cu.active IS NOT DISTINCT FROM 1 AS is_active,
    cu.create_date
FROM public.customer AS cu
LEFT JOIN public.address AS a ON a.address_id = cu.address_id
LEFT JOIN public.city AS ci ON ci.city_id = a.city_id
LEFT JOIN public.country AS co ON co.country_id = ci.country_id
WHERE cu.store_id = ANY ((SELECT analytics.scope_store_ids())::integer[]);
