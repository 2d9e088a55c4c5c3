/*
 * Which text of a page is kept, and as what.
 */
#include "proto/ipc/messages.h"
#include "tests/unit/workerd/crawl/extract/outcome_text.h"
#include "workerd/crawl/extract/html/html.h"

#define URL "https://shop.example/help/a.html"

static struct outcome out;

FIXTURE(set_up)
{
	outcome_init(&out);
}

FIXTURE(tear_down)
{
	outcome_clear(&out);
}

static void
read_page(const char *html)
{
	outcome_clear(&out);
	outcome_init(&out);
	html_read(&out, slice_str(html), slice_str(URL));
}

static const struct {
	const char *html, *blocks;
} kept[] = {
    /* Headings, their anchors, and running text. */
    {"<h1 id=a>One</h1><p>Text  with\n<b>white</b> space.<h2><a name=b></a>Two</h2>Loose text.",
	"H1 #a One\nP Text with white space.\nH2 #b Two\nP Loose text.\n"},
    {"<section id=s><h2>Title<a class=headerlink href='#s'>\xc2\xb6</a></h2><p>x</section>",
	"H2 #s Title\nP x\n"},
    {"<h2 id=x><a href='#x'>csv</a> files <a href='#x'>#</a></h2><p>x",
	"H2 #x csv files\nP x\n"},
    {"<div id=weak><p>a</div><div id=strong><h3>b</h3></div>", "P a\nH3 #strong b\n"},
    {"<p>one<br>two<p>non\xc2\xa0"
     "break\xc2\xad"
     "ing",
	"P one/two\nP non breaking\n"},
    {"<p><span>a</span><span>b</span> <em>c</em>", "P ab c\n"},
    /* Lists. */
    {"<ul><li>a<li>b<ul><li>c</ul>d</ul><ol start=3><li>e<p>f</ol>",
	"I - a\nI - b\nI   - c\nI   d\nI 3. e\nI    f\n"},
    {"<dl><dt id=t>Term<dd>Meaning.<dt>Other<dd>More.</dl>",
	"T #t Term\nP Meaning.\nT Other\nP More.\n"},
    {"<details><summary>Question?</summary><p>Answer.</details>", "T Question?\nP Answer.\n"},
    /* Tables and code stay whole. */
    {"<table><caption>Prices</caption><tr><th>Plan<th>Price<tr><td>Basic<td>5 "
     "<b>EUR</b><tr><td> "
     "<td><tr><td><p>Pro</p><td><ul><li>10<li>20</ul></table>",
	"B Prices/Plan | Price/Basic | 5 EUR/Pro | 10 20\n"},
    {"<table><tr><td><td>Only <b>this</b><td></table>", "P Only this\n"},
    {"<table><tr><td><h2>Layout</h2><p>a<td><p>b</table>", "H2 Layout\nP a\nP b\n"},
    {"<pre>\nint  main() {\n\treturn 0;\n}\n</pre>", "C int  main() {/\treturn 0;/}\n"},
    {"<table class=highlight><tr><td class=linenos><pre>1\n2</pre><td><pre>a\n b</pre></table>",
	"C a/ b\n"},
    {"<blockquote><p>Quoted.</blockquote><img alt='A red bicycle with a basket' src=x><img "
     "alt=logo>",
	"P Quoted.\nP A red bicycle with a basket\n"},
    /* What is beside the content. */
    {"<body><header>Shop</header><nav><a href=/>Home</a></nav><main><p>Content of the "
     "page.</main>"
     "<aside>Ad</aside><footer>Imprint</footer>",
	"P Content of the page.\n"},
    /* The tags of head and body may be left out. */
    {"<html lang=en><title>Shop</title><main><p>Content of the page.</main>",
	"P Content of the page.\n"},
    {"<title>Shop</title><style>p{}</style><noscript>x</noscript><header>Shop</header>"
     "<section><p>Content of the page.</section><div>More of it.</div>",
	"P Content of the page.\nP More of it.\n"},
    {"<div role=navigation>x</div><div class='foo breadcrumbs'>y</div><p>Text.", "P Text.\n"},
    {"<p hidden>a<p aria-hidden=true>b<p style='color:red; DISPLAY : none'>c<p>Seen.",
	"P Seen.\n"},
    {"<script>x()</script><style>p{}</style><template><p>t</template><svg><text>s</text></"
     "svg><p>Text.",
	"P Text.\n"},
    {"<main><p>Long enough to be the content of this page.<form><input "
     "name=mail>Newsletter</form></main>",
	"P Long enough to be the content of this page.\n"},
    {"<form id=aspnet><p>All of the page is one form.</form>",
	"P All of the page is one form.\n"},
    {"<article><header><h1>Post</h1></header><p>Body.<aside class=note>A "
     "note.</aside><aside>Ad</aside>"
     "</article><p>Rest",
	"H1 Post\nP Body.\nP A note.\n"},
    {"<p>Text.<ul><li><a href=1>One</a><li><a href=2>Two</a><li><a href=3>Three</a></ul>",
	"P Text.\n"},
    {"<p>We sell:<ul><li><a href=1>Bicycles</a><li><a href=2>Helmets</a></ul>",
	"P We sell:\nI - Bicycles\nI - Helmets\n"},
    {"<section><h2>Links</h2><p>Intro.<ul><li><a href=1>One</a><li><a href=2>Two</a><li><a "
     "href=3>3</a></ul>"
     "</section>",
	"H2 Links\nP Intro.\n"},
    /* Markup that is wrong. */
    {"<p>a<div>b</div></span></table>d<b><i>e</b>f", "P a\nP b\nP def\n"},
    {"", ""},
    {"just text", "P just text\n"},
};

