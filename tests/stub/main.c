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

#define PORT_DEFAULT "8090"

enum option_id {
	OPT_PORT = 256,
	OPT_LISTEN,
	OPT_KEY,
	OPT_READY_FD,
	OPT_TOKENS,
	OPT_DELAY,
	OPT_FIRST_DELAY,
	OPT_STAMP,
	OPT_SCRIPT,
	OPT_HELP
};

static const struct option options[] = {
    {"port", required_argument, NULL, OPT_PORT},
    {"listen", required_argument, NULL, OPT_LISTEN},
    {"key", required_argument, NULL, OPT_KEY},
    {"ready-fd", required_argument, NULL, OPT_READY_FD},
    {"tokens", required_argument, NULL, OPT_TOKENS},
    {"delay", required_argument, NULL, OPT_DELAY},
    {"first-delay", required_argument, NULL, OPT_FIRST_DELAY},
    {"stamp", no_argument, NULL, OPT_STAMP},
    {"script", required_argument, NULL, OPT_SCRIPT},
    {"help", no_argument, NULL, OPT_HELP},
    {NULL, 0, NULL, 0},
};

static const char help_options[] =
    "usage: openai-stub [options]\n"
    "\n"
    "An OpenAI-compatible chat server without a model, for tests, benchmarks and the demo.\n"
    "\n"
    "  --port N           where to listen (default " PORT_DEFAULT "; 0: any free port)\n"
    "  --listen ADDRESS   numeric address (default 127.0.0.1)\n"
    "  --key KEY          the only API key accepted (default: any)\n"
    "  --tokens N         defaults for calls without directives; see the directives\n"
    "  --delay MS         of the same names below\n"
    "  --first-delay MS   (default: the demo's reply, 30 ms a token, none before the first)\n"
    "  --stamp\n"
    "  --script WORDS     defaults for any directives: --script 'tokens=50 delay=0 crlf'\n"
    "  --ready-fd FD      write the ready line there, too, and close it\n"
    "\n"
    "When it listens it prints one line, 'openai-stub listening on http://ADDRESS:PORT/v1'.\n"
    "It exits with status 0 on SIGTERM and SIGINT.\n"
    "\n"
    "Directives are in the last user message: the first [[...]] in it, words separated by one\n"
    "space, as in [[tokens=50 delay=5 fail=429 fail-times=2 retry-after=1]]. An unknown word "
    "or\n"
    "an invalid value gets a 400 response, code bad_directive.\n"
    "\n";

static const char help_rest[] =
    "\n"
    "In a stream, the *-after=N count tokens already sent, 0 meaning after the role event; "
    "one\n"
    "beyond the last token has no effect. A response without streaming is sent after "
    "first-delay\n"
    "and all delays; there hang-after sends half of it and stops, cut-after sends half and\n"
    "closes, garbage-after makes the JSON invalid, error-after sends a 500, and hold-after "
    "has\n"
    "no effect. Otherwise it has the same text as the stream of the same message, except for\n"
    "stamps. max_tokens shortens the reply (finish_reason length).\n"
    "\n"
    "A delay below 1 ms is kept on average: every millisecond the tokens due are sent, one "
    "write\n"
    "each. split=N makes separate reads very likely, but not certain: a reader that wakes up\n"
    "late reads several writes at once. A client that shuts down only its sending side counts "
    "as\n"
    "disconnected.\n"
    "\n"
    "Paths:\n"
    "  POST /v1/chat/completions, /chat/completions    Authorization: Bearer KEY\n"
    "  GET  /v1/models, /models                        same\n"
    "  GET  /stub/stats    {calls, active, completed, failed, client_disconnects, tokens,\n"
    "                      connections, accepted}; calls = active + completed + failed +\n"
    "                      client_disconnects; tokens counts content events sent\n"
    "  GET  /stub/last     the last call: {path, headers: {authorization: its length, accept,\n"
    "                      content-type, user-agent}, body}; null before the first; body is\n"
    "                      null if the call was refused before its body was parsed\n"
    "  GET  /stub/calls?contains=TEXT    {count}: how many of the last 4096 calls had TEXT\n"
    "                      (percent-encoded) in the first 256 bytes of the last user message\n"
    "  POST /stub/release?contains=TEXT    lets replies to such messages that hold-after "
    "holds\n"
    "                      continue: waiting ones and future ones\n"
    "  POST /stub/reset    resets all of this and the fail-times\n";

static _Noreturn void
main_usage(FILE *out, int status)
{
	fputs(help_options, out);
	script_help(out);
	fputs(help_rest, out);
	exit(status);
}

/* An option that is a directive, with the same names and parser. */
static void
main_set_default(struct service *s, const char *name, const char *value)
{
	char word[64], why[128];
	int n = snprintf(word, sizeof(word), "%s=%s", name, value);

	if (n < 0 || (size_t)n >= sizeof(word) ||
	    script_parse(&s->defaults, span_str(word), why, sizeof(why)) == -1)
		errx(64, "--%s %s: not a valid value", name, value);
}

static void
main_set_script(struct service *s, const char *words)
{
	char why[128];

	if (script_parse(&s->defaults, span_str(words), why, sizeof(why)) == -1)
		errx(64, "%s", why);
}

static int
main_number(const char *name, const char *value, int max)
{
	const char *why;
	int n = (int)strtonum(value, 0, max, &why);

	if (why != NULL)
		errx(64, "--%s %s: %s", name, value, why);
	return n;
}

int
main(int argc, char **argv)
{
	/* Static, since it contains a megabyte of stored messages. */
	static struct service service;
	struct server_options server = {
	    .address = "127.0.0.1", .port = PORT_DEFAULT, .ready_fd = -1};
	int option, index = 0;

	signal(SIGPIPE, SIG_IGN);
	script_init(&service.defaults);
	while ((option = getopt_long(argc, argv, "", options, &index)) != -1) {
		switch (option) {
		case OPT_PORT:
			main_number("port", optarg, 65535);
			server.port = optarg;
			break;
		case OPT_LISTEN:
			server.address = optarg;
			break;
		case OPT_KEY:
			service.key = optarg;
			break;
		case OPT_READY_FD:
			server.ready_fd = main_number("ready-fd", optarg, 1 << 20);
			break;
		case OPT_TOKENS:
		case OPT_DELAY:
		case OPT_FIRST_DELAY:
			main_set_default(&service, options[index].name, optarg);
			break;
		case OPT_STAMP:
			main_set_script(&service, "stamp");
			break;
		case OPT_SCRIPT:
			main_set_script(&service, optarg);
			break;
		case OPT_HELP:
			main_usage(stdout, 0);
		default:
			exit(64);
		}
	}
	if (optind < argc)
		errx(64, "unexpected '%s' (see --help)", argv[optind]);
	server_run(&service, &server);
	stats_clear(&service.stats);
	script_clear(&service.defaults);
	return 0;
}
