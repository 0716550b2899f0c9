-- What each role may do with each table. Run as vitrine_owner (or a superuser), in the node's
-- database, after every `vitrine node init` that changed the schema:
--
--   psql --dbname=vitrine --set=ON_ERROR_STOP=1 --file=deploy/postgres/grants.sql
--
-- Everything is taken away first, so the file says all there is. What is not granted is refused.

BEGIN;

REVOKE ALL ON ALL TABLES IN SCHEMA public FROM vitrine_hub, vitrine_steward, vitrine_review;
REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM vitrine_hub, vitrine_steward, vitrine_review;

-- Everybody: the version of the schema, who exists, and adding to the audit log.
GRANT SELECT ON alembic_version, accounts TO vitrine_hub, vitrine_steward, vitrine_review;
GRANT SELECT, INSERT ON audit_log TO vitrine_hub, vitrine_steward, vitrine_review;

-- Password hashes: the Hub alone signs people in, and counts failures.
GRANT SELECT, UPDATE ON credentials TO vitrine_hub;

-- Data and projects: written only by root's command line.
GRANT SELECT ON datasets, dataset_versions, projects, project_members, project_datasets
    TO vitrine_hub, vitrine_steward, vitrine_review;
-- The steward re-reads datasets on schedule and notes what session starts compare with.
GRANT UPDATE (baseline_sha256) ON dataset_versions TO vitrine_steward;

-- Sessions: the Hub starts and ends them, the steward ends what is over.
GRANT SELECT, INSERT ON workspaces TO vitrine_hub;
GRANT SELECT, INSERT, UPDATE ON sessions TO vitrine_hub;
GRANT SELECT ON workspaces TO vitrine_steward, vitrine_review;
GRANT SELECT, UPDATE ON sessions TO vitrine_steward;
GRANT SELECT ON sessions TO vitrine_review;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO vitrine_hub;

-- Export requests: the steward brings them in and cleans the files; people act in review.
GRANT SELECT ON egress_requests, egress_files TO vitrine_hub;
GRANT SELECT, INSERT, UPDATE ON egress_requests, egress_files TO vitrine_steward;
GRANT SELECT, UPDATE ON egress_requests TO vitrine_review;
GRANT SELECT ON egress_files TO vitrine_review;
GRANT UPDATE (filetype) ON egress_files TO vitrine_review;

-- Votes: cast in review, read again by the steward, who cannot cast one.
GRANT SELECT, INSERT, UPDATE ON egress_reviews, egress_votes TO vitrine_review;
GRANT SELECT ON egress_reviews, egress_votes TO vitrine_steward;
GRANT SELECT, INSERT ON egress_openings TO vitrine_review;
GRANT SELECT ON egress_openings TO vitrine_steward;
GRANT SELECT, INSERT ON egress_comments TO vitrine_review;
GRANT SELECT, INSERT, UPDATE ON egress_exceptions, egress_accepted TO vitrine_review;
GRANT SELECT ON egress_exceptions, egress_accepted TO vitrine_steward;
GRANT SELECT ON egress_exceptions TO vitrine_hub;

-- Turns: the clock and the queue, kept by review; the steward reminds.
GRANT SELECT, INSERT, UPDATE ON egress_turns TO vitrine_review;
GRANT SELECT ON egress_turns TO vitrine_steward;

-- Notices: written with the change that they speak of; marked as read in review, sent by the steward.
GRANT SELECT, INSERT, UPDATE ON egress_notices TO vitrine_review, vitrine_steward;

-- Drafts that take their places in a returned request: asked for in review, done by the steward.
GRANT SELECT, INSERT ON egress_arrivals TO vitrine_review;
GRANT SELECT, UPDATE ON egress_arrivals TO vitrine_steward;

-- Reported disclosures: reported in review, closed by an administrator as owner of the database.
GRANT SELECT, INSERT ON egress_incidents TO vitrine_review;
GRANT SELECT ON egress_incidents TO vitrine_steward;

-- Findings: the steward writes what the checks found, anew when files were replaced.
GRANT SELECT, INSERT, DELETE ON egress_findings TO vitrine_steward;
GRANT SELECT ON egress_findings TO vitrine_review, vitrine_hub;

-- Releases: only the steward lets anything leave, and nothing that left is rewritten.
GRANT SELECT, INSERT ON egress_releases TO vitrine_steward;
GRANT SELECT ON egress_releases TO vitrine_hub, vitrine_review;

-- Sharing inside a project: the steward publishes, hands over and removes; nothing is forgotten.
GRANT SELECT, INSERT, UPDATE ON shares TO vitrine_steward;
GRANT SELECT, INSERT ON share_receipts TO vitrine_steward;

-- How far the steward has read what other processes hand it.
GRANT SELECT, INSERT, UPDATE, DELETE ON steward_marks TO vitrine_steward;

COMMIT;
