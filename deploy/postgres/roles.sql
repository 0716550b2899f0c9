-- The roles of a node's database. Run once, as the server's superuser, before `vitrine node init`:
--
--   psql --dbname=postgres --set=ON_ERROR_STOP=1 --file=deploy/postgres/roles.sql
--   createdb --owner=vitrine_owner vitrine
--   VITRINE_DATABASE_URL=postgresql://vitrine_owner@… vitrine node init
--   psql --dbname=vitrine --set=ON_ERROR_STOP=1 --file=deploy/postgres/grants.sql
--
--   role             used by                        may
--   vitrine_owner    root's command line            own the tables; add accounts, projects, datasets
--   vitrine_hub      the Hub                        check sign-ins; start and end sessions
--   vitrine_steward  the steward                    take drafts, release; never vote
--   vitrine_review   the review application         submit, review, vote; never release
--
-- Every role may add to the audit log and none may change it, not even the owner: a trigger
-- refuses it there. The gate, the parser and the proxy have no role: they use no database.
--
-- Each process gets its own VITRINE_DATABASE_URL. On one machine let the server recognise the
-- Unix account instead of a password; in pg_hba.conf, before the other lines:
--
--   local  vitrine  vitrine_owner,vitrine_hub,vitrine_steward,vitrine_review  peer map=vitrine
--
-- and in pg_ident.conf:
--
--   vitrine  root             vitrine_owner
--   vitrine  vitrine-hub      vitrine_hub
--   vitrine  vitrine-steward  vitrine_steward
--   vitrine  vitrine-review   vitrine_review
--
-- with postgresql://vitrine_hub@/vitrine?unix_sock=/run/postgresql/.s.PGSQL.5432 as the URL.

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['vitrine_owner', 'vitrine_hub', 'vitrine_steward', 'vitrine_review']
    LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) THEN
            EXECUTE format('CREATE ROLE %I LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE', name);
        END IF;
    END LOOP;
END $$;
