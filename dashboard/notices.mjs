// The page with the licenses of the packages that a browser loads, made from the packages themselves.

import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { build } from "esbuild";

const escaped = (text) =>
	text.replace(/[&<>]/g, (sign) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;" })[sign]);

/** Imports that the build makes; none has code of others. */
const withoutMade = {
	name: "without-made",
	setup({ onResolve, onLoad }) {
		onResolve({ filter: /\?(link|page)$/ }, ({ path }) => ({ path, namespace: "made" }));
		onLoad({ filter: /./, namespace: "made" }, () => ({ contents: "export default '';" }));
	},
};

/** The folders of the packages in the bundle. */
async function packages(root) {
	const { metafile } = await build({
		absWorkingDir: root,
		entryPoints: ["src/main.tsx"],
		outdir: "dist",
		bundle: true,
		splitting: true,
		format: "esm",
		write: false,
		metafile: true,
		logLevel: "error",
		plugins: [withoutMade],
	});
	const folders = Object.keys(metafile.inputs).map(
		(path) => /^node_modules\/((@[^/]+\/)?[^/]+)/.exec(path)?.[0],
	);
	return [...new Set(folders.filter(Boolean))].sort();
}

async function notice(folder) {
	const { name, version, license } = JSON.parse(
		await readFile(join(folder, "package.json"), "utf8"),
	);
	const file = (await readdir(folder)).find((one) => /^licen[cs]e/i.test(one));
	if (!file) throw new Error(`${folder} has no license file`);
	const text = await readFile(join(folder, file), "utf8");
	return `<h2>${escaped(`${name} ${version}, ${license}`)}</h2>\n<pre>${escaped(text.trim())}</pre>`;
}

async function page(root) {
	const notices = await Promise.all(
		(await packages(root)).map((folder) => notice(join(root, folder))),
	);
	return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>Third-party notices · banter</title>
<h1>Third-party notices</h1>
<p>The dashboard contains the following packages. Those of the server are in NOTICES.md of the installed package.</p>
${notices.join("\n")}
</html>
`;
}

/** An import of "notices?page" is the page's address. */
export function noticesPage(root, dist) {
	return {
		name: "notices-page",
		setup({ onResolve, onLoad }) {
			onResolve({ filter: /\bnotices\?page$/ }, ({ path }) => ({ path, namespace: "notices" }));
			onLoad({ filter: /./, namespace: "notices" }, async () => {
				const html = await page(root);
				const hash = createHash("sha256").update(html).digest("hex").slice(0, 8);
				const name = `notices-${hash}.html`;
				await mkdir(join(dist, "assets"), { recursive: true });
				await writeFile(join(dist, "assets", name), html);
				return { contents: `export default ${JSON.stringify(`/assets/${name}`)};`, loader: "js" };
			});
		},
	};
}
