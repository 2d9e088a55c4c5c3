// The cases of tests/e2e/operator-pictures.test.mjs, which shows that the server has the same rule.

import assert from "node:assert/strict";
import { test } from "node:test";
import { isPictureAddress } from "../src/ui/picture-address";

for (const [what, address] of [
	["without TLS", "http://a.example/a.png"],
	["of a script", "javascript:alert(1)"],
	["of data", "data:image/png;base64,AAAA"],
	["of no host", "https:///a.png"],
	["with a user", "https://jane:secret@a.example/a.png"],
	["with an empty user", "https://@a.example/a.png"],
	["of the visitor's machine", "https://127.0.0.1/a.png"],
	["of the visitor's machine by name", "https://LOCALHOST:8443/a.png"],
	["of the visitor's machine as a number", "https://2130706433/a.png"],
	["of a private network", "https://0xa.1/a.png"],
	["of a home", "https://192.168.178.1/a.png"],
	["of a cloud's metadata", "https://169.254.169.254/"],
	["of a name without a domain", "https://intranet/a.png"],
	["of a local name", "https://printer.local./a.png"],
	["with an invalid port", "https://a.example:70000/a.png"],
	["that ends an attribute", 'https://a.example/"><script>'],
	["that ends a url() of CSS", "https://a.example/a.png)"],
	["with a space", "https://a.example/a b.png"],
] as const)
	test(`a picture's address is refused if it is one ${what}`, () => {
		assert.equal(isPictureAddress(address), false);
	});

for (const address of [
	"https://a.example/a.png",
	"https://A.example:8443/a.png?size=2#@",
	"https://172.32.0.1/a.png",
	"https://100.128.0.1/a.png",
	"https://localhost.example./a.png",
])
	test(`a picture may be at ${address}`, () => {
		assert.equal(isPictureAddress(address), true);
	});
