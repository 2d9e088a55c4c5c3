#include "workerd/children/spawner.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"
#include "proto/ipc/fdpass.h"

#define TRIES_MAX \
	40 /* to start a child, while there are too many processes, or too little memory */
#define TRY_US       100000
#define CHILDREN_MAX 16 /* daemons start fewer, but those that they gave up may still run */
/* The first byte of a record. */
#define RECORD_IN  'i'
#define RECORD_OUT 'o'

struct child {
	pid_t pid; /* 0: none */
	uint64_t deadline;
};

struct spawner {
	struct spawner_program program;
	int sock, signals; /* signals: SIGCHLD */
	uint8_t args[SPAWNER_RECORD_MAX];
	int in; /* of the job that is half received; -1: none */
	struct child children[CHILDREN_MAX];
};

/* A child inherits nothing of the daemon's environment, which names its settings. */
static char spawner_path[] = "PATH=/usr/bin:/bin", spawner_locale[] = "LC_ALL=C.UTF-8";
#ifdef BANTER_SANITIZED /* a process that hides its memory cannot look for leaks, and waits forever */
static char spawner_sanitizer[] = "ASAN_OPTIONS=exitcode=86:detect_leaks=0";
static char *const spawner_environment[] = {
    spawner_path, spawner_locale, spawner_sanitizer, NULL};
#else
static char *const spawner_environment[] = {spawner_path, spawner_locale, NULL};
#endif

/* The child ignores the signals that end the daemon: a file that is cut short would count as damaged. */
static void
spawner_plan_signals(posix_spawnattr_t *attr)
{
	sigset_t none, reset;

	sigemptyset(&none);
	sigfillset(&reset);
	sigdelset(&reset, SIGTERM);
	sigdelset(&reset, SIGINT);
	sigdelset(&reset, SIGHUP);
	must(posix_spawnattr_setsigmask(attr, &none) == 0);
	must(posix_spawnattr_setsigdefault(attr, &reset) == 0);
	must(posix_spawnattr_setpgroup(attr, 0) == 0);
	must(posix_spawnattr_setflags(attr,
		 POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP) == 0);
}

/* argv points into args. */
static void
spawner_split(struct spawner *s, char *argv[SPAWNER_ARGUMENTS_MAX + 2])
{
	char *at = (char *)s->args;

	argv[0] = (char *)(uintptr_t)s->program.path;
	for (size_t i = 0; i < s->program.arguments; i++) {
		argv[i + 1] = at;
		at += strlen(at) + 1;
	}
	argv[s->program.arguments + 1] = NULL;
}

static struct child *
spawner_free_child(struct spawner *s)
{
	for (size_t i = 0; i < CHILDREN_MAX; i++)
		if (s->children[i].pid == 0)
			return &s->children[i];
	return NULL;
}

static void
spawner_exec(struct spawner *s, int out)
{
	struct child *child = spawner_free_child(s);
	posix_spawn_file_actions_t actions;
	char *argv[SPAWNER_ARGUMENTS_MAX + 2];
	posix_spawnattr_t attr;
	int e;

	must(child != NULL);
	must(posix_spawn_file_actions_init(&actions) == 0);
	must(posix_spawnattr_init(&attr) == 0);
	must(posix_spawn_file_actions_adddup2(&actions, s->in, STDIN_FILENO) == 0);
	must(posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO) == 0);
	must(posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1) == 0);
	spawner_plan_signals(&attr);
	spawner_split(s, argv);
	/* A failure that passes must not count as that of the file. */
	for (unsigned tries = 0;; tries++) {
		e = posix_spawn(
		    &child->pid, s->program.path, &actions, &attr, argv, spawner_environment);
		if ((e != EAGAIN && e != ENOMEM) || tries == TRIES_MAX)
			break;
		(void)usleep(TRY_US);
	}
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&actions);
	child->deadline = clock_mono_ms() + (uint64_t)s->program.seconds * 1000;
	if (e != 0) {
		child->pid = 0;
		log_event(LOG_ERROR, s->program.not_started, L_STR("program", s->program.path),
		    L_STR("error", strerror(e)));
	}
}

/* Whether the record is the arguments, each with its NUL. */
static bool
spawner_are_arguments(const struct spawner *s, const uint8_t *record, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
		n += record[i] == 0;
	return n == s->program.arguments && (len == 0 || record[len - 1] == 0);
}