FIXTURE_TEST(content_is_kept_as_blocks_and_the_rest_is_dropped)
{
	for (size_t i = 0; i < ARRAY_LEN(kept); i++) {
		read_page(kept[i].html);
		assert_string_equal(outcome_text(&out), kept[i].blocks);
	}
}

static const struct {
	const char *html, *title, *language, *canonical;
} heads[] = {
    {"<html lang=de-AT><title> A \n b </title><h1>c</h1>", "A b", "de-at", ""},
    {"<meta property=og:title content=OG><meta property=og:locale content=pt_BR><h1>c</h1>",
	"OG", "pt-br", ""},
    {"<h1>Only <b>this</b></h1><svg><title>icon</title></svg>", "Only this", "", ""},
    {"<link rel=canonical href='../b?x=1#y'><p>x", "", "", "https://shop.example/b?x=1"},
    {"<base href='https://cdn.example/d/'><link rel=canonical href=e>", "", "",
	"https://cdn.example/d/e"},
    {"<link rel=canonical href='javascript:x'><html lang='<b>'>", "", "", ""},
};

FIXTURE_TEST(a_page_tells_its_title_language_and_canonical_address)
{
	for (size_t i = 0; i < ARRAY_LEN(heads); i++) {
		read_page(heads[i].html);
		assert_true(slice_eq_str(buf_slice(&out.title), heads[i].title));
		assert_true(slice_eq_str(buf_slice(&out.language), heads[i].language));
		assert_true(slice_eq_str(buf_slice(&out.canonical), heads[i].canonical));
	}
}

static const struct {
	const char *html;
	bool noindex, nofollow;
} robots[] = {
    {"<meta name=robots content='index, follow'>", false, false},
    {"<META NAME=Robots CONTENT='NoIndex'>", true, false},
    {"<meta name=robots content='max-snippet:3,nofollow'>", false, true},
    {"<meta name=robots content=none>", true, true},
    {"<meta name=description content=noindex>", false, false},
};

FIXTURE_TEST(a_page_can_ask_not_to_be_indexed_or_followed)
{
	for (size_t i = 0; i < ARRAY_LEN(robots); i++) {
		read_page(robots[i].html);
		assert_int_equal(out.noindex, robots[i].noindex);
		assert_int_equal(out.nofollow, robots[i].nofollow);
	}
}

