/*
 * Events of a model's stream: all forms that servers send are read, nothing malformed passes for an
 * event, and text is valid UTF-8 however it was split.
 */
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/utf8.h"
#include "tests/unit/json_text.h"
#include "tests/unit/unit.h"
#include "workerd/model/openai/openai_delta.h"
#include "workerd/model/openai/openai_error.h"
#include "workerd/model/openai/openai_fast.h"
#include "workerd/net/sse.h"

/* Separate literals, so that the next character is not read as a part of an \x escape. */
#define FFFD     "\xef\xbf\xbd"
#define SEEDLING "\xf0\x9f\x8c\xb1"

/* An event with one choice, whose delta has these members. */
#define DELTA(members) "{'choices':[{'index':0,'delta':{" members "},'finish_reason':null}]}"
#define CONTENT(text)  DELTA("'content':'" text "'")

enum { FAST = 1, FINISH = 2 };

/* Events that are read as the same. */
struct event {
	int kind;
	const char *text;
	int flags;          /* FAST: read by openai_fast.h; FINISH: has a finish_reason */
	const char *all[8]; /* with ' for " */
};

static bool
is_read_fast(struct slice data)
{
	struct openai_fast fast;
	struct buf unescaped;
	bool yes;

	buf_init(&unescaped, data.len);
	yes = openai_fast_read(data, &unescaped, &fast);
	buf_clear(&unescaped);
	return yes;
}

/* Whether jansson reads an event as the fast path does. */
static bool
is_read_alike(struct slice data, const struct openai_delta *d)
{
	struct utf8_reassembly reassembly = {.len = 0};
	struct openai_delta tree;
	bool same;

	openai_delta_read_tree(&reassembly, data, &tree);
	same = tree.kind == d->kind && tree.finish == d->finish &&
	    tree.has_usage == d->has_usage && tree.thinks == d->thinks &&
	    tree.item == d->item && tree.ends == d->ends && slice_eq(tree.text, d->text);
	openai_delta_clear(&tree);
	return same;
}

static void
expect_event(const struct event *e, const char *text)
{
	struct slice data = json_text(text);
	struct utf8_reassembly reassembly = {.len = 0};
	struct openai_delta d;

	openai_delta_read(&reassembly, data, &d);
	if ((int)d.kind != e->kind || !slice_eq_str(d.text, e->text) ||
	    (d.finish != OPENAI_GOES_ON) != ((e->flags & FINISH) != 0) ||
	    is_read_fast(data) != ((e->flags & FAST) != 0) ||
	    ((e->flags & FAST) != 0 && !is_read_alike(data, &d)))
		fail_msg("%s: kind %d, text %.*s, finish %d, fast %d", text, (int)d.kind,
		    (int)d.text.len, (const char *)d.text.p, (int)d.finish, is_read_fast(data));
	openai_delta_clear(&d);
	json_text_free(data);
}

static void
expect_events(const struct event *e, size_t n)
{
	for (; n > 0; n--, e++)
		for (size_t i = 0; i < ARRAY_LEN(e->all) && e->all[i] != NULL; i++)
			expect_event(e, e->all[i]);
}

TEST(the_events_of_every_server_are_read)
{
	static const struct event cases[] = {
	    /* Keep-alives, and the end. */
	    {OPENAI_NOTHING, "", 0, {"", " \n"}},
	    {OPENAI_DONE, "", 0, {"[DONE]", " [DONE]\n"}},
	    /* OpenAI: the first, a token, the last. */
	    {OPENAI_NOTHING, "", FAST,
		{"{'id':'chatcmpl-1','object':'chat.completion.chunk','created':1,'model':'gpt'"
		 ","
		 "'service_tier':'default','system_fingerprint':'fp','choices':[{'index':0,"
		 "'delta':{'role':'assistant','content':'','refusal':null},'logprobs':null,"
		 "'finish_reason':null}],'usage':null,'obfuscation':'x'}"}},
	    {OPENAI_TEXT, " Hi", FAST,
		{"{'id':'chatcmpl-1','object':'chat.completion.chunk','created':1,'model':'gpt'"
		 ","
		 "'service_tier':'default','system_fingerprint':'fp','choices':[{'index':0,"
		 "'delta':{'content':' "
		 "Hi'},'logprobs':null,'finish_reason':null}],'usage':null,"
		 "'obfuscation':'abc'}"}},
	    {OPENAI_NOTHING, "", FAST | FINISH,
		{"{'choices':[{'index':0,'delta':{},'logprobs':null,'finish_reason':'stop'}]"
		 "}"}},
	    /* Azure: the first has no choices, but a filter's results; one has no delta. */
	    {OPENAI_NOTHING, "", 0,
		{"{'choices':[],'created':0,'id':'','model':'','object':'',"
		 "'prompt_filter_results':[{'prompt_index':0,'content_filter_results':"
		 "{'hate':{'filtered':false,'severity':'safe'}}}]}",
		    "{'choices':[{'content_filter_offsets':{'check_offset':1},'finish_reason':"
		    "null,'index':0}]}"}},
	    {OPENAI_TEXT, "Hi", 0,
		{"{'choices':[{'content_filter_offsets':{'check_offset':1},"
		 "'content_filter_results':{'hate':{'filtered':false}},'delta':{'content':'Hi'}"
		 ","
		 "'finish_reason':null,'index':0}]}"}},
	    {OPENAI_TEXT, "Hi", FAST,
		{/* Ollama, vLLM, OpenRouter */
		    "{'id':'chatcmpl-1','object':'chat.completion.chunk','created':1,'model':"
		    "'llama3','system_fingerprint':'fp_ollama','choices':[{'index':0,'delta':"
		    "{'role':'assistant','content':'Hi'},'finish_reason':null}]}",
		    "{'id':'chatcmpl-1','choices':[{'index':0,'delta':{'content':'Hi',"
		    "'reasoning_content':null},'logprobs':null,'finish_reason':null,"
		    "'token_ids':null}],'prompt_token_ids':null}",
		    "{'provider':'X','choices':[{'index':0,'delta':{'role':'assistant',"
		    "'content':'Hi','reasoning':null},'native_finish_reason':null}]}"}},
	    /* vLLM: the last, with text and a stop_reason. */
	    {OPENAI_TEXT, "end", FAST | FINISH,
		{"{'choices':[{'index':0,'delta':{'content':'end'},'finish_reason':'length',"
		 "'stop_reason':null}]}"}},
	    /* llama.cpp: the last has timings. */
	    {OPENAI_NOTHING, "", FINISH,
		{"{'choices':[{'finish_reason':'stop','index':0,'delta':{}}],'created':1,"
		 "'timings':{'prompt_ms':31.5,'predicted_per_second':6e1}}"}},
	    /* OpenRouter, with details of the reasoning. */
	    {OPENAI_TEXT, "Hi", 0,
		{"{'id':'gen-1','provider':'X','choices':[{'index':0,'delta':{'role':"
		 "'assistant','content':'Hi','reasoning':null,'reasoning_details':[]},"
		 "'finish_reason':null,'native_finish_reason':null,'logprobs':null}]}"}},
	};

	expect_events(cases, ARRAY_LEN(cases));
}

