-- Who may do what in the database (docs/operations.md). As root; may be run again, also on a bank that exists.
--
-- saldo_vivo         owns the schema: `migrate` alone, which also says what the roles may do, table by table
-- saldo_vivo_app     web nodes, by the role saldo_vivo_nodes
-- saldo_vivo_worker  workers and the command line, by the role saldo_vivo_workers
--
-- The words in capitals are replaced by deploy/database/users.sh.

CREATE USER IF NOT EXISTS saldo_vivo@'%' IDENTIFIED BY 'OWNER_PASSWORD';
GRANT ALL ON saldo_vivo.* TO saldo_vivo@'%' WITH GRANT OPTION;

CREATE ROLE IF NOT EXISTS saldo_vivo_nodes;
CREATE USER IF NOT EXISTS saldo_vivo_app@'%' IDENTIFIED BY 'APP_PASSWORD';
GRANT saldo_vivo_nodes TO saldo_vivo_app@'%';
SET DEFAULT ROLE saldo_vivo_nodes FOR saldo_vivo_app@'%';

CREATE ROLE IF NOT EXISTS saldo_vivo_workers;
CREATE USER IF NOT EXISTS saldo_vivo_worker@'%' IDENTIFIED BY 'WORKER_PASSWORD';
GRANT saldo_vivo_workers TO saldo_vivo_worker@'%';
SET DEFAULT ROLE saldo_vivo_workers FOR saldo_vivo_worker@'%';
