// A site for the tests of crawld: pages by their paths, each a text, an object or a function, and a list of all requests.
//
//	const site = await Site.start({ "/": page("Home", "Welcome", ["/a"]), "/a": { status: 500 } });
//	site.requests → [{ method, url, headers, at }]
//	site.pages["/b"] = (request, response) => …;

import { createHash } from "node:crypto";
import { createServer } from "node:http";

/** A page of HTML with a text and links. */
export function page(title, text, links = [], head = "") {
	const items = links.map((to) => `<li>See <a href="${to}">${to}</a> for the rest of it</li>`);
	return `<!doctype html><html lang="en"><head><title>${title}</title>${head}</head>
<body><main><h1>${title}</h1><p>${text}</p><ul>${items.join("\n")}</ul></main></body></html>`;
}

/** A sitemap of these addresses: texts, or [address, lastmod]. */
export function sitemap(urls) {
	const items = urls.map((one) => {
		const [loc, lastmod] = Array.isArray(one) ? one : [one];
		return `<url><loc>${loc}</loc>${lastmod ? `<lastmod>${lastmod}</lastmod>` : ""}</url>`;
	});
	return {
		type: "application/xml",
		body: `<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">${items.join("")}</urlset>`,
	};
}

export class Site {
	requests = [];
	/** What paths without a page get. */
	missing = { status: 404, body: page("Not found", "There is nothing here.") };

	static async start(pages = {}, { host = "127.0.0.1", port = 0 } = {}) {
		const site = new Site();
		site.pages = pages;
		site.server = createServer((request, response) => site.#answer(request, response));
		await new Promise((done) => site.server.listen(port, host, done));
		site.port = site.server.address().port;
		site.origin = `http://${host.includes(":") ? `[${host}]` : host}:${site.port}`;
		return site;
	}

	#answer(request, response) {
		this.requests.push({ url: request.url, headers: request.headers, at: performance.now() });
		const found = this.pages[request.url] ?? this.pages[request.url.split("?")[0]] ?? this.missing;
		if (typeof found === "function") return found(request, response);
		const answer = typeof found === "string" || Buffer.isBuffer(found) ? { body: found } : found;
		const { status = 200, type = "text/html; charset=utf-8", headers = {}, body = "" } = answer;
		const etag = `"${createHash("sha1").update(body).digest("hex")}"`;
		if (answer.etag && request.headers["if-none-match"] === etag)
			return response.writeHead(304, { etag, ...headers }).end();
		const all = { "content-type": type, ...(answer.etag ? { etag } : {}), ...headers };
		response.writeHead(status, all).end(body);
	}

	/** The paths that were asked for, except robots.txt, sitemaps and the probe of a missing page. */
	paths() {
		return this.requests
			.map(({ url }) => url)
			.filter((url) => !/^\/(robots\.txt|sitemap)/.test(url));
	}

	asked(url) {
		return this.requests.filter((one) => one.url === url).length;
	}

	stop() {
		this.server.closeAllConnections();
		return new Promise((done) => this.server.close(done));
	}
}
