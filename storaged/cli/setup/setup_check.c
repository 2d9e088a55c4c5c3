/*
 * The daemons check settings and model servers; component.h checks the service.
 */
#include "storaged/cli/setup/setup_check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sysexits.h>

#include "proto/base/basics.h"
#include "storaged/cli/base/console.h"
#include "storaged/cli/base/daemons.h"
#include "storaged/cli/base/list.h"
#include "storaged/cli/service/component.h"

#define MODELS_SHOWN 40

static void
setup_check_add(json_t *report, const char *name, int status, json_t *messages)
{
	json_t *check = json_pack("{s:s, s:b, s:i, s:o}", "name", name, "ok", status == 0,
	    "exit_status", status, "messages", messages);

	must(check != NULL && json_array_append_new(report, check) == 0);
}

static void
setup_check_add_message(json_t *messages, const char *text)
{
	must(json_array_append_new(messages, list_text(text)) == 0);
}

/* Each line of a daemon's output, without its indent. */
static json_t *
setup_check_lines(FILE *output)
{
	json_t *messages = json_array();
	char *line = NULL;
	size_t size;
	ssize_t n;

	must(messages != NULL);
	rewind(output);
	while ((n = getline(&line, &size, output)) > 0) {
		line[n - (line[n - 1] == '\n')] = '\0';
		setup_check_add_message(messages, line + strspn(line, " "));
	}
	free(line);
	return messages;
}

/* Runs the check of a daemon. */
static int
setup_check_run(json_t *report, const char *name, const char *daemon, const char *option)
{
	FILE *output;
	int status;

	if (report == NULL)
		return daemons_run(daemon, option, -1);
	output = fdopen(memfd_create(name, MFD_CLOEXEC), "w+");
	must(output != NULL);
	status = daemons_run(daemon, option, fileno(output));
	setup_check_add(report, name, status, setup_check_lines(output));
	(void)fclose(output);
	return status;
}

int
setup_check_settings(json_t *report)
{
	int store = setup_check_run(report, "storaged", "storaged", "--check");
	int front_end = setup_check_run(report, "masterd", "masterd", "--check");
	int status = store != 0 ? store : front_end;

	return status != 0 ? status
			   : setup_check_run(report, "model", "workerd", "--check-model");
}

void
setup_show_models(void)
{
	FILE *output = fdopen(memfd_create("models", MFD_CLOEXEC), "w+");
	json_t *lines;
	const json_t *line;
	size_t i;
	int status;

	must(output != NULL);
	status = daemons_run("workerd", "--list-models", fileno(output));
	lines = setup_check_lines(output);
	(void)fclose(output);
	fprintf(stderr,
	    status == 0 ? "The model server has:" : "The model server names no models:");
	json_array_foreach (lines, i, line) {
		if (i == MODELS_SHOWN) {
			fprintf(stderr, " and %zu more", json_array_size(lines) - i);
			break;
		}
		fprintf(
		    stderr, "%s %s", i == 0 || status != 0 ? "" : ",", json_string_value(line));
	}
	fputc('\n', stderr);
	json_decref(lines);
}

static void
setup_check_print_service(const struct component *c)
{
	for (size_t i = 0; i < c->listening; i++)
		if (c->at[i].answers)
			console_print("banter answers at %s.", c->at[i].url);
	if (c->state == COMPONENT_RUNNING)
		return;
	if (c->error[0] != '\0')
		console_warn("masterd: %s", c->error);
	(void)console_fail(
	    EX_UNAVAILABLE, "masterd: %s; %s", component_state_name(c->state), c->advice);
}

static void
setup_check_report_service(json_t *report, const struct component *c, int status)
{
	json_t *messages = json_array();
	char text[UNIT_ERROR_MAX];

	must(messages != NULL);
	for (size_t i = 0; i < c->listening; i++) {
		(void)snprintf(text, sizeof(text), "%s %s", c->at[i].url,
		    c->at[i].answers ? "answers" : "does not answer");
		setup_check_add_message(messages, text);
	}
	if (status != 0) {
		setup_check_add_message(messages, component_state_name(c->state));
		if (c->error[0] != '\0')
			setup_check_add_message(messages, c->error);
		setup_check_add_message(messages, c->advice);
	}
	setup_check_add(report, "service", status, messages);
}

int
setup_check_service(json_t *report)
{
	struct component c;
	int status;

	component_find_front_end(&c, true, 0, 0);
	status = c.state == COMPONENT_RUNNING ? 0 : EX_UNAVAILABLE;
	if (report == NULL)
		setup_check_print_service(&c);
	else
		setup_check_report_service(report, &c, status);
	return status;
}