FIXTURE_TEST(links_are_absolute_and_each_is_named_once)
{
	static const char *const expected[] = {"https://shop.example/help/b",
	    "https://shop.example/c?q=%20", "http://other.example/",
	    "https://shop.example/d%C3%A9"};
	struct slice links, url;

	read_page(
	    "<nav><a href=b>1</a></nav><a href=' b#x '>2</a><a href='/c?q= '>3</a>"
	    "<a href=mailto:a@b>4</a><a href='#top'>5</a><a href=//other.example/ >6</a>"
	    "<a href='HTTP://['>7</a><a rel='x nofollow' href=no>8</a><a "
	    "href=\"/d\xc3\xa9\">9</a>"
	    "<a href=''>10</a><a href=javascript:void(0)>11</a><a href=\"/c?q=\n \">12</a>");
	links = buf_slice(&out.links);
	/* The scheme of a link counts as in the page. */
	for (size_t i = 0; i < ARRAY_LEN(expected); i++) {
		assert_true(document_next_link(&links, &url));
		if (i == 2)
			assert_true(slice_eq_str(url, "https://other.example/"));
		else if (i != 1)
			assert_true(slice_eq_str(url, expected[i]));
	}
	assert_false(document_next_link(&links, &url));
}

FIXTURE_TEST(at_most_5000_links_are_kept)
{
	struct buf html;
	struct slice links, url;
	size_t n = 0;

	buf_init(&html, 1000000);
	for (int i = 0; i < 6000; i++)
		assert_int_equal(buf_printf(&html, "<a href=/%d>x</a>", i), 0);
	html_read(&out, buf_slice(&html), slice_str(URL));
	buf_clear(&html);
	links = buf_slice(&out.links);
	while (document_next_link(&links, &url))
		n++;
	assert_int_equal(n, DOCUMENT_LINKS_MAX);
}

static const struct {
	const char *html;
	uint8_t reason;
} reasons[] = {
    {"<div id=root></div><script src=a.js></script>", REASON_SCRIPTS},
    {"<noscript>You need to enable JavaScript to run this app.</noscript><script></script>",
	REASON_SCRIPTS},
    {"<div id=root><p>Rendered by the server: this text is here without any scripts, and it is "
     "much "
     "longer than what a page says that asks to turn scripts on. It goes on for another "
     "sentence, so "
     "that it counts as text of a page, not as a remark.</div><script></script>",
	REASON_NONE},
    {"<h1>Sign in</h1><form><input type=email><input type=PassWord></form>", REASON_LOGIN},
    {"<body>", REASON_NONE},
};

FIXTURE_TEST(pages_that_need_scripts_or_a_login_are_not_read)
{
	for (size_t i = 0; i < ARRAY_LEN(reasons); i++) {
		read_page(reasons[i].html);
		assert_int_equal(out.reason, reasons[i].reason);
	}
}

FIXTURE_TEST(a_document_without_text_is_empty)
{
	struct document *doc;
	struct buf bytes;

	read_page("<title>Nothing</title><img src=x>");
	buf_init(&bytes, DOCUMENT_MAX);
	assert_int_equal(outcome_encode(&out, &bytes), 0);
	doc = document_decode(&bytes);
	assert_non_null(doc);
	assert_int_equal(doc->reason, REASON_EMPTY);
	assert_true(slice_eq_str(doc->title, "Nothing"));
	document_free(doc);
}

