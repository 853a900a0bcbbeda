-- The tables of an account. No role of an API key may enter the schema.
CREATE SCHEMA ogrcarto;
REVOKE ALL ON SCHEMA ogrcarto FROM PUBLIC;

CREATE TABLE ogrcarto.account (
	one            boolean PRIMARY KEY DEFAULT true CHECK (one), -- there is one row
	schema_version integer NOT NULL,
	name           text NOT NULL,
	owner_role     text NOT NULL,
	public_role    text NOT NULL,
	jobs_role      text NOT NULL,
	search_path    text NOT NULL, -- of all roles, as SQL has it
	functions      text NOT NULL  -- SHA-256 of the functions in schema cartodb
);

CREATE TABLE ogrcarto.keys (
	name       text PRIMARY KEY,
	kind       text NOT NULL CHECK (kind IN ('master', 'default', 'regular')),
	role       text NOT NULL UNIQUE,
	hash       bytea CHECK (octet_length(hash) = 32), -- SHA-256 of the key's text; null for default
	created_at timestamptz NOT NULL DEFAULT now(),
	CHECK ((kind = 'default') = (hash IS NULL))
);

-- The passwords of the roles that have no API key.
CREATE TABLE ogrcarto.secrets (
	role     text PRIMARY KEY,
	password text NOT NULL
);

CREATE TABLE ogrcarto.jobs (
	job_id        uuid PRIMARY KEY,
	username      text NOT NULL,
	body          jsonb NOT NULL,
	status        text NOT NULL,
	created_at    timestamptz NOT NULL DEFAULT now(),
	updated_at    timestamptz NOT NULL DEFAULT now(),
	failed_reason text,
	cancel        boolean NOT NULL DEFAULT false,
	worker        text,
	heartbeat     timestamptz,
	seq           bigserial
);
CREATE INDEX jobs_status_seq ON ogrcarto.jobs (status, seq);

-- Whatever the default privileges of the role that runs this are.
REVOKE ALL ON ALL TABLES IN SCHEMA ogrcarto FROM PUBLIC;
REVOKE ALL ON ALL SEQUENCES IN SCHEMA ogrcarto FROM PUBLIC;
