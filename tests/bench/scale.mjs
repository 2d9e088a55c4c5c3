// make bench-scale: whether storaged stays as fast and as small with a hundred times the messages, and how
// reads and writes affect each other; scale.c says how.

import { parseArgs } from "node:util";
import { Bench, print, spread, verdict } from "./bench.mjs";

const SMALL = 10_000;

/**
 * The targets of tests/README.md: with a hundred times the messages a request costs at most twice as much,
 * and storaged's own memory stays below a limit.
 */
const MOST_RATIO = 2;
const MOST_MIB = 16;

const KINDS = {
	list: "list of the newest 100",
	thread: "thread of 1,000",
	begin: "turn start, history 30",
};

const { values: options } = parseArgs({
	options: { large: { type: "string", default: "1000000" } }, // messages of the large store
});

const mib = (bytes) => bytes / (1 << 20);
const ms = (n) => n.toFixed(2);

function printCosts(small, large) {
	const widths = [-26, 7, 7, 7, 9, 7, 7, 7, 5, 1];
	const both = (title, what) => print([-26, 23, 25], title, what(small), what(large));
	both("", (stage) => `${stage.messages} messages`);
	both("", (stage) => `${stage.conversations} conversations`);
	const columns = ["p50 ms", "p99 ms", "CPU us"];
	print(widths, "", ...columns, ...columns, "p50", "CPU", "(large / small)");
	for (const [kind, title] of Object.entries(KINDS)) {
		const [a, b] = [small.reads[kind], large.reads[kind]];
		const [time, cpu] = [b.p50 / a.p50, b.cpuUs / a.cpuUs];
		const figures = [a, b].flatMap((r) => [ms(r.p50), ms(r.p99), r.cpuUs.toFixed(0)]);
		const met = time <= MOST_RATIO && cpu <= MOST_RATIO;
		print(widths, title, ...figures, ms(time), ms(cpu), verdict(met, MOST_RATIO));
	}
	both("sync of 4 KiB, ms", (stage) => ms(stage.syncMs));
	both("filled at, messages/s", (stage) => stage.fillRate.toFixed(0));
}

function printMemory({ messages, memory, disk, textPerMessage }) {
	const own = mib(memory.anon + memory.shmem);
	console.log(`With ${messages} messages:
  memory: ${own.toFixed(1)} MiB of its own (anonymous ${mib(memory.anon).toFixed(1)}, shared ${mib(memory.shmem).toFixed(1)}) ${verdict(own < MOST_MIB, MOST_MIB)};
    pages of the file mapped, shared with the page cache: ${mib(memory.file).toFixed(1)} MiB
  disk: ${(disk / messages).toFixed(0)} bytes per message, ${textPerMessage.toFixed(0)} of them text`);
}

function printMix(mix) {
	const { inFlight, readers, list, thread } = mix;
	console.log(`Reads beside ${inFlight} appends in flight (${mix.besideReader.toFixed(0)}/s): list p50 ${ms(list.p50)} ms, p99 ${ms(list.p99)} ms; thread p50 ${ms(thread.p50)} ms, p99 ${ms(thread.p99)} ms.
Appends, ${inFlight} in flight: ${mix.alone.toFixed(0)}/s alone, ${mix.beside.toFixed(0)}/s beside ${readers} readers that get ${mix.listsPerSecond.toFixed(0)} lists/s: a share of ${ms(spread(mix.kept).median)}.`);
}

const bench = new Bench("scale", 600);
const { dir, socket, pid, storaged } = await bench.startStore();
console.log("Filling the store, and measuring it ...");
const results = [];
const stages = [SMALL, Number(options.large)];
const plan = { socket, file: `${dir}/data.mdb`, probe: `${bench.dir}/probe`, pids: [pid], stages };
for await (const figures of bench.measure("scale", plan)) results.push(figures);
await storaged.stop();
const [small, large, { memory, ...mix }] = results;
large.memory = memory; // after the mix

console.log("Requests alone through storaged's socket. CPU: of storaged.\n");
printCosts(small, large);
console.log("");
printMemory(small);
printMemory(large);
printMix(mix);
bench.write({ stages: [small, large], mix });
