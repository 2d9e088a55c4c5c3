// The sites of make bench-content, in a process of their own: pages made of the chunks of a file, and a sitemap, on one
// port of several addresses.
//
//	node tests/bench/content-site.mjs CHUNKS PAGES ADDRESS…  →  a line of JSON: the sites' origins

import { readFileSync } from "node:fs";
import { createServer } from "node:http";

const [path, pages, ...addresses] = process.argv.slice(2);
const CHUNKS_EACH = 7;

const chunks = readFileSync(path, "utf8")
	.split("\n")
	.filter((line) => line !== "")
	.map((line) =>
		line.slice(line.indexOf("\t") + 1).replace(/[&<]/g, (c) => `&#${c.charCodeAt(0)};`),
	);
const total = Math.min(Number(pages), Math.floor(chunks.length / CHUNKS_EACH));

function pageOf(i) {
	const parts = chunks
		.slice(i * CHUNKS_EACH, (i + 1) * CHUNKS_EACH)
		.map((text, n) => `<h2 id="p${n}">Part ${n} of ${i}</h2><p>${text}</p>`);
	return `<!doctype html><html lang="en"><title>Page ${i}</title><main><h1>Page ${i}</h1>${parts.join("\n")}</main></html>`;
}

/** The pages of a site are every n-th one. */
function sitemapOf(site, origin) {
	const urls = [];
	for (let i = site; i < total; i += addresses.length)
		urls.push(`<url><loc>${origin}/p/${i}</loc></url>`);
	return `<urlset>${urls.join("")}</urlset>`;
}

function answer(site, request, response) {
	const number = /^\/p\/(\d+)$/.exec(request.url)?.[1];
	const origin = `http://${request.headers.host}`;
	const send = (status, type, body) =>
		response.writeHead(status, { "content-type": type }).end(body);
	if (request.url === "/")
		return send(200, "text/html", "<main><h1>Start</h1><p>All pages.</main>");
	if (request.url === "/sitemap.xml") return send(200, "application/xml", sitemapOf(site, origin));
	if (number === undefined || number >= total) return send(404, "text/plain", "nothing here");
	send(200, "text/html; charset=utf-8", pageOf(Number(number)));
}

const origins = [];
let port = 0;
for (const [site, address] of addresses.entries()) {
	const server = createServer((request, response) => answer(site, request, response));
	await new Promise((done) => server.listen(port, address, done));
	port = server.address().port;
	origins.push(`http://${address}:${port}`);
}
console.log(JSON.stringify({ origins, pages: total }));
