/*
 * openai-stub: an OpenAI-compatible chat server without a model. Tests and benchmarks use it
 * instead of a real one, and it is the demo model of `make run`. This file parses the options.
 */
#include <err.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bsd/stdlib.h>

#include "tests/stub/server.h"

#define PORT_DEFAULT 8090

static const struct option options[] = {
    {"port", required_argument, NULL, 'p'},
    {"key", required_argument, NULL, 'k'},
    {"dialect", required_argument, NULL, 'd'},
    {"dialects", no_argument, NULL, 'l'},
    {"script", required_argument, NULL, 's'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static const char help_options[] =
    "usage: openai-stub [options]\n"
    "\n"
    "An OpenAI-compatible chat server without a model, for tests, benchmarks and the demo.\n"
    "\n"
    "  --port N           where to listen on 127.0.0.1 (default 8090; 0: any free port)\n"
    "  --key KEY          the only API key accepted (default: any)\n"
    "  --dialect NAME     refuse and answer like another server: mistral, vllm, ...\n"
    "  --dialects         print the names of all dialects (tests/stub/dialects.json)\n"
    "  --script WORDS     defaults for any directives: --script 'tokens=50 delay=0 unicode'\n"
    "                     (default: the demo's reply, 30 ms a token, none before the first)\n"
    "\n"
    "When it listens it prints one line, 'openai-stub listening on http://127.0.0.1:PORT/v1'.\n"
    "It exits with status 0 on SIGTERM and SIGINT.\n"
    "\n"
    "Directives are in the last user message, behind its last empty line: the first [[...]],\n"
    "words separated by one space, as in [[tokens=50 delay=5 fail=429 fail-times=2\n"
    "retry-after=1]]. An unknown word or\n"
    "an invalid value gets a 400 response, code bad_directive.\n"
    "\n";

static const char help_rest[] =
    "\n"
    "In a stream, the *-after=N count tokens already sent, 0 meaning after the role event; "
    "one\n"
    "beyond the last token has no effect. max_tokens shortens the reply (finish_reason\n"
    "length). A call that does not ask for a stream is refused.\n"
    "\n"
    "A delay below 1 ms is kept on average: every millisecond the tokens due are sent, one "
    "write\n"
    "each. A client that shuts down only its sending side counts as disconnected.\n"
    "\n"
    "Paths:\n"
    "  POST /v1/chat/completions    Authorization: Bearer KEY\n"
    "  POST /v1/responses           the same\n"
    "  GET  /v1/models              the same\n"
    "  GET  /stub/stats    {calls, active, client_disconnects, tokens, accepted}: calls, "
    "those\n"
    "                      without a complete response, those whose client disconnected\n"
    "                      first, content events sent, connections accepted\n"
    "  GET  /stub/last     the last call: {path, headers: {authorization: its length, accept,\n"
    "                      content-type}, body}; null before the first; body is null if the\n"
    "                      call was refused before its body was parsed\n"
    "  GET  /stub/calls?contains=TEXT    {count}: how many of the last 4096 calls had TEXT\n"
    "                      (percent-encoded) in their last user message\n"
    "  POST /stub/release?contains=TEXT    lets replies to such messages that hold-after "
    "holds\n"
    "                      continue: waiting ones and future ones\n";

static _Noreturn void
main_usage(FILE *out, int status)
{
	fputs(help_options, out);
	script_help(out);
	fputs(help_rest, out);
	exit(status);
}

static void
main_set_script(struct service *s, const char *words)
{
	char why[128];

	if (script_parse(&s->defaults, words, why, sizeof(why)) == -1)
		errx(64, "%s", why);
}

static uint16_t
main_port(const char *value)
{
	const char *why;
	long long port = strtonum(value, 0, 65535, &why);

	if (why != NULL)
		errx(64, "--port %s: %s", value, why);
	return (uint16_t)port;
}

int
main(int argc, char **argv)
{
	/* Static, as it contains the stored messages. */
	static struct service service;
	uint16_t port = PORT_DEFAULT;
	int option;

	signal(SIGPIPE, SIG_IGN);
	script_init(&service.defaults);
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 'p':
			port = main_port(optarg);
			break;
		case 'k':
			service.key = optarg;
			break;
		case 'd':
			service.dialect = dialect_load(optarg);
			break;
		case 'l':
			dialect_list(stdout);
			exit(0);
		case 's':
			main_set_script(&service, optarg);
			break;
		case 'h':
			main_usage(stdout, 0);
		default:
			exit(64);
		}
	}
	if (optind < argc)
		errx(64, "unexpected '%s' (see --help)", argv[optind]);
	server_run(&service, port);
	stats_clear(&service.stats);
	script_clear(&service.defaults);
	return 0;
}
