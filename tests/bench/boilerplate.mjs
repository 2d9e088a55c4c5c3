// Page layouts for `make bench-extract`: what usual systems put around a document. Each takes {title, content, n} and
// returns a page; n varies the amount of what is around.

const READERS = ["Maria", "tom_k", "Jörg W.", "Priya", "A. Novak", "left-pad", "Sam", "Chloé"];
const REMARKS = [
	"Thanks a lot, this saved my afternoon. I had been looking for it in the wrong place for two days.",
	"Does this also work on the old version? Mine prints an error at the second step and I do not know why.",
	"I disagree with the last paragraph. In our team we did the opposite and never looked back.",
	"Great write-up!",
	"Could you please add a picture? It is hard to follow for beginners like me, and my colleagues say the same.",
	"Same here. Restarting the router helped, although nobody could explain the reason.",
];
const STORIES = [
	["Ten gardens that need no water", "Experts explain which plants survive a long and dry summer."],
	[
		"City council votes on new tram line",
		"The decision was closer than expected on Tuesday night.",
	],
	[
		"How a baker from Lyon became famous",
		"Her bread is sold out each morning before nine o'clock.",
	],
	[
		"Five mistakes when buying a bicycle",
		"A mechanic with thirty years of experience gives advice.",
	],
	["Museum reopens after three years", "Visitors waited for hours to see the restored hall."],
	["Why cats look at walls", "Scientists have measured what our pets are able to hear."],
	["Storm warning for the coast", "Ferries stay in their harbours until the weekend."],
	["Recipe: soup of roasted pumpkin", "It takes forty minutes, most of them without any work."],
];
const MENU = ["Home", "News", "Sports", "Culture", "Travel", "Shop", "About us", "Contact"];

const many = (list, n) => Array.from({ length: n }, (_, i) => list[i % list.length]);
const links = (names) =>
	names.map((name, i) => `<li><a href="/m/${i}">${name}</a></li>`).join("\n");
const remarks = (n, show) =>
	many(REMARKS, 2 + (n % 5))
		.map((text, i) => show(READERS[(i + n) % READERS.length], `${i + 2} hours ago`, text))
		.join("\n");
const stories = (n, count, show) =>
	many([...STORIES.slice(n % 8), ...STORIES], count)
		.map(([title, teaser], i) => show(title, `/s/${i}`, teaser))
		.join("\n");
const page = (title, body) =>
	`<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>${title}</title></head>${body}</html>`;

/** A blog: WordPress and its usual plugins. */
const blog = ({ title, content, n }) =>
	page(
		title,
		`<body class="post-template-default single single-post comments-open has-sidebar">
<a class="skip-link screen-reader-text" href="#primary">Skip to content</a>
<header id="masthead" class="site-header"><p class="site-title"><a href="/">My notebook</a></p>
<nav id="site-navigation" class="main-navigation"><ul>${links(MENU)}</ul></nav></header>
<div id="content" class="site-content"><div id="primary" class="content-area"><main id="main" class="site-main">
<article class="post hentry"><header class="entry-header"><div class="entry-meta">Posted on <time>May 4</time> by <a href="/a">admin</a></div></header>
<div class="entry-content">${content}
<div class="sharedaddy sd-sharing-enabled"><h3 class="sd-title">Share this:</h3><ul><li><a href="#f">Facebook</a></li><li><a href="#x">X</a></li><li><a href="#m">Email</a></li></ul></div>
<div id="jp-relatedposts" class="jp-relatedposts"><h3>Related</h3>${stories(n, 3, (t, u, x) => `<div class="jp-relatedposts-post"><h4><a href="${u}">${t}</a></h4><p>${x}</p></div>`)}</div>
</div><footer class="entry-footer">Filed under <a href="/c">Notes</a></footer></article>
<nav class="post-navigation"><a href="/p">Previous post</a> <a href="/n">Next post</a></nav>
<div id="comments" class="comments-area"><h2 class="comments-title">Thoughts on “${title}”</h2><ol class="comment-list">
${remarks(n, (who, when, text) => `<li class="comment"><article class="comment-body"><footer class="comment-meta"><b class="fn">${who}</b> says: <time>${when}</time></footer><div class="comment-content"><p>${text}</p></div><div class="reply"><a href="#r">Reply</a></div></article></li>`)}
</ol><div id="respond" class="comment-respond"><h3>Leave a Reply</h3><form action="/c"><p>Your email address will not be published. Required fields are marked *</p><textarea></textarea><input type="submit" value="Post Comment"></form></div></div>
</main></div><aside id="secondary" class="widget-area"><section class="widget"><h2>Recent Posts</h2><ul>${stories(n, 5, (t, u) => `<li><a href="${u}">${t}</a></li>`)}</ul></section></aside></div>
<footer id="colophon" class="site-footer">Proudly powered by nothing at all. All rights reserved.</footer>
<div id="cookie-notice" role="dialog"><p>We use cookies to give you the best experience on our site. If you go on, we assume that you are happy with it.</p><button>Ok</button></div></body>`,
	);

