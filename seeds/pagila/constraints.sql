-- Keys, references and indices, as in Pagila; made after the rows are in, which is much faster.

ALTER TABLE public.actor ADD CONSTRAINT actor_pkey PRIMARY KEY (actor_id);
ALTER TABLE public.address ADD CONSTRAINT address_pkey PRIMARY KEY (address_id);
ALTER TABLE public.category ADD CONSTRAINT category_pkey PRIMARY KEY (category_id);
ALTER TABLE public.city ADD CONSTRAINT city_pkey PRIMARY KEY (city_id);
ALTER TABLE public.country ADD CONSTRAINT country_pkey PRIMARY KEY (country_id);
ALTER TABLE public.customer ADD CONSTRAINT customer_pkey PRIMARY KEY (customer_id);
ALTER TABLE public.film_actor ADD CONSTRAINT film_actor_pkey PRIMARY KEY (actor_id, film_id);
ALTER TABLE public.film_category
    ADD CONSTRAINT film_category_pkey PRIMARY KEY (film_id, category_id);
ALTER TABLE public.film ADD CONSTRAINT film_pkey PRIMARY KEY (film_id);
ALTER TABLE public.inventory ADD CONSTRAINT inventory_pkey PRIMARY KEY (inventory_id);
ALTER TABLE public.language ADD CONSTRAINT language_pkey PRIMARY KEY (language_id);
ALTER TABLE public.payment ADD CONSTRAINT payment_pkey PRIMARY KEY (payment_date, payment_id);
ALTER TABLE public.rental ADD CONSTRAINT rental_pkey PRIMARY KEY (rental_id);
ALTER TABLE public.staff ADD CONSTRAINT staff_pkey PRIMARY KEY (staff_id);
ALTER TABLE public.store ADD CONSTRAINT store_pkey PRIMARY KEY (store_id);

CREATE INDEX film_fulltext_idx ON public.film USING gist (fulltext);
CREATE INDEX idx_actor_last_name ON public.actor (last_name);
CREATE INDEX idx_fk_address_id ON public.customer (address_id);
CREATE INDEX idx_fk_city_id ON public.address (city_id);
CREATE INDEX idx_fk_country_id ON public.city (country_id);
CREATE INDEX idx_fk_film_id ON public.film_actor (film_id);
CREATE INDEX idx_fk_inventory_id ON public.rental (inventory_id);
CREATE INDEX idx_fk_language_id ON public.film (language_id);
CREATE INDEX idx_fk_original_language_id ON public.film (original_language_id);
CREATE INDEX idx_fk_payment_customer_id ON public.payment (customer_id);
CREATE INDEX idx_fk_payment_staff_id ON public.payment (staff_id);
CREATE INDEX idx_fk_store_id ON public.customer (store_id);
CREATE INDEX idx_last_name ON public.customer (last_name);
CREATE INDEX idx_store_id_film_id ON public.inventory (store_id, film_id);
CREATE INDEX idx_title ON public.film (title);
CREATE UNIQUE INDEX idx_unq_manager_staff_id ON public.store (manager_staff_id);
CREATE UNIQUE INDEX idx_unq_rental_rental_date_inventory_id_customer_id
    ON public.rental (rental_date, inventory_id, customer_id);

ALTER TABLE public.address ADD CONSTRAINT address_city_id_fkey
    FOREIGN KEY (city_id) REFERENCES public.city ON UPDATE CASCADE ON DELETE RESTRICT;
ALTER TABLE public.city ADD CONSTRAINT city_country_id_fkey
    FOREIGN KEY (country_id) REFERENCES public.country ON UPDATE CASCADE ON DELETE RESTRICT;
ALTER TABLE public.customer ADD CONSTRAINT customer_address_id_fkey
    FOREIGN KEY (address_id) REFERENCES public.address ON UPDATE CASCADE ON DELETE RESTRICT;
ALTER TABLE public.customer ADD CONSTRAINT customer_store_id_fkey
    FOREIGN KEY (store_id) REFERENCES public.store ON UPDATE CASCADE ON DELETE RESTRICT;
ALTER TABLE public.film_actor ADD CONSTRAINT film_actor_actor_id_fkey
    FOREIGN KEY (actor_id) REFERENCES public.actor ON UPDATE CASCADE ON DELETE RESTRICT;
ALTER TABLE public.film_actor ADD CONSTRAINT film_actor_film_id_fkey
    FOREIGN KEY (film_id) REFERENCES public.film ON UPDATE CASCADE ON DELETE RESTRICT;
ALTER TABLE public.film_category ADD CONSTRAINT film_category_category_id_fkey
    FOREIGN KEY (category_id) REFERENCES public.category ON UPDATE CASCADE ON DELETE RESTRICT;
ALTER TABLE public.film_category ADD CONSTRAINT film_category_film_id_fkey
    FOREIGN KEY (film_id) REFERENCES public.film ON UPDATE CASCADE ON DELETE RESTRICT;
ALTER TABLE public.film ADD CONSTRAINT film_language_id_fkey
    FOREIGN KEY (language_id) REFERENCES public.language ON UPDATE CASCADE ON DELETE RESTRICT;
ALTER TABLE public.film ADD CONSTRAINT film_original_language_id_fkey
    FOREIGN KEY (original_language_id) REFERENCES public.language
    ON UPDATE CASCADE ON DELETE RESTRICT;
ALTER TABLE public.inventory ADD CONSTRAINT inventory_film_id_fkey
    FOREIGN KEY (film_id) REFERENCES public.film ON UPDATE CASCADE ON DELETE RESTRICT;
ALTER TABLE public.inventory ADD CONSTRAINT inventory_store_id_fkey
    FOREIGN KEY (store_id) REFERENCES public.store ON UPDATE CASCADE ON DELETE RESTRICT;
ALTER TABLE public.payment ADD CONSTRAINT payment_customer_id_fkey
    FOREIGN KEY (customer_id) REFERENCES public.customer;
ALTER TABLE public.payment ADD CONSTRAINT payment_rental_id_fkey
    FOREIGN KEY (rental_id) REFERENCES public.rental;
ALTER TABLE public.payment ADD CONSTRAINT payment_staff_id_fkey
    FOREIGN KEY (staff_id) REFERENCES public.staff;
ALTER TABLE public.rental ADD CONSTRAINT rental_customer_id_fkey
    FOREIGN KEY (customer_id) REFERENCES public.customer ON UPDATE CASCADE ON DELETE RESTRICT;
ALTER TABLE public.rental ADD CONSTRAINT rental_inventory_id_fkey
    FOREIGN KEY (inventory_id) REFERENCES public.inventory ON UPDATE CASCADE ON DELETE RESTRICT;
ALTER TABLE public.rental ADD CONSTRAINT rental_staff_id_fkey
    FOREIGN KEY (staff_id) REFERENCES public.staff ON UPDATE CASCADE ON DELETE RESTRICT;
ALTER TABLE public.staff ADD CONSTRAINT staff_address_id_fkey
    FOREIGN KEY (address_id) REFERENCES public.address ON UPDATE CASCADE ON DELETE RESTRICT;
ALTER TABLE public.staff ADD CONSTRAINT staff_store_id_fkey
    FOREIGN KEY (store_id) REFERENCES public.store;
ALTER TABLE public.store ADD CONSTRAINT store_address_id_fkey
    FOREIGN KEY (address_id) REFERENCES public.address ON UPDATE CASCADE ON DELETE RESTRICT;
