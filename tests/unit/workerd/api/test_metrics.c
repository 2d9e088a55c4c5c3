/*
 * Metrics: counters are sums over all workers, also ended ones; gauges are of running workers; the text is
 * valid for Prometheus.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proto/base/basics.h"
#include "tests/unit/unit.h"
#include "workerd/api/metrics.h"
#include "workerd/api/process_usage.h"

static struct scoreboard *board;
static int board_fd;
static char *text;

FIXTURE(setup)
{
	board = scoreboard_create(&board_fd);
}

FIXTURE(teardown)
{
	scoreboard_unmap(board);
	closefd(&board_fd);
	free(text);
	text = NULL;
}

#define METRICS_TEST(name) TEST_WITH(name, setup, teardown)

static void
write_text(void)
{
	struct buf out;

	buf_init(&out, 4u << 20);
	metrics_write(board, &out);
	free(text);
	text = strndup((const char *)buf_data(&out), buf_len(&out));
	buf_clear(&out);
}

/* Whether the text has exactly this line. */
static bool
has_line(const char *line)
{
	size_t n = strlen(line);

	for (const char *p = text; (p = strstr(p, line)) != NULL; p++)
		if ((p == text || p[-1] == '\n') && p[n] == '\n')
			return true;
	return false;
}

METRICS_TEST(counters_are_sums_over_all_workers_and_gauges_are_of_running_workers)
{
	static const char *const lines[] = {
	    "banter_model_requests_total 12",
	    "banter_turns_total{outcome=\"complete\"} 4",
	    "banter_turns_total{outcome=\"cut\"} 1",
	    "banter_turns_total{outcome=\"too_long\"} 0",
	    "banter_connections{worker=\"0\"} 10",
	    "banter_connections{worker=\"2\"} 12",
	    "banter_http_requests_total{route=\"health\",status=\"200\"} 3",
	    "banter_http_requests_total{route=\"health\",status=\"503\"} 2",
	    "banter_http_requests_total{route=\"health_ready\",status=\"0\"} 1",
	    /* Buckets are cumulative. */
	    "banter_store_request_seconds_bucket{le=\"1e-05\"} 2",
	    "banter_store_request_seconds_bucket{le=\"2.5e-05\"} 3",
	    "banter_store_request_seconds_bucket{le=\"0.0005\"} 3",
	    "banter_store_request_seconds_bucket{le=\"0.001\"} 13",
	    "banter_store_request_seconds_bucket{le=\"25\"} 13",
	    "banter_store_request_seconds_bucket{le=\"60\"} 15",
	    "banter_store_request_seconds_bucket{le=\"+Inf\"} 16",
	    "banter_store_request_seconds_count 16",
	    "banter_store_request_seconds_sum 180.010020002",
	    "banter_token_relay_seconds_count 0",
	};
	static const char *const missing[] = {
	    "banter_connections{worker=\"1\"}",
	    "banter_connections{worker=\"3\"}",
	    "{route=\"health\",status=\"404\"}",
	};
	struct scoreboard_worker *w = board->workers;

	for (unsigned slot = 0; slot < 3; slot++) {
		scoreboard_worker_started(board, slot, (uint64_t)getpid());
		metric_set(&w[slot].connections, slot + 10);
	}
	metric_add(&w[0].model_requests, 5);
	metric_add(&w[1].model_requests, 7);
	metric_add(&w[0].turns[METRIC_TURN_COMPLETE], 4);
	metric_add(&w[1].turns[METRIC_TURN_CUT], 1);
	metric_add(&w[0].requests[0][metric_status_of(200)], 3);
	metric_add(&w[0].requests[0][metric_status_of(503)], 2);
	metric_add(&w[0].requests[1][metric_status_of(0)], 1);
	metric_observe(&w[0].store, 0, 1);
	metric_observe(&w[0].store, 10000, 1); /* bounds are inclusive */
	metric_observe(&w[0].store, 10001, 1);
	metric_observe(&w[0].store, 60000000000, 2);
	metric_observe(&w[0].store, 60000000001, 1);
	metric_observe(&w[2].store, 1000000, 10);
	scoreboard_worker_gone(board, 1);
	assert_int_equal(metric_get(&w[1].connections), 0);
	write_text();
	for (size_t i = 0; i < ARRAY_LEN(lines); i++)
		if (!has_line(lines[i]))
			fail_msg("no line %s", lines[i]);
	for (size_t i = 0; i < ARRAY_LEN(missing); i++)
		if (strstr(text, missing[i]) != NULL)
			fail_msg("a line with %s", missing[i]);
}

TEST(a_status_that_is_not_in_the_table_counts_as_0)
{
	assert_int_equal(metric_status_of(200), METRIC_STATUS_200);
	assert_int_equal(metric_status_of(505), METRIC_STATUS_505);
	assert_int_equal(metric_status_of(0), METRIC_STATUS_OTHER);
	assert_int_equal(metric_status_of(299), METRIC_STATUS_OTHER);
}

METRICS_TEST(every_family_has_one_help_and_type_before_its_lines)
{
	char *copy, *rest, *line, family[128] = "";

	scoreboard_worker_started(board, 0, (uint64_t)getpid());
	metric_add(&board->workers[0].requests[0][metric_status_of(200)], 1);
	write_text();
	assert_int_equal(text[strlen(text) - 1], '\n');
	copy = rest = xstrdup(text);
	while ((line = strsep(&rest, "\n")) != NULL && *line != '\0') {
		char want[160];

		if (strncmp(line, "# HELP ", 7) == 0) {
			snprintf(family, sizeof(family), "%.*s", (int)strcspn(line + 7, " "),
			    line + 7);
			snprintf(want, sizeof(want), "# HELP %s ", family);
			assert_ptr_equal(strstr(strstr(text, want) + 1, want), NULL);
			assert_true(line[strlen(want)] != '\0');
		} else if (strncmp(line, "# TYPE ", 7) == 0) {
			snprintf(want, sizeof(want), "# TYPE %s ", family);
			assert_int_equal(strncmp(line, want, strlen(want)), 0);
		} else {
			assert_int_equal(strncmp(line, family, strlen(family)), 0);
		}
	}
	free(copy);
}

METRICS_TEST(the_processes_are_measured)
{
	struct usage u;

	assert_int_equal(usage_of((uint64_t)getpid(), &u), 0);
	assert_true(u.resident_bytes > 100000 && u.resident_bytes < 1ull << 40);
	assert_true(u.cpu_seconds >= 0);
	assert_int_equal(usage_of(UINT64_MAX, &u), -1);
	scoreboard_worker_started(board, 0, (uint64_t)getpid());
	scoreboard_worker_started(board, 1, UINT32_MAX); /* a process that has just ended */
	write_text();
	assert_non_null(
	    strstr(text, "\nbanter_process_resident_memory_bytes{process=\"masterd\"} "));
	assert_non_null(strstr(
	    text, "\nbanter_process_cpu_seconds_total{process=\"workerd\",worker=\"0\"} "));
	assert_null(strstr(text, "{process=\"workerd\",worker=\"1\"}"));
}

TEST_MAIN(NULL, NULL)
