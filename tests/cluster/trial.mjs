import { Cluster } from "./cluster.mjs";
import { pause } from "./process.mjs";
const t0 = performance.now();
const say = (...a) => console.log(((performance.now()-t0)/1000).toFixed(1), ...a);
const c = new Cluster("/tmp/cl-logs");
try {
	await c.start();
	const p = await c.primary();
	say("primary", p.name);
	say(await c.sql(p, "select application_name, state, sync_state from pg_stat_replication"));
	await pause(8000);
	say(await c.sql(p, "select application_name, state, sync_state from pg_stat_replication"));
	say(await c.sql(p, "select datname from pg_database"));
	if (process.argv[2]) { const start = performance.now(); await p.crash(); say("crashed", p.name);
	const q = await c.primary(); say("new", q.name, performance.now()-start);
	await c.sql(q, "create table t(x int)", {ms: 30000}); say("committed", performance.now()-start);
	await c.heal(); say("healed"); await pause(20000);
	say(await c.sql(q, "select application_name, state, sync_state from pg_stat_replication"));
	}
} finally { await c.stop(); say("stopped"); }
