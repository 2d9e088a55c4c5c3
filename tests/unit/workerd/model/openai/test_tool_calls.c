/*
 * The calls of tools in the events of both APIs.
 */
#include "tests/unit/unit.h"
#include "workerd/model/openai/tool_calls.h"

#define CHAT(delta) "{\"choices\":[{\"index\":0,\"delta\":" delta "}]}"
#define CALLS(list) CHAT("{\"tool_calls\":" list "}")

static const struct {
	const char *events[6];
	const char *calls; /* "name(arguments) " for each */
} cases[] = {
    {{CALLS("[{\"index\":0,\"id\":\"a\",\"function\":{\"name\":\"find\",\"arguments\":\"\"}}]"),
	 CALLS("[{\"index\":0,\"function\":{\"arguments\":\"{\\\"a\\\"\"}}]"),
	 CALLS("[{\"index\":0,\"function\":{\"arguments\":\":1}\"}}]")},
	"find({\"a\":1}) "},
    /* Side by side, in one event and in turns. */
    {{CALLS("[{\"index\":0,\"function\":{\"name\":\"a\",\"arguments\":\"{\"}},{\"index\":1,"
	    "\"function\":{\"name\":\"b\",\"arguments\":\"{\"}}]"),
	 CALLS("[{\"index\":1,\"function\":{\"arguments\":\"1}\"}}]"),
	 CALLS("[{\"index\":0,\"function\":{\"arguments\":\"0}\"}}]")},
	"a({0}) b({1}) "},
    /* The name again in each event; a name in pieces. */
    {{CALLS("[{\"index\":0,\"function\":{\"name\":\"a\",\"arguments\":\"{\"}}]"),
	 CALLS("[{\"index\":0,\"function\":{\"name\":\"a\",\"arguments\":\"}\"}}]")},
	"a({}) "},
    /* Without an index: whole calls. */
    {{CALLS("[{\"function\":{\"name\":\"a\",\"arguments\":{\"x\":1}}},{\"function\":{\"name\":"
	    "\"b\",\"arguments\":null}}]")},
	"a({\"x\":1}) b() "},
    /* One object; the namespace of gpt-oss; before tools; a response in one piece. */
    {{CALLS("{\"function\":{\"name\":\"functions.a\",\"arguments\":\"{}\"}}")}, "a({}) "},
    {{CHAT("{\"function_call\":{\"name\":\"a\",\"arguments\":\"{\"}}"),
	 CHAT("{\"function_call\":{\"arguments\":\"}\"}}")},
	"a({}) "},
    {{"{\"choices\":[{\"message\":{\"content\":null,\"tool_calls\":[{\"id\":\"a\",\"function\":"
      "{"
      "\"name\":\"a\",\"arguments\":\"{}\"}}]},\"finish_reason\":\"tool_calls\"}]}"},
	"a({}) "},
    {{CHAT("{\"content\":\"no calls\"}"), CALLS("null"), CALLS("[null,1]")}, "() "},
    /* The Responses API: in pieces, and whole again at the end of the item and of the response. */
    {{"{\"type\":\"response.output_item.added\",\"output_index\":1,\"item\":{\"type\":"
      "\"function_call\",\"name\":\"a\",\"arguments\":\"\"}}",
	 "{\"type\":\"response.function_call_arguments.delta\",\"output_index\":1,\"delta\":\"{"
	 "\"}",
	 "{\"type\":\"response.function_call_arguments.delta\",\"output_index\":1,\"delta\":\"}"
	 "\"}",
	 "{\"type\":\"response.output_item.done\",\"output_index\":1,\"item\":{\"type\":"
	 "\"function_call\",\"name\":\"a\",\"arguments\":\"{}\"}}",
	 "{\"type\":\"response.completed\",\"response\":{\"output\":[{\"type\":\"reasoning\"},{"
	 "\"type\":\"function_call\",\"name\":\"a\",\"arguments\":\"{}\"}]}}"},
	"a({}) "},
    {{"{\"status\":\"completed\",\"output\":[{\"type\":\"function_call\",\"name\":\"b\","
      "\"arguments\":\"{\\\"x\\\":2}\"}]}"},
	"b({\"x\":2}) "},
};

TEST(calls_are_read_in_all_forms)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct utf8_reassembly reassembly = {.len = 0};
		struct tool_calls calls = {.n = 0};
		struct openai_delta d;
		struct buf out;

		for (size_t k = 0; k < 6 && cases[i].events[k] != NULL; k++) {
			openai_delta_read(&reassembly, slice_str(cases[i].events[k]), &d);
			tool_calls_read(&calls, &d);
			openai_delta_clear(&d);
		}
		buf_init(&out, 1000);
		for (size_t k = 0; k < calls.n; k++)
			must(buf_printf(&out, "%.*s(%.*s) ", (int)buf_len(&calls.calls[k].name),
				 (const char *)buf_data(&calls.calls[k].name),
				 (int)buf_len(&calls.calls[k].arguments),
				 (const char *)buf_data(&calls.calls[k].arguments)) == 0);
		must(buf_append(&out, "", 1) == 0);
		assert_string_equal((const char *)buf_data(&out), cases[i].calls);
		buf_clear(&out);
		tool_calls_clear(&calls);
	}
}

TEST_MAIN(NULL, NULL)