/* The text of panels that readers unfold. */
static const struct {
	const char *html, *blocks;
} folded[] = {
    {"<h3><button aria-controls=p>How long?</button></h3><div id=p hidden><p>Six days.</div>",
	"H3 How long?\nP Six days.\n"},
    {"<button aria-controls='o p'>How long?</button><div id=p style='display: none'>Six "
     "days.</div>",
	"T How long?\nP Six days.\n"},
    {"<div role=button aria-controls=p>How long?</div><div id=p aria-hidden=true>Six "
     "days.</div>",
	"P How long?\nP Six days.\n"},
    {"<p><a href='#p'>How long?</a></p><div id=p style='visibility:hidden'>Six days.</div>",
	"P How long?\nP Six days.\n"},
    {"<button data-bs-target='#p'>How long?</button><div id=p hidden>Six days.</div>",
	"T How long?\nP Six days.\n"},
    {"<button data-bs-target='.p'>More</button><div class='a p' hidden>Six days.</div>",
	"P Six days.\n"},
    {"<p><a href='/help/a.html#p'>How long?</a></p><div id=p hidden>Six days.</div>",
	"P How long?\nP Six days.\n"},
    {"<p><a href='javascript:show(\"p\")'>How long?</a></p><div id=p hidden>Six days.</div>",
	"P How long?\nP Six days.\n"},
    {"<p onclick=\"toggle('p')\">How long?</p><div id=p hidden>Six days.</div>",
	"P How long?\nP Six days.\n"},
    {"<ul><li data-tab=p>How long?</ul><div id=p hidden>Six days.</div>",
	"I - How long?\nP Six days.\n"},
    {"<p id=q>How long?</p><div role=region aria-labelledby=q hidden>Six days.</div>",
	"P How long?\nP Six days.\n"},
    /* What follows a control that names nothing. */
    {"<button aria-expanded=false>How long?</button><div hidden>Six days.</div>",
	"T How long?\nP Six days.\n"},
    {"<h3 role=button>How long?</h3>\n<div hidden>Six days.</div>",
	"H3 How long?\nP Six days.\n"},
    {"<label for=c>How long?</label><input id=c type=checkbox><div hidden>Six days.</div>",
	"P How long?\nP Six days.\n"},
    {"<div role=tabpanel hidden>Six days.</div>", "P Six days.\n"},
    {"<dl><dt>How long?<dd style='display:none'>Six days.</dl>", "T How long?\nP Six days.\n"},
    /* The hidden element is around the panel, or in it. */
    {"<button aria-controls=p></button><div hidden><div id=p>Six days.</div></div>",
	"P Six days.\n"},
    {"<a href='#antwort%C3%A4'>Q</a><div id='antwort\xc3\xa4' hidden>Six days.</div>",
	"P Q\nP Six days.\n"},
    {"<a href='/faq#a%c3%a4%20b'>Q</a><div id='a\xc3\xa4 b' hidden>Six days.</div>",
	"P Q\nP Six days.\n"},
    {"<a href='#a%20b'>Q</a><div id='a%20b' hidden>Six days.</div>", "P Q\nP Six days.\n"},
    {"<a href='#100%&a%4'>Q</a><div id='100%&a%4' hidden>Six days.</div>",
	"P Q\nP Six days.\n"},
    {"<a href='#%zz%4g%41'>Q</a><div id='%zz%4gA' hidden>Six days.</div>",
	"P Q\nP Six days.\n"},
    {"<p>a<a href='#a%2541'>Q</a><div id='aA' hidden>No.</div>", "P aQ\n"},
    {"<button aria-controls=p></button><div id=p><div hidden>Six days.</div></div>",
	"P Six days.\n"},
    {"<div role=button>How long?</div><div hidden>Six days.</div>",
	"P How long?\nP Six days.\n"},
    {"<button class=faq-question>How long?</button><div><p>Six days.</div>",
	"T How long?\nP Six days.\n"},
    {"<div itemscope><h3 itemprop=name>How long?</h3><div itemprop=acceptedAnswer hidden><p "
     "itemprop=text>Six days.</div></div>",
	"H3 How long?\nP Six days.\n"},
    /* What nothing controls stays hidden, and so do menus, dialogs and lists of suggestions. */
    {"<p>a<div id=p hidden>No.</div>", "P a\n"},
    {"<p>a<button aria-controls=p></button><div hidden>No.<div id=p>No.</div></div>", "P a\n"},
    {"<p>a<button aria-controls=p></button><div role=dialog id=p hidden>No.</div>", "P a\n"},
    {"<p>a<a href='#p' data-toggle=modal></a><div id=p style='display:none'>No.</div>",
	"P a\n"},
    {"<p>a<button aria-haspopup=true aria-controls=p></button><ul id=p hidden><li>No.</ul>",
	"P a\n"},
    {"<p>a<a href='#p'></a><div id=p class='fade modal' hidden>No.</div>", "P a\n"},
    {"<p>a<button onclick=\"openModal('p')\">b</button><div id=p hidden>No.</div>", "P a\n"},
    {"<p>a<button data-modal-target=p>b</button><div id=p hidden>No.</div>", "P a\n"},
    {"<p>a<button popovertarget=p>b</button><div id=p popover>No.</div>", "P a\n"},
    {"<p>a</p><button class=accordion>More</button><div role=button>b</div><ul class=menu "
     "hidden><li>No.</ul>",
	"P a\nP b\n"},
    {"<p>a<button aria-expanded=false>b</button>c<div hidden>No.</div>", "P ac\n"},
    {"<p>a<input role=combobox aria-controls=p><div id=p hidden>No.</div>", "P a\n"},
    {"<p>a<nav><button aria-controls=p></button><div id=p hidden>No.</div></nav>", "P a\n"},
    {"<p>a<h3>b<button>Copy</button></h3>", "P a\nH3 b\n"},
    /* What scripts load later. */
    {"<p>a<noscript><p>Parcels take six days.</noscript>", "P a\nP Parcels take six days.\n"},
    {"<p>a<noscript><p>The description of a parcel.</noscript>",
	"P a\nP The description of a parcel.\n"},
    {"<p>a<noscript><p>You must allow scripts on this page.</noscript>", "P a\n"},
    {"<p>a<noscript><p>Please enable JavaScript to see this.</noscript>", "P a\n"},
    {"<p>a<noscript><img src=x alt='a picture of a parcel'></noscript>", "P a\n"},
};