/** A newspaper without elements of HTML 5: a player above the text, teasers in the middle of it, most read beside it. */
const newspaper = ({ title, content, n }) =>
	page(
		title,
		`<body><div class="header"><div class="logo"><a href="/">The Daily Page</a></div><ul class="menu">${links(MENU)}</ul></div>
<div class="breadcrumbs"><a href="/">Home</a> &gt; <a href="/news">News</a></div>
<div class="wrapper"><div class="column-main"><div class="article-text">
<div class="video-player" id="player-1"><div class="vjs-poster"></div><div class="vjs-control-bar">Play Video <span>Mute</span> <span>Current Time 0:00</span> / <span>Duration Time 3:12</span> <span>Loaded: 0%</span> <span>Playback Rate</span> <span>Chapters</span> <span>descriptions off, selected</span> <span>subtitles settings, opens subtitles settings dialog</span> <span>Fullscreen</span></div><div class="vjs-modal-dialog"><p>This is a modal window. Beginning of dialog window. Escape will cancel and close the window.</p></div></div>
${half(content, `<div class="related-box"><div class="headline">Read more</div><ul>${stories(n, 3, (t, u) => `<li><a href="${u}">${t}</a></li>`)}</ul></div>`)}
</div>
<div class="social-bar"><a href="#a">Share</a> <a href="#b">Tweet</a> <a href="#c">Print</a> 1.2k shares</div>
<div class="ad-slot advertisement">Advertisement<p>Order now and save half of the price on all garden furniture until Sunday.</p></div>
<div class="comments"><div class="headline">${2 + (n % 5)} comments</div>${remarks(n, (who, when, text) => `<div class="comment"><span class="author">${who}</span> <span class="date">${when}</span><p>${text}</p><a href="#r">Answer</a> <a href="#c">Report</a></div>`)}</div></div>
<div class="column-right"><div class="most-read"><div class="headline">Most read</div><ol>${stories(n + 3, 6, (t, u) => `<li><a href="${u}">${t}</a></li>`)}</ol></div>
<div class="newsletter"><p>Get the news of the day by e-mail, each morning at six.</p><form action="/n"><input name="e"><button>Subscribe</button></form></div></div></div>
<div class="footer"><ul>${links(["Imprint", "Privacy", "Terms", "Careers", "RSS"])}</ul><p>Copyright The Daily Page. No part of it may be reproduced without permission.</p></div></body>`,
	);

/** HTML 5 as the standard has it, without names. */
const semantic = ({ title, content, n }) =>
	page(
		title,
		`<body><header><a href="/">Example</a><nav><ul>${links(MENU)}</ul></nav><search><form action="/s"><input name="q"></form></search></header>
<main><article>${content}<figure><video controls src="/v.mp4">Your browser cannot play this video.</video></figure>
<aside><h3>You may also like</h3><ul>${stories(n, 4, (t, u, x) => `<li><a href="${u}">${t}</a><p>${x}</p></li>`)}</ul></aside></article>
<section aria-label="Comments"><h2>Comments</h2>${remarks(n, (who, when, text) => `<article><header><b>${who}</b> <time>${when}</time></header><p>${text}</p><button>Reply</button></article>`)}</section></main>
<aside><h2>Most read</h2><ol>${stories(n + 2, 5, (t, u) => `<li><a href="${u}">${t}</a></li>`)}</ol></aside>
<footer><p>Made by a small team. Write to us at any time, we answer within two days.</p><ul>${links(["Imprint", "Privacy"])}</ul></footer>
<dialog open><p>We and our 842 partners store and access information on your device.</p><button>Accept all</button></dialog></body>`,
	);

