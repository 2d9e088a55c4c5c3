import assert from "node:assert/strict";
import { test } from "node:test";
import { deviceOf, deviceText } from "../src/text/device";

for (const [userAgent, name] of [
	["Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", "Firefox 128 · Linux"],
	[
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36",
		"Chrome 126 · Windows",
	],
	[
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36 Edg/126.0.0.0",
		"Edge 126 · Windows",
	],
	[
		"Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1",
		"Safari 17 · iPhone",
	],
	["curl/8.5.0", "curl 8"],
	["some bot", "some bot"],
] as const)
	test(`${name} is recognized`, () => {
		assert.equal(deviceText(userAgent), name);
	});

test("a User-Agent names browser and system", () => {
	const cases: Array<[string, string | null, string | null]> = [
		["Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox", "Linux"],
		[
			"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0",
			"Edge",
			"Windows",
		],
		[
			"Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1",
			"Safari",
			"iPhone",
		],
		[
			"Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36",
			"Chrome",
			"Android",
		],
		[
			"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15",
			"Safari",
			"macOS",
		],
		["curl/8.0", "curl", null],
		["", null, null],
	];
	for (const [program, browser, system] of cases) {
		const device = deviceOf(program);
		assert.deepEqual([device.browser, device.system], [browser, system], program);
	}
});