TEST(content_is_read_in_every_form)
{
	static const struct event cases[] = {
	    {OPENAI_TEXT, "gr\xc3\xbc\xc3\x9f " SEEDLING, FAST,
		{CONTENT("gr\xc3\xbc\xc3\x9f " SEEDLING)}},
	    {OPENAI_TEXT, "\"\\/\b\f\n\r\t.", FAST, {CONTENT("\\'\\\\\\/\\b\\f\\n\\r\\t.")}},
	    {OPENAI_TEXT, "A\xc3\xa4\xdf\xbf\xe2\x82\xac\xef\xbf\xbf", FAST,
		{CONTENT("\\u0041\\u00e4\\u07FF\\u20ac\\uffff")}},
	    {OPENAI_TEXT, SEEDLING "\xc3\xa4", 0, {CONTENT("\\ud83c\\udf31\\u00e4")}},
	    {OPENAI_TEXT, "\x7f\x7f", FAST, {CONTENT("\\u007f\x7f")}},
	    {OPENAI_TEXT, "abc", 0,
		{DELTA("'content':[{'type':'text','text':'a'},{'type':'thinking',"
		       "'thinking':[{'type':'text','text':'x'}]},7,"
		       "{'type':'output_text','text':'b'},{'type':'text'},"
		       "{'type':'refusal','refusal':'c'},{'type':'reference'}]")}},
	    {OPENAI_TEXT, "I won't", 0, {DELTA("'refusal':'I won\\u0027t'")}},
	    {OPENAI_TEXT, "yes, no", 0, {DELTA("'refusal':'no','content':'yes, '")}},
	    {OPENAI_TEXT, "x", 0,
		{DELTA("'role':'\\n','content':'x'"),
		    "{'created':99999999999999999999999,'choices':[{'delta':{'content':'x'}}]"
		    "}"}},
	    {OPENAI_TEXT, "x", FAST,
		{/* White space, and values of finish_reason that mean nothing. */
		    "{\n  'choices': [\n{ 'delta' :\t{ 'content': 'x' } }\r\n] }",
		    "{'created': -12, 'choices': [ { 'delta': { 'content' : 'x' } } ] }",
		    "{'choices':[{'delta':{'content':'x'},'finish_reason':''}]}",
		    "{'choices':[{'delta':{'content':'x'},'finish_reason':1}]}"}},
	    /* Of several choices the one with index 0. */
	    {OPENAI_TEXT, "ours", 0,
		{"{'choices':[{'index':1,'delta':{'content':'x'},'finish_reason':'stop'},"
		 "{'index':0,'delta':{'content':'ours'}}]}"}},
	    {OPENAI_NOTHING, "", FAST,
		{DELTA("'content':null"), DELTA("'content':7"), "{}",
		    DELTA("'reasoning_content':'hm','reasoning':'hm','thinking':'hm'"),
		    "{'a':true,'b':false,'c':null,'d':0,'e':-0,'f':999999999999999999}"}},
	    {OPENAI_NOTHING, "", 0,
		{DELTA("'content':null,'tool_calls':[{'index':0,'function':{'name':'f',"
		       "'arguments':'{}'}}]"),
		    "{'choices':[{'index':1,'delta':{'content':'x'},'finish_reason':'stop'}]}",
		    "{'a':1,'b':1,'c':1,'d':1,'e':1,'f':1,'g':1,'h':1,'i':1,'j':1,'k':1,'l':1,"
		    "'m':1,'n':1,'o':1,'p':1,'q':1,'r':1,'s':1,'t':1,'u':1,'v':1,'w':1,'x':1,"
		    "'y':1}",
		    DELTA("'content':[]"), "{'choices':[{},{}]}", "{'choices':[{'index':'0'}]}",
		    "{'choices':{}}", "{'choices':null}"}},
	    {OPENAI_NOTHING, "", 0,
		{"{'choices':[]}", "{'choices':[7]}", "{'choices':[{'delta':[]}]}",
		    "{'choices':[{'delta':null}]}", "{'a':[]}", "{'a':1.5}", "{'a':1e5}",
		    "{'a':1234567890123456789}"}},
	    {OPENAI_NOTHING, "", 0, {"{'a':'\\n'}", "{'\\n':1}"}},
	};

	expect_events(cases, ARRAY_LEN(cases));
}