/** An application whose build generates the names of classes. */
const generated = ({ title, content, n }) =>
	page(
		title,
		`<body><div id="root"><div class="css-1q2w3e"><div class="css-9f8d7"><a href="/">Example</a><div class="css-0a">${MENU.map((name, i) => `<a class="css-0b" href="/${i}">${name}</a>`).join("")}</div></div>
<div class="css-77ab"><div class="css-main1"><div class="css-h0"><span>By Alex Martin</span><span>6 min read</span></div><div class="css-b1">${content}</div>
<div class="css-s4"><button>Like</button><button>Share</button><button>Save</button></div>
<div class="css-c5"><h2 class="css-c6">Comments (${2 + (n % 5)})</h2>${remarks(n, (who, when, text) => `<div class="css-c7"><div class="css-c8"><span>${who}</span><span>${when}</span></div><p class="css-c9">${text}</p><div><button>Like</button><button>Reply</button></div></div>`)}</div>
<div class="css-r1"><h2>Related articles</h2><div class="css-r2">${stories(n, 4, (t, u, x) => `<div class="css-r3"><a href="${u}"><h3>${t}</h3></a><p>${x}</p><span>May ${(n % 20) + 1}</span></div>`)}</div></div></div>
<div class="css-side"><h4>Trending</h4>${stories(n + 1, 5, (t, u) => `<div class="css-t1"><a href="${u}">${t}</a></div>`)}</div></div>
<div class="css-foot"><div>${["Imprint", "Privacy", "Terms", "Help"].map((name, i) => `<a href="/f${i}">${name}</a>`).join("")}</div><p>© Example Ltd.</p></div></div>
<div class="css-cc"><p>This site uses cookies.</p><button>Accept</button><button>Reject</button></div></div></body>`,
	);

/** Tables for the layout, as sites of the nineties and many intranets have it. */
const tables = ({ title, content, n }) =>
	page(
		title,
		`<body bgcolor="#ffffff"><table width="100%" border="0"><tr><td colspan="3"><a href="/"><img src="/logo.gif" alt="Example Ltd. logo"></a></td></tr>
<tr><td width="150" valign="top">${MENU.map((name, i) => `<a href="/${i}.htm">${name}</a><br>`).join("\n")}</td>
<td valign="top">${content}<hr><p><font size="-1"><a href="#top">Top</a> | <a href="/print">Print</a> | <a href="/send">Send to a friend</a></font></p></td>
<td width="200" valign="top"><b>Also interesting</b><br>${stories(n, 6, (t, u) => `<a href="${u}">${t}</a><br>`)}</td></tr>
<tr><td colspan="3" align="center"><font size="-2">${["Imprint", "Privacy", "Site map"].map((name, i) => `<a href="/f${i}">${name}</a>`).join(" | ")}<br>Copyright 1999-2024 Example Ltd.</font></td></tr></table></body>`,
	);

/** A help centre on a CMS: Drupal's names, blocks and a vote. */
const help = ({ title, content, n }) =>
	page(
		title,
		`<body class="path-node node--type-article"><div class="dialog-off-canvas-main-canvas"><header role="banner"><nav role="navigation" class="navbar"><ul class="nav">${links(MENU)}</ul></nav></header>
<div class="layout-container"><div class="region region-breadcrumb"><ol class="breadcrumb"><li><a href="/">Help centre</a></li><li><a href="/g">Guides</a></li></ol></div>
<div class="layout-content"><div class="region region-content"><div class="node node--view-mode-full"><div class="node__content"><div class="field field--name-body">${content}</div>
<div class="article-votes"><span>Was this article helpful?</span> <button>Yes</button> <button>No</button> <small>${n} out of ${n + 7} found this helpful</small></div>
<section class="comment-wrapper field field--name-comment"><h2 class="title">Comments</h2>${remarks(n, (who, when, text) => `<article class="comment js-comment"><footer class="comment__meta"><p class="comment__submitted">Submitted by ${who} on ${when}</p></footer><div class="comment__content"><h3><a href="#c">${text.slice(0, 20)}</a></h3><p>${text}</p><ul class="links inline"><li><a href="/login">Log in</a> to post comments</li></ul></div></article>`)}</section>
</div></div></div></div><div class="layout-sidebar-second" role="complementary"><div class="block"><h2>Popular content</h2><div class="item-list"><ul>${stories(n, 5, (t, u) => `<li><a href="${u}">${t}</a></li>`)}</ul></div></div></div></div>
<footer role="contentinfo" class="footer"><p>Our support is there for you from Monday to Friday.</p></footer></div>
<div id="sliding-popup" class="eu-cookie-compliance-banner" role="alertdialog"><h2>We use cookies on this site to enhance your user experience</h2><p>By clicking the Accept button, you agree to us doing so.</p><button>Accept</button></div></body>`,
	);

/** Puts something between the two halves of a document, after a paragraph at its top level; else behind it. */
function half(content, between) {
	const at = content.indexOf("</p>\n<p>", content.length / 3);
	if (at === -1) return content + between;
	return `${content.slice(0, at + 5)}${between}${content.slice(at + 5)}`;
}

export const LAYOUTS = { blog, newspaper, semantic, generated, tables, help };