FIXTURE_TEST(what_readers_unfold_is_content)
{
	for (size_t i = 0; i < ARRAY_LEN(folded); i++) {
		read_page(folded[i].html);
		assert_string_equal(outcome_text(&out), folded[i].blocks);
	}
}

#define DATA(json) "<p>Help.</p><script type='application/ld+json'>" json "</script>"
#define QUESTION(question, answer)                     \
	"{\"@type\":\"Question\",\"name\":\"" question \
	"\",\"acceptedAnswer\":{\"@type\":\"Answer\",\"text\":\"" answer "\"}}"
#define FAQ(inside) "{\"@type\":\"FAQPage\",\"mainEntity\":[" inside "]}"

static const struct {
	const char *html, *blocks;
} answers[] = {
    {DATA(FAQ(QUESTION("How long?", "Six days.") "," QUESTION("Why?", "Far."))),
	"P Help.\nT How long?\nP Six days.\nT Why?\nP Far.\n"},
    {DATA(FAQ(QUESTION("How?", "<p>So:</p><ul><li>one<li>two</ul>"))),
	"P Help.\nT How?\nP So:\nI - one\nI - two\n"},
    {DATA(FAQ(QUESTION("How?", "&lt;b&gt; &amp;amp; more"))),
	"P Help.\nT How?\nP <b> &amp; more\n"},
    /* A graph, several types, one question alone, a suggested answer, a line end in a text, a comment around it. */
    {DATA("{\"@graph\":[{\"@type\":\"Thing\"},{\"@type\":[\"WebPage\",\"http://schema.org/"
	  "FAQPage\"],"
	  "\"mainEntity\":" QUESTION("Why?", "Far.") "}]}"),
	"P Help.\nT Why?\nP Far.\n"},
    {DATA("<!--\n[{\"@type\":\"QAPage\",\"mainEntity\":{\"name\":\"Why?\",\"suggestedAnswer\":"
	  "[{\"text\":\"So\nfar.\"},{\"text\":\"No.\"}]}}]\n-->"),
	"P Help.\nT Why?\nP So far.\n"},
    {DATA("//<![CDATA[\n" FAQ(QUESTION("Why?", "Far.")) "\n//]]>"),
	"P Help.\nT Why?\nP Far.\n"},
    /* Beside its page in a graph, in the page around it, in an array in an array; a prefix, a comma too many. */
    {DATA("{\"@graph\":[{\"@type\":\"FAQPage\",\"mainEntity\":[{\"@id\":\"#1\"}]}," QUESTION(
	 "Why?", "Far.") "]}"),
	"P Help.\nT Why?\nP Far.\n"},
    {DATA("[[{\"@type\":\"Article\",\"hasPart\":" FAQ(
	 QUESTION("Why?", "Far.") "," QUESTION("How?", "So.")) "}]]"),
	"P Help.\nT Why?\nP Far.\nT How?\nP So.\n"},
    {DATA("{\"@type\":\"schema:FAQPage\",\"schema:mainEntity\":[{\"@type\":\"schema:Question\","
	  "\"schema:name\":\"Why,]?\",\"schema:acceptedAnswer\":{\"schema:text\":[\"Far.\"]},},"
	  "]}"),
	"P Help.\nT Why,]?\nP Far.\n"},
    {"<p>Help.</p><script type='application/ld+json;charset=utf-8'>" FAQ(
	 QUESTION("Why?", "Far.") "," QUESTION("Why?", "Far.")) "</script>",
	"P Help.\nT Why?\nP Far.\n"},
    /* What the page shows is not added again. */
    {"<h2>Why?</h2><p>It is <b>far</b>.</p>" DATA(FAQ(QUESTION("Why?", "It is far."))),
	"H2 Why?\nP It is far.\nP Help.\n"},
    /* No pairs. */
    {DATA("{\"@type\":\"HowTo\",\"mainEntity\":[" QUESTION("a", "b") "]}"), "P Help.\n"},
    {DATA(FAQ("1,null,[],{},{\"name\":\"a\"},{\"name\":5,\"acceptedAnswer\":[]}")),
	"P Help.\n"},
    {DATA("{\"@type\":\"FAQPage\",\"mainEntity\":[{"), "P Help.\n"},
    {DATA(""), "P Help.\n"},
};

