// The contract of widgets, agents and contacts: each operation with each status that only it has. Statuses
// that all operations of the admin API share are in contract.test.mjs.

import { after, before, describe, it } from "node:test";
import { ADMIN } from "./accounts.mjs";
import { SHORT_TIMEOUTS } from "./contract.mjs";
import { useBanter, withBanter } from "./harness.mjs";
import {
	AGENT,
	connectToStore,
	fillOrganization,
	NOBODY,
	openVisitor,
	submitContact,
	WIDGET,
} from "./organizations.mjs";

/** The limit of each kind per organization; some exist already. */
const MANY = 1000;

/** drive(banter, status, method, path, options) sends a request and checks the response. */
export function describeResources(drive) {
	describe("widgets, agents and contacts", () => {
		const banter = useBanter();
		const send = (status, method, path, body, headers = {}) =>
			drive(banter, status, method, `/v1/admin/${path}`, {
				headers: { ...ADMIN, ...headers },
				body,
			});
		let peer;

		before(async () => {
			peer = await connectToStore(banter);
		});
		after(() => peer.close());

		/** Invalid bodies, for all operations that have one. */
		async function refused(method, path) {
			await send(400, method, path, "[]");
			await send(422, method, path, { enabled: 1, unknown: 1 });
			await send(413, method, path, undefined, { "content-length": "600000" });
		}

		/** The list of a kind, and ids that are not found or invalid. */
		async function shown(many, methods) {
			await send(200, "GET", many);
			await send(200, "GET", `${many}?limit=1`);
			await send(400, "GET", `${many}?limit=0`);
			for (const [method, body] of methods) {
				await send(404, method, `${many}/${NOBODY}`, body);
				await send(400, method, `${many}/no-id`, body);
			}
		}

		const METHODS = [["GET"], ["PUT", {}], ["DELETE"]];

		it("widgets", async () => {
			await shown("widgets", METHODS);
			const { json } = await send(201, "POST", "widgets", {
				allowed_origins: ["https://site.example"],
				daily_message_cap: 1,
			});
			const path = `widgets/${json.id}`;
			await refused("POST", "widgets");
			await refused("PUT", path);
			await send(200, "GET", path);
			await send(200, "PUT", path, json);
			await send(200, "POST", `${path}/reset-id`);
			await send(413, "POST", `${path}/reset-id`, undefined, { "content-length": "4097" });
			await send(404, "POST", `widgets/${NOBODY}/reset-id`);
			await send(400, "POST", "widgets/no-id/reset-id");
			await send(409, "DELETE", `widgets/${WIDGET}`);
			await send(204, "DELETE", path);
		});

		it("agents", async () => {
			await shown("agents", METHODS);
			const { json } = await send(201, "POST", "agents", { name: "A", temperature: 0.7 });
			const path = `agents/${json.id}`;
			await refused("POST", "agents");
			await refused("PUT", path);
			await send(200, "GET", path);
			await send(200, "PUT", path, json);
			await send(409, "DELETE", `agents/${AGENT}`);
			await send(204, "DELETE", path);
		});

		it("trials of agents", async () => {
			const path = `agents/${AGENT}/test`;
			const say = (status, message, headers) => send(status, "POST", path, { message }, headers);
			await refused("POST", path);
			await send(404, "POST", `agents/${NOBODY}/test`, { message: "x" });
			await send(400, "POST", "agents/no-id/test", { message: "x" });
			for (const headers of [{}, { accept: "text/event-stream" }]) {
				await say(200, "[[unicode]]", headers);
				await say(200, "[[tokens=3 error-after=2]]", headers);
			}
			await say(502, "[[fail=401]]");
			await say(503, "[[fail=429 retry-after=30]]");
			await withBanter({ env: SHORT_TIMEOUTS, workers: 1 }, (own) =>
				drive(own, 504, "POST", `/v1/admin/${path}`, {
					headers: ADMIN,
					body: { message: "[[fail=hang]]" },
				}),
			);
		});

		it("contacts", async () => {
			await shown("contacts", METHODS);
			const { json } = await send(200, "GET", `widgets/${WIDGET}`);
			const meet = async (contact) =>
				submitContact(await openVisitor(peer, json.widget_id), contact);
			const path = `contacts/${await meet({ email: "a@contract.example" })}`;
			await meet({ name: "B", email: "b@contract.example", phone: "1" });
			await send(200, "GET", "contacts");
			await send(200, "GET", "contacts?email=A@contract.example");
			await send(400, "GET", "contacts?phone=");
			await send(200, "GET", path);
			await refused("PUT", path);
			await send(200, "PUT", path, { name: "A" });
			await send(409, "PUT", path, { phone: "1" });
			await send(204, "DELETE", path);
		});

		it("409 for one too many", async () => {
			await fillOrganization(peer, MANY);
			await send(409, "POST", "widgets", {});
			await send(409, "POST", "agents", { name: "One too many" });
		});
	});
}
