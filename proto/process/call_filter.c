/*
 * The list of calls becomes a filter in the kernel, by libseccomp. A call outside of it raises
 * SIGSYS in the calling thread; the handler logs the call's name, which the kernel's own errors
 * would hide, and lets the call fail.
 */
#include "proto/process/call_filter.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <seccomp.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <ucontext.h>
#include <unistd.h>

#include "proto/base/basics.h"
#include "proto/base/log.h"

/* ptrace(2): the number of a call that must not happen. */
#define TRACER_SKIPS (-1)

/* More than the kernel has calls. */
#define NUMBERS 1024

/* Bits of a row of the table. */
enum {
	WORKER = CALLS_WORKER,
	STORE = CALLS_STORE,
	SEARCH = CALLS_SEARCH,
	CRAWL = CALLS_CRAWL,
	MAIL = CALLS_MAIL,
	EXTRACT = CALLS_EXTRACT,
	PROGRAM = CALLS_PROGRAM,
	MEDIA = CALLS_MEDIA,
	MEDIAD = CALLS_MEDIAD,
	LOGGED = CALLS_STORE_LOG & ~CALLS_STORE,
	SANITIZED = 4,
};

static const struct {
	int number; /* negative: this processor has no such call */
	unsigned who;
	int argument; /* -1: any arguments are allowed */
	unsigned mask, value;
	bool own; /* the value is our pid */
} calls_table[] = {
#define CALL(name, who)                        {SCMP_SYS(name), who, -1, 0, 0, false},
#define CALL_WITH(name, who, n, value)         {SCMP_SYS(name), who, n, UINT32_MAX, value, false},
#define CALL_MASKED(name, who, n, mask, value) {SCMP_SYS(name), who, n, mask, value, false},
#define CALL_OWN(name, who, n)                 {SCMP_SYS(name), who, n, UINT32_MAX, 0, true},
#include "proto/process/syscalls.def"
};

/* A handler must not allocate: the names are looked up before. NULL: unknown. */
static const char *call_filter_names[NUMBERS];
static atomic_bool call_filter_logged[NUMBERS];

/* A new call that a library tries first is answered as by an old kernel. */
static int
call_filter_error_of(const char *name)
{
	return name == NULL ? ENOSYS : EPERM;
}

static void
call_filter_set_result(ucontext_t *context, int result)
{
#if defined(__x86_64__)
	context->uc_mcontext.gregs[REG_RAX] = result;
#elif defined(__aarch64__)
	context->uc_mcontext.regs[0] = (unsigned long long)result;
#else
	(void)context, (void)result;
	never("a refused system call");
#endif
}

static void
call_filter_on_refused(int sig, siginfo_t *info, void *context)
{
	unsigned number = (unsigned)info->si_syscall;
	const char *name = number < NUMBERS ? call_filter_names[number] : NULL;

	(void)sig;
	/* Another process sent the signal, or a tracer skips a call and sets its result. */
	if (info->si_code <= 0 || info->si_syscall == TRACER_SKIPS)
		return;
	if (number < NUMBERS && !atomic_exchange(&call_filter_logged[number], true))
		log_event(LOG_ERROR, "call_refused", L_STR("call", name),
		    L_UINT("number", number),
		    L_STR("help", "a bug or an attack: report it, with this line"));
	call_filter_set_result(context, -call_filter_error_of(name));
}

static void
call_filter_handle_refused(void)
{
	const struct sigaction act = {
	    .sa_sigaction = call_filter_on_refused, .sa_flags = SA_SIGINFO | SA_NODEFER};

	for (int i = 0; i < NUMBERS; i++)
		call_filter_names[i] = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, i);
	must(sigaction(SIGSYS, &act, NULL) == 0);
}

static int
call_filter_allow(scmp_filter_ctx filter, size_t row)
{
	/* The upper half of an int's register is undefined. */
	const struct scmp_arg_cmp compare = {.arg = (unsigned)calls_table[row].argument,
	    .op = SCMP_CMP_MASKED_EQ,
	    .datum_a = calls_table[row].mask,
	    .datum_b = calls_table[row].own ? (unsigned)getpid() : calls_table[row].value};
	unsigned n = calls_table[row].argument == -1 ? 0 : 1;

	return seccomp_rule_add_array(
	    filter, SCMP_ACT_ALLOW, calls_table[row].number, n, &compare);
}

static void
call_filter_allow_calls(scmp_filter_ctx filter, unsigned who)
{
	for (size_t i = 0; i < ARRAY_LEN(calls_table); i++)
		if ((calls_table[i].who & who) != 0 && calls_table[i].number >= 0)
			must(call_filter_allow(filter, i) == 0);
}

/* Starts it in all threads: 0, or an errno. */
static int
call_filter_load(uint32_t refused, unsigned who)
{
	scmp_filter_ctx filter = seccomp_init(refused);
	int error;

	must(filter != NULL);
#ifdef BANTER_SANITIZED
	who |= SANITIZED;
#endif
	call_filter_allow_calls(filter, who);
	error = -seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
	if (error == 0)
		error = -seccomp_load(filter);
	seccomp_release(filter);
	return error;
}

void
call_filter_start(enum call_filter_calls calls)
{
	int error;

	call_filter_handle_refused();
	error = call_filter_load(SCMP_ACT_TRAP, calls);
	if (error != 0)
		log_event(LOG_WARN, "calls_not_restricted", L_STR("error", strerror(error)),
		    L_STR("help",
			"the kernel has no seccomp filters, or a sandbox forbids them"));
}

int
call_filter_start_program(enum call_filter_calls calls)
{
	return call_filter_load(SCMP_ACT_ERRNO(EPERM), calls) == 0 ? 0 : -1;
}
