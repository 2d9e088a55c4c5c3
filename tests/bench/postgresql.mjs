// PostgreSQL's full-text search for `make bench-search`: a cluster of its own in a temporary directory, on a Unix
// socket, by a user that is not root. All words of a question joined by OR; ts_rank() with the length of the text.

import { execFileSync } from "node:child_process";
import { chownSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { AS_USER, BIN, LIBRARIES, NO_POSTGRES } from "../e2e/postgres-programs.mjs";

const SCHEMA = `
CREATE TABLE chunks (id int GENERATED ALWAYS AS IDENTITY, document int, text text);
CREATE TABLE questions (id int GENERATED ALWAYS AS IDENTITY, text text);
\\copy chunks (document, text) FROM pstdin
`;

const ASK = `
ALTER TABLE chunks ADD words tsvector GENERATED ALWAYS AS (to_tsvector('english', text)) STORED;
CREATE INDEX ON chunks USING gin (words);
VACUUM ANALYZE chunks;
CREATE FUNCTION ask(question text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	started timestamptz := clock_timestamp();
	any_word tsquery := replace(plainto_tsquery('english', question)::text, '&', '|')::tsquery;
	found text;
BEGIN
	SELECT string_agg((id - 1)::text, ' ' ORDER BY rank DESC, id) INTO found FROM (
		SELECT id, ts_rank(words, any_word, 1) AS rank FROM chunks
		WHERE words @@ any_word ORDER BY rank DESC, id LIMIT 10) best;
	RETURN round((extract(epoch FROM clock_timestamp() - started) * 1000)::numeric, 1) || ' ' || coalesce(found, '');
END $$;
SELECT ask(text) FROM questions ORDER BY id;
`;

/** Returns for each question {ms, hits}. chunks and questions are the texts of the files. */
export function askPostgresql(chunks, questions) {
	if (NO_POSTGRES) throw new Error(NO_POSTGRES);
	const dir = mkdtempSync(`${tmpdir()}/banter-postgresql-`);
	if (AS_USER.uid !== undefined) chownSync(dir, AS_USER.uid, AS_USER.gid);
	const run = (program, args, input) =>
		execFileSync(`${BIN}/${program}`, args, {
			input,
			encoding: "utf8",
			cwd: dir,
			maxBuffer: 2 ** 28,
			stdio: ["pipe", "pipe", "inherit"],
			env: { ...process.env, ...LIBRARIES },
			...AS_USER,
		});
	const data = `${dir}/data`;
	run("initdb", ["-D", data, "-U", "bench", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8"]);
	const options = `-c listen_addresses= -k ${dir} -c fsync=off -c shared_buffers=256MB -c jit=off`;
	run("pg_ctl", ["-D", data, "-w", "-l", `${dir}/log`, "-o", options, "start"]);
	try {
		const sql = `${SCHEMA}${chunks}\\.\n\\copy questions (text) FROM pstdin\n${questions}\\.\n${ASK}`;
		const psql = ["-h", dir, "-U", "bench", "-d", "postgres", "-qAtX", "-v", "ON_ERROR_STOP=1"];
		return run("psql", psql, sql.replaceAll("FROM pstdin", "FROM STDIN"))
			.split("\n")
			.filter((line) => line !== "")
			.map((line) => {
				const [ms, ...hits] = line.trim().split(" ").map(Number);
				return { ms, hits };
			});
	} finally {
		run("pg_ctl", ["-D", data, "-m", "immediate", "stop"]);
		rmSync(dir, { recursive: true, force: true });
	}
}