TEST(events_that_are_not_quite_right_are_read)
{
	static const struct event cases[] = {
	    /* The same member twice: the last one counts. */
	    {OPENAI_TEXT, "b", 0,
		{DELTA("'content':'a','content':'b'"),
		    "{'choices':[{'delta':{'content':'a'},'delta':{'content':'b'}}]}",
		    "{'choices':[{'delta':{'content':'a'}}],'choices':[{'delta':{'content':'b'}"
		    "}]}"}},
	    {OPENAI_NOTHING, "", 0, {"{'a':1,'a':2}", "{'a\xff':1,'a\xff':2}"}},
	    /* A byte order mark, an integer of more than 64 bits, no index or one that is null. */
	    {OPENAI_TEXT, "x", 0,
		{"{'created':123456789012345678901234567890,'choices':[{'delta':{'content':'x'}"
		 "}]}",
		    "{'choices':[{'index':null,'delta':{'content':'x'}}]}"}},
	    {OPENAI_TEXT, "x", FAST, {"{'choices':[{'delta':{'content':'x'}}]}"}},
	    {OPENAI_NOTHING, "", 0,
		{DELTA("'tool_calls':[{'index':0,'function':{'name':null,'arguments':null}}]"),
		    DELTA("'tool_calls':null,'content':[]"), "\xef\xbb\xbf{'a':[]}"}},
	    /* A whole message, or the text of a completion. */
	    {OPENAI_TEXT, "whole", FINISH,
		{"{'object':'chat.completion','choices':[{'index':0,'message':{'role':'"
		 "assistant',"
		 "'content':'whole'},'finish_reason':'stop'}]}",
		    "{'choices':[{'message':{'content':[{'type':'text','text':'wh'},"
		    "{'type':'text','text':'ole'}]},'finish_reason':'stop'}]}",
		    "{'choices':[{'text':'whole','finish_reason':'stop'}]}"}},
	    {OPENAI_TEXT, "delta", 0,
		{"{'choices':[{'delta':{'content':'delta'},'message':{'content':'whole'}}]}",
		    "{'choices':[{'delta':{'content':'delta'},'text':'whole'}]}"}},
	};

	expect_events(cases, ARRAY_LEN(cases));
}