/* False if the daemon is gone. */
static bool
spawner_receive(struct spawner *s)
{
	uint8_t record[SPAWNER_RECORD_MAX + 1];
	int fd = -1;
	ssize_t n = fdpass_recv(s->sock, record, sizeof(record), &fd);

	if (n == -1)
		return errno == EAGAIN;
	if (n == 0)
		return false;
	must(fd != -1);
	if (s->in == -1) {
		must(record[0] == RECORD_IN &&
		    spawner_are_arguments(s, record + 1, (size_t)n - 1));
		memcpy(s->args, record + 1, (size_t)n - 1);
		s->in = fd;
		return true;
	}
	must(record[0] == RECORD_OUT);
	spawner_exec(s, fd);
	closefd(&s->in);
	closefd(&fd);
	return true;
}

/* Also kills what the child has started. */
static void
spawner_reap(struct spawner *s)
{
	struct signalfd_siginfo info;
	pid_t pid;
	int status;

	(void)!read(s->signals, &info, sizeof(info));
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		(void)kill(-pid, SIGKILL);
		if (WIFSIGNALED(status))
			log_event(
			    LOG_NOTICE, s->program.killed, L_INT("signal", WTERMSIG(status)));
		for (size_t i = 0; i < CHILDREN_MAX; i++)
			if (s->children[i].pid == pid)
				s->children[i].pid = 0;
	}
}

static void
spawner_kill(struct spawner *s, uint64_t deadline)
{
	for (size_t i = 0; i < CHILDREN_MAX; i++)
		if (s->children[i].pid != 0 && s->children[i].deadline <= deadline)
			(void)kill(-s->children[i].pid, SIGKILL);
}

/* Milliseconds to the next deadline; -1: none. */
static int
spawner_wait_ms(const struct spawner *s)
{
	uint64_t now = clock_mono_ms(), next = UINT64_MAX;

	for (size_t i = 0; i < CHILDREN_MAX; i++)
		if (s->children[i].pid != 0 && s->children[i].deadline < next)
			next = s->children[i].deadline;
	if (next == UINT64_MAX)
		return -1;
	/* A process that was killed ends soon. */
	return next <= now ? 100 : (int)(next - now);
}

static _Noreturn void
spawner_run(struct spawner *s)
{
	bool connected = true;

	while (connected) {
		struct pollfd fds[] = {
		    {.fd = s->signals, .events = POLLIN},
		    {.fd = spawner_free_child(s) != NULL ? s->sock : -1, .events = POLLIN},
		};

		if (poll(fds, ARRAY_LEN(fds), spawner_wait_ms(s)) == -1)
			continue;
		spawner_kill(s, clock_mono_ms());
		if (fds[0].revents != 0)
			spawner_reap(s);
		if (fds[1].revents != 0)
			connected = spawner_receive(s);
	}
	spawner_kill(s, UINT64_MAX);
	_exit(0);
}

static _Noreturn void
spawner_main(const struct spawner_program *program, int sock)
{
	static struct spawner s;
	sigset_t child;

	(void)prctl(PR_SET_NAME, program->name);
	(void)signal(SIGTERM, SIG_IGN);
	(void)signal(SIGINT, SIG_IGN);
	(void)signal(SIGHUP, SIG_IGN);
	(void)signal(SIGCHLD, SIG_DFL);
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	must(sigprocmask(SIG_SETMASK, &child, NULL) == 0);
	s.program = *program;
	s.sock = sock;
	s.in = -1;
	s.signals = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
	must(s.signals != -1);
	spawner_run(&s);
}

int
spawner_start(const struct spawner_program *program)
{
	int pair[2];
	pid_t pid;

	must(program->arguments <= SPAWNER_ARGUMENTS_MAX);
	if (access(program->path, X_OK) == -1)
		return -1;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) == -1)
		return -1;
	pid = fork();
	if (pid == 0) {
		closefd(&pair[0]);
		spawner_main(program, pair[1]);
	}
	closefd(&pair[1]);
	if (pid == -1)
		closefd(&pair[0]);
	return pair[0];
}

int
spawner_send(int spawner, struct slice args, int in, int out)
{
	uint8_t record[SPAWNER_RECORD_MAX + 1] = {RECORD_IN};

	if (!slice_copy(args, record + 1, SPAWNER_RECORD_MAX)) {
		errno = EMSGSIZE;
		return -1;
	}
	if (fdpass_send(spawner, (struct slice){record, args.len + 1}, in) == -1)
		return -1;
	record[0] = RECORD_OUT;
	return fdpass_send(spawner, (struct slice){record, 1}, out);
}