FIXTURE_TEST(questions_of_the_data_become_terms)
{
	for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
		read_page(answers[i].html);
		assert_string_equal(outcome_text(&out), answers[i].blocks);
	}
}

#define SENTENCE                                                             \
	"The parcel leaves our house in Bergen on the day after the order, " \
	"and arrives at your door within six days."
#define LINKS                                                                              \
	"<ul><li><a href=a>Another long story about parcels</a><li><a href=b>Yet another " \
	"story</a>"                                                                        \
	"<li><a href=c>The ten best stories about parcels of the year</a></ul>"

/* What surrounds an article, and what only looks like it. */
static const struct {
	const char *html, *blocks;
} surrounded[] = {
    {"<p>" SENTENCE "<div class='post-comments'><p>Nice!</div><div id=comments><p>b</div><ul "
     "class=share-buttons><li>Mail</ul>"
     "<div class=\"vjs-control-bar\">Mute</div><div class=related_posts><p>Also read "
     "this.</div>",
	"P " SENTENCE "\n"},
    {"<p>a<div class='comments-open'><p>b</div><div class='no-share has-social'><p>c</div><h2 "
     "id=comments>d</h2>"
     "<section id=comments><p>e</section><pre><span class=comment># f</span></pre><p "
     "class=shared>g",
	"P a\nP b\nP c\nH2 #comments d\nP #comments e\nC # f\nP g\n"},
    /* By headings and labels: comments with a time, a number or a field. */
    {"<p>" SENTENCE "<div><h2>Comments</h2><div>Ann <time>now</time><p>Nice!</div></div>"
     "<section aria-label=Kommentare><p>Gut!<textarea></textarea></section>"
     "<div><div><h3>3 Commentaires (3)</h3></div><p>Bon!</div>",
	"P " SENTENCE "\n"},
    /* By a label alone, without code. */
    {"<p>" SENTENCE "<section aria-label=Comments><p>Nice!<p>Same here.</section>"
     "<div role=region aria-label='Reader comments'><ul><li>First!</ul></div>"
     "<section aria-label=' \xd0\x9a\xd0\xbe\xd0\xbc\xd0\xbc\xd0\xb5\xd0\xbd\xd1\x82\xd0"
     "\xb0\xd1\x80\xd0\xb8\xd0\xb8: '><p>Da!</section>"
     "<section aria-label=Comments><p>Begin with #.<pre># a</pre></section>"
     "<section aria-label=Comments><h2>How to write one</h2><p>Be brief.</section>",
	"P " SENTENCE "\nP Begin with #.\nC # a\nH2 How to write one\nP Be brief.\n"},
    {"<p>" SENTENCE "<div><h2>Related articles</h2><div><a href=a><h3>Another story</h3></a>"
     "<p>Its first words.</div><div><a href=b><h3>A third story</h3></a><p>Few "
     "words.</div></div>",
	"P " SENTENCE "\n"},
    /* What has such a heading, but other contents. */
    {"<p>" SENTENCE "<section><h2>2.1 Comments</h2><p>Comments begin with #.<pre># a</pre>"
     "<button>Copy</button></section><section aria-label='Share a comment'><p>Press "
     "it.</section>"
     "<div><h2>Related</h2><p>Tables are <a href=r>related</a> by keys, and each has "
     "one.</div>"
     "<div><h2>Recommended</h2><p>Take <a href=a>A</a> or <a href=b>B</a> with water, twice a "
     "day, but not before meals.</div>",
	"P " SENTENCE "\nH2 2.1 Comments\nP Comments begin with #.\nC # a\nP Press it.\n"
	"H2 Related\nP Tables are related by keys, and each has one.\nH2 Recommended\nP Take "
	"A or B with water, twice a day, but not before meals.\n"},
    {"<div><h2>Comments (2)</h2><p>" SENTENCE "<p>" SENTENCE "</div>",
	"H2 Comments (2)\nP " SENTENCE "\nP " SENTENCE "\n"},
    /* All of the page is in one. */
    {"<p>a<div class=share><p>" SENTENCE "</div>", "P a\nP " SENTENCE "\n"},
    /* An article among lists of links, of which the headings keep them from being menus. */
    {"<div><h2>More</h2>" LINKS "</div><div><p>" SENTENCE "<p>" SENTENCE "<p>" SENTENCE
     "<p>" SENTENCE "<p>" SENTENCE "<p>" SENTENCE "</div><div><h2>Best</h2>" LINKS LINKS
     "<p>Mon</div>",
	"P " SENTENCE "\nP " SENTENCE "\nP " SENTENCE "\nP " SENTENCE "\nP " SENTENCE
	"\nP " SENTENCE "\n"},
    /* Opening hours beside a text are no list of links. */
    {"<div><p>" SENTENCE "<p>" SENTENCE "<p>" SENTENCE "<p>" SENTENCE "<p>" SENTENCE
     "</div><div><h2>Opening hours</h2><p>Monday to Friday from 9 to 17, on Saturdays from 10 "
     "to 14, "
     "<a href=m>map</a></div>",
	"P " SENTENCE "\nP " SENTENCE "\nP " SENTENCE "\nP " SENTENCE "\nP " SENTENCE
	"\nH2 Opening hours\nP Monday to Friday from 9 to 17, on Saturdays from 10 to 14, "
	"map\n"},
};

FIXTURE_TEST(what_surrounds_an_article_is_left_out)
{
	for (size_t i = 0; i < ARRAY_LEN(surrounded); i++) {
		read_page(surrounded[i].html);
		assert_string_equal(outcome_text(&out), surrounded[i].blocks);
	}
}

TEST_MAIN(NULL, NULL)