TEST(a_finish_reason_is_known_in_every_form)
{
	static const struct {
		enum openai_finish finish;
		const char *reasons[12];
	} cases[] = {
	    {OPENAI_GOES_ON,
		{"", "null", "unknown", "banana", "?", "not_finished",
		    "stopped by nobody at all, really"}},
	    {OPENAI_STOPPED,
		{"stop", "STOP", "end_turn", "eos", "eos_token", "stop_sequence", "tool_calls",
		    "function_call", "COMPLETE", "normal", "stop_token", "<|endoftext|>"}},
	    {OPENAI_STOPPED, {"FINISH_REASON_STOP", "eot", "UNEXPECTED_TOOL_CALL"}},
	    {OPENAI_LENGTH,
		{"length", "max_tokens", "MAX_TOKENS", "max_output_tokens", "model_length",
		    "max-tokens", "FINISH_REASON_MAX_TOKENS", "time_limit",
		    "max_output_reached", "repetition_truncation"}},
	    {OPENAI_FILTERED,
		{"content_filter", "SAFETY", "PROHIBITED_CONTENT", "RECITATION", "refusal",
		    "sensitive", "MODEL_ARMOR", "content_policy_violation", "content-filter",
		    "BLOCK_REASON_SAFETY"}},
	    {OPENAI_FAILED,
		{"error", "abort", "insufficient_system_resource", "network_error"}},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		for (size_t k = 0;
		     k < ARRAY_LEN(cases[i].reasons) && cases[i].reasons[k] != NULL; k++)
			if (openai_finish_of(slice_str(cases[i].reasons[k])) != cases[i].finish)
				fail_msg("%s", cases[i].reasons[k]);
}

/* What an error stands for, as HTTP status and kind; the last number is the response's own status. */
TEST(an_error_stands_for_a_status)
{
	static const struct {
		const char *body;
		int status;
		enum openai_error_kind kind;
		int of_response;
	} cases[] = {
	    {"{'error':{'code':429,'message':'Provider returned error'}}", 429,
		OPENAI_ERROR_OTHER, 200},
	    {"{'error':{'code':'429','message':'x'}}", 429, OPENAI_ERROR_OTHER, 200},
	    {"{'error':{'message':'x','status':503}}", 503, OPENAI_ERROR_OTHER, 200},
	    {"{'error':{'message':'x','type':'rate_limit_error'}}", 429, OPENAI_ERROR_OTHER,
		200},
	    {"{'error':{'message':'x','code':'rate_limit_exceeded','type':'tokens'}}", 429,
		OPENAI_ERROR_OTHER, 200},
	    {"{'type':'error','error':{'type':'overloaded_error','message':'Overloaded'}}", 503,
		OPENAI_ERROR_OTHER, 200},
	    {"{'error':'overloaded'}", 503, OPENAI_ERROR_OTHER, 200},
	    {"{'error':{'message':'x','type':'server_error'}}", 500, OPENAI_ERROR_OTHER, 200},
	    {"[{'error':{'code':503,'status':'UNAVAILABLE','message':'x'}}]", 503,
		OPENAI_ERROR_OTHER, 200},
	    {"{'error':{'status':'RESOURCE_EXHAUSTED','message':'x'}}", 429, OPENAI_ERROR_OTHER,
		200},
	    {"{'object':'error','message':'x','type':'BadRequestError','code':400}", 400,
		OPENAI_ERROR_OTHER, 200},
	    {"{'detail':'Rate limit reached'}", 429, OPENAI_ERROR_OTHER, 200},
	    {"{'detail':[{'loc':['body'],'msg':'field required'}]}", 0, OPENAI_ERROR_OTHER,
		200},
	    {"{'error':{'message':'what is a billing rate limit? is it unavailable'}}", 400,
		OPENAI_ERROR_OTHER, 400},
	    {"{'error':{'message':'x'}}", 0, OPENAI_ERROR_OTHER, 200},
	    {"overloaded, come back later", 503, OPENAI_ERROR_OTHER, 200},
	    {"", 0, OPENAI_ERROR_OTHER, 200},
	    {"{'error':{'code':'insufficient_quota','message':'You exceeded your current "
	     "quota'}}",
		429, OPENAI_ERROR_BILLING, 429},
	    {"{'error':{'type':'insufficient_quota','message':'x'}}", 402, OPENAI_ERROR_BILLING,
		200},
	    {"{'error':{'message':'Insufficient balance','type':'billing'}}", 402,
		OPENAI_ERROR_BILLING, 200},
	    {"{'error':{'code':'billing_hard_limit_reached','message':'x','type':'invalid_"
	     "request_error'}}",
		400, OPENAI_ERROR_BILLING, 400},
	    {"{'error':{'message':'Insufficient credits'}}", 402, OPENAI_ERROR_BILLING, 402},
	    {"{'error':{'message':'Your credit balance is too low to access the API'}}", 400,
		OPENAI_ERROR_BILLING, 400},
	    {"{'error':{'code':429,'status':'RESOURCE_EXHAUSTED',"
	     "'message':'check your plan and billing details'}}",
		429, OPENAI_ERROR_OTHER, 429},
	    {"{'error':{'code':'content_filter','param':'prompt','status':400,'message':'x',"
	     "'innererror':{'code':'ResponsibleAIPolicyViolation'}}}",
		400, OPENAI_ERROR_FILTERED, 400},
	    {"{'error':{'code':'content_policy_violation','message':'x'}}", 400,
		OPENAI_ERROR_FILTERED, 400},
	    {"{'error':{'message':'Content Exists Risk','type':'invalid_request_error'}}", 400,
		OPENAI_ERROR_FILTERED, 400},
	    /* MiniMax, Baidu, Cloudflare, Apigee, and gateways that write the status in other members */
	    {"{'choices':null,'base_resp':{'status_code':1002,'status_msg':'rate limit'}}", 429,
		OPENAI_ERROR_OTHER, 200},
	    {"{'base_resp':{'status_code':1008,'status_msg':'insufficient balance'}}", 402,
		OPENAI_ERROR_BILLING, 200},
	    {"{'error_code':336501,'error_msg':'Rpm rate limit reached'}", 429,
		OPENAI_ERROR_OTHER, 200},
	    {"{'errors':[{'code':3040,'message':'Capacity temporarily exceeded, please try "
	     "again.'}],'success':false}",
		503, OPENAI_ERROR_OTHER, 200},
	    {"{'fault':{'faultstring':'Rate limit quota violation'}}", 429, OPENAI_ERROR_OTHER,
		200},
	    {"{'statusCode':429,'message':'slow'}", 429, OPENAI_ERROR_OTHER, 200},
	    {"{'error':'slow down','status_code':429}", 429, OPENAI_ERROR_OTHER, 200},
	    {"{'error':{'message':'x','http_code':'503'}}", 503, OPENAI_ERROR_OTHER, 200},
	    {"{'error':{'error':{'message':'x','code':429}}}", 429, OPENAI_ERROR_OTHER, 200},
	    /* The type of an error as the reason of the end */
	    {"{'choices':[{'finish_reason':'overloaded_error','delta':{'content':''}}]}", 503,
		OPENAI_ERROR_OTHER, 200},
	    {"{'choices':[{'finish_reason':'rate_limit_error'}]}", 429, OPENAI_ERROR_OTHER,
		200},
	    {"{'choices':[{'finish_reason':'error'}]}", 0, OPENAI_ERROR_OTHER, 200},
	    /* Accounts: Moonshot, xAI, Zhipu, SiliconFlow */
	    {"{'error':{'message':'x','type':'exceeded_current_quota_error'}}", 403,
		OPENAI_ERROR_BILLING, 403},
	    {"{'code':'The caller is limited','error':'Your team has used all available "
	     "credits'}",
		403, OPENAI_ERROR_BILLING, 403},
	    {"{'error':{'code':'1113','message':'\xe4\xbd\x99\xe9\xa2\x9d\xe4\xb8\x8d\xe8\xb6"
	     "\xb3'}}",
		429, OPENAI_ERROR_BILLING, 429},
	    {"{'code':30001,'message':'Sorry, your account balance is insufficient'}", 403,
		OPENAI_ERROR_BILLING, 403},
	    /* Filters: Google, OpenAI, OpenRouter, xAI, MiniMax, Zhipu */
	    {"[{'error':{'code':400,'message':'Request blocked: PROHIBITED_CONTENT'}}]", 400,
		OPENAI_ERROR_FILTERED, 400},
	    {"{'error':{'code':'invalid_prompt','message':'x'}}", 400, OPENAI_ERROR_FILTERED,
		400},
	    {"{'error':{'code':403,'message':'Your input was flagged'}}", 403,
		OPENAI_ERROR_FILTERED, 403},
	    {"{'code':'no permission','error':'Content violates usage guidelines.'}", 403,
		OPENAI_ERROR_FILTERED, 403},
	    {"{'error':{'message':'input new_sensitive (1026)','type':'bad_request_error'}}",
		422, OPENAI_ERROR_FILTERED, 422},
	    {"{'error':{'message':'\xe6\x95\x8f\xe6\x84\x9f\xe5\x86\x85\xe5\xae\xb9'}}", 400,
		OPENAI_ERROR_FILTERED, 400},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct slice body = json_text(cases[i].body);
		struct openai_error e = openai_error_read(body, cases[i].of_response);

		if (e.status != cases[i].status || e.kind != cases[i].kind)
			fail_msg(
			    "%s: status %d, kind %d", cases[i].body, e.status, (int)e.kind);
		json_text_free(body);
	}
}

TEST(errors_are_read_in_every_form)
{
	static const struct event cases[] = {
	    /* OpenAI, Ollama, vLLM, Google. */
	    {OPENAI_ERROR, "overloaded", 0,
		{"{'error':{'message':'overloaded','type':'server_error','param':null,'code':"
		 "null}}",
		    "{'error':{'code':'overloaded'}}"}},
	    {OPENAI_ERROR, "plain words", 0,
		{"{'error':'plain words'}", "'plain words'", "{'detail':'plain words'}",
		    "{'message':'plain words','code':7}", "{'detail':[{'msg':'plain words'}]}",
		    "{'errors':[{'message':'plain words'}]}"}},
	    {OPENAI_ERROR, "too long", 0,
		{"{'object':'error','message':'too long','type':'BadRequestError','param':null,"
		 "'code':400}"}},
	    {OPENAI_ERROR, "quota", 0,
		{"[{'error':{'code':429,'message':'quota','status':'X'}}]"}},
	    /* OpenRouter: next to a choice, and in it. */
	    {OPENAI_ERROR, "gone", 0,
		{"{'id':'gen-1','error':{'code':502,'message':'gone'},'choices':[{'index':0,"
		 "'delta':{'content':''},'finish_reason':'error'}]}",
		    "{'choices':[{'index':0,'delta':{'content':'x'},'finish_reason':'error',"
		    "'error':{'code':502,'message':'gone'}}]}"}},
	    {OPENAI_ERROR, "t", 0, {"{'error':{'message':{},'type':'t'}}"}},
	    {OPENAI_ERROR, "no message", 0,
		{"{'error':{}}", "{'error':true}", "{'error':502}", "{'object':'error'}",
		    "{'choices':[{'error':1}]}"}},
	    {OPENAI_ERROR, "null", 0, {"{'error':'null'}", "{'choices':[{'error':'null'}]}"}},
	    {OPENAI_ERROR, "a" FFFD " " FFFD, 0, {"{'error':'a\xff \\ud83d'}"}},
	    /* Values that mean no error. */
	    {OPENAI_TEXT, "x", FAST,
		{"{'error':null,'choices':[{'error':null,'delta':{'content':'x'}}]}"}},
	    {OPENAI_TEXT, "x", 0,
		{"{'base_resp':{'status_code':0},'choices':[{'delta':{'content':'x'}}]}",
		    "{'choices':[{'delta':{'content':{'type':'text','text':'x'}}}]}",
		    "{'choices':[{'delta':{'content':['x']}}]}",
		    "{'choices':[{'delta':'x'}]}"}},
	    {OPENAI_NOTHING, "", 0, {"null"}},
	    {OPENAI_DONE, "", 0, {"[DONE]", "[done]", "'[DONE]'"}},
	    {OPENAI_NOTHING, "", 0, {"{'error':false}", "{'error':0}", "{'error':''}"}},
	};

	expect_events(cases, ARRAY_LEN(cases));
}

TEST(events_of_the_responses_api_are_read)
{
	static const struct event cases[] = {
	    {OPENAI_TEXT, "Hi", FAST,
		{"{'type':'response.output_text.delta','sequence_number':4,'item_id':'msg_1',"
		 "'output_index':1,'content_index':0,'delta':'Hi','logprobs':[],'obfuscation':"
		 "'x'}",
		    "{ 'delta' : 'Hi', 'output_index' : 1, 'type' : "
		    "'response.output_text.delta' }"}},
	    {OPENAI_TEXT, "Hi", 0,
		{"{'type':'response.output_text.delta','output_index':12,'delta':'Hi',"
		 "'logprobs':[{'token':'Hi'}]}",
		    "{'type':'response.refusal.delta','delta':'Hi'}"}},
	    {OPENAI_NOTHING, "", 0,
		{"{'type':'response.output_text.done','text':'Hi'}",
		    "{'type':'response.reasoning_summary_text.delta','delta':'Hi'}",
		    "{'type':'response.function_call_arguments.delta','delta':'Hi'}",
		    "{'type':'response.unknown','delta':'Hi'}", "{'delta':'Hi'}",

		    "{'type':'response.created','response':{'status':'in_progress','error':"
		    "null,'output':[]}}",
		    "{'type':'response.output_item.added','item':{'type':'message','content':"
		    "[{'type':'output_text','text':'Hi'}]}}"}},
	    {OPENAI_NOTHING, "", 0,
		{"{'type':'x','output':[]}", "{'type':'message','output':[]}"}},
	    {OPENAI_NOTHING, "", FINISH,
		{"{'type':'response.completed','response':{'output':[]}}",
		    "{'type':'response.incomplete'}", "{'type':'response.failed'}",
		    "{'type':'x','status':'completed','output':[]}",
		    "{'object':'response','status':'completed','output':[{'type':"
		    "'reasoning','content':[{'type':'output_text','text':'x'}]}]}"}},
	    {OPENAI_TEXT, "Hi", FINISH,
		{"{'type':'response.completed','response':{'output':[{'type':'message',"
		 "'content':[{'type':'output_text','text':'H'},{'type':'refusal','refusal':'i'"
		 "}]},{'type':'message','content':[{'type':'output_text','text':'x'}]}]}}",
		    "{'object':'response','status':'incomplete','output':[{'type':'message',"
		    "'content':[{'type':'output_text','text':'Hi'}]}]}"}},
	    {OPENAI_ERROR, "oops", 0,
		{"{'type':'response.failed','response':{'error':{'code':'server_error',"
		 "'message':'oops'}}}",
		    "{'type':'error','code':'server_error','message':'oops','param':null}",
		    "{'type':'error','error':{'message':'oops'}}"}},
	};

	expect_events(cases, ARRAY_LEN(cases));
}

static int
add_text(void *arg, struct slice data)
{
	struct utf8_reassembly reassembly = {.len = 0};
	struct buf *out = arg;
	struct openai_delta d;

	openai_delta_read(&reassembly, data, &d);
	if (d.kind == OPENAI_TEXT && !d.whole)
		assert_int_equal(buf_append(out, d.text.p, d.text.len), 0);
	if (d.ends)
		assert_int_equal(buf_append_str(out, d.has_usage ? "." : "!"), 0);
	openai_delta_clear(&d);
	return 0;
}

TEST(a_stream_of_the_responses_api_is_read_the_same_at_every_split)
{
	struct slice stream = json_text(
	    "event: response.output_text.delta\r\n"
	    "data: {'type':'response.output_text.delta','delta':'H\xc3\xa4','logprobs':[]}\n\n"
	    "event: response.output_text.delta\n"
	    "data: {'type':'response.output_text.delta','delta':'i'}\r\n\r\n"
	    "event: response.completed\n"
	    "data: {'type':'response.completed','response':{'output':[{'type':'message',"
	    "'content':[{'type':'output_text','text':'Hi'}]}],'usage':{'input_tokens':1}}}"
	    "\n\n");

	for (size_t at = 0; at <= stream.len; at++) {
		struct sse_reader reader;
		struct buf text;

		buf_init(&text, 100);
		sse_init(&reader);
		assert_int_equal(
		    sse_feed(&reader, (struct slice){stream.p, at}, add_text, &text), 0);
		assert_int_equal(
		    sse_feed(&reader, (struct slice){stream.p + at, stream.len - at}, add_text,
			&text),
		    0);
		if (!slice_eq_str(buf_slice(&text), "H\xc3\xa4i."))
			fail_msg("split at %zu: %.*s", at, (int)buf_len(&text),
			    (const char *)buf_data(&text));
		sse_clear(&reader);
		buf_clear(&text);
	}
	json_text_free(stream);
}

TEST(invalid_json_is_refused)
{
	static const char *const cases[] = {"[]", "7", "garbage", "[{'choices':[]}]", "{", "}",
	    "{}}", "{}x", "{'choices':[]}x", "{'choices':[{'delta':{'content':'Hi'}}",
	    "{'choices':[{}]", "{'choices':[{}", "{'a'}", "{'a':}", "{'a':1,}", "{,}", "{a:1}",
	    "{'a':'b}", "{'a':'\\", "{'a':-}", "{'a':01}", "{'a':-01}", "{'a':1-2}",
	    "{'a':1 2}", "{'a':nul}", "{'a':nulll}", "{'a':NaN}", "{'a':1e999}", "{'a':\x01}",
	    /* Control characters and invalid escapes in strings. */
	    CONTENT("a\nb"), CONTENT("'"), CONTENT("\\"), CONTENT("\\\n"), CONTENT("\\x41"),
	    CONTENT("\\u12"), CONTENT("\\u12g4"), CONTENT("\\ud83"), CONTENT("\\\x7f"),
	    CONTENT("\\\xc3\xa4"), CONTENT("\\\xff"),
	    /* Invalid bytes outside of strings. */
	    "\xff{}", "{\xff}", "{}\xff", "{}\x7f", "{'a':1\xc3}", "{'a'\xff:1}",
	    "{'a':\\ud83d}", "{'choices':\xff[]}"};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		expect_event(&(struct event){OPENAI_BAD, "", 0, {NULL}}, cases[i]);
}

TEST(invalid_text_is_repaired)
{
	/* The content, and the text. */
	static const char *const cases[][2] = {
	    {"a\xff", "a" FFFD},
	    {"\xe2\x82 \x80 \xff \xc0\x80 ", FFFD " " FFFD " " FFFD " " FFFD FFFD " "},
	    /* Lone surrogates, and pairs in the wrong order. */
	    {"a\\ud83d b", "a" FFFD " b"},
	    {"\\uDE00", FFFD},
	    {"\\udfff", FFFD},
	    {"\\ude00\\ud83d.", FFFD FFFD "."},
	    {"\\ud83c\\ud83c\\udf31", FFFD SEEDLING},
	    {"\\ud83c\\u0041", FFFD "A"},
	    {"\\ud83d\\n", FFFD "\n"},
	    {"\\ud83d\\u007f", FFFD "\x7f"},
	    {"\xf0\x9f\\ude00.", FFFD FFFD "."},
	    /* Text that needs no repair, next to text that does. */
	    {"\xff\\\\ud83d", FFFD "\\ud83d"},
	    {"\xff\\'\\\\\\/\\b\\f\\n\\r\\t", FFFD "\"\\/\b\f\n\r\t"},
	    {"\x7f\\u007f\\u007F\\u00e4\xc3\xa4\\ud83c\\udf31\xff",
		"\x7f\x7f\x7f\xc3\xa4\xc3\xa4" SEEDLING FFFD},
	};
	static const struct event others[] = {
	    {OPENAI_TEXT, "x\x7f", 0,
		{"{'id':'\\ud83d\xff','choices':[{'delta':{'content':'x\x7f'}}]}"}},
	    {OPENAI_NOTHING, "", 0, {"{'\xff':1}"}},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char event[256];

		(void)snprintf(event, sizeof(event), CONTENT("%s"), cases[i][0]);
		expect_event(&(struct event){OPENAI_TEXT, cases[i][1], 0, {NULL}}, event);
	}
	expect_events(others, ARRAY_LEN(others));
}

/* An event with each byte replaced by each character that has a meaning. Strings are scanned eight bytes at a
 * time. */
TEST(the_fast_path_reads_what_jansson_reads)
{
	static const char event[] =
	    "{'id':'c','n':-10,'object':'x','choices':[{'index':0,'delta':{'role':null,"
	    "'content':'more than eight "
	    "bytes\\n\\u00e4\xc3\xa4'},'finish_reason':'e'}],'error':null}";
	static const char characters[] = "{}[]:,\"\\ \n019-+.eEnultrfasd\x01\x7f\x80\xc3\xff";
	unsigned fast = 0;

	for (size_t at = 0; at < sizeof(event) - 1; at++)
		for (size_t i = 0; i < sizeof(characters); i++) {
			struct slice data = json_text(event);
			struct utf8_reassembly reassembly = {.len = 0};
			struct openai_delta d;

			((uint8_t *)(uintptr_t)data.p)[at] = (uint8_t)characters[i];
			openai_delta_read(&reassembly, data, &d);
			fast += is_read_fast(data);
			if (!is_read_alike(data, &d))
				fail_msg("%zu: %.*s", at, (int)data.len, (const char *)data.p);
			openai_delta_clear(&d);
			json_text_free(data);
		}
	assert_true(fast > 500);
}

/* Reads an event with this content as the next of a reply, and appends its text. */
static void
read_next(struct utf8_reassembly *reassembly, struct slice content, struct buf *out)
{
	struct openai_delta d;
	struct buf event;

	buf_init(&event, 1024);
	assert_int_equal(
	    buf_printf(&event, "{\"choices\":[{\"delta\":{\"content\":\"%.*s\"}}]}",
		(int)content.len, (const char *)content.p),
	    0);
	openai_delta_read(reassembly, buf_slice(&event), &d);
	assert_int_equal(d.kind, d.text.len > 0 ? OPENAI_TEXT : OPENAI_NOTHING);
	assert_true(utf8_valid(d.text));
	assert_int_equal(buf_append(out, d.text.p, d.text.len), 0);
	openai_delta_clear(&d);
	buf_clear(&event);
}

/* Reads the content of a whole reply, one event after the other. */
static void
expect_reply(const char *name, const struct slice *contents, size_t n, const char *text)
{
	struct utf8_reassembly reassembly = {.len = 0};
	struct slice rest;
	struct buf out;

	buf_init(&out, 1024);
	for (size_t i = 0; i < n; i++)
		read_next(&reassembly, contents[i], &out);
	rest = utf8_reassembly_end(&reassembly);
	assert_int_equal(buf_append(&out, rest.p, rest.len), 0);
	assert_int_equal(utf8_reassembly_end(&reassembly).len, 0);
	if (!slice_eq_str(buf_slice(&out), text))
		fail_msg("%s in %zu events: %.*s", name, n, (int)buf_len(&out),
		    (const char *)buf_data(&out));
	buf_clear(&out);
}

TEST(text_is_the_same_at_every_two_splits)
{
	static const char *const cases[][2] = {
	    {"", ""},
	    {"plain", "plain"},
	    {"a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80z",
		"a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80z"},
	    /* Surrogate pairs of three bytes each: U+1F600, the first and the last pair. */
	    {"a\xed\xa0\xbd\xed\xb8\x80z", "a\xf0\x9f\x98\x80z"},
	    {"\xed\xa0\x80\xed\xb0\x80", "\xf0\x90\x80\x80"},
	    {"\xed\xaf\xbf\xed\xbf\xbf", "\xf4\x8f\xbf\xbf"},
	    /* Lone surrogates. */
	    {"\xed\xa0\xbd!", FFFD "!"},
	    {"\xed\xb8\x80!", FFFD "!"},
	    {"\xed\xb8\x80\xed\xa0\xbd!", FFFD FFFD "!"},
	    {"\xed\xa0\xbd\xed\xa0\xbd\xed\xb8\x80", FFFD "\xf0\x9f\x98\x80"},
	    {"\xed\xa0\xbd\xed\xb8\x80\xed\xb8\x80!", "\xf0\x9f\x98\x80" FFFD "!"},
	    /* A high one, and bytes that only begin like a low one. */
	    {"\xed\xa0\xbd\xed\x9f\xbf", FFFD "\xed\x9f\xbf"},
	    {"\xed\xa0\xbd\xed\xb8!", FFFD FFFD FFFD "!"},
	    {"\xed\xa0\xbd\xed!", FFFD FFFD "!"},
	    {"\xed\xa0!", FFFD FFFD "!"},
	    {"\xed!", FFFD "!"},
	    {"\xf0\x9f\x98!", FFFD "!"},
	    {"\xf0\x9f\xed\xa0\xbd\xed\xb8\x80", FFFD "\xf0\x9f\x98\x80"},
	    {"\xff\x80\xc0\xaf", FFFD FFFD FFFD FFFD},
	    /* At the end, one replacement for everything incomplete. */
	    {"a\xc3", "a" FFFD},
	    {"a\xf0\x9f\x98", "a" FFFD},
	    {"a\xed\xa0\xbd", "a" FFFD},
	    {"a\xed\xa0\xbd\xed\xb8", "a" FFFD},
	    {"a\xed\xb8\x80", "a" FFFD},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct slice in = slice_str(cases[i][0]), bytes[16];

		for (size_t a = 0; a <= in.len; a++)
			for (size_t b = a; b <= in.len; b++) {
				const struct slice parts[] = {
				    {in.p, a}, {in.p + a, b - a}, {in.p + b, in.len - b}};

				expect_reply(cases[i][0], parts, 3, cases[i][1]);
			}
		for (size_t at = 0; at < in.len; at++)
			bytes[at] = (struct slice){in.p + at, 1};
		expect_reply(cases[i][0], bytes, in.len, cases[i][1]);
	}
}

TEST(an_escaped_surrogate_may_come_in_another_event)
{
	static const char *const cases[][4] = {
	    {"a\\ud83c", "\\udf31b", "", "a" SEEDLING "b"},
	    {"\\ud83c", "", "\\udf31", SEEDLING},
	    {"\\ud83c", "\xed\xbc\xb1", "", SEEDLING},
	    {"\\ud83c", "b", "", FFFD "b"},
	    {"\\ud83c", "\\ud83c", "\\udf31", FFFD SEEDLING},
	    {"\xf0\x9f", "\\udf31", "", FFFD FFFD},
	    {"a\\ud83c", "", "", "a" FFFD},
	    {"\\udf31", "a", "", FFFD "a"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct slice parts[] = {
		    slice_str(cases[i][0]), slice_str(cases[i][1]), slice_str(cases[i][2])};

		expect_reply(cases[i][0], parts, 3, cases[i][3]);
	}
}

TEST(only_an_incomplete_character_waits_for_the_next_event)
{
	static const char *const cases[][2] = {
	    {"ab\xc3\xa4", "ab\xc3\xa4"},
	    {"c\xed\x9f", "c"},
	    {"\xbf", "\xed\x9f\xbf"},
	    {"\xed\xb8\x80", FFFD},
	};
	struct utf8_reassembly reassembly = {.len = 0};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct buf out;

		buf_init(&out, 64);
		read_next(&reassembly, slice_str(cases[i][0]), &out);
		assert_true(slice_eq_str(buf_slice(&out), cases[i][1]));
		buf_clear(&out);
	}
}

TEST(an_incomplete_character_is_kept_during_other_events)
{
	static const struct event others[] = {
	    {OPENAI_NOTHING, "", 0,
		{"{'choices':[],'usage':{'prompt_tokens':1}}",
		    "{'choices':[{'delta':{},'finish_reason':'stop'}]}",
		    "{'choices':[{'index':1,'delta':{'content':'x'}}]}", ""}},
	    {OPENAI_ERROR, "said " FFFD, 0, {"{'error':'said \xff'}"}},
	    {OPENAI_BAD, "", 0, {"no JSON"}},
	    {OPENAI_TEXT, SEEDLING, 0, {CONTENT("\\udf31")}},
	};
	struct utf8_reassembly reassembly = {.len = 0};
	struct buf none;

	buf_init(&none, 0);
	read_next(&reassembly, slice_str("\\ud83c"), &none);
	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		for (size_t k = 0; others[i].all[k] != NULL; k++) {
			struct slice data = json_text(others[i].all[k]);
			struct openai_delta d;

			openai_delta_read(&reassembly, data, &d);
			assert_int_equal(d.kind, others[i].kind);
			assert_true(slice_eq_str(d.text, others[i].text));
			openai_delta_clear(&d);
			json_text_free(data);
		}
	assert_int_equal(utf8_reassembly_end(&reassembly).len, 0);
}

TEST(usage_is_read_in_every_form)
{
	static const struct {
		const char *event;
		bool has;
		uint32_t prompt, completion;
	} cases[] = {
	    {"{'usage':{'prompt_tokens':12,'completion_tokens':7,'total_tokens':19}}", true, 12,
		7},
	    {"{'usage':{'prompt_tokens':12,'completion_tokens':7,'prompt_tokens_details':"
	     "{'cached_tokens':0},'completion_tokens_details':{'reasoning_tokens':3}}}",
		true, 12, 7},
	    {"{'usage':null}", false, 0, 0},
	    {"{'usage':[]}", false, 0, 0},
	    {"{'usage':7}", false, 0, 0},
	    {"{'usage':{}}", true, 0, 0},
	    {"{'usage':{'prompt_tokens':null,'completion_tokens':'7'}}", true, 0, 7},
	    {"{'usage':{'prompt_tokens':12.0,'completion_tokens':7.9}}", true, 12, 7},
	    {"{'usage':{'prompt_tokens':-1,'completion_tokens':-0.5}}", true, 0, 0},
	    {"{'usage':{'prompt_tokens':4294967295,'completion_tokens':4294967296}}", true,
		UINT32_MAX, UINT32_MAX},
	    {"{'usage':{'prompt_tokens':99999999999999999999,'completion_tokens':1e300}}", true,
		UINT32_MAX, UINT32_MAX},
	    {"{'usage':{'prompt_tokens':true,'completion_tokens':{}}}", true, 0, 0},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct slice data = json_text(cases[i].event);
		struct utf8_reassembly reassembly = {.len = 0};
		struct openai_delta d;

		openai_delta_read(&reassembly, data, &d);
		if (d.kind != OPENAI_NOTHING || d.has_usage != cases[i].has ||
		    d.prompt_tokens != cases[i].prompt ||
		    d.completion_tokens != cases[i].completion)
			fail_msg("%s: kind %d, %u and %u", cases[i].event, (int)d.kind,
			    d.prompt_tokens, d.completion_tokens);
		openai_delta_clear(&d);
		json_text_free(data);
	}
}

TEST(the_message_of_an_error_response_is_found_and_cut)
{
	static const char *const cases[][2] = {
	    {"{'error':{'message':'too many requests'}}", "too man"},
	    {"{'error':'exactly'}", "exactly"},
	    {"{'error':'seven \xc3\xa4'}", "seven "},
	    {"{'error':'\xe2\x82 \\ud83d'}", FFFD " " FFFD},
	    {"{'message':'gateway'}", "gateway"},
	    {"{'detail':'so it'}", "so it"},
	    {"{'detail':[{'msg':'x'}]}", "x"},
	    {"[{'error':{'message':'quota'}}]", "quota"},
	    {"{'error':{}}", ""},
	    {"{}", ""},
	    {"<html>", ""},
	    {"", ""},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct slice body = json_text(cases[i][0]);
		char message[8];

		openai_error_message(body, message, sizeof(message));
		assert_string_equal(message, cases[i][1]);
		json_text_free(body);
	}
}

TEST(an_error_says_in_its_body_when_to_come_back)
{
	static const struct {
		const char *body;
		uint64_t ms;
	} cases[] = {
	    {"[{'error':{'code':429,'message':'x','details':[{'reason':'y'},{'@type':'z."
	     "RetryInfo',"
	     "'retryDelay':'2.5s'}]}}]",
		2500},
	    {"{'error':{'message':'Rate limit reached. Please try again in 1m2.5s. Visit'}}",
		62500},
	    {"{'error':{'message':'Please try again in 340ms.'}}", 340},
	    {"{'error':{'message':'Please retry after 7 seconds.'}}", 7000},
	    {"{'error':{'message':'slow','retry_after':3}}", 3000},
	    {"{'error':'slow','retry_after':'4'}", 4000},
	    {"{'error':{'message':'x','metadata':{'headers':{'X-RateLimit-Reset':'9'}}}}",
		9000},
	    {"Too many requests, wait 2 minutes", 120000},
	    {"{'error':{'message':'Invalid response received from google: "
	     "[{\\\"retryDelay\\\":\\\"7s\\\"}]'}}",
		7000},
	    {"{'error':{'message':'try again in a while, or wait 5'}}", 0},
	    {"{'error':{'message':'wait 99999999999999999999 s'}}", 0},
	    {"", 0},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct slice body = json_text(cases[i].body);

		if (openai_error_retry_ms(body) != cases[i].ms)
			fail_msg("%s: %llu", cases[i].body,
			    (unsigned long long)openai_error_retry_ms(body));
		json_text_free(body);
	}
}

TEST_MAIN(NULL, NULL)
