// The tasks of a page's main thread, from a trace of the category "toplevel".

/**
 * The main threads' tasks: their begin (ts, in microseconds) and processor time (ms), so that other work on the
 * machine does not count.
 */
export function mainTasks(traceEvents) {
	const threads = traceEvents.filter(({ name, args }) => {
		return name === "thread_name" && args.name === "CrRendererMain";
	});
	const isMain = ({ pid, tid }) => threads.some((one) => one.pid === pid && one.tid === tid);
	return traceEvents
		.filter((one) => one.name === "ThreadControllerImpl::RunTask" && one.tdur && isMain(one))
		.map(({ ts, tdur }) => ({ ts, ms: tdur / 1000 }));
}
